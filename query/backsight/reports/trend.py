"""The trend: how often each of several steps happened, by calendar period.

POST /v1/reports/trend
{"series": [STEP + {"measure": "events" | "persons" | "sessions"}, …], "interval": "day",
 "week_start": "monday"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from backsight.fields import below, read_choice, read_list
from backsight.reports.context import Context
from backsight.reports.matched import Query, Scan, load_sql
from backsight.reports.periods import CALENDAR, PERIODS, WEEK_STARTS, Periods, cover, periods_between
from backsight.reports.request import Common, Range, read_common, read_request
from backsight.rules.steps import Step, parse_step

FIELDS: Final = ("series", "interval", "week_start")
MEASURES: Final = ("events", "persons", "sessions")
MAX_SERIES: Final = 20

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a trend."""

    step: Step
    measure: str


@dataclass(frozen=True, slots=True)
class TrendRequest:
    """A trend's request, checked."""

    series: tuple[Series, ...]
    interval: str
    week_start: str
    common: Common


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    span, warnings = cover(asked.common.range, asked.interval, context)
    periods = periods_between(asked.interval, asked.common.zone, span, asked.week_start)
    query = _query(asked, context, periods, span)
    values = [[0] * len(periods) for _ in asked.series]
    totals = [0] * len(asked.series)
    for row in query.run(context).to_pylist():
        if row["period"] is None:
            totals[row["series"]] = row["value"]
        else:
            values[row["series"]][row["period"]] = row["value"]
    series = [
        {"label": each.step.label, "measure": each.measure, "values": values[index], "total": totals[index]}
        for index, each in enumerate(asked.series)
    ]
    steps = [each.step for each in asked.series]
    meta = context.meta(steps, [*warnings, *query.warnings])
    return {"labels": periods.labels, "series": series, "meta": meta}


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL that answers a request, with its parameters."""
    asked = parse(request, context.now)
    span, _ = cover(asked.common.range, asked.interval, context)
    periods = periods_between(asked.interval, asked.common.zone, span, asked.week_start)
    return _query(asked, context, periods, span).text(context)


def parse(request: Mapping[str, object], now: datetime) -> TrendRequest:
    """The request, checked."""
    fields = read_request(request, FIELDS)
    series = read_list(fields.get("series", ()), "series", MAX_SERIES)
    return TrendRequest(
        tuple(_parse_series(each, f"series[{index}]") for index, each in enumerate(series)),
        read_choice(fields.get("interval", "day"), "interval", PERIODS),
        read_choice(fields.get("week_start", "monday"), "week_start", WEEK_STARTS),
        read_common(fields, now),
    )


def _parse_series(value: object, field: str) -> Series:
    measure = "events"
    if isinstance(value, Mapping) and "measure" in value:
        measure = read_choice(value["measure"], below(field, "measure"), MEASURES)
        value = {key: each for key, each in value.items() if key != "measure"}
    return Series(parse_step(value, field), measure)


def _query(asked: TrendRequest, context: Context, periods: Periods, span: Range) -> Query:
    conditions = context.conditions()
    steps = [each.step for each in asked.series]
    tests = [
        (f"step_{number}", conditions.step(step, f"series[{number - 1}]"))
        for number, step in enumerate(steps, 1)
    ]
    columns = [("slot", periods.slot_sql())]
    if any(each.measure == "sessions" for each in asked.series):
        columns.append(("session", "e.session"))
        conditions.columns.add("session")
    figures = {
        "events": "count(*)",
        "persons": "count(distinct person)",
        "sessions": "count(distinct session)",
    }
    each_series = [
        f"select {index} as series, period, {figures[each.measure]} as value\n"
        f"from dated\nwhere step_{index + 1}\ngroup by grouping sets ((period), ())"
        for index, each in enumerate(asked.series)
    ]
    text = load_sql("trend").replace("{series}", "\nunion all\n".join(each_series)).strip()
    scan = Scan(context, asked.common, conditions, columns, tests, steps, span)
    return scan.query(text, {CALENDAR: periods.calendar})
