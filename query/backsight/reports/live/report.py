"""The live feed's answer: the rows of a few files, in the order in which they were stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa

from backsight.contract import EVENTS
from backsight.engine import ROW_BITS, Files
from backsight.fields import read_object, read_whole
from backsight.lake import DataFile
from backsight.reports.behind.rows import (
    ROW_SCHEMA,
    Elements,
    borne_sql,
    conformed,
    names_of,
    raw_columns,
    shown_rows,
)
from backsight.reports.behind.sources import ALWAYS, EVERY_EVENT
from backsight.reports.live.commits import Added, added_since
from backsight.reports.live.cursor import Cursor, read_cursor
from backsight.rules.conditions import Conditions
from backsight.rules.steps import EVERYTHING
from backsight.scan.context import Context, rfc3339
from backsight.scan.matched import ROW, Query, Scan
from backsight.sql import load_sql

FIELDS: Final = ("after", "limit")
MAX_LIVE: Final = 200
DEFAULT_LIVE: Final = 50
MINUTES: Final = 30
FEW_FILES: Final = 4
"""Newest files that are looked at first."""
WORDS: Final = ("browser", "os", "device_type")
"""Properties that are told beside an event's own."""
OWN: Final = pa.schema([(name, pa.string()) for name in WORDS])

Answer = dict[str, Any]


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field."""
    fields = {key: value for key, value in read_object(request, "", FIELDS).items() if value is not None}
    limit = read_whole(fields.get("limit", DEFAULT_LIVE), "limit", 1, MAX_LIVE)
    after = read_cursor(fields["after"]) if "after" in fields else None
    told = None if after is None else _since(after, limit, context)
    rows, cursor, more = told or _newest(limit, context)
    return {
        "events": shown_rows(rows),
        "next": str(cursor),
        "more": more,
        "gap": after is not None and told is None,
        "minutes": _minutes(context),
        "meta": context.meta(),
    }


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL of the newest rows."""
    return _rows_query([], "true", DEFAULT_LIVE, context).text(context)


def _since(after: Cursor, limit: int, context: Context) -> tuple[pa.Table, Cursor, bool] | None:
    """What was stored after a cursor, where the newest is then, and whether there is more; null where the
    cursor is of no use any more.
    """
    seen = after.version - 1 if after.rows else after.version
    found = added_since(context.snapshot, seen, after.rows + limit)
    if found is None:
        return None
    files, last = found
    taken, cursor = _taken(files, after, limit)
    current = context.snapshot.tables["events"].version
    if cursor is None:  # all of it
        cursor = Cursor(last)
    rows = _stored(taken, limit, context) if taken else _no_rows()
    return rows, cursor, cursor.rows > 0 or cursor.version < current


Part = tuple[Added, int, int]
"""A file, the first row of it that is wanted, and the one after the last."""


def _taken(files: Sequence[Added], after: Cursor, limit: int) -> tuple[list[Part], Cursor | None]:
    """Which rows of which files come next, and where that ends: null at the end of all files."""
    taken: list[Part] = []
    skip, left = after.rows, limit
    begun, version = 0, -1
    for file in files:
        if file.version != version:
            begun, version = 0, file.version
        first = min(skip, file.rows)
        skip -= first
        end = min(file.rows, first + left)
        if end > first:
            taken.append((file, first, end))
            left -= end - first
        if end < file.rows:
            told = begun + end
            return taken, Cursor(version, told) if told else Cursor(version - 1)
        begun += file.rows
    return taken, None


def _stored(parts: Sequence[Part], limit: int, context: Context) -> pa.Table:
    """Some rows of some files."""
    tests = [
        f"matched.row_id between {(at << ROW_BITS) + first} and {(at << ROW_BITS) + end - 1}"
        for at, (_, first, end) in enumerate(parts)
    ]
    return _rows([file.uri for file, _, _ in parts], " or ".join(tests), limit, context)


