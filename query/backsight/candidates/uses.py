"""What was captured of an element: on which days, in how many visits, as which nodes.

The element is known again by its place (the tags of itself and of what stands around it) and by what it says;
where it says nothing, by its position. Never by its tokens: those are what is to be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from backsight.candidates.page import Page
from backsight.candidates.places import chains_of
from backsight.candidates.tokens import Token, tokens_of
from backsight.candidates.visits import Counted, Numbers
from backsight.scan.context import Context
from backsight.selectors.ids import Mask, Positions
from backsight.selectors.nodes import Nodes

ENOUGH_VISITS: Final = 5
"""Visits in which it said the same, from which on it is known by that."""
LEVELS: Final = 4
"""Of an element and so many around it less one, positions tell it from others at its place."""
FACTOR: Final = 8_191


@dataclass(frozen=True)
class Uses:
    """Uses of an element: a row a day and a node that it was."""

    day: Numbers
    visits: Numbers
    node: Positions
    """Of each row: which of the nodes."""
    chains: list[Positions]
    """Of each of the nodes: the elements of itself and of those around it; -1 past a root."""
    told: bool
    """Whether it said the same in each of them."""
    other_visits: Numbers
    other_node: Positions
    """The same of what stands at other positions of the place, and says something else."""
    context: Context

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.day)

    @cached_property
    def days(self) -> int:
        """On how many days it was used."""
        return len(np.unique(self.day))

    def having(self, token: Token) -> Mask:
        """Which rows are of a node that has the token, or stands inside one that does."""
        return self._around(self._bearers.get(token, []))

    def having_any(self, wanted: Callable[[Token], bool]) -> Mask:
        """Which rows are of a node with (or inside one with) some token that is wanted."""
        return self._around([at for token, found in self._bearers.items() if wanted(token) for at in found])

    def elsewhere(self, tokens: Iterable[Token]) -> float:
        """Of the visits to what has all of the tokens at the place, the share that was to other elements."""
        held = np.logical_and.reduce([self._nodes(self._bearers.get(token, [])) for token in tokens])
        mine, others = self.visits[held[self.node]].sum(), self.other_visits[held[self.other_node]].sum()
        return float(others / max(mine + others, 1))

    def _around(self, places: list[int]) -> Mask:
        return self._nodes(places)[self.node]

    def _nodes(self, places: list[int]) -> Mask:
        """Which of the nodes are one of some elements, or stand inside of one."""
        elements, chains = self._elements
        bearing = np.zeros(len(elements) + 1, np.bool_)  # the last one stands for what is past a root
        bearing[places] = True
        held: Mask = np.logical_or.reduce(bearing[chains], axis=0)
        return held

    @cached_property
    def _elements(self) -> tuple[Positions, Positions]:
        """The distinct elements of the chains, and of each level of these which of them it is, or -1."""
        chains = np.stack(self.chains)
        every = np.unique(chains[chains >= 0]).astype(np.int32)
        places = np.where(chains >= 0, np.searchsorted(every, chains), -1)
        return every, places.astype(np.int32)

    @cached_property
    def _bearers(self) -> dict[Token, list[int]]:
        """Which of the distinct elements bear each token, by their places among them."""
        found: dict[Token, list[int]] = {}
        described = zip(*self.context.trie.parts[1].described(self._elements[0]), strict=True)
        for at, (tag, attributes) in enumerate(described):
            for token in tokens_of(tag, dict(attributes or ())):
                found.setdefault(token, []).append(at)
        return found


def uses_of(
    page: Page, node: int, at: Positions, rows: frozenset[int], counted: Counted, context: Context
) -> Uses | None:
    """The uses of a node of the page, which was one of some nodes of the trie; None where there are none.

    `rows` are those around it (and itself) that stand in a row of things alike: there, positions don't count.
    """
    place, says, visits = counted.place, counted.says, counted.visits
    there = np.isin(place, at[_same_positions(page, node, at, rows, context)])
    by_words = bool(says.any()) and (visits[says].sum() >= ENOUGH_VISITS or not there.any())
    kept = says if by_words else there
    if not kept.any():
        return None
    nodes, _ = context.trie.parts
    positions = _positions(nodes, place)
    other = ~kept & ~np.isin(positions, positions[kept])
    used, of_row = np.unique(place, return_inverse=True)
    row: Positions = of_row.astype(np.int32)
    chains = [np.where(level >= 0, nodes.element[level], np.int32(-1)) for level in chains_of(nodes, used)]
    told = bool(says[kept].all())
    return Uses(counted.day[kept], visits[kept], row[kept], chains, told, visits[other], row[other], context)


def _positions(nodes: Nodes, at: Positions) -> Numbers:
    """A number of where nodes stand among their siblings, and those around them among theirs."""
    number = np.zeros(len(at), np.int64)
    for _ in range(LEVELS):
        index = np.where(at >= 0, nodes.rows.numbers[2][at], 0)
        number = number * FACTOR + index
        at = np.where(at >= 0, nodes.parent[at], np.int32(-1)).astype(np.int32)
    return number


def _same_positions(page: Page, node: int, at: Positions, rows: frozenset[int], context: Context) -> Mask:
    """Which of the trie's nodes stand where the page's does, among elements of their type, level by level."""
    nodes, _ = context.trie.parts
    same = np.ones(len(at), np.bool_)
    for mine, theirs in zip(page.outwards(node), chains_of(nodes, at), strict=False):
        if mine not in rows:
            number = nodes.rows.numbers[2][theirs]
            same &= (theirs >= 0) & (number == page.nodes[mine, 4])
    return same
