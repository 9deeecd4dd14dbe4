"""Ways and what led to them, asked of a site in Python: paths and attribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from backsight.named_events import NamedEvent
from backsight.questions.cohorts import CohortQuestions
from backsight.requests import duration, filters, moments, several, without_none

if TYPE_CHECKING:
    from backsight.results import Attribution, Paths, Result

Json = Mapping[str, Any]
Step = str | NamedEvent | Json
Moment = str | date | datetime


class PathQuestions(CohortQuestions):
    """What persons did one after another, within their sessions and before they converted."""

    def paths(
        self,
        start: Step | None = None,
        end: Step | None = None,
        around: Step | None = None,
        *,
        nodes: Step | Sequence[Step] | None = None,
        rewrite: Json | Sequence[Json] = (),
        groups: str | Json | Sequence[str | Json] = (),
        exclude: Step | Sequence[Step] = (),
        repeats: Literal["first", "last", "keep"] = "first",
        steps: int = 5,
        limit: int = 25,
        session: Json | None = None,
        from_: Moment | None = None,
        to: Moment | None = None,
        since: str | timedelta | None = None,
        timezone: str = "UTC",
        as_of: Result | Json | None = None,
        where: Json | Sequence[Json] = (),
        person_where: Json | Sequence[Json] = (),
    ) -> Paths:
        """Which way persons took within a session: from `start`, to `end` (or from one to the other), or
        `around` a step; without any, from the session's beginning.

        `nodes` says what is on the way, in the order in which it names an event: steps, and steps with
        `"each": "path"` (one node for every value of that property). Values go through `rewrite`
        (`{"matches": RE2, "as": text}`) and then `groups` (`"/product/*"`, or `{"like": …, "as": name}`).
        `session` decides sessions by `{"gap": "30m"}`, `{"starts": STEP}` or both; else they are the captured
        ones.
        """
        from backsight.results import Paths

        own = {"start": start, "end": end, "around": around, "nodes": several(nodes),
               "rewrite": several(rewrite), "groups": several(groups), "exclude": several(exclude),
               "repeats": repeats, "steps": steps, "limit": limit, "session": session}  # fmt: skip
        common = moments(from_, to, since, timezone, as_of) | filters(where, person_where)
        return Paths(*self._answer("paths", without_none(own) | common))

    def attribution(
        self,
        conversion: Step,
        by: str | Sequence[str] = ("utm_source", "utm_medium"),
        touch: Literal["last", "first", "linear"] = "last",
        *,
        touches: Step | None = None,
        lookback: str | timedelta = "30d",
        count: Literal["every", "first"] = "every",
        per: Literal["event", "session"] | None = None,
        property: str | None = None,  # noqa: A002  # the request's own word
        limit: int = 25,
        session: Json | None = None,
        from_: Moment | None = None,
        to: Moment | None = None,
        since: str | timedelta | None = None,
        timezone: str = "UTC",
        as_of: Result | Json | None = None,
        where: Json | Sequence[Json] = (),
        person_where: Json | Sequence[Json] = (),
    ) -> Attribution:
        """To which values of the properties `by` conversions are owed: those of the last (or first) touch
        within `lookback` before each, or of all in equal parts.

        A touch is a pageview that carries one of the properties, or what `touches` says. `property` adds up
        the numbers of a property of the conversions, such as their price. With `per="session"` only the first
        touch of each session is one.
        """
        from backsight.results import Attribution

        own = {"conversion": conversion, "by": several(by), "touch": touch, "touches": touches,
               "lookback": duration(lookback), "count": count, "per": per, "property": property,
               "limit": limit, "session": session}  # fmt: skip
        common = moments(from_, to, since, timezone, as_of) | filters(where, person_where)
        return Attribution(*self._answer("attribution", without_none(own) | common))
