"""Matching: which nodes a selector holds of, compounds by element, combinators by one pass down the trie.

A place among siblings may be unknown (0), as of elements that other products' libraries sent. A test of it
then holds neither itself nor within `:not()`: so a selector is asked in two ways, for what is sure and for
what may be, and `:not()` surely holds of what can't be what it names.
"""

from __future__ import annotations

from functools import reduce

import numpy as np

from backsight.selectors.elements import Elements
from backsight.selectors.ids import Mask, Positions
from backsight.selectors.nodes import Level, Nodes
from backsight.selectors.syntax import (
    Class,
    Combinator,
    Complex,
    Compound,
    Host,
    Id,
    Logical,
    Position,
    Root,
    Selector,
    Simple,
)


class Matcher:
    """Answers one selector over one state of the trie; remembers the parts that it has in common."""

    def __init__(self, nodes: Nodes, elements: Elements) -> None:
        self._nodes, self._elements = nodes, elements
        self._in_shadow = nodes.in_shadow
        self._has_shadow = bool(self._in_shadow.any())
        self._in_quirks = nodes.in_quirks
        self._has_quirks = bool(self._in_quirks.any())
        self._has_unknown = nodes.has_unknown
        self._known: dict[tuple[Complex | Compound, bool], Mask] = {}

    def matches(self, selector: Selector) -> Mask:
        """Nodes of which `element.matches(selector)` holds."""
        return self._any(selector.branches, True)

    def closest(self, selector: Selector) -> Mask:
        """Nodes of which it holds, or of an ancestor, through shadow roots, each in its own tree."""
        held = self.matches(selector)
        if held.any():
            for level in self._nodes.levels[1:]:
                held[level] |= held[self._nodes.parent[level]]
        return held

    def _any(self, branches: tuple[Complex, ...], sure: bool) -> Mask:
        return reduce(np.logical_or, (self._complex(each, sure) for each in branches), self._all(False))

    def _all(self, truth: bool) -> Mask:
        return np.full(self._nodes.size, truth, np.bool_)

    def _complex(self, complex_: Complex, sure: bool) -> Mask:
        key = complex_, sure
        if key not in self._known:
            self._known[key] = self._chain(complex_, sure)
        return self._known[key]

    def _chain(self, complex_: Complex, sure: bool) -> Mask:
        first, *others = complex_.compounds
        held, host = self._compound(first, sure), self._host(first, sure)
        for combinator, compound in zip(complex_.combinators, others, strict=True):
            held, host = self._compound(compound, sure) & self._inside(combinator, held, host), None
        return held

    def _inside(self, combinator: Combinator, held: Mask, host: Mask | None) -> Mask:
        """Nodes whose parent (or any ancestor) in their own tree is held; `host` speaks for hosts."""
        inside = self._all(False)
        if not held.any() and host is None:
            return inside
        for level in self._nodes.levels[1:]:
            parent = self._nodes.parent[level]
            above = held[parent] if combinator == ">" else held[parent] | inside[parent]
            inside[level] = self._in_own_tree(level, parent, above, host)
        return inside

    def _in_own_tree(self, level: Level, parent: Positions, above: Mask, host: Mask | None) -> Mask:
        if not self._has_shadow:
            return above
        outside = np.bool_(False) if host is None else host[parent]
        return np.where(self._in_shadow[level], outside, above)

    def _host(self, compound: Compound, sure: bool) -> Mask | None:
        """Nodes that the compound stands for as the host of their shadow tree; None where it never does."""
        if not compound.is_host or not self._has_shadow:
            return None
        arguments = [simple.argument for simple in compound.simples if isinstance(simple, Host)]
        tests = [self._compound(argument, sure) for argument in arguments if argument is not None]
        return reduce(np.logical_and, tests, self._all(True))

    def _compound(self, compound: Compound, sure: bool) -> Mask:
        key = compound, sure
        if key not in self._known:
            held = self._by_element(compound)
            for simple in compound.simples:
                if isinstance(simple, Position | Root | Host | Logical):
                    held &= self._by_node(simple, sure)
            self._known[key] = held
        return self._known[key]

    def _by_element(self, compound: Compound) -> Mask:
        held = self._elements.matching(compound, quirks=False)[self._nodes.element]
        if self._has_quirks and any(isinstance(simple, Id | Class) for simple in compound.simples):
            loose = self._elements.matching(compound, quirks=True)[self._nodes.element]
            return np.where(self._in_quirks, loose, held)
        return held

    def _by_node(self, simple: Simple, sure: bool) -> Mask:
        if isinstance(simple, Position):
            return self._position(simple, sure)
        if isinstance(simple, Logical):
            # Where every place is known, both ways are the same, and the answers are shared.
            asked = sure is not simple.negated if self._has_unknown else sure
            held = self._any(simple.branches, asked)
            return ~held if simple.negated else held
        # A host is seen as `:host` only from inside its shadow tree, so the node itself never is.
        return self._nodes.roots if isinstance(simple, Root) else self._all(False)

    def _position(self, position: Position, sure: bool) -> Mask:
        """An+B: the place, less B, is a multiple of A that is not negative."""
        place = self._nodes.rows.numbers[2 * position.of_type + position.from_end]
        rest = place - position.offset
        held: Mask = rest == 0
        if position.step:
            held = (rest % position.step == 0) & (rest // position.step >= 0)
        if self._has_unknown:
            held = held & (place > 0) if sure else held | (place == 0)
        return held
