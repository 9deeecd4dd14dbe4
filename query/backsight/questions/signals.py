"""What nobody named and goes with an outcome, asked of a site in Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from backsight.questions.cohorts import CohortQuestions
from backsight.requests import without_none

if TYPE_CHECKING:
    from backsight.results import Result, Signals

Json = Mapping[str, Any]


class SignalQuestions(CohortQuestions):
    """What is worth a name."""

    def signals(
        self,
        *,
        funnel: Json | None = None,
        step: int | None = None,
        retention: Json | None = None,
        period: int | None = None,
        limit: int = 20,
        at_least: int = 20,
        confidence: float = 0.95,
        as_of: Result | Json | None = None,
    ) -> Signals:
        """What nobody named, and who reached `step` of a funnel (the last one, where none is named) did more
        often, or less, than who got to the one before and no further; or who returned in the column numbered
        `period` (1, where none is named) of a retention report than who did not.

        `funnel` or `retention` is the report's request, as the HTTP API takes it; a result has the same as
        `funnel.signals(step=2)` and `retention.signals(period=1)`. Things done by `at_least` so many persons,
        and left by as many, are compared; `confidence` is that of all comparisons together.
        """
        from backsight.results import Signals

        own = {"funnel": funnel, "step": step, "retention": retention, "period": period, "limit": limit,
               "at_least": at_least, "confidence": confidence}  # fmt: skip
        return Signals(*self._answer("signals", without_none(own | {"as_of": getattr(as_of, "meta", as_of)})))
