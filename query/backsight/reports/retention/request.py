"""What a retention report can be asked.

POST /v1/reports/retention
{"start": STEP, "return": STEP, "period": "day", "periods": 12, "mode": "calendar" | "rolling",
 "cohort": "first_in_range" | "recurring" | "first_ever", "returned": "on" | "on_or_after" | "streak",
 "minimum": 1, "brackets": [1, 3, 7], "week_start": "monday", "breakdown": {"by": ["browser"], "limit": 25},
 "measure": {"measure": "sum", "property": "price"}, "range": "all"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Final

from backsight.fields import read_choice, read_list, read_object, read_whole, refuse
from backsight.reports.breakdown import Breakdown, parse_breakdown
from backsight.reports.statistics import STATISTICS
from backsight.rules.predicates import parse_property
from backsight.rules.steps import Step, parse_step
from backsight.scan.periods import PERIODS, WEEK_STARTS
from backsight.scan.request import Common, read_all, read_common, read_request

FIELDS: Final = (
    "start", "return", "period", "periods", "cohort", "returned", "mode", "week_start", "minimum", "brackets",
    "breakdown", "measure", "range",
)  # fmt: skip
COHORTS: Final = ("first_in_range", "recurring", "first_ever")
RETURNED: Final = ("on", "on_or_after", "streak")
MODES: Final = ("calendar", "rolling")
MAX_COLUMNS: Final = 366
"""Most periods after which returns are looked for, the cohort's own included."""
MAX_MINIMUM: Final = 1_000


@dataclass(frozen=True, slots=True)
class ReturnMeasure:
    """A statistic of a property of the returns."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class RetentionRequest:
    """A retention report's request, checked."""

    start: Step
    back: Step
    period: str
    lasts: tuple[int, ...]
    """Of each column, the last of its periods, counted from the cohort's own, which is 0."""
    cohort: str
    returned: str
    rolling: bool
    week_start: str
    minimum: int
    breakdown: Breakdown | None
    measure: ReturnMeasure | None
    whole: bool
    """Returns, too, have to lie within the range."""
    common: Common

    @property
    def steps(self) -> tuple[Step, Step]:
        """Start and return."""
        return self.start, self.back

    @property
    def reach(self) -> int:
        """How many periods the columns cover."""
        return self.lasts[-1] + 1

    @property
    def labels(self) -> list[str]:
        """The columns' names: "Day 0", or "Day 1-4" of several periods."""
        firsts = [0, *(last + 1 for last in self.lasts)]
        spans = (
            f"{first}" if first == last else f"{first}-{last}"
            for first, last in zip(firsts, self.lasts, strict=False)
        )
        return [f"{self.period.title()} {span}" for span in spans]


def parse(request: Mapping[str, object], now: datetime) -> RetentionRequest:
    """The request, checked."""
    return read_retention(read_request(request, FIELDS), now)


def read_retention(fields: Mapping[str, object], now: datetime) -> RetentionRequest:
    """The fields of a request, checked."""
    for name in ("start", "return"):
        if name not in fields:
            refuse("the step is missing.", name, None, "a named event, or a rule")
    return RetentionRequest(
        start=parse_step(fields["start"], "start"),
        back=parse_step(fields["return"], "return"),
        period=read_choice(fields.get("period", "day"), "period", PERIODS),
        lasts=_read_columns(fields),
        cohort=read_choice(fields.get("cohort", "first_in_range"), "cohort", COHORTS),
        returned=read_choice(fields.get("returned", "on"), "returned", RETURNED),
        rolling=read_choice(fields.get("mode", "calendar"), "mode", MODES) == "rolling",
        week_start=read_choice(fields.get("week_start", "monday"), "week_start", WEEK_STARTS),
        minimum=read_whole(fields.get("minimum", 1), "minimum", 1, MAX_MINIMUM),
        breakdown=parse_breakdown(fields["breakdown"]) if "breakdown" in fields else None,
        measure=_read_measure(fields["measure"]) if "measure" in fields else None,
        whole=read_all(fields),
        common=read_common(fields, now),
    )


def _read_columns(fields: Mapping[str, object]) -> tuple[int, ...]:
    """The last period of each column: one a period, or, after the cohort's own, one a bracket."""
    if "brackets" not in fields:
        return tuple(range(read_whole(fields.get("periods", 12), "periods", 1, MAX_COLUMNS)))
    if "periods" in fields:
        refuse("'brackets' say how many periods there are.", "periods", fields["periods"], "one of the two")
    listed = read_list(fields["brackets"], "brackets", MAX_COLUMNS - 1)
    sizes = [read_whole(size, f"brackets[{at}]", 1, MAX_COLUMNS - 1) for at, size in enumerate(listed)]
    lasts = tuple(accumulate(sizes, initial=0))
    if lasts[-1] >= MAX_COLUMNS:
        refuse(
            f"the brackets reach {lasts[-1]:,} periods far.",
            "brackets",
            fields["brackets"],
            f"at most {MAX_COLUMNS - 1} periods in all",
        )
    return lasts


def _read_measure(value: object) -> ReturnMeasure:
    fields = read_object(value, "measure", ("measure", "property"))
    kind = read_choice(fields.get("measure"), "measure.measure", STATISTICS)
    return ReturnMeasure(kind, parse_property(fields.get("property"), "measure.property"))
