"""Who came back, asked of a site in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from backsight.named_events import NamedEvent
from backsight.questions.cohorts import CohortQuestions
from backsight.requests import broken_down, filters, listed, moments, without_none

if TYPE_CHECKING:
    from backsight.results import Result, Retention

Json = Mapping[str, Any]
Step = str | NamedEvent | Json
Moment = str | date | datetime


class RetentionQuestions(CohortQuestions):
    """Who came back, and who is meant."""

    def retention(
        self,
        start: Step,
        return_: Step,
        period: Literal["hour", "day", "week", "month"] = "day",
        periods: int | None = None,
        *,
        cohort: Literal["recurring", "first_in_range", "first_ever"] = "first_in_range",
        returned: Literal["on", "on_or_after", "streak"] = "on",
        mode: Literal["calendar", "rolling"] = "calendar",
        minimum: int = 1,
        brackets: Sequence[int] | None = None,
        breakdown: str | Sequence[str] | Json | None = None,
        measure: Json | None = None,
        week_start: Literal["monday", "sunday"] = "monday",
        from_: Moment | None = None,
        to: Moment | None = None,
        since: str | timedelta | None = None,
        timezone: str = "UTC",
        as_of: Result | Json | None = None,
        where: Json | Sequence[Json] = (),
        person_where: Json | Sequence[Json] = (),
        range: Literal["all"] | None = None,  # noqa: A002  # the request's own word
    ) -> Retention:
        """Of the persons who did `start` in a period, how many did `return_` after it, in each of `periods`
        periods (12, where neither these nor `brackets` are given).

        Period 0 is the cohort's own and one of the `periods`. They are calendar periods in `timezone`, or,
        with `mode="rolling"`, of equal length from each start. `brackets=[1, 3]` takes the periods after the
        first together: the next one, then three. `cohort` says which starts make a cohort. With
        `returned="on_or_after"` a return counts for the periods before it too, with `"streak"` only where no
        period since the first was left out; `minimum` returns are needed. `breakdown` is by the value at the
        start; `measure={"measure": "sum", "property": "price"}` adds the `values` of the returns.
        """
        from backsight.results import Retention

        own = {"start": start, "return": return_, "period": period, "periods": periods, "cohort": cohort,
               "returned": returned, "mode": mode, "minimum": minimum, "brackets": listed(brackets),
               "breakdown": broken_down(breakdown), "measure": measure, "week_start": week_start,
               "range": range}  # fmt: skip
        request = (
            without_none(own) | moments(from_, to, since, timezone, as_of) | filters(where, person_where)
        )
        return Retention(*self._answer("retention", request))
