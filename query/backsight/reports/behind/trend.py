"""The rows behind a figure of a trend: every event of a series in a period.

{…a trend's request…, "cell": {"series": 1, "at": "2026-10-05", "group": ["Firefox"], "previous": false}}

series      by its number, from 1, or its label; left out: the first
at          the period, by its label; left out: the whole range, whose figure is the `total`
group       of one group; {"pooled": true} those that are pooled
previous    of the periods before, with `compare`

A figure counts these rows, their persons, or their sessions, or is the statistic of their `value`. Of active
persons they are those of the days that a period looks back on; where values are cumulative, those of all
periods up to it; where they are smoothed, those of every period whose mean it is.

Columns: `period`; `value` of a statistic; `counted_session` where a rule decides sessions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import pyarrow as pa

from backsight.engine import Relation
from backsight.errors import nearest
from backsight.fields import read_flag, read_whole, refuse
from backsight.reports.behind.request import read_cell, read_period
from backsight.reports.behind.sources import Matching
from backsight.reports.breakdown import Breakdown
from backsight.reports.funnel.people import place_of_group
from backsight.reports.sessions import SESSIONS, SessionRule, join_sessions, reach, sessions_of
from backsight.reports.trend.active import last_day
from backsight.reports.trend.frame import Frame, frame_of, previous
from backsight.reports.trend.measures import Measure, value_columns
from backsight.reports.trend.report import groups_of
from backsight.reports.trend.request import Series, TrendRequest, parse
from backsight.reports.trend.statement import RANKED, place_sql
from backsight.rules.conditions import Conditions
from backsight.scan.context import Context
from backsight.scan.moments import Range, local_midnight
from backsight.scan.order import PLACE
from backsight.scan.periods import CALENDAR

FIELDS: Final = ("cell",)
CELL_FIELDS: Final = ("series", "at", "group", "previous")
PERIOD: Final = "periods"
"""Relation of a query: the `label` of each `period`."""


@dataclass(frozen=True)
class Cell:
    """Which figure of which series."""

    index: int
    series: Series
    period: int | None
    place: int | None
    """Where its group stands; null: of everybody."""


def source(request: Mapping[str, object], own: Mapping[str, object], context: Context) -> Matching:
    """The rows. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    frame, warnings = frame_of(asked, context)
    given = read_cell(own, CELL_FIELDS)
    index = _series(given, asked)
    ranked, place = None, None
    if "group" in given:
        if asked.breakdown is None:
            refuse("without a breakdown there are no groups.", "cell.group", given["group"], "a 'breakdown'")
        groups, ranked = groups_of(asked, frame, context)
        values, wanted = list(groups.values()), given["group"]
        place = list(groups)[place_of_group(values, wanted, len(asked.breakdown.by), "cell.group")]
    earlier = read_flag(given.get("previous", False), "cell.previous")
    if earlier and not asked.compare:
        refuse("there are no periods before.", "cell.previous", True, "a request with 'compare'")
    of = previous(frame, asked.week_start) if earlier else frame
    period = read_period(given["at"], "cell.at", of.periods.labels) if "at" in given else None
    return _source(asked, Cell(index, asked.series[index], period, place), of, ranked, context, warnings)


def _source(
    asked: TrendRequest,
    cell: Cell,
    frame: Frame,
    ranked: pa.Table | None,
    context: Context,
    warnings: list[str],
) -> Matching:
    rows = _Rows(asked, cell, frame, context)
    return Matching(
        context,
        pa.schema([field for field, _ in rows.told]),
        asked.mentioned,
        warnings,
        asked.common,
        cell.series.step,
        f"series[{cell.index}]",
        _bounds(asked, cell, frame, context.now),
        [(field.name, sql) for field, sql in rows.told],
        rows.columns,
        join="\n".join(rows.joins),
        where=rows.where,
        around=_with_sessions() if rows.rule else "{matched}",
        tables=rows.tables(ranked),
    )


