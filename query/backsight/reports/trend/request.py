"""What a trend is asked, checked.

POST /v1/reports/trend
{"series": [STEP + {"measure": …, "property": …, "over": …}, …], "interval": "day", "week_start": "monday",
 "breakdown": {"by": […], "limit": 25}, "formulas": [{"formula": "A / B * 100", "label": …}, …],
 "cumulative": false, "smooth": 7, "compare": "previous", "session": {"gap": "30m", "starts": STEP}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backsight.fields import read_choice, read_flag, read_list, read_whole, refuse
from backsight.reports.breakdown import Breakdown, parse_breakdown
from backsight.reports.sessions import SessionRule, read_session
from backsight.reports.trend.formulas import Formula, parse_formulas
from backsight.reports.trend.measures import MEASURE_FIELDS, Measure, parse_measure
from backsight.rules.steps import Step, parse_step
from backsight.scan.periods import PERIODS, WEEK_STARTS
from backsight.scan.request import Common, read_common, read_request

FIELDS: Final = (
    "series", "interval", "week_start", "breakdown", "formulas", "cumulative", "smooth", "compare",
    "session",
)  # fmt: skip
INTERVALS: Final = (*PERIODS, "all")
"""`all` takes the whole range as one period."""
MAX_SERIES: Final = 20
MOST_SMOOTHED: Final = 366
MAX_POINTS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a trend."""

    step: Step
    measure: Measure


@dataclass(frozen=True, slots=True)
class TrendRequest:
    """A trend's request, checked."""

    series: tuple[Series, ...]
    interval: str
    week_start: str
    common: Common
    breakdown: Breakdown | None = None
    formulas: tuple[Formula, ...] = ()
    cumulative: bool = False
    smooth: int = 1
    """Of how many periods, up to its own, each value is the mean."""
    compare: bool = False
    """Whether the periods just before stand beside them."""
    session: SessionRule | None = None

    @property
    def steps(self) -> list[Step]:
        """The steps of the series."""
        return [each.step for each in self.series]

    @property
    def mentioned(self) -> list[Step]:
        """Every step of the request."""
        return [*self.steps, *(self.session.steps if self.session else ())]

    @property
    def groups(self) -> int:
        """How many groups may stand alone."""
        return self.breakdown.limit if self.breakdown else 0


def parse(request: Mapping[str, object], now: datetime) -> TrendRequest:
    """The request, checked."""
    fields = read_request(request, FIELDS)
    listed = read_list(fields.get("series", ()), "series", MAX_SERIES)
    series = tuple(_parse_series(each, f"series[{index}]") for index, each in enumerate(listed))
    asked = TrendRequest(
        series,
        read_choice(fields.get("interval", "day"), "interval", INTERVALS),
        read_choice(fields.get("week_start", "monday"), "week_start", WEEK_STARTS),
        read_common(fields, now),
        parse_breakdown(fields["breakdown"]) if "breakdown" in fields else None,
        parse_formulas(fields["formulas"], len(series)) if "formulas" in fields else (),
        read_flag(fields.get("cumulative", False), "cumulative"),
        read_whole(fields["smooth"], "smooth", 1, MOST_SMOOTHED) if "smooth" in fields else 1,
        "compare" in fields and read_choice(fields["compare"], "compare", ("previous",)) == "previous",
        read_session(fields),
    )
    _check_together(asked)
    return asked


def check_size(asked: TrendRequest, periods: int) -> None:
    """Refuses an answer that nobody could look at."""
    points = len(asked.series) * (asked.groups + 1) * periods
    if points > MAX_POINTS:
        refuse(
            f"the answer could have {points:,} values.", "interval", asked.interval,
            f"at most {MAX_POINTS:,}: longer periods, fewer series, or a smaller 'breakdown.limit'",
        )  # fmt: skip


def _parse_series(value: object, field: str) -> Series:
    if not isinstance(value, Mapping):
        return Series(parse_step(value, field), Measure())
    step = {key: each for key, each in value.items() if key not in MEASURE_FIELDS}
    measured = {key: each for key, each in value.items() if key in MEASURE_FIELDS and each is not None}
    return Series(parse_step(step, field), parse_measure(measured, field))


def _check_together(asked: TrendRequest) -> None:
    if asked.cumulative and asked.smooth > 1:
        refuse(
            "cumulative values are not smoothed.", "smooth", asked.smooth, "one of 'cumulative' and 'smooth'"
        )
    if asked.session is not None and all(each.measure.unit != "session" for each in asked.series):
        refuse("no series counts sessions.", "session", None, "a series with 'measure': 'sessions'")
    for index, each in enumerate(asked.series):
        field = f"series[{index}].measure"
        if asked.cumulative and not each.measure.adds_up:
            refuse(f"{each.measure.kind!r} does not add up over periods.", field, each.measure.kind,
                   "not active_persons, median, p90, p95 or p99; or not 'cumulative'")  # fmt: skip
        if asked.interval == "hour" and each.measure.days:
            refuse(
                "active persons are counted by days.", "interval", "hour", "'day', 'week', 'month' or 'all'"
            )
