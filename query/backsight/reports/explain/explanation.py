"""What each kind of report gives to explain one person in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from backsight.reports.explain.facts import Fact, Test
from backsight.reports.explain.outcomes import Outcome, ignored
from backsight.reports.explain.timeline import Seen
from backsight.rules.conditions import Conditions
from backsight.rules.steps import Step
from backsight.scan.request import Common, Range

Answer = dict[str, Any]
Event = tuple[Seen, Fact]

MAX_LISTED: Final = 100
"""Most attempts, cohorts, periods and the like that a verdict lists."""
MOST: Final = 10
"""Most of them that are told in words."""


@dataclass(frozen=True)
class Explanation:
    """One person in one report."""

    common: Common
    tests: Sequence[Test]
    """What the report looks for."""
    bounds: Range
    """What its events have to lie within."""
    mentioned: Sequence[Step]
    """The steps of the request."""
    counted: bool
    words: Sequence[str]
    """The verdict, in sentences."""
    verdict: Answer
    """The verdict, in figures."""
    outcomes: Callable[[Sequence[Event]], list[Outcome]]
    """What became of events that meet `where` within the bounds."""
    warnings: Sequence[str] = ()
    columns: Callable[[Conditions], list[tuple[str, str]]] = lambda conditions: []
    """What it wants to know of each event besides."""
    last: str = "to"
    """What the end of the bounds is."""


def no_step(tests: Sequence[Test], fact: Fact, what: str = "a step") -> Outcome:
    """Of an event that fills nothing."""
    if fact.near is None:
        return ignored("no_step", f"fills nothing that the report looks for: not {what}")
    number, words = fact.near
    test = tests[number]
    return ignored("near_step", words, near=test.name, label=test.step.label)
