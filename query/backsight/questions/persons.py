"""One person, asked about in Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from backsight.questions.cohorts import CohortQuestions
from backsight.requests import without_none

if TYPE_CHECKING:
    from backsight.results import Person, Result

Json = Mapping[str, Any]


class PersonQuestions(CohortQuestions):
    """Who somebody is, and what they did."""

    def person(
        self,
        person: str | Json,
        *,
        order: Literal["newest", "oldest"] = "newest",
        limit: int = 100,
        after: str | None = None,
        as_of: Result | Json | None = None,
    ) -> Person:
        """One person: who it is and why, and a page of the raw events of all their devices.

        `person` is a row of a list of persons or its `person`, `{"user": ID}`, `{"device": ID}`, or
        `"user:ID"`; a device stands for the person behind it. `after` is the `next` of the page before.
        Raises NotFound. Why somebody counts in a report, its result's `explain` says.
        """
        from backsight.results import Person
        from backsight.results.person import who

        earlier = getattr(as_of, "meta", as_of)
        own = {"person": who(person), "order": order, "limit": limit, "after": after, "as_of": earlier}
        return Person(*self._answer("persons", without_none(own)))
