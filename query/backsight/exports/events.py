"""Events as they are exported: all that was captured, and what follows from it today.

Each UTC day is one statement over the scan that reports use, so that an event bears a name here where it does
there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import pyarrow as pa

from backsight.contract import EVENTS, STATEMENTS
from backsight.engine import Files
from backsight.exports.elements import COLUMNS, Described
from backsight.exports.request import ExportRequest
from backsight.rules.steps import EVERYTHING, Step
from backsight.scan.context import Context
from backsight.scan.matched import Query, Scan
from backsight.scan.request import Range
from backsight.sql import load_sql

FIRST: Final = ("time", "type", "name")
LEFT_OUT: Final = frozenset({"site", "date", *FIRST})
RAW: Final = tuple(field.name for field in EVENTS if field.name not in LEFT_OUT)
"""Columns of the contract, as they are; the day is the folder's, or the time's."""

SCHEMA: Final = pa.schema(
    [
        *(EVENTS.field(name) for name in FIRST),
        pa.field("names", pa.list_(pa.string())),
        pa.field("person", pa.int64()),
        pa.field("user_id", pa.string()),
        *(EVENTS.field(name) for name in RAW),
        pa.field("traits", pa.string()),
        *COLUMNS,
    ]
)
"""`names`: the named events that it is, as they stand. `person`: whose it is, as statements stand. `user_id`:
the user's own id. `traits`: what it said of the user. The rest as in the lake."""


class Events:
    """The events that are asked for, by day."""

    def __init__(self, asked: ExportRequest, context: Context) -> None:
        self._asked, self._context = asked, context
        self._described = Described(context.trie)
        statements = {"statements": Files(context.snapshot.files("statements"), STATEMENTS)}
        engine = context.engine
        self._said = {
            "users": engine.query(load_sql("export_users"), tables=statements),
            "said": engine.query(load_sql("export_said"), tables=statements),
        }

    def days(self) -> list[date]:
        """The UTC dates on which there may be some."""
        stored = {file.date for file in self._context.snapshot.data_files("events") if file.date is not None}
        span = self._asked.common.range
        return sorted(day for day in stored if _within(day, span) is not None)

    def rows(self, day: date) -> Iterator[pa.Table]:
        """The events of a day by time, part by part, by SCHEMA."""
        query = self.query(day)
        for batch in self._context.engine.parts(query.sql, query.params, query.tables):
            columns = {name: batch[name] for name in batch.schema.names}
            nodes = self._described.columns(batch["node_id"])
            columns |= dict(zip(COLUMNS.names, nodes, strict=True))
            yield pa.table([columns[field.name].cast(field.type) for field in SCHEMA], schema=SCHEMA)

    def query(self, day: date) -> Query:
        """The statement of a day."""
        bounds = _within(day, self._asked.common.range)
        assert bounds is not None  # noqa: S101  # it is one of `days`
        conditions = self._context.conditions()
        conditions.columns |= {*FIRST, *RAW}
        columns = [(name, f'e."{name}"') for name in (*FIRST, *RAW)]
        names = sorted(self._context.names)
        columns += [(f"named_{at}", conditions.event(name, "names")) for at, name in enumerate(names)]
        steps = [Step(name, event=name) for name in self._asked.names] or [EVERYTHING]
        tests = [(f"wanted_{at}", conditions.step(step, "events")) for at, step in enumerate(steps)]
        conditions.customs = {}  # a name may ask for what was never captured: then it is no event's
        borne = [f"case when named_{at} then {conditions.bind(name)} end" for at, name in enumerate(names)]
        text = load_sql("export_events")
        text = text.replace("{wanted}", " or ".join(alias for alias, _ in tests))
        text = text.replace("{names}", ", ".join(borne) or "null")
        text = text.replace("{columns}", ", ".join(f'matched."{name}"' for name in (*FIRST, *RAW)))
        common = replace(self._asked.common, range=bounds)
        return Scan(self._context, common, conditions, columns, tests, steps, bounds).query(text, self._said)


def _within(day: date, span: Range) -> Range | None:
    """The part of a UTC day that lies within a range; null where none does."""
    begin = datetime.combine(day, time(), UTC)
    end = begin + timedelta(days=1)
    first = begin if span.first is None else max(begin, span.first)
    last = end if span.end is None else min(end, span.end)
    return Range(first, last) if first < last else None


def persons_query(asked: ExportRequest, context: Context) -> Query:
    """Every person who did something within the range."""
    conditions = context.conditions()
    conditions.columns |= {"time"}
    statements: Mapping[str, Files] = {"statements": Files(context.snapshot.files("statements"), STATEMENTS)}
    tests = [("any_event", conditions.step(EVERYTHING))]
    scan = Scan(
        context, asked.common, conditions, [("time", "e.time")], tests, [EVERYTHING], asked.common.range
    )
    tables = {
        "users": context.engine.query(load_sql("export_users"), tables=statements),
        "traits_of": context.identity.traits,
    }
    return scan.query(load_sql("export_persons"), tables)
