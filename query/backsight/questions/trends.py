"""How much, asked of a site in Python: trends, lifecycles and stickiness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from backsight.named_events import NamedEvent
from backsight.questions.cohorts import CohortQuestions
from backsight.requests import broken_down, filters, moments, several, without_none

if TYPE_CHECKING:
    from backsight.results import Lifecycle, Result, Stickiness, Trend

Json = Mapping[str, Any]
Step = str | NamedEvent | Json
Moment = str | date | datetime
Interval = Literal["hour", "day", "week", "month"]
WeekStart = Literal["monday", "sunday"]


class TrendQuestions(CohortQuestions):
    """What is counted period by period."""

    def trend(
        self,
        series: Step | Sequence[Step],
        interval: Interval | Literal["all"] = "day",
        *,
        breakdown: str | Sequence[str] | Json | None = None,
        formulas: str | Json | Sequence[str | Json] = (),
        cumulative: bool = False,
        smooth: int | None = None,
        compare: Literal["previous"] | None = None,
        week_start: WeekStart = "monday",
        session: Json | None = None,
        from_: Moment | None = None,
        to: Moment | None = None,
        since: str | timedelta | None = None,
        timezone: str = "UTC",
        as_of: Result | Json | None = None,
        where: Json | Sequence[Json] = (),
        person_where: Json | Sequence[Json] = (),
    ) -> Trend:
        """How much of each of `series`, by `interval` (`"all"`: the whole range at once).

        A series is a step, with an optional `"measure"`: `"events"` (the default), `"persons"`,
        `"sessions"`, `"events_per_person"`; `"active_persons"` with `"over": "7d"`; or `"sum"`, `"avg"`,
        `"min"`, `"max"`, `"median"`, `"p90"`, `"p95"`, `"p99"` with a `"property"`.

        `breakdown` gives every series once for each value of a property, of several, or
        `{"by": […], "limit": 25}`. `formulas` calculate between series, A the first: `"A / B * 100"`, or
        `{"formula", "label"}`. `cumulative` values are those of all since the beginning, `smooth=7` ones the
        mean of as many intervals; `compare="previous"` adds the intervals just before the range. `session`
        decides sessions by `{"gap": "30m"}`, `{"starts": STEP}` or both.
        """
        from backsight.results import Trend

        given = [formulas] if isinstance(formulas, str | Mapping) else formulas
        calculated = [{"formula": each} if isinstance(each, str) else each for each in given]
        own = {"series": several(series), "interval": interval, "week_start": week_start,
               "breakdown": broken_down(breakdown), "formulas": calculated or None,
               "cumulative": cumulative or None, "smooth": smooth, "compare": compare,
               "session": session}  # fmt: skip
        common = moments(from_, to, since, timezone, as_of) | filters(where, person_where)
        return Trend(*self._answer("trend", without_none(own) | common))

    def lifecycle(
        self,
        event: Step,
        interval: Interval = "day",
        *,
        week_start: WeekStart = "monday",
        from_: Moment | None = None,
        to: Moment | None = None,
        since: str | timedelta | None = None,
        timezone: str = "UTC",
        as_of: Result | Json | None = None,
        where: Json | Sequence[Json] = (),
        person_where: Json | Sequence[Json] = (),
    ) -> Lifecycle:
        """How many persons did `event` for the first time in all of history (new), as in the interval before
        (returning) or after a pause (resurrecting), and how many of the interval before did not (dormant).
        """
        from backsight.results import Lifecycle

        own = {"event": event, "interval": interval, "week_start": week_start}
        common = moments(from_, to, since, timezone, as_of) | filters(where, person_where)
        return Lifecycle(*self._answer("lifecycle", own | common))

    def stickiness(
        self,
        event: Step,
        interval: Interval = "day",
        *,
        week_start: WeekStart = "monday",
        from_: Moment | None = None,
        to: Moment | None = None,
        since: str | timedelta | None = None,
        timezone: str = "UTC",
        as_of: Result | Json | None = None,
        where: Json | Sequence[Json] = (),
        person_where: Json | Sequence[Json] = (),
    ) -> Stickiness:
        """In how many intervals of the range persons did `event`: how many of them in one, in two, …"""
        from backsight.results import Stickiness

        own = {"event": event, "interval": interval, "week_start": week_start}
        common = moments(from_, to, since, timezone, as_of) | filters(where, person_where)
        return Stickiness(*self._answer("stickiness", own | common))
