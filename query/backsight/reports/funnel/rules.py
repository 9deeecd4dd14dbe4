"""How the attempts of a funnel are made, in numbers, and what the bits of an event say.

Bit k - 1 of an event's `steps` says that it fills step k. The next bit says that the event bears a name, for
funnels in which no such event may come between; behind it comes one for each exclusion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MAX_STEPS: Final = 20
MAX_EXCLUSIONS: Final = 10
"""With the bit of named events, they all fit into 31."""


@dataclass(frozen=True, slots=True)
class Between:
    """An exclusion: between which steps, counted from 1, its events end an attempt."""

    after: int
    before: int


@dataclass(frozen=True, slots=True)
class Rules:
    """How attempts are made."""

    steps: int
    window: int
    """Microseconds."""
    starts_before: int
    """The place before which an attempt has to start."""
    entry: str = "any"
    order: str = "ordered"
    count: str = "persons"
    optional: tuple[int, ...] = ()
    """Steps, counted from 1, that may be left out; never the first or the last."""
    exclusions: tuple[Between, ...] = ()
    exclude_mode: str = "attempt"
    held: bool = False
    """Whether runs are parts of what counts: of them, the best does."""

    @property
    def strict(self) -> bool:
        """Whether named events may not come between."""
        return self.order == "strict"

    @property
    def plain(self) -> bool:
        """Whether an attempt is a chain of steps and nothing more."""
        return self.order == "ordered" and not (self.optional or self.exclusions or self.count == "totals")

    @property
    def step_bits(self) -> int:
        """The bits of all steps."""
        return (1 << self.steps) - 1

    @property
    def starting_bits(self) -> int:
        """The bits of the steps with which an attempt may start."""
        return self.step_bits if self.order == "any" else 1

    @property
    def naming_bits(self) -> int:
        """The bits of events that may not come between, where the order is strict: named ones, and those of
        steps, which the funnel itself names."""
        return self.step_bits | 1 << self.steps if self.strict else 0

    def exclusion_bit(self, number: int) -> int:
        """The bit of an exclusion, counted from 0."""
        return 1 << (self.steps + 1 + number)

    def excluding(self, step: int) -> int:
        """The bits of exclusions that end an attempt which stands at a step."""
        return self._exclusions(lambda each: each.after <= step < each.before)

    def unfit(self, step: int) -> int:
        """The bits of exclusions of which no event can fill a step: it would stand between their two."""
        return self._exclusions(lambda each: each.after < step < each.before)

    def before(self, step: int) -> range:
        """The steps from which a step can follow, the nearest first."""
        first = step - 1
        while first in self.optional:
            first -= 1
        return range(step - 1, first - 1, -1)

    def next(self, step: int) -> range:
        """The steps that can follow a step."""
        return range(step + 1, next((each for each in range(step + 1, self.steps + 1)
                                     if each not in self.optional), self.steps) + 1)  # fmt: skip

    def next_bits(self, step: int) -> int:
        """The bits of the steps that can follow a step."""
        return sum(1 << (each - 1) for each in self.next(step))

    def _exclusions(self, applies: Callable[[Between], bool]) -> int:
        return sum(self.exclusion_bit(number) for number, each in enumerate(self.exclusions) if applies(each))
