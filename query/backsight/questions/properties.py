"""What a question may name, asked of a site in Python: the properties of its events and persons."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from backsight.errors import BacksightError
from backsight.questions.cohorts import CohortQuestions
from backsight.requests import Request, without_none

if TYPE_CHECKING:
    from backsight.results import Properties, Result
    from backsight.results.result import Asked

Json = Mapping[str, Any]

KEPT_SECONDS: Final = 60.0
"""For how long names are kept that are offered while somebody types."""


class SiteProperties:
    """The properties that a question may name; shows itself as their table, and is asked anew each time.

    `site.properties["plan"]` gives what is known of one, `site.properties(sample=100_000)` the result, with
    its data frames.
    """

    def __init__(self, answer: Callable[[str, Request], Asked]) -> None:
        self._answer = answer
        self._kept: tuple[float, list[str]] | None = None

    def __call__(self, sample: int | None = None, *, as_of: Result | Json | None = None) -> Properties:
        """Looked up in the `sample` newest events (20,000; at most 200,000)."""
        from backsight.results import Properties

        own = {"sample": sample, "as_of": getattr(as_of, "meta", as_of)}
        return Properties(*self._answer("properties", without_none(own)))

    def __getitem__(self, name: str) -> dict[str, Any]:
        """One of them: name, kind, type, count, of, values. Raises NotFound."""
        return self()[name]

    def names(self) -> list[str]:
        """Their names, for completion: at most a minute old; none where they can't be had."""
        now = time.monotonic()
        if self._kept is None or now - self._kept[0] > KEPT_SECONDS:
            try:
                self._kept = now, [each["name"] for each in self().properties]
            except BacksightError:
                return []
        return self._kept[1]

    def _ipython_key_completions_(self) -> list[str]:
        return self.names()

    def __repr__(self) -> str:
        return repr(self())

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return self()._repr_mimebundle_(include, exclude)


class PropertyQuestions(CohortQuestions):
    """What a question may name."""

    @cached_property  # and no property: completion looks into the former only
    def properties(self) -> SiteProperties:
        """The properties that a question may name, with their types, how often they are there, and values."""
        return SiteProperties(self._answer)
