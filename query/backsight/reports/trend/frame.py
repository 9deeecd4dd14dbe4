"""The time that a trend covers: its range, cut into periods, and the same number of periods before."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import pyarrow as pa

from backsight.reports.trend.request import TrendRequest, check_size
from backsight.scan.context import Context
from backsight.scan.matched import FILE
from backsight.scan.moments import MICROSECOND, Range, local_midnight, micros
from backsight.scan.periods import LENGTHS, Periods, cover, periods_between

DAY: Final = 86_400_000_000
"""Microseconds of a UTC day."""


@dataclass(frozen=True)
class Frame:
    """A closed range and its periods; where all of the range is one period, they are of the kind `all`."""

    span: Range
    periods: Periods

    def slots(self, context: Context, by_file: bool) -> tuple[str, pa.Table]:
        """SQL of the slot of an event, and the relation CALENDAR.

        With `by_file`, the file in which it stands is the slot, if no file holds more than one period's
        events: then its time need not even be read.
        """
        dates = self._dates(context) if by_file else None
        if dates is not None:
            return FILE, pa.table(
                {"slot": pa.array(dates, pa.string()), "period": pa.array(dates.values(), pa.int64())}
            )
        if self.periods.kind == "all":
            return "0", pa.table({"slot": [0], "period": [0]})
        return self.periods.slot_sql(), self.periods.calendar

    def _dates(self, context: Context) -> dict[str, int] | None:
        """The period of each file; null where some file could hold events of several, or of none."""
        first, end = self.span.closed
        files = context.snapshot.data_files("events", first.date(), (end - MICROSECOND).date())
        edges = [micros(edge) for edge in self.periods.edges]
        found = {}
        for file in files:
            if file.date is None:
                return None
            begins = micros(datetime(file.date.year, file.date.month, file.date.day, tzinfo=UTC))
            period = bisect_right(edges, begins) - 1
            inside = micros(first) <= begins and begins + DAY <= micros(end)
            if not inside or begins + DAY > edges[period + 1]:
                return None
            found[file.uri] = period
        return found or None


def frame_of(asked: TrendRequest, context: Context) -> tuple[Frame, list[str]]:
    """What a request covers, and warnings."""
    kind = "month" if asked.interval == "all" else asked.interval
    span, warnings = cover(asked.common.range, kind, context)
    if asked.interval == "all":
        return Frame(span, Periods("all", asked.common.zone, list(span.closed))), warnings
    periods = periods_between(kind, asked.common.zone, span, asked.week_start)
    check_size(asked, len(periods))
    return Frame(span, periods), warnings


def previous(frame: Frame, week_start: str) -> Frame:
    """As many periods, just before. A range that ends within a period ends as far into the one before."""
    own, edges = frame.periods, _edges_before(frame, week_start)
    begins = min(_as_far(edges[0], own.edges[0], frame.span.closed[0], own), edges[1] - MICROSECOND)
    ends = min(_as_far(edges[-2], own.edges[-2], frame.span.closed[1], own), edges[-1])
    if frame.span.end == own.edges[-1]:
        ends = edges[-1]
    return Frame(Range(begins, max(ends, begins + MICROSECOND)), Periods(own.kind, own.zone, edges))


def _as_far(into: datetime, of: datetime, moment: datetime, periods: Periods) -> datetime:
    """As far into one period as a moment is into another: by the clock on the wall, whenever it was set."""
    if periods.kind in ("hour", "all"):
        return into + (moment - of)
    zone = periods.zone
    local = moment.astimezone(zone)
    day = into.astimezone(zone).date() + (local.date() - of.astimezone(zone).date())
    if moment == local_midnight(local.date(), zone):
        return local_midnight(day, zone)
    return datetime.combine(day, local.time(), zone).astimezone(UTC)


def _edges_before(frame: Frame, week_start: str) -> list[datetime]:
    periods, count = frame.periods, len(frame.periods)
    if periods.kind == "all":
        return [_as_long_before(frame), frame.span.closed[0]]
    # Rather too far back than not far enough: months are longer than LENGTHS says, and clocks are set.
    back = LENGTHS[periods.kind] * count * 1.05 + timedelta(days=40)
    whole = Range(periods.edges[0] - back, periods.edges[0])
    edges = list(periods_between(periods.kind, periods.zone, whole, week_start, 10**6).edges)
    return edges[-count - 1 :]


def _as_long_before(frame: Frame) -> datetime:
    """A range of whole days has as many days before it, whatever the clocks did; else it is as long."""
    (first, end), zone = frame.span.closed, frame.periods.zone
    days = [instant.astimezone(zone).date() for instant in (first, end)]
    if all(local_midnight(day, zone) == instant for day, instant in zip(days, (first, end), strict=True)):
        return local_midnight(days[0] - (days[1] - days[0]), zone)
    return first - (end - first)