def _newest(limit: int, context: Context) -> tuple[pa.Table, Cursor, bool]:
    """The newest rows of all, by when they came in."""
    snapshot = context.snapshot
    table = snapshot.tables["events"]
    dated = [(snapshot.lake.newest(table, file), file) for file in snapshot.data_files("events")]
    files = sorted(
        ((newest, file) for newest, file in dated if newest is not None),
        key=lambda each: (each[0], each[1].path),
        reverse=True,
    )
    count = FEW_FILES
    while True:
        since = _received_since([file for _, file in files[:count]], limit, context)
        if count >= len(files) or (since is not None and files[count][0] < since):
            break
        count *= 2
    near = [file.uri for newest, file in files[:count] if since is None or newest >= since]
    rows = _rows(near, "true", limit, context, since) if near else _no_rows()
    return rows, Cursor(table.version), False


def _received_since(files: Sequence[DataFile], limit: int, context: Context) -> datetime | None:
    """When the oldest of so many newest rows of some files came in; null where there are fewer of them."""
    events = Files([file.uri for file in files], pa.schema([EVENTS.field("received_at")]))
    text = f"select received_at from events order by received_at desc limit 1 offset {limit - 1}"
    since: list[datetime] = context.engine.query(text, {}, {"events": events})["received_at"].to_pylist()
    return since[0] if since else None


def _rows(
    uris: Sequence[str], where: str, limit: int, context: Context, since: datetime | None = None
) -> pa.Table:
    """Rows of some files, the newest first, by OWN and ROW_SCHEMA."""
    found = _rows_query(uris, where, limit, context, since).run(context)
    return conformed(found, OWN, Elements(context.trie))


def _rows_query(
    uris: Sequence[str], where: str, limit: int, context: Context, since: datetime | None = None
) -> Query:
    conditions = context.conditions()
    names = _cheap(names_of(context), conditions)
    columns = [("row_id", ROW), *((name, conditions.property(name)) for name in WORDS)]
    columns += raw_columns(conditions, names)
    test = "true" if since is None else f"e.received_at >= {conditions.bind(since)}"
    scan = Scan(context, EVERY_EVENT, conditions, columns, [("any_event", test)], [EVERYTHING], ALWAYS)
    selected = [f"matched.{name}" for name in WORDS] + [f"{borne_sql(conditions, names)} as names"]
    selected += ["matched.person"]
    selected += [f'matched."{field.name}"' for field in EVENTS if field.name not in ("site", "date")]
    text = load_sql("live").replace("{columns}", ",\n    ".join(selected)).replace("{where}", where)
    query = scan.query(text.replace("{limit}", str(limit)).strip())
    events = query.tables["events"]
    assert isinstance(events, Files)  # noqa: S101  # what a scan reads
    query.tables["events"] = replace(events, uris=list(uris))
    return query


def _cheap(names: Sequence[str], conditions: Conditions) -> list[str]:
    """The names that a row tells by itself: whether clicks are a burst, others have to tell."""
    found = []
    for name in names:
        conditions.event(name, "names")
        if not conditions.bursts:
            found.append(name)
        conditions.bursts.clear()
    conditions.columns.clear()
    return found


def _minutes(context: Context) -> list[Answer]:
    """How many events came in within each of the last minutes, the one that is not over last."""
    begin = context.now.replace(second=0, microsecond=0) - timedelta(minutes=MINUTES - 1)
    table = context.snapshot.tables["events"]
    uris = [
        file.uri
        for file in context.snapshot.data_files("events")
        if (newest := context.snapshot.lake.newest(table, file)) is not None and newest >= begin
    ]
    counts: dict[int, int] = {}
    if uris:
        events = Files(uris, pa.schema([EVENTS.field("received_at")]))
        rows = context.engine.query(load_sql("live_minutes"), {"begin": begin}, {"events": events})
        counts = {row["minute"]: row["events"] for row in rows.to_pylist()}
    starts = (begin + timedelta(minutes=at) for at in range(MINUTES))
    return [{"start": rfc3339(start), "events": counts.get(at, 0)} for at, start in enumerate(starts)]


def _no_rows() -> pa.Table:
    return pa.schema([*OWN, *ROW_SCHEMA]).empty_table()
