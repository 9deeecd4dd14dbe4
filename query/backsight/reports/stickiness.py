"""Stickiness: in how many periods of the range did each person do it.

POST /v1/reports/stickiness
{"event": STEP, "interval": "day", "week_start": "monday"}
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from backsight.reports.lifecycle import LifecycleRequest, parse
from backsight.scan.context import Context
from backsight.scan.matched import Query, Scan
from backsight.scan.moments import Range
from backsight.scan.periods import CALENDAR, Periods, cover, periods_between
from backsight.sql import load_sql

Answer = dict[str, Any]


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    span, warnings = cover(asked.common.range, asked.interval, context)
    periods = periods_between(asked.interval, asked.common.zone, span, asked.week_start)
    query = _query(asked, span, periods, context)
    persons = [0] * len(periods)
    for row in query.run(context).to_pylist():
        persons[row["periods"] - 1] = row["persons"]
    return {
        "interval": asked.interval,
        "persons": sum(persons),
        "rows": _rows(persons),
        "meta": context.meta([asked.step], [*warnings, *query.warnings]),
    }


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL that answers a request, with its parameters."""
    asked = parse(request, context.now)
    span, _ = cover(asked.common.range, asked.interval, context)
    periods = periods_between(asked.interval, asked.common.zone, span, asked.week_start)
    return _query(asked, span, periods, context).text(context)


def _rows(persons: list[int]) -> list[Answer]:
    """Per number of periods: the persons, their share of all, and the share of those with as many or more."""
    everybody = sum(persons)
    at_least = list(accumulate(reversed(persons)))[::-1]

    def share(count: int) -> float | None:
        return count / everybody if everybody else None

    return [
        {"periods": number, "persons": count, "share": share(count), "at_least": share(more)}
        for number, (count, more) in enumerate(zip(persons, at_least, strict=True), 1)
    ]


def _query(asked: LifecycleRequest, span: Range, periods: Periods, context: Context) -> Query:
    conditions = context.conditions()
    tests = [("step_1", conditions.step(asked.step, "event"))]
    columns = [("slot", periods.slot_sql())]
    scan = Scan(context, asked.common, conditions, columns, tests, [asked.step], span)
    return scan.query(load_sql("stickiness"), {CALENDAR: periods.calendar})
