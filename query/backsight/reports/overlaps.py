"""How many of some events bear each name, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from backsight.rules.conditions import Conditions
from backsight.scan.context import PERSON_TRAITS

KIND: Final = frozenset({"type", "node_id"})
"""Columns by which most names tell events apart; a million events may be of a few thousand kinds."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many of the matching events bear a name, too."""

    number: int
    test: str
    by_kind: bool
    """Whether the test looks at nothing but KIND: then it is asked once for all events of a kind."""

    @classmethod
    def of(cls, number: int, name: str, conditions: Conditions) -> Overlap:
        needed, conditions.columns = conditions.columns, set()
        test = conditions.event(name, "names")
        by_kind = conditions.columns <= KIND and PERSON_TRAITS not in test
        conditions.columns |= needed
        return cls(number, test, by_kind)

    @property
    def alias(self) -> str:
        return f"name_{self.number}"

    @property
    def sql(self) -> str:
        counted = f"\nunion all\nselect 'overlap', {self.number}, "
        if self.by_kind:
            return f"{counted}cast(coalesce(sum(e.events), 0) as bigint) from kinds as e where {self.test}"
        return f"{counted}count(*) from dated where {self.alias}"
