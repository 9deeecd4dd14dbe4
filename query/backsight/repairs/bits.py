"""Many tests of an event as bits of few numbers, so that a row says at once which of them hold.

What rules ask of elements is looked up in one relation, which has those bits by node: a test for each rule by
itself, of fifty names, takes longer than all else.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa

from backsight.contract import EventType
from backsight.parquet_rows import Integers
from backsight.rules.conditions import Conditions
from backsight.rules.rule import Rule
from backsight.selectors.ids import Mask

WORD: Final = 62
"""Tests whose bits stand in one number."""
NODE_BITS: Final = "node_bits"
"""The relation: of each `node_id` for which some test asks, the bits of those that do."""


@dataclass(frozen=True)
class Test:
    """Something that is counted: events of which a rule holds, but not what else is said."""

    __test__ = False  # it is none of pytest's

    rule: Rule
    own: str
    """SQL of what the rule asks for besides types and elements."""
    nodes: Integers | None
    """The nodes of which one has to be the target; null where the rule asks for none."""
    but: str | None

    @classmethod
    def of(cls, rule: Rule, conditions: Conditions, but: str | None = None) -> Test:
        """The events of a rule; not those of which `but` holds."""
        own = conditions.rule(replace(rule, on=(), css=None, match="closest"), "rule")
        if rule.css is None:
            return cls(rule, own, None, but)
        return cls(rule, own, conditions.nodes(rule.css, rule.match).to_numpy(), but)

    def sql(self, marked: str, bit: int) -> str:
        """The bit, if it holds of an event of its types; `marked` is SQL of the bits of its node."""
        # Nested, since what a case does not come to is not computed; an `and` computes both its sides.
        kept = str(bit) if self.but is None else f"case when {self.but} then 0 else {bit} end"
        if self.nodes is None:
            return f"case when {self.own} then {kept} else 0 end"
        return f"case when ({marked} & {bit}) = 0 then 0 when {self.own} then {kept} else 0 end"


def words_of(tests: Sequence[Test], conditions: Conditions) -> list[tuple[str, str]]:
    """The numbers of which each bit is a test: the name and the SQL of each."""
    words = [tests[first : first + WORD] for first in range(0, len(tests), WORD)]
    return [(f"bits_{at}", _word(word, f"bits_{at}", conditions)) for at, word in enumerate(words)]


def holds(words: Sequence[Integers], test: int) -> Mask:
    """Of each row, whether a test holds, by the numbers of all rows."""
    found: Mask = ((words[test // WORD] >> (test % WORD)) & 1) == 1
    return found


def join_of(tests: Sequence[Test], *, others: bool) -> str:
    """SQL of the join with the bits of nodes; none where no test asks for elements.

    `others` says whether events of which no test holds are wanted, too.
    """
    if all(test.nodes is None for test in tests):
        return ""
    outer = "left " if others or any(test.nodes is None for test in tests) else ""
    return f"{outer}join {NODE_BITS} on {NODE_BITS}.node_id = e.node_id"


def node_bits(tests: Sequence[Test]) -> pa.Table:
    """The relation."""
    asked = [np.empty(0, np.int64), *(test.nodes for test in tests if test.nodes is not None)]
    every = np.unique(np.concatenate(asked))
    words = [np.zeros(len(every), np.int64) for _ in range(0, len(tests), WORD)]
    for number, test in enumerate(tests):
        if test.nodes is not None:
            words[number // WORD][np.searchsorted(every, test.nodes)] |= 1 << (number % WORD)
    return pa.table({"node_id": every, **{f"bits_{at}": word for at, word in enumerate(words)}})


def of_types(asked: AbstractSet[tuple[EventType, ...]], conditions: Conditions) -> str:
    """SQL of whether an event is of one of the types that some of these name."""
    if () in asked:
        return "true"
    conditions.columns.add("type")
    kinds = sorted({kind.value for on in asked for kind in on})
    return f"e.type in ({', '.join(conditions.bind(kind) for kind in kinds)})"


def _word(tests: Sequence[Test], name: str, conditions: Conditions) -> str:
    marked = f"coalesce({NODE_BITS}.{name}, 0)"
    # The type is tested apart, once for all rules that ask for the same.
    by_types: dict[tuple[EventType, ...], list[str]] = {}
    plain: dict[tuple[EventType, ...], int] = {}
    for number, test in enumerate(tests):
        parts, bit = by_types.setdefault(test.rule.on, []), 1 << number
        if test.nodes is not None and test.own == "true" and test.but is None:
            plain[test.rule.on] = plain.get(test.rule.on, 0) | bit
        else:
            parts.append(test.sql(marked, bit))
    for on, mask in plain.items():
        by_types[on].append(f"({marked} & {mask})")
    return " + ".join(
        f"case when {of_types({on}, conditions)} then {' + '.join(parts)} else 0 end"
        for on, parts in by_types.items()
    )
