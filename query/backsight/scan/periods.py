"""Calendar periods in a timezone: hours, days, weeks and months as people there count them.

Their edges are worked out here, by the timezone's own rules, and handed to the statement as a small relation
`calendar` that says for every slot of time in which period it lies. So a day has 23, 24 or 25 hours, and no
database has to know a timezone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import islice, pairwise
from math import gcd
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from backsight.fields import refuse
from backsight.scan.context import Context
from backsight.scan.moments import EARLIEST, EPOCH, MICROSECOND, Range, local_midnight, micros

PERIODS: Final = ("hour", "day", "week", "month")
WEEK_STARTS: Final = ("monday", "sunday")
MAX_PERIODS: Final = 10_000
MAX_SLOTS: Final = 10_000_000
"""Most slots of a calendar: centuries of quarters of an hour, but not of the seconds of local mean time."""
LENGTHS: Final = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
}
"""How long a period is, roughly."""

CALENDAR: Final = "calendar"
"""Relation of a query: `slot` and the number of the `period` in which it lies."""


@dataclass(frozen=True)
class Periods:
    """Neighbouring periods; the n-th lies from `edges[n]` to before `edges[n + 1]` (UTC)."""

    kind: str
    zone: ZoneInfo
    edges: Sequence[datetime]

    def __len__(self) -> int:
        return len(self.edges) - 1

    @property
    def labels(self) -> list[str]:
        """The first date of each period; of an hour, its beginning with the offset from UTC."""
        local = (edge.astimezone(self.zone) for edge in self.edges[:-1])
        if self.kind == "hour":
            return [moment.isoformat(timespec="seconds") for moment in local]
        return [moment.date().isoformat() for moment in local]

    def over(self, period: int, now: datetime) -> bool:
        """Whether a period has ended."""
        return self.edges[period + 1] <= now

    @cached_property
    def grain(self) -> int:
        """The longest slot, in microseconds, of which every period is a whole number."""
        instants = [micros(edge) for edge in self.edges]
        return gcd(*instants, 86_400_000_000)

    @cached_property
    def calendar(self) -> pa.Table:
        """The relation CALENDAR. Refuses a range for which it would not fit in memory."""
        first = [self._slot(micros(edge)) for edge in self.edges]
        if first[-1] - first[0] > MAX_SLOTS:
            refuse(f"clocks in {self.zone.key} stood at odd seconds in some of that range.", "from", None,
                   "a later 'from', or another timezone")  # fmt: skip
        lengths = [after - before for before, after in pairwise(first)]
        periods = np.repeat(np.arange(len(self), dtype=np.int64), np.array(lengths, np.int64))
        return pa.table({"slot": np.arange(first[0], first[-1], dtype=np.int64), "period": periods})

    def slot_sql(self, time: str = "e.time") -> str:
        """SQL of the slot of an instant."""
        return f"(epoch_us({time}) - ({self._origin})) // {self.grain}"

    def _slot(self, instant: int) -> int:
        return (instant - self._origin) // self.grain

    @property
    def _origin(self) -> int:
        # Before every event: databases differ on how they divide negative numbers.
        return micros(datetime.combine(EARLIEST, time(), UTC)) // self.grain * self.grain


def periods_between(
    kind: str,
    zone: ZoneInfo,
    span: Range,
    week_start: str = "monday",
    most: int = MAX_PERIODS,
    more: int = 0,
) -> Periods:
    """The periods that hold any of a closed span, at most `most`, and `more` after them."""
    first, end = span.closed
    edges = _edges(kind, zone, first, week_start)
    found = [next(edges)]
    while found[-1] < end and len(found) <= most:
        found.append(next(edges))
    if found[-1] < end:
        refuse(
            f"the range holds more than {most:,} {kind}s.", "from", None, "a later 'from', or longer periods"
        )
    return Periods(kind, zone, [*found, *islice(edges, more)])


def cover(asked: Range, kind: str, context: Context, most: int = MAX_PERIODS) -> tuple[Range, list[str]]:
    """The closed span of time that a report covers, and warnings.

    Where the range is open, it begins at the site's first event and ends now. That first event may have come
    from a broken clock: an open range reaches back no further than `most` periods, and says so.
    """
    end = asked.end or max(context.now, asked.first or context.now) + MICROSECOND
    if asked.first is not None:
        return Range(asked.first, end), []
    dates = context.snapshot.dates()
    begun = min(datetime.combine(dates[0], time(), UTC) if dates else end, end - MICROSECOND)
    # A few periods are left over for those that begin before the range does, or days on which clocks are set.
    first = max(begun, end - LENGTHS[kind] * (most - 10), min(EPOCH, end - MICROSECOND))
    left_out = f"what happened before {first.date()} is left out; 'from' says where to begin."
    return Range(first, end), [left_out] if first > begun else []


def _edges(kind: str, zone: ZoneInfo, first: datetime, week_start: str) -> Iterator[datetime]:
    if kind == "hour":
        return _hours(zone, first)
    return _dates(kind, zone, first.astimezone(zone).date(), week_start)


def _dates(kind: str, zone: ZoneInfo, day: date, week_start: str) -> Iterator[datetime]:
    if kind == "month":
        day = day.replace(day=1)
    if kind == "week":
        day -= timedelta(days=(day.weekday() + (week_start == "sunday")) % 7)
    edge = None
    while True:
        before, edge = edge, local_midnight(day, zone)
        if edge != before:  # else a country left the date out, as Samoa did with 2011-12-30
            yield edge
        day = _next_date(kind, day)


def _next_date(kind: str, day: date) -> date:
    if kind == "month":
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day + timedelta(days=7 if kind == "week" else 1)


def _hours(zone: ZoneInfo, first: datetime) -> Iterator[datetime]:
    """Every instant at which the clock on the wall begins an hour, or is set to another one."""
    # From well before: where the clock was set back by half an hour, the hour on it began at another instant.
    edge = first.astimezone(UTC) - timedelta(hours=2)
    edge -= _into_hour(edge, zone)
    while True:
        following = edge + timedelta(hours=1) - _into_hour(edge, zone)
        following = _changed(edge, following, zone) or following
        if following > first:
            yield edge
        edge = following


def _into_hour(instant: datetime, zone: ZoneInfo) -> timedelta:
    local = instant.astimezone(zone)
    return timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)


def _changed(after: datetime, until: datetime, zone: ZoneInfo) -> datetime | None:
    """When, between two instants, the clock was set by something else than whole hours."""
    shift = _offset(until, zone) - _offset(after, zone)
    if shift % timedelta(hours=1) == timedelta():
        return None
    low, high = after, until
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        low, high = (middle, high) if _offset(middle, zone) == _offset(after, zone) else (low, middle)
    return high.replace(microsecond=0)


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()
