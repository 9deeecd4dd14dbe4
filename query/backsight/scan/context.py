"""What a report needs besides its request, and what every answer says about where it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter
from typing import TYPE_CHECKING

from backsight.engine import Engine
from backsight.identity import Identity, identity_of
from backsight.lake import Snapshot
from backsight.rules.conditions import Conditions
from backsight.rules.rule import RuleOrAny
from backsight.rules.steps import Step
from backsight.trie import Trie

if TYPE_CHECKING:
    from backsight.cohorts import Meaning

PERSON_TRAITS = "person_traits.traits"
"""SQL of a person's traits, where a query has joined them."""


class Meanings(Mapping[str, tuple[RuleOrAny, ...]]):
    """What names mean; notes in `used` of which names that was looked up."""

    def __init__(self, rules: Mapping[str, tuple[RuleOrAny, ...]], used: set[str]) -> None:
        self._rules, self._used = rules, used

    def __getitem__(self, name: str) -> tuple[RuleOrAny, ...]:
        found = self._rules[name]
        self._used.add(name)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._rules

    def __iter__(self) -> Iterator[str]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)


@dataclass(frozen=True)
class Context:
    """One site at one snapshot, with the named events as they stood at `now` (aware), when it was asked."""

    snapshot: Snapshot
    engine: Engine
    trie: Trie
    names: Mapping[str, tuple[RuleOrAny, ...]]
    versions_of_names: Mapping[str, int]
    now: datetime
    captured: set[str] = field(default_factory=set)
    """Custom properties known to have been captured on the site; reports add to it."""
    began: float = field(default_factory=perf_counter)
    cohorts: Mapping[str, Meaning] = field(default_factory=dict)
    """What the site's cohorts mean, as they stood at `now`."""
    cohorts_used: set[str] = field(default_factory=set)
    events_used: set[str] = field(default_factory=set)
    """Cohorts and named events whose meaning was looked up: the answer follows from them."""
    person: int | None = None
    """The one person whose events every scan gives, where only one is asked about."""
    shares_server: bool = False
    """Whether other sites stand in the same data folder, of which answers may tell nothing."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", Meanings(self.names, self.events_used))

    @property
    def identity(self) -> Identity:
        """The site's persons by the snapshot's statements."""
        return identity_of(self.snapshot, self.engine)

    def conditions(self, events: str = "e") -> Conditions:
        """A builder of conditions over the snapshot's trie and the named events."""
        return Conditions(self.trie, self.names, events, PERSON_TRAITS)

    def meta(self, steps: Iterable[Step] = (), warnings: Iterable[str] = ()) -> dict[str, object]:
        """The answer's `meta`: what was read, which versions of names were meant, and how long it took.

        The same question `as_of` it has the same answer.
        """
        named = {step.event for step in steps if step.event is not None} | self.events_used
        watermark = self.snapshot.watermark
        return {
            "site": self.snapshot.site,
            "now": rfc3339(self.now),
            "snapshot": self.snapshot.versions,
            "events": {name: self.versions_of_names[name] for name in sorted(named)},
            "cohorts": {name: self.cohorts[name].version for name in sorted(self.cohorts_used)},
            "watermark": None if watermark is None else rfc3339(watermark),
            "ms": round((perf_counter() - self.began) * 1_000, 3),
            "warnings": list(dict.fromkeys(warnings)),
        }


def rfc3339(instant: datetime) -> str:
    """An instant in UTC, with as many digits as it has."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
