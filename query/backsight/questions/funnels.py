"""Who got how far, and what goes with it, asked of a site in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from backsight.named_events import NamedEvent
from backsight.questions.cohorts import CohortQuestions
from backsight.requests import broken_down, duration, filters, listed, moments, several, without_none

if TYPE_CHECKING:
    from backsight.results import Funnel, Result

Json = Mapping[str, Any]
Step = str | NamedEvent | Json
Moment = str | date | datetime


class FunnelQuestions(CohortQuestions):
    """Who got how far through a sequence of steps."""

    def funnel(
        self,
        steps: Sequence[Step],
        window: str | timedelta = "14d",
        entry: Literal["any", "first"] | None = None,
        *,
        order: Literal["ordered", "strict", "any"] = "ordered",
        count: Literal["persons", "sessions", "totals"] = "persons",
        session: Json | None = None,
        exclude: Step | Sequence[Step] = (),
        exclude_mode: Literal["attempt", "person"] = "attempt",
        hold: str | Sequence[str] = (),
        breakdown: str | Sequence[str] | Json | None = None,
        interval: Literal["hour", "day", "week", "month"] | None = None,
        week_start: Literal["monday", "sunday"] = "monday",
        histogram: Json | None = None,
        curve: bool = False,
        from_: Moment | None = None,
        to: Moment | None = None,
        since: str | timedelta | None = None,
        timezone: str = "UTC",
        as_of: Result | Json | None = None,
        where: Json | Sequence[Json] = (),
        person_where: Json | Sequence[Json] = (),
        range: Literal["all"] | None = None,  # noqa: A002  # the request's own word
    ) -> Funnel:
        """How many persons did all of `steps` in order, within `window` of the first of them.

        A step may say `"optional": True` and `"first_ever": True`. `from_` and `to` bound the first step
        (every step with `range="all"`); `since="30d"` is short for a `from_` that many days ago. With
        `entry="first"` only a person's first attempt counts, not the one that went furthest (`"any"`).

        `order="strict"` lets no other named or custom event come between, `"any"` counts how many of the
        steps were done. `count` may be of `"sessions"` (decided by `session={"gap": "30m", "starts": STEP}`,
        else as captured) or `"totals"`: all attempts, one after another. `exclude="Complained"`, or
        `[{"event": STEP, "after": 1, "before": 2}]`, ends attempts, or with `exclude_mode="person"` leaves
        out whoever made one. `hold="cart_id"`: the property has one value at all steps.

        `breakdown` is by a property, by several, or `{"by": […], "attribution": "first" | "last" | "step" |
        "all", "step": 2, "limit": 25}`. `interval` adds the funnel of each period; `histogram={"from": 1,
        "to": 2, "bins": 20}` how long it took between two steps; `curve` how the share of those who converted
        grows with time, those who are still on their way counted for as long as they have been.
        """
        from backsight.results import Funnel

        own = {"steps": listed(steps), "window": duration(window), "entry": entry, "range": range,
               "order": _unusual(order, "ordered"), "count": _unusual(count, "persons"), "session": session,
               "exclude": _exclusions(exclude), "exclude_mode": _unusual(exclude_mode, "attempt"),
               "hold": several(hold) or None,
               "breakdown": broken_down(breakdown), "interval": interval, "histogram": histogram,
               "week_start": week_start, "curve": curve or None}  # fmt: skip
        request = without_none(
            own | moments(from_, to, since, timezone, as_of) | filters(where, person_where)
        )
        return Funnel(*self._answer("funnel", request))


def _unusual(value: str, usual: str) -> str | None:
    return None if value == usual else value


def _exclusions(value: Step | Sequence[Step]) -> object:
    """Exclusions as a request has them; a step that stands alone ends attempts wherever it comes."""
    given = several(value)
    if not isinstance(given, list):
        return value
    return [{"event": each} if _is_step(each) else each for each in given] or None


def _is_step(value: Step) -> bool:
    return not isinstance(value, Mapping) or "event" not in value or "where" in value
