"""What is captured right now, asked in Python."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from backsight.questions.cohorts import CohortQuestions
from backsight.requests import without_none

if TYPE_CHECKING:
    from backsight.requests import Request
    from backsight.results.live import Live
    from backsight.results.result import Answer


class LiveQuestions(CohortQuestions):
    """The newest raw events."""

    def live(self, after: str | None = None, *, limit: int = 50) -> Live:
        """The newest raw events (`limit` of them, 1 to 200), or what was stored `after` the `next` of an
        earlier answer: each event once, late ones too. Cheap enough to be asked every second.
        """
        from backsight.results.live import Live

        return Live(self._live(without_none({"after": after, "limit": limit})))

    @abstractmethod
    def _live(self, request: Request) -> Answer:
        """The live feed's answer."""