@dataclass(frozen=True)
class _Rows:
    """What the statement is made of."""

    asked: TrendRequest
    cell: Cell
    frame: Frame
    context: Context

    @property
    def measure(self) -> Measure:
        return self.cell.series.measure

    @property
    def rule(self) -> SessionRule | None:
        """What decides the sessions that are counted, where these are not those that were captured."""
        return self.asked.session if self.measure.unit == "session" else None

    @property
    def breakdown(self) -> Breakdown | None:
        """By what a group is told, where one is asked for."""
        return self.asked.breakdown if self.cell.place is not None else None

    @property
    def told(self) -> list[tuple[pa.Field, str]]:
        """The columns of its own, each with its SQL."""
        found = []
        if not self.measure.days:
            found.append((pa.field("period", pa.string()), f"{PERIOD}.label"))
        if self.measure.name is not None:
            found.append((pa.field("value", pa.float64()), "matched.value_1"))
        if self.rule is not None:
            found.append((pa.field("counted_session", pa.int64()), "matched.counted_session"))
        return found

    @property
    def joins(self) -> list[str]:
        found = []
        if not self.measure.days:
            found.append(f"join {CALENDAR} on {CALENDAR}.slot = matched.slot")
            found.append(f"join {PERIOD} on {PERIOD}.period = {CALENDAR}.period")
        if self.breakdown is not None:
            same = place_sql(self.breakdown, "matched", "null")[1]
            found.append(f"left join {RANKED} as ranked on {same}")
        return found

    def tables(self, ranked: pa.Table | None) -> dict[str, Relation]:
        found: dict[str, Relation] = {} if ranked is None else {RANKED: ranked}
        if not self.measure.days:
            found |= {CALENDAR: self.frame.slots(self.context, by_file=False)[1], PERIOD: _labels(self.frame)}
        if self.rule is not None:
            bounds = reach(self.frame.span, self.rule)
            found[SESSIONS] = sessions_of(self.rule, self.asked.common, bounds, self.context)
        return found

    def columns(self, conditions: Conditions) -> list[tuple[str, str]]:
        """(alias, SQL) of the scan's columns."""
        found = value_columns(self.measure, 1, conditions, f"series[{self.cell.index}]")
        if not self.measure.days:
            found.append(("slot", self.frame.slots(self.context, by_file=False)[0]))
        if self.rule is not None:
            conditions.columns |= {"time", "sequence"}
            found.append(("place", PLACE))
        elif self.measure.unit == "session":
            conditions.columns.add("session")
            found.append(("session", "e.session"))
        return found + (self.breakdown.columns(conditions) if self.breakdown else [])

    def where(self, conditions: Conditions) -> str:
        """SQL of whether an event that fills the step counts."""
        counts = []
        if self.measure.name is not None:
            counts.append("matched.value_1 is not null")
        elif self.measure.unit == "session" and self.rule is None:
            counts.append("matched.session is not null")
        if self.breakdown is not None:
            limit = conditions.bind(self.breakdown.limit)
            counts.append(f"coalesce(ranked.place, {limit}) = {conditions.bind(self.cell.place)}")
        return " and ".join(counts) or "true"


def _with_sessions() -> str:
    # An event has a session of its own, too: that which was captured.
    return join_sessions().replace("sessions.session", "sessions.session as counted_session")


def _series(cell: Mapping[str, object], asked: TrendRequest) -> int:
    given = cell.get("series", 1)
    if isinstance(given, str):
        labels = [each.step.label for each in asked.series]
        if given not in labels:
            refuse("there is no such series.", "cell.series", given, nearest(given, labels))
        return labels.index(given)
    return read_whole(given, "cell.series", 1, len(asked.series)) - 1


def _labels(frame: Frame) -> pa.Table:
    labels = frame.periods.labels
    return pa.table(
        {"period": pa.array(range(len(labels)), pa.int64()), "label": pa.array(labels, pa.string())}
    )


def _bounds(asked: TrendRequest, cell: Cell, frame: Frame, now: datetime) -> Range:
    """Between which moments the events lie that make the figure."""
    first, end = frame.span.closed
    if cell.period is None:
        return Range(first, end)
    edges, days = frame.periods.edges, cell.series.measure.days
    if days:
        zone = frame.periods.zone
        last = last_day(frame, cell.period, now).astimezone(zone).date()
        begins = local_midnight(last - timedelta(days=days - 1), zone)
        return Range(begins, min(local_midnight(last + timedelta(days=1), zone), end))
    earliest = 0 if asked.cumulative else max(0, cell.period - asked.smooth + 1)
    return Range(max(first, edges[earliest]), min(end, edges[cell.period + 1]))
