"""What a funnel can be asked.

POST /v1/reports/funnel
{"steps": [STEP, …], "window": "14d", "range": "all", …OPTIONS (see `options`),
 "breakdown": {"by": ["browser"], "attribution": "first", "limit": 25},
 "interval": "day", "week_start": "monday", "histogram": {"from": 1, "to": 2, "bins": 20}, "curve": true}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from backsight.fields import read_choice, read_flag
from backsight.reports.funnel.groups import FunnelBreakdown, parse_funnel_breakdown
from backsight.reports.funnel.histogram import HistogramRequest, parse_histogram
from backsight.reports.funnel.options import FIELDS as OPTIONS
from backsight.reports.funnel.options import Options, parse_options, parse_steps
from backsight.reports.sessions import SessionRule
from backsight.rules.steps import Step
from backsight.scan.order import BEFORE_ALL, instant_of, place_of
from backsight.scan.periods import PERIODS, WEEK_STARTS
from backsight.scan.request import (
    MICROSECOND,
    Common,
    Range,
    read_all,
    read_common,
    read_duration,
    read_request,
)

FIELDS: Final = (
    "steps", "window", "range", *OPTIONS,
    "breakdown", "interval", "week_start", "histogram", "curve",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FunnelRequest:
    """A funnel's request, checked."""

    steps: tuple[Step, ...]
    optional: tuple[int, ...]
    """Steps, counted from 1, that may be left out."""
    first_ever: tuple[int, ...]
    """Steps, counted from 1, that only a person's first such event ever fills."""
    window: timedelta
    options: Options
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
    def sessions(self) -> SessionRule | None:
        """What decides sessions, where they are counted and are not those that were captured."""
        return self.options.session if self.options.count == "sessions" else None

    @property
    def bounds(self) -> Range:
        """What the events have to lie within: later steps may come after the range, within the window."""
        first, end = self.common.range.first, self.common.range.end
        last = end if end is None or self.whole else end + self.window
        return Range(None if self.first_ever else first, last)

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
    listed = parse_steps(fields.get("steps", ()))
    steps = listed.steps
    return FunnelRequest(
        steps,
        listed.optional,
        listed.first_ever,
        read_duration(fields.get("window", "14d"), "window"),
        parse_options(fields, listed),
        read_all(fields),
        read_common(fields, now),
        parse_funnel_breakdown(fields["breakdown"], len(steps)) if "breakdown" in fields else None,
        read_choice(fields["interval"], "interval", PERIODS) if "interval" in fields else None,
        read_choice(fields.get("week_start", "monday"), "week_start", WEEK_STARTS),
        parse_histogram(fields["histogram"], len(steps)) if "histogram" in fields else None,
        read_flag(fields.get("curve", False), "curve"),
    )
