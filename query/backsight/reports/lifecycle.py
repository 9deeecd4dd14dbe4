"""The lifecycle: in every period, how many persons were new, came again, came back, or stayed away.

POST /v1/reports/lifecycle
{"event": STEP, "interval": "day", "week_start": "monday"}

new            did it for the first time in all of history
returning      did it in the period before, too
resurrecting   did it before, but not in the period before
dormant        did it in the period before, and not in this one; counted positively, drawn downwards

States are those of whole periods: the first is looked at from its beginning, even if `from` lies within it.
A period that is not over is not complete: those who are dormant in it may still come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from backsight.fields import read_choice, refuse
from backsight.rules.steps import Step, parse_step
from backsight.scan.context import Context
from backsight.scan.matched import Query, Scan
from backsight.scan.moments import MICROSECOND, Range
from backsight.scan.periods import (
    CALENDAR,
    MAX_PERIODS,
    PERIODS,
    WEEK_STARTS,
    Periods,
    cover,
    periods_between,
)
from backsight.scan.request import Common, read_common, read_request
from backsight.sql import load_sql

FIELDS: Final = ("event", "interval", "week_start")
STATES: Final = ("new", "returning", "resurrecting", "dormant")

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LifecycleRequest:
    """A lifecycle's request, checked; stickiness takes the same."""

    step: Step
    interval: str
    week_start: str
    common: Common


@dataclass(frozen=True)
class Frame:
    """The periods of the range, after one that lies before it."""

    periods: Periods
    end: datetime


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    frame, warnings = frame_of(asked, context)
    query = _query(asked, frame, context)
    states = {state: [0] * len(frame.periods) for state in STATES}
    for row in query.run(context).to_pylist():
        for state in STATES[:-1]:
            states[state][row["period"]] = row[state]
        if row["period"] + 1 < len(frame.periods):
            states["dormant"][row["period"] + 1] = row["last_seen"]
    over_by = min(context.now, frame.end)
    return {
        "labels": frame.periods.labels[1:],
        "complete": [frame.periods.over(period, over_by) for period in range(1, len(frame.periods))],
        "series": [{"label": state, "values": states[state][1:]} for state in STATES],
        "meta": context.meta([asked.step], [*warnings, *query.warnings]),
    }


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL that answers a request, with its parameters."""
    asked = parse(request, context.now)
    return _query(asked, frame_of(asked, context)[0], context).text(context)


def parse(request: Mapping[str, object], now: datetime) -> LifecycleRequest:
    """The request, checked."""
    fields = read_request(request, FIELDS)
    if "event" not in fields:
        refuse("the event is missing.", "event", None, "a named event, or a rule")
    return LifecycleRequest(
        parse_step(fields["event"], "event"),
        read_choice(fields.get("interval", "day"), "interval", PERIODS),
        read_choice(fields.get("week_start", "monday"), "week_start", WEEK_STARTS),
        read_common(fields, now),
    )


def frame_of(asked: LifecycleRequest, context: Context) -> tuple[Frame, list[str]]:
    """What a request covers, and warnings."""
    span, warnings = cover(asked.common.range, asked.interval, context)
    zone, week_start, (_, end) = asked.common.zone, asked.week_start, span.closed
    own = periods_between(asked.interval, zone, span, week_start)
    before = Range(own.edges[0] - MICROSECOND, end)
    return Frame(periods_between(asked.interval, zone, before, week_start, MAX_PERIODS + 1), end), warnings


def _query(asked: LifecycleRequest, frame: Frame, context: Context) -> Query:
    conditions = context.conditions()
    tests = [("step_1", conditions.step(asked.step, "event"))]
    columns = [("slot", frame.periods.slot_sql())]
    scan = Scan(context, asked.common, conditions, columns, tests, [asked.step], Range(None, frame.end))
    return scan.query(load_sql("lifecycle"), {CALENDAR: frame.periods.calendar})
