"""What a funnel can be asked.

POST /v1/reports/funnel
{"steps": [STEP, …], "window": "14d", "entry": "any" | "first", "range": "all", "order": "ordered",
 "count": "persons"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from backsight.fields import read_choice, read_list
from backsight.reports.order import BEFORE_ALL, instant_of, place_of
from backsight.reports.request import (
    MICROSECOND,
    Common,
    Range,
    read_all,
    read_common,
    read_duration,
    read_request,
)
from backsight.rules.steps import Step, parse_step

FIELDS: Final = ("steps", "window", "order", "entry", "count", "range")
MAX_STEPS: Final = 20


@dataclass(frozen=True, slots=True)
class FunnelRequest:
    """A funnel's request, checked."""

    steps: tuple[Step, ...]
    window: timedelta
    entry: str
    whole: bool
    """Every event has to lie within the range, not only the first step's."""
    common: Common

    @property
    def bounds(self) -> Range:
        """What the events have to lie within: later steps may come after the range, within the window."""
        end = self.common.range.end
        if end is None or self.whole:
            return self.common.range
        return Range(self.common.range.first, end + self.window)

    @property
    def starts_before(self) -> int:
        """The place before which an attempt has to start."""
        end = self.common.range.end
        return BEFORE_ALL if end is None else place_of(end)

    @property
    def window_micros(self) -> int:
        """The window in microseconds."""
        return self.window // MICROSECOND

    def open_from(self, now: datetime) -> int:
        """The instant that a window has to reach to be open; none does where what is to come can't count."""
        end = self.common.range.end
        closed = self.whole and end is not None and end <= now
        return instant_of(BEFORE_ALL if closed else place_of(now))


def parse(request: Mapping[str, object], now: datetime) -> FunnelRequest:
    """The request, checked."""
    fields = read_request(request, FIELDS)
    read_choice(fields.get("order", "ordered"), "order", ("ordered",))
    read_choice(fields.get("count", "persons"), "count", ("persons",))
    steps = read_list(fields.get("steps", ()), "steps", MAX_STEPS)
    return FunnelRequest(
        tuple(parse_step(step, f"steps[{index}]") for index, step in enumerate(steps)),
        read_duration(fields.get("window", "14d"), "window"),
        read_choice(fields.get("entry", "any"), "entry", ("any", "first")),
        read_all(fields),
        read_common(fields, now),
    )
