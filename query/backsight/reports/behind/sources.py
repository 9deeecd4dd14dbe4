"""Which rows stand behind a figure: those that a statement picks, or those that a walk chose."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa

from backsight.engine import ROW_BITS, Files, Relation
from backsight.parquet_rows import Integers
from backsight.reports.behind.rows import names_of, raw_columns, told_columns
from backsight.rules.conditions import Conditions
from backsight.rules.steps import EVERYTHING, Step
from backsight.scan.context import Context
from backsight.scan.matched import ROW, Columns, Query, Scan
from backsight.scan.moments import EPOCH, Range
from backsight.scan.request import Common
from backsight.sql import indented, load_sql

ALWAYS: Final = Range(None, None)
EVERY_EVENT: Final = Common(ALWAYS, UTC, (), ())  # type: ignore[arg-type]  # no filter needs a zone
CHOSEN: Final = "chosen"
"""Relation of a query: the `row_id` of each row that a walk chose, with what it was chosen as."""


@dataclass(frozen=True)
class Source(ABC):
    """The rows, UTC day by UTC day."""

    context: Context
    own: pa.Schema
    """What each row says besides what was captured: as what it counts."""
    mentioned: Sequence[Step]
    warnings: Sequence[str]

    @property
    @abstractmethod
    def by_day(self) -> Mapping[date, int]:
        """How many rows there are of each day that has some, in order."""

    @property
    @abstractmethod
    def persons(self) -> int:
        """How many persons they are of."""

    @abstractmethod
    def query(self, day: date, skip: int = 0, most: int | None = None) -> Query:
        """The statement that gives a day's rows in their order: so many, after `skip` of them."""

    def _ordered(self, text: str, conditions: Conditions, skip: int, most: int | None) -> str:
        """The statement with its order, and which part of it is wanted."""
        keys = ["matched.time", "matched.page", "matched.sequence", "matched.row_id", *self.own.names]
        part = "" if most is None else f"\nlimit {conditions.bind(most)} offset {conditions.bind(skip)}"
        return text.strip().replace("{order}", ", ".join(keys)) + part


@dataclass(frozen=True)
class Matching(Source):
    """Rows that a statement picks: those of a step within bounds, with what else they have to meet."""

    common: Common
    step: Step
    at: str
    """The field of the request that says the step."""
    bounds: Range
    told: Columns = ()
    """(name, SQL) of the columns of `own`."""
    columns: Callable[[Conditions], list[tuple[str, str]]] = lambda conditions: []
    """(alias, SQL) of more columns of the scan, that `told`, `join` and `where` may name."""
    test: Callable[[Conditions], str] | None = None
    """Whether an event is meant; null: those of the step."""
    others: Sequence[Step] = ()
    """Steps besides, of which the events may be."""
    join: str = ""
    where: Callable[[Conditions], str] = lambda conditions: "true"
    around: str = "{matched}"
    """A statement around the scan's."""
    tables: Mapping[str, Relation] = field(default_factory=dict)

    @property
    def by_day(self) -> Mapping[date, int]:
        return self._counted[0]

    @property
    def persons(self) -> int:
        return self._counted[1]

    @cached_property
    def _counted(self) -> tuple[dict[date, int], int]:
        conditions = self.context.conditions()
        columns = [("time", "e.time"), *self.columns(conditions)]
        text = load_sql("behind_counts").replace("{where}", self._wanted(conditions))
        query = self._query(text, conditions, columns, self.bounds)
        rows = query.run(self.context).to_pylist()
        days = {row["day"]: row["events"] for row in rows if row["day"] is not None}
        return dict(sorted(days.items())), sum(row["persons"] for row in rows if row["day"] is None)

    def query(self, day: date, skip: int = 0, most: int | None = None) -> Query:
        conditions = self.context.conditions()
        names = names_of(self.context)
        wanted, asked = self._wanted(conditions), self.columns(conditions)
        own, customs = dict(asked), dict(conditions.customs)
        columns = [*asked, *(each for each in raw_columns(conditions, names) if each[0] not in own)]
        conditions.customs = customs
        text = load_sql("behind_rows").replace(
            "{columns}", told_columns(self.own, conditions, names, self.told)
        )
        text = self._ordered(text.replace("{where}", wanted), conditions, skip, most)
        bounds = _within(day, self.bounds)
        return self._query(text, conditions, [("row_id", ROW), *columns], bounds)

    def _wanted(self, conditions: Conditions) -> str:
        # Of a step that asks for elements the scan gives whatever happened to them: it only has to be quick.
        return f"matched.wanted and ({self.where(conditions)})"

    def _query(self, text: str, conditions: Conditions, columns: Columns, bounds: Range) -> Query:
        test = self.test or (lambda made: made.step(self.step, self.at))
        conditions.columns |= {"time"}
        tests, steps = [("wanted", test(conditions))], [self.step, *self.others]
        scan = Scan(self.context, self.common, conditions, columns, tests, steps, bounds)
        join = f"\n{self.join}" if self.join else ""
        text = text.replace("{join}", join)
        if self.around != "{matched}":
            text = text.replace("{matched}", indented(self.around))
        return scan.query(text, self.tables)


