"""Moments, ranges and durations of a question: what is written in it, and the instants that are meant.

from, to      dates are inclusive, in `timezone`; instants are RFC 3339, inclusive; "30d" means 30 days ago
timezone      an IANA name
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from backsight.errors import nearest, shown
from backsight.fields import below, read_string, refuse

MICROSECOND: Final = timedelta(microseconds=1)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST: Final = date(1920, 1, 1)
LATEST: Final = date(2060, 12, 31)
"""Events dated outside these days belong to a broken clock; no report counts them."""

UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
LONGEST: Final = timedelta(days=3_660)

MOMENTS: Final = (
    "a date such as '2026-10-01', an instant such as '2026-10-01T12:00:00Z', or '30d' for 30 days ago"
)

OWN_ZONES: Final = ("localtime", "posix/", "right/")
"""Names under which a machine keeps what is another zone elsewhere, or counts leap seconds."""

_DURATION: Final = re.compile(r"([0-9]{1,9})([smhdw])")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Range:
    """A stretch of time: `first` inclusive, `end` exclusive, both UTC; null where it is open."""

    first: datetime | None
    end: datetime | None

    @property
    def closed(self) -> tuple[datetime, datetime]:
        """Both ends, of a stretch that has them."""
        if self.first is None or self.end is None:
            raise ValueError(f"an open range where a closed one is needed: {self}")
        return self.first, self.end


def read_zone(value: object, field: str) -> ZoneInfo:
    """An IANA timezone; an unknown one is refused with the nearest names."""
    name = read_string(value, field, 100)
    try:
        zone = None if name.startswith(OWN_ZONES) else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = None
    if zone is None:
        refuse(f"there is no timezone {shown(name)}.", field, name, nearest(name, available_timezones()))
    return zone


def read_range(request: Mapping[str, object], zone: ZoneInfo, now: datetime, field: str = "") -> Range:
    """`from` and `to` of a request, or of the part of it at `field`."""
    at_first, at_last = below(field, "from"), below(field, "to")
    first = _moment(request["from"], at_first, zone, now, last=False) if "from" in request else None
    end = _moment(request["to"], at_last, zone, now, last=True) if "to" in request else None
    if first is not None and end is not None and end <= first:
        refuse(
            f"{shown(request['to'])} lies before 'from', {shown(request['from'])}.", at_last, request["to"],
            "a date or instant that is not before 'from'",
        )  # fmt: skip
    return Range(first, end)


def read_duration(value: object, field: str) -> timedelta:
    """A duration such as "14d"; from a second to ten years."""
    span = _duration(value) if isinstance(value, str) else None
    if span is None or not timedelta() < span <= LONGEST:
        refuse(f"{shown(value)} is no duration.", field, value,
               "a whole number and s, m, h, d or w, such as '14d' or '30m'; at most ten years")  # fmt: skip
    return span


def micros(instant: datetime) -> int:
    """Microseconds since 1970."""
    return (instant - EPOCH) // MICROSECOND


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which a date begins in a timezone; the first where midnight comes twice."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _duration(text: str) -> timedelta | None:
    found = _DURATION.fullmatch(text)
    try:
        return timedelta(**{UNITS[found[2]]: int(found[1])}) if found else None
    except OverflowError:  # 999999999w
        return None


def _moment(value: object, field: str, zone: ZoneInfo, now: datetime, *, last: bool) -> datetime:
    text = read_string(value, field, 60)
    instant = _ago(text, zone, now, last=last) or _day(text, zone, last=last) or _instant(text, last=last)
    if instant is None or not EARLIEST <= (instant - MICROSECOND * last).date() <= LATEST:
        refuse(f"{shown(value)} is no moment between 1920 and 2060.", field, value, MOMENTS)
    return instant


def _ago(text: str, zone: ZoneInfo, now: datetime, *, last: bool) -> datetime | None:
    """Whole days reach back to a day's edge in the timezone, anything else to an instant."""
    span = _duration(text)
    if span is None or span > LONGEST:
        return None
    if text[-1] in "dw":
        return local_midnight(now.astimezone(zone).date() - span + timedelta(days=last), zone)
    return now - span + MICROSECOND * last


def _day(text: str, zone: ZoneInfo, *, last: bool) -> datetime | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        return local_midnight(date.fromisoformat(text) + timedelta(days=last), zone)
    except (ValueError, OverflowError):
        return None


def _instant(text: str, *, last: bool) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
        # An instant is inclusive too: the range ends a microsecond after it, the lake's own resolution.
        return None if instant.tzinfo is None else instant.astimezone(UTC) + MICROSECOND * last
    except (ValueError, OverflowError):
        return None
