"""What became of an event in a report, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from backsight.reports.explain.words import said
from backsight.scan.context import rfc3339
from backsight.scan.moments import MICROSECOND, Range

CHOSEN: Final = "chosen"
"""The report counts it."""
PASSED_OVER: Final = "passed_over"
"""It is something that the report looks for, and does not count."""
IGNORED: Final = "ignored"
"""The report does not look at it."""
OUTCOMES: Final = (CHOSEN, PASSED_OVER, IGNORED)

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One of OUTCOMES, a reason's code, and a sentence that gives it with its figures."""

    outcome: str
    reason: str
    words: str
    counts: Sequence[Mapping[str, Any]] = ()
    """As what it counts, where it does."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """The figures of the sentence."""

    def to_json(self) -> Answer:
        """As an answer has it."""
        return {
            "outcome": self.outcome,
            "reason": self.reason,
            "words": self.words,
            "counts": [dict(each) for each in self.counts],
            "data": {name: _plain(value) for name, value in self.data.items()},
        }


def chosen(reason: str, words: str, counts: Sequence[Mapping[str, Any]], **data: Any) -> Outcome:
    """It counts, as this."""
    return Outcome(CHOSEN, reason, words, counts, data)


def passed_over(reason: str, words: str, **data: Any) -> Outcome:
    """It could have counted."""
    return Outcome(PASSED_OVER, reason, words, (), data)


def ignored(reason: str, words: str, **data: Any) -> Outcome:
    """It is not what is looked for."""
    return Outcome(IGNORED, reason, words, (), data)


def outside(time: datetime, bounds: Range, zone: ZoneInfo, last: str = "to") -> Outcome | None:
    """Why an event outside of what a report reads is ignored; nothing of one within it.

    `last` says what its end is.
    """
    if bounds.first is not None and time < bounds.first:
        begins = said(bounds.first, zone)
        return ignored(
            "before_range",
            f"before the range, which begins {begins}",
            begins=bounds.first,
        )
    if bounds.end is not None and time >= bounds.end:
        end = bounds.end - MICROSECOND
        what = "the range, which ends" if last == "to" else f"{last}, which ends"
        return ignored("after_range", f"after {what} before {said(bounds.end, zone)}", ended=end)
    return None


def _plain(value: Any) -> Any:
    return rfc3339(value) if isinstance(value, datetime) else value