@dataclass(frozen=True)
class Chosen:
    """Rows that a walk chose; arrays of one length."""

    row_id: Integers
    person: Integers
    own: pa.Table
    """What each was chosen as."""


@dataclass(frozen=True)
class Walked(Source):
    """Rows that a walk chose, by their numbers in the files that its scan read."""

    chosen: Chosen
    uris: Sequence[str]

    @cached_property
    def by_day(self) -> Mapping[date, int]:
        found, counts = np.unique(self._days[self.chosen.row_id >> ROW_BITS], return_counts=True)
        days = (EPOCH.date() + timedelta(days=day) for day in found.tolist())
        return dict(zip(days, counts.tolist(), strict=True))

    @property
    def persons(self) -> int:
        return len(np.unique(self.chosen.person))

    @cached_property
    def _days(self) -> Integers:
        """The day of each of the files, counted from the epoch's."""
        dates = {file.uri: file.date for file in self.context.snapshot.data_files("events")}
        days = ((dates[uri] or EPOCH.date()) - EPOCH.date() for uri in self.uris)
        return np.array([each.days for each in days], np.int64)

    def query(self, day: date, skip: int = 0, most: int | None = None) -> Query:
        conditions = self.context.conditions()
        names = names_of(self.context)
        columns = [("row_id", ROW), *raw_columns(conditions, names)]
        columns += [(name, f"{CHOSEN}.{name}") for name in self.own.names]
        told = [(name, f"matched.{name}") for name in self.own.names]
        text = load_sql("behind_rows").replace("{columns}", told_columns(self.own, conditions, names, told))
        text = text.replace("{where}", "true").replace("{join}", "")
        text = self._ordered(text, conditions, skip, most)
        tests = [("wanted", conditions.step(EVERYTHING))]
        join = f"join {CHOSEN} on {CHOSEN}.row_id = {ROW}"
        scan = Scan(self.context, EVERY_EVENT, conditions, columns, tests, [EVERYTHING], ALWAYS, joined=join)
        query = scan.query(text, {CHOSEN: self._of_day(day)[1]})
        events = query.tables["events"]
        assert isinstance(events, Files)  # noqa: S101  # what a scan reads
        query.tables["events"] = Files(self._of_day(day)[0], events.schema, numbered=True)
        return query

    def _of_day(self, day: date) -> tuple[list[str], pa.Table]:
        """The files of a day that hold chosen rows, and these, numbered by them."""
        file = self.chosen.row_id >> ROW_BITS
        rows = np.flatnonzero(self._days[file] == (day - EPOCH.date()).days)
        used, local = np.unique(file[rows], return_inverse=True)
        number = self.chosen.row_id[rows] & ((1 << ROW_BITS) - 1)
        row_id = pa.array((local.astype(np.int64) << ROW_BITS) | number, pa.int64())
        own = self.chosen.own.take(pa.array(rows))
        return [self.uris[at] for at in used.tolist()], own.append_column("row_id", row_id)


def files_of(query: Query) -> list[str]:
    """The files by which a scan's rows are numbered."""
    events = query.tables["events"]
    assert isinstance(events, Files)  # noqa: S101  # what a scan reads
    return list(events.uris)


def _within(day: date, span: Range) -> Range:
    first = datetime.combine(day, time(), UTC)
    end = first + timedelta(days=1)
    return Range(
        first if span.first is None else max(first, span.first),
        end if span.end is None else min(end, span.end),
    )


NUMBERED: Final[Columns] = (("row_id", ROW),)
"""What a walk's scan has to give besides."""
