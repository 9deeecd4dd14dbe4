"""How many of some events bear each name, too."""

from __future__ import annotations

from collections.abc import Sequence
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
    def count(self) -> str:
        """SQL of how many, over kinds or over rows."""
        if self.by_kind:
            return f"cast(coalesce(sum(e.events) filter (where {self.test}), 0) as bigint)"
        return f"count(*) filter (where {self.alias})"


def overlaps_sql(names: Sequence[Overlap]) -> str:
    """Rows of the figure `overlap`, of the CTEs `kinds` and `dated`: by the number of a name, how many.

    All in one select each: a hundred selects would take longer to plan than to run.
    """
    of_kinds = [name for name in names if name.by_kind]
    of_rows = [name for name in names if not name.by_kind]
    return _counted(of_kinds, "kinds as e") + _counted(of_rows, "dated")


def _counted(names: Sequence[Overlap], source: str) -> str:
    if not names:
        return ""
    numbers = ", ".join(str(name.number) for name in names)
    counts = ",\n        ".join(name.count for name in names)
    return (
        f"\nunion all\nselect 'overlap', unnest([{numbers}]), unnest(counts)\n"
        f"from (\n    select [\n        {counts}\n    ] as counts from {source}\n)"
    )
