"""The peer: ClickHouse (chdb), over the lake's own Parquet files and over tables of its own.

Its questions are written as an analyst would write them, with the node ids at hand; they count devices, which
is less work than persons. Two tables are made once and kept beside the lake: `events`, a MergeTree sorted by
user (device, time), and `chains`, which has for each event the text that PostHog keeps of an element and its
ancestors, so that a selector is a regular expression over it.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import chdb.session
import pyarrow as pa
import pyarrow.parquet as pq

from bench.lake.columns import SITE
from bench.terminal import tell

_SESSIONS: Any = chdb.session  # it has no types

FOLDER: Final = "clickhouse"
WINDOW_DAYS: Final = 14
WINDOW: Final = WINDOW_DAYS * 86_400_000_000
CLOCK: Final = "toUInt64(toUnixTimestamp64Micro(time))"
TREE: Final = "bench.events"
CHAINS: Final = "bench.chains"
COLUMNS: Final = (
    "device, time, type, ifNull(node_id, 0) as node_id, ifNull(user, 0) as user, session, page, sequence"
)


class ClickHouse:
    """A session in a folder of the lake; `threads` as many as we take."""

    def __init__(self, root: Path, threads: int) -> None:
        self._root = root
        self._session = _SESSIONS.Session(str(root / FOLDER))
        self._session.query(f"set max_threads = {threads}")
        self._session.query("create database if not exists bench")
        self.files = f"file('{root / 'events' / f'site={SITE}' / '*' / '*.parquet'}', Parquet)"

    def ask(self, sql: str) -> list[list[Any]]:
        """The rows of an answer."""
        return list(json.loads(self._session.query(sql, "JSONCompact").data())["data"])

    def close(self) -> None:
        """End the session; another may begin then."""
        self._session.close()

    def load_events(self) -> None:
        """The MergeTree sorted by user, in as few parts as it makes of it; nothing where it is there."""
        if self._has(TREE):
            return
        tell("loading ClickHouse's own table, sorted by user …")
        columns = "device Int64, time DateTime64(6, 'UTC'), type LowCardinality(String), node_id Int64,"
        columns += " user Int64, session Int64, page Int64, sequence Int32"
        self._make(TREE, columns, f"select {COLUMNS} from {self.files}")

    def load_chains(self, until: date, chains: pa.Table) -> None:
        """The events before a date with the chain of each; `chains` has `node_id` and `chain`."""
        if self._has(CHAINS):
            return
        tell("loading the events with a chain column …")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "chains.parquet"
            pq.write_table(chains, path)
            columns = "device Int64, time DateTime64(6, 'UTC'), type LowCardinality(String), chain String"
            chosen = (
                f"select e.device, e.time, e.type, c.chain from {TREE} as e"
                f" left any join (select node_id, chain from file('{path}', Parquet)) as c"
                f" on e.node_id = c.node_id"
                f" where e.time < toDateTime64('{until}', 6, 'UTC')"
            )
            self._make(CHAINS, columns, chosen)

    def _make(self, table: str, columns: str, select: str) -> None:
        making = f"{table}_making"
        self._session.query(f"drop table if exists {making}")
        self._session.query(f"create table {making} ({columns}) engine = MergeTree order by (device, time)")
        self._session.query(f"insert into {making} {select}")
        self._session.query(f"optimize table {making} final")
        self._session.query(f"rename table {making} to {table}")

    def _has(self, table: str) -> bool:
        return bool(self.ask(f"exists table {table}")[0][0])


def funnel_sql(events: str, tests: Sequence[str], where: str | None = None, who: str = "device") -> str:
    """How many got to each level and no further."""
    levels = (
        f"select {who}, windowFunnel({WINDOW})({CLOCK}, {', '.join(tests)}) as level"
        f" from {events} where {where or ' or '.join(tests)} group by {who}"
    )
    return f"select level, count() from ({levels}) group by level order by level"


def retention_sql(events: str, start: str, back: str) -> str:
    """By the Monday of the start and weeks since: how many came back."""
    weeks = (
        f"select device, groupUniqArrayIf(toMonday(time), {start}) as started,"
        f" groupUniqArrayIf(toMonday(time), {back}) as returned"
        f" from {events} where {start} or {back} group by device"
    )
    return (
        "select began, intDiv(came - began, 7) as later, count() from"
        f" (select arrayJoin(started) as began, arrayJoin(returned) as came from ({weeks}))"
        " where came >= began group by began, later order by began, later"
    )


def trend_sql(events: str, figure: str = "count()") -> str:
    """A figure a day, over all raw events."""
    return f"select toDate(time) as day, {figure} from {events} group by day order by day"


def node_test(nodes: Sequence[int]) -> str:
    """A click on one of some nodes."""
    return f"(type = 'click' and node_id in ({', '.join(map(str, nodes))}))"


def chain_test(*classes: Sequence[str]) -> str:
    """A click on an element whose chain has these compounds of classes, the target's or a nearer one's first.

    The expression is built as PostHog builds its own of a selector (posthog/models/property/util.py,
    build_selector_regex).
    """
    rest = r'([-_a-zA-Z0-9\.:"= \[\]\(\),]*?)?($|;|:([^;^\s]*(;|$|\s)))'
    parts = "".join(r".*?\." + r"\..*?".join(map(re.escape, sorted(names))) + rest for names in classes)
    escaped = f"(^|;){parts}".replace("\\", "\\\\").replace("'", "\\'")
    return f"(type = 'click' and match(chain, '{escaped}'))"
