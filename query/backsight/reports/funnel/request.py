"""What a funnel can be asked.

POST /v1/reports/funnel
{"steps": [STEP, …], "window": "14d", "entry": "any" | "first", "range": "all", "order": "ordered",
 "count": "persons", "breakdown": {"by": ["browser"], "attribution": "first", "limit": 25},
 "interval": "day", "week_start": "monday", "histogram": {"from": 1, "to": 2, "bins": 20}, "curve": true}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from backsight.fields import read_choice, read_flag, read_list
from backsight.reports.funnel.groups import FunnelBreakdown, parse_funnel_breakdown
from backsight.reports.funnel.histogram import HistogramRequest, parse_histogram
from backsight.reports.order import BEFORE_ALL, instant_of, place_of
from backsight.reports.periods import PERIODS, WEEK_STARTS
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

FIELDS: Final = (
    "steps", "window", "order", "entry", "count", "range",
    "breakdown", "interval", "week_start", "histogram", "curve",
)  # fmt: skip
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
    breakdown: FunnelBreakdown | None
    interval: str | None
    """Conversion over time: by periods of this length, of the attempts' starts."""
    week_start: str
    histogram: HistogramRequest | None
    curve: bool
    """Whether to say how the share of those who converted grows with time."""

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
    listed = read_list(fields.get("steps", ()), "steps", MAX_STEPS)
    steps = tuple(parse_step(step, f"steps[{index}]") for index, step in enumerate(listed))
    return FunnelRequest(
        steps,
        read_duration(fields.get("window", "14d"), "window"),
        read_choice(fields.get("entry", "any"), "entry", ("any", "first")),
        read_all(fields),
        read_common(fields, now),
        parse_funnel_breakdown(fields["breakdown"], len(steps)) if "breakdown" in fields else None,
        read_choice(fields["interval"], "interval", PERIODS) if "interval" in fields else None,
        read_choice(fields.get("week_start", "monday"), "week_start", WEEK_STARTS),
        parse_histogram(fields["histogram"], len(steps)) if "histogram" in fields else None,
        read_flag(fields.get("curve", False), "curve"),
    )
