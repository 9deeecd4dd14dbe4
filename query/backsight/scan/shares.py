"""Shares of all persons, asked for one after another where the events of all would not fit in memory.

A report about order needs all events of a person, but never of two persons at once. So a scan that may give
more rows than fit is asked several times, each time for other persons: it costs reading again, not memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final, TypeVar

import pyarrow as pa

from backsight.contract import EVENTS
from backsight.engine import Files, Relation
from backsight.scan.context import Context
from backsight.scan.matched import Query
from backsight.scan.moments import EARLIEST, LATEST, Range

Made = TypeVar("Made")

ROW_BYTES: Final = 128
"""Of the engine's memory, how much has to stand behind each row of a share."""

EVERYBODY: Final = "true"


def in_shares(
    query_of: Callable[[str], Query], bounds: Range, context: Context, walk: Callable[[pa.Table], Made]
) -> list[Made]:
    """What is made of the rows of a query, share by share of the persons; of no row twice.

    `query_of` gives it with a condition on `person` in it. The rows of one share are let go of before those
    of the next are asked for.
    """
    most = context.engine.memory // ROW_BYTES
    rows = _raw_events(bounds, context)
    if rows > most:
        rows = _rows(query_of(EVERYBODY), context)  # often a small part of them
    count = 1
    while rows > count * most:
        count *= 2
    # Ids of persons are hashes, so that any bits of them tell equal parts apart.
    shares = [f"(person & {count - 1}) = {share}" for share in range(count)] if count > 1 else [EVERYBODY]
    return [walk(query_of(who).run(context)) for who in shares]


def _raw_events(bounds: Range, context: Context) -> int:
    first, end = bounds.first, bounds.end
    uris = context.snapshot.files(
        "events",
        EARLIEST if first is None else first.date(),
        LATEST if end is None else (end - timedelta(microseconds=1)).date(),
    )
    tables = {"events": Files(uris, pa.schema([EVENTS.field("time")]))}
    return _counted("select * from events", {}, tables, context)


def _rows(query: Query, context: Context) -> int:
    return _counted(query.sql, query.params, query.tables, context)


def _counted(sql: str, params: Mapping[str, object], tables: Mapping[str, Relation], context: Context) -> int:
    answer = context.engine.query(f"select count(*) as rows from (\n{sql}\n) as counted", params, tables)
    rows: int = answer["rows"][0].as_py()
    return rows
