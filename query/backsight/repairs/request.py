"""What is asked of activity: how many days, in which timezone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from backsight.fields import read_object, read_whole
from backsight.repairs.counting import Days
from backsight.scan.moments import read_zone

DEFAULT_DAYS: Final = 90
MOST_DAYS: Final = 730
LOOKED_AT: Final = 90
"""Days that are looked at for silences, even where fewer are shown."""


@dataclass(frozen=True, slots=True)
class ActivityRequest:
    """A request, checked."""

    days: int
    zone: ZoneInfo

    def looked_at(self, now: datetime) -> Days:
        """The days that are read; those shown are the last of them."""
        today = now.astimezone(self.zone).date()
        return Days.until(now, today - timedelta(days=max(self.days, LOOKED_AT) - 1), self.zone)


def parse(request: Mapping[str, object], now: datetime) -> ActivityRequest:
    """The request, checked. Raises InvalidRequest, naming the field."""
    known = read_object(request, "", ("days", "timezone"))
    given = {key: value for key, value in known.items() if value is not None}
    days = read_whole(given.get("days", DEFAULT_DAYS), "days", 1, MOST_DAYS)
    return ActivityRequest(days, read_zone(given.get("timezone", "UTC"), "timezone"))
