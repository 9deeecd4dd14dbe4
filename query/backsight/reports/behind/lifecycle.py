"""The rows behind a lifecycle, and behind how many periods persons stick for.

{…a lifecycle's request…, "cell": {"at": "2026-10-05", "state": "new"}}

The events, in that period, of those who are in the state there; of the dormant those of the period before,
which they do not follow up. Without a `state` it is everybody who did it in the period.

{…a stickiness's request…, "cell": {"periods": 3}}

All events in the range of those who did it in so many periods; without `periods` those of everybody.

Columns: `period`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyarrow as pa

from backsight.engine import Relation
from backsight.fields import read_choice, read_whole, refuse
from backsight.reports.behind.request import read_cell, read_period
from backsight.reports.behind.sources import Matching
from backsight.reports.lifecycle import STATES, LifecycleRequest, frame_of, parse
from backsight.rules.conditions import Conditions
from backsight.scan.context import Context
from backsight.scan.matched import Scan
from backsight.scan.moments import Range
from backsight.scan.periods import CALENDAR, Periods, cover, periods_between
from backsight.sql import load_sql

LIFECYCLE_FIELDS: Final = ("cell",)
STICKINESS_FIELDS: Final = ("cell",)
OWN: Final = pa.schema([("period", pa.string())])
MEMBERS: Final = "members"
"""Relation of a query: each `person` who is meant."""
PERIODS: Final = "periods"

_STATES: Final[Mapping[str, str]] = {
    "new": "before is null",
    "returning": "before = period - 1",
    "resurrecting": "before < period - 1",
    "dormant": "after is null or after > period + 1",
}
"""SQL of whether a person is in each state, in the period; of dormant ones in the period after it."""


def lifecycle(request: Mapping[str, object], own: Mapping[str, object], context: Context) -> Matching:
    """The rows behind a lifecycle. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    frame, warnings = frame_of(asked, context)
    cell = read_cell(own, ("at", "state"))
    if "at" not in cell:
        refuse("the period is missing.", "cell.at", None, "a label of the answer")
    period = read_period(cell["at"], "cell.at", frame.periods.labels[1:]) + 1
    state = read_choice(cell["state"], "cell.state", STATES) if "state" in cell else None
    if state == "dormant":
        period -= 1
    members = None
    if state is not None:
        text = (
            load_sql("behind_lifecycle").replace("{state}", _STATES[state]).replace("{period}", str(period))
        )
        members = _members(asked, text, frame.periods, Range(None, frame.end), context)
    first, end = frame.periods.edges[period], min(frame.periods.edges[period + 1], frame.end)
    return _source(asked, frame.periods, Range(first, end), members, context, warnings)


def stickiness(request: Mapping[str, object], own: Mapping[str, object], context: Context) -> Matching:
    """The rows behind how many periods persons stick for. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    span, warnings = cover(asked.common.range, asked.interval, context)
    periods = periods_between(asked.interval, asked.common.zone, span, asked.week_start)
    cell = read_cell(own, ("periods",))
    members = None
    if "periods" in cell:
        number = read_whole(cell["periods"], "cell.periods", 1, len(periods))
        text = load_sql("behind_stickiness").replace("{periods}", str(number))
        members = _members(asked, text, periods, span, context)
    return _source(asked, periods, span, members, context, warnings)


def _members(asked: LifecycleRequest, text: str, periods: Periods, span: Range, context: Context) -> pa.Table:
    """Each person who is meant."""
    conditions = context.conditions()
    tests = [("step_1", conditions.step(asked.step, "event"))]
    columns = [("slot", periods.slot_sql())]
    scan = Scan(context, asked.common, conditions, columns, tests, [asked.step], span)
    return scan.query(text, {CALENDAR: periods.calendar}).run(context)


def _source(
    asked: LifecycleRequest,
    periods: Periods,
    span: Range,
    members: pa.Table | None,
    context: Context,
    warnings: list[str],
) -> Matching:
    labels = periods.labels
    named = pa.table(
        {"period": pa.array(range(len(labels)), pa.int64()), "label": pa.array(labels, pa.string())}
    )
    tables: dict[str, Relation] = {CALENDAR: periods.calendar, PERIODS: named}
    join = [f"join {CALENDAR} on {CALENDAR}.slot = matched.slot"]
    join.append(f"join {PERIODS} on {PERIODS}.period = {CALENDAR}.period")
    if members is not None:
        tables[MEMBERS] = members
        join.append(f"join {MEMBERS} on {MEMBERS}.person = matched.person")

    def columns(_: Conditions) -> list[tuple[str, str]]:
        return [("slot", periods.slot_sql())]

    told = [("period", f"{PERIODS}.label")]
    return Matching(
        context, OWN, [asked.step], warnings, asked.common, asked.step, "event", span, told, columns,
        join="\n".join(join), tables=tables,
    )  # fmt: skip
