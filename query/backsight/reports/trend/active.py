"""Active persons: how many had an event in the N days that end with each period.

Days are calendar days in the timezone, of 23 to 25 hours. A period's days end with its own last one, or,
where the range or the present ends within it, with that day. A person who is active on some day stays so
until N days later or, if sooner, until active again; so each day's persons are a running sum of those who
become active and those who cease to be, and nobody is counted twice.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, timedelta
from itertools import accumulate

import pyarrow as pa

from backsight.reports.trend.frame import Frame
from backsight.reports.trend.request import TrendRequest
from backsight.reports.trend.statement import RANKED, place_sql
from backsight.scan.context import Context
from backsight.scan.matched import Query, Scan
from backsight.scan.moments import MICROSECOND, Range, local_midnight
from backsight.scan.periods import CALENDAR, Periods, periods_between
from backsight.sql import load_sql

MOST_DAYS = 10**5
"""Days of any range that a report takes."""


def statement(
    asked: TrendRequest, index: int, frame: Frame, context: Context, ranked: pa.Table | None = None
) -> Query:
    """What gives, by place of the group and day, how many more persons are active than the day before."""
    series = asked.series[index]
    conditions = context.conditions()
    tests = [("step_1", conditions.step(series.step, f"series[{index}]"))]
    days = _days(frame, series.measure.days)
    groups = asked.breakdown.columns(conditions) if asked.breakdown else []
    bounds = Range(days.edges[0], frame.span.end)
    columns = [("slot", days.slot_sql()), *groups]
    scan = Scan(context, asked.common, conditions, columns, tests, [series.step], bounds)
    place, join = "0", ""
    if asked.breakdown:
        place, same = place_sql(asked.breakdown, "matched", conditions.bind(asked.breakdown.limit))
        join = f"\n    left join {RANKED} as ranked on {same}"
    text = load_sql("trend_active").replace("{place}", place).replace("{join}", join)
    tables = {CALENDAR: days.calendar} | ({} if ranked is None else {RANKED: ranked})
    return scan.query(text.replace("{days}", conditions.bind(series.measure.days)), tables)


def values(
    rows: pa.Table, asked: TrendRequest, index: int, frame: Frame, now: datetime
) -> dict[int, list[int]]:
    """By place of the group, the active persons of each period."""
    days = _days(frame, asked.series[index].measure.days)
    changes: dict[int, list[int]] = {}
    for row in rows.to_pylist():
        if row["day"] < len(days):
            changes.setdefault(row["place"], [0] * len(days))[row["day"]] += row["change"]
    lasts = (last_day(frame, period, now) for period in range(len(frame.periods)))
    wanted = [bisect_right(days.edges, last) - 1 for last in lasts]
    running = {place: list(accumulate(each)) for place, each in changes.items()}
    return {place: [each[day] for day in wanted] for place, each in running.items()}


def _days(frame: Frame, count: int) -> Periods:
    """The days of the range, with those before it that its first day looks back on."""
    first, end = frame.span.closed
    zone = frame.periods.zone
    began: date = first.astimezone(zone).date() - timedelta(days=count - 1)
    return periods_between("day", zone, Range(local_midnight(began, zone), end), most=MOST_DAYS)


def last_day(frame: Frame, period: int, now: datetime) -> datetime:
    """An instant of the day with which a period's days end."""
    (first, end), (begins, ends) = frame.span.closed, frame.periods.edges[period : period + 2]
    last = min(ends, end) - MICROSECOND
    return min(last, now) if max(begins, first) <= now else last
