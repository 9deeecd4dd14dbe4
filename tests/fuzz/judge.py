"""What must hold of every decoder, whatever it is given."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, Final, TypeVar

import duckdb

from backsight.contract import TABLES
from backsight_collector.dialects import read
from backsight_collector.dialects.imported import IMPORT
from backsight_collector.dialects.posthog import POSTHOG
from backsight_collector.fold.fold import Covered, Fold
from backsight_collector.fold.memory import Memory
from backsight_collector.journal.records import Capture, decode_record, encode_record
from backsight_collector.lake.lake import Lake
from backsight_collector.wire import Decoded, MalformedBatch
from fuzz.hostile import NOW

T = TypeVar("T")
DEEP: Final = 500
"""Calls between here and the decoder, as there may be at the door and not at the committer."""


class Judge:
    """Reads bodies as door and committer do, and folds them over an empty lake."""

    def __init__(self, folder: Path) -> None:
        lake = Lake(folder / "lake")
        self._empty = Memory(lake, NOW)
        lake.close()
        self._engine = duckdb.connect()

    def close(self) -> None:
        self._engine.close()

    def read(self, body: bytes, dialect: str) -> list[Decoded] | None:
        """What both make of it, which must be the same; None where it is no batch. Nothing else is raised."""
        capture = Capture(NOW, "shop", None, body, dialect)
        at_the_door, later = (
            _outcome(capture),
            below(DEEP, lambda: _outcome(decode_record(encode_record(capture)))),
        )
        assert at_the_door == later
        return at_the_door

    def examine(self, body: bytes, dialect: str, sent: int | None) -> list[Decoded] | None:
        """The same; all of `sent` events are accounted for, and what was accepted becomes rows that can be
        queried."""
        batches = self.read(body, dialect)
        if batches is None or dialect == IMPORT:  # only we write these: what they count may be made up here
            return batches
        accepted = sum(len(each.events) for each in batches)
        rejected = [rejection for each in batches for rejection in each.rejections]
        duplicates = sum(each.duplicates for each in batches)
        kept = {place for each in batches for place, _ in each.events}
        refused = {rejection.index for rejection in rejected}
        assert len(refused) == len(rejected)
        if dialect == POSTHOG:  # one event of its may be several of ours
            assert sent is None or len(kept | refused) + duplicates >= sent
        else:
            assert len(kept) == accepted
            assert sent is None or accepted + len(rejected) + duplicates == sent
            assert not kept & refused
        assert sent is None or all(0 <= place < sent for place in kept | refused)
        self._fold(Capture(NOW, "shop", None, body, dialect), accepted + duplicates, len(rejected))
        return batches

    def _fold(self, capture: Capture, events: int, rejected: int) -> None:
        fold = Fold(deepcopy(self._empty))
        fold.add([(1, capture)], Covered(0, 0, 0))
        assert fold.events + fold.duplicates == events
        tables = fold.tables()
        dropped = [
            row["count"] for row in tables["dead_letters"].to_pylist() if row["reason"] == "client_dropped"
        ]
        assert tables["dead_letters"].num_rows - len(dropped) == rejected
        for name, table in tables.items():
            table.validate(full=True)
            assert table.schema.equals(TABLES[name])
        if fold.events:
            self._query(tables)

    def _query(self, tables: Any) -> None:
        events, statements, letters = (tables[name] for name in ("events", "statements", "dead_letters"))
        query = """
            select
                (select count(*) from events where props is null or json_type(props) = 'OBJECT'),
                (select max(epoch_us(time)) from events),
                (select count(*) from statements where traits is null or json_type(traits) = 'OBJECT'),
                (select count(*) from letters where strlen(coalesce(event, '')) <= 32768)
        """
        for name, table in (("events", events), ("statements", statements), ("letters", letters)):
            self._engine.register(name, table)
        ((sound, last, told, kept),) = self._engine.execute(query).fetchall()
        assert (sound, told, kept) == (events.num_rows, statements.num_rows, letters.num_rows)
        assert last <= NOW


def below(calls: int, run: Callable[[], T]) -> T:
    """What `run` gives that many calls further down."""
    return run() if calls == 0 else below(calls - 1, run)


def _outcome(capture: Any) -> list[Decoded] | None:
    try:
        return read(capture)
    except MalformedBatch:
        return None
