"""A site to be examined: its days, and what several checks look at, looked up once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from backsight.fields import read_object, read_whole
from backsight.repairs.activity import Activity, count_activity
from backsight.repairs.counting import Days
from backsight.repairs.request import LOOKED_AT, ActivityRequest
from backsight.scan.context import Context
from backsight.scan.moments import read_zone

DEFAULT_DAYS: Final = 30
MOST_DAYS: Final = 365


@dataclass(frozen=True)
class Examination:
    """A request, checked, of a site at a snapshot."""

    days: int
    """The last days, with today, of which losses and refusals are told."""
    zone: ZoneInfo
    context: Context

    @classmethod
    def of(cls, request: Mapping[str, object], context: Context) -> Examination:
        """The examination that is asked for. Raises InvalidRequest, naming the field."""
        known = read_object(request, "", ("days", "timezone"))
        given = {key: value for key, value in known.items() if value is not None}
        days = read_whole(given.get("days", DEFAULT_DAYS), "days", 1, MOST_DAYS)
        return cls(days, read_zone(given.get("timezone", "UTC"), "timezone"), context)

    @property
    def now(self) -> datetime:
        """The moment for which it holds."""
        return self.context.now

    @cached_property
    def shown(self) -> Days:
        """The days of which losses are told."""
        today = self.now.astimezone(self.zone).date()
        return Days.until(self.now, today - timedelta(days=self.days - 1), self.zone)

    @cached_property
    def activity(self) -> Activity:
        """What was counted of names and types."""
        looked_at = ActivityRequest(self.days, self.zone).looked_at(self.now)
        return count_activity(looked_at, LOOKED_AT, self.context)
