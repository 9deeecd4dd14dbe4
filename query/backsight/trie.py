"""The DOM trie of a site, and which of its nodes a selector holds of.

Nodes and elements are kept as append-only arrays. Compounds are tested once a distinct element,
combinators by one pass down the trie, so that a selector never used before is answered over a million nodes
in a fraction of a second, and nothing is computed per event.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

import numpy as np
import pyarrow as pa

from backsight.contract import ELEMENTS, NODES
from backsight.selectors import Match, Selector
from backsight.selectors.elements import Elements, as_attribute
from backsight.selectors.matching import Matcher
from backsight.selectors.nodes import Nodes
from backsight.selectors.syntax import Attribute, Class, Complex, Compound, Host, Id, Logical

CACHE_BYTES: Final = 64 * 2**20
"""Most memory for remembered answers, per trie."""


@dataclass(frozen=True, slots=True)
class _State:
    """What the trie held at one moment, with the answers given over it."""

    nodes: Nodes
    elements: Elements
    answers: _Answers = field(default_factory=lambda: _Answers())


@dataclass(frozen=True, slots=True)
class Placed:
    """An element where it stands; attributes are null where they were withheld, places count from 1."""

    tag: str
    attributes: Mapping[str, str | None]
    child_index: int


class Trie:
    """A site's nodes. Reading takes no lock, also while another thread extends."""

    def __init__(self) -> None:
        self._state = _State(Nodes(), Elements())
        self._growing = Lock()

    @classmethod
    def build(cls, nodes: pa.Table, elements: pa.Table) -> Trie:
        """The trie of rows in the contract's columns, in any order; repeated rows are harmless."""
        trie = cls()
        trie.extend(nodes, elements)
        return trie

    def extend(self, nodes: pa.Table | None = None, elements: pa.Table | None = None) -> None:
        """Add rows. A node whose parent or element has not arrived yet matches nothing until it has."""
        with self._growing:
            grown = self._state.elements.extended(ELEMENTS.empty_table() if elements is None else elements)
            rows = NODES.empty_table() if nodes is None else nodes
            self._state = _State(self._state.nodes.extended(rows, grown), grown)

    def standing(self) -> Trie:
        """The trie as it stands: what is added to this one later is not in it."""
        trie = Trie()
        trie._state = self._state
        return trie

    def __len__(self) -> int:
        """How many nodes can match."""
        return self._state.nodes.size

    @property
    def waiting(self) -> int:
        """How many nodes wait for a parent or an element."""
        return len(self._state.nodes.waiting.node_id)

    def node_ids(self, selector: Selector, match: Match = "closest") -> pa.Int64Array:
        """Ids of the nodes for which the rule holds when they are an event's target.

        "closest": the node or one of its ancestors matches, through shadow roots to their hosts, each
        tested in its own tree. "target": the node itself does.
        """
        state = self._state
        key = (selector.branches, match)
        answer = state.answers.get(key)
        if answer is None:
            matcher = Matcher(state.nodes, state.elements)
            held = matcher.closest(selector) if match == "closest" else matcher.matches(selector)
            answer = pa.array(state.nodes.rows.node_id[held])
            state.answers.put(key, answer)
        return answer

    def nearest(self, selector: Selector) -> tuple[pa.Int64Array, pa.Int64Array]:
        """Each node, and the element of the nearest one around it (or itself) that matches; else its own."""
        state = self._state
        held = Matcher(state.nodes, state.elements).matches(selector)
        own = np.where(held, np.arange(state.nodes.size), -1)
        for level in state.nodes.levels[1:]:
            own[level] = np.where(own[level] < 0, own[state.nodes.parent[level]], own[level])
        own = np.where(own < 0, np.arange(state.nodes.size), own)
        rows = state.nodes.rows
        return pa.array(rows.node_id), pa.array(rows.element_id[own])

    def chains(self, node_ids: Sequence[int], most: int) -> dict[int, tuple[Placed, ...]]:
        """Of each known node: its element and those around it, from the inside out, so many at most."""
        nodes, elements = self._state.nodes, self._state.elements
        found = nodes.index.find(np.array(node_ids, np.int64)).tolist()
        above = {node: _upwards(nodes, at, most) for node, at in zip(node_ids, found, strict=True) if at >= 0}
        every = np.unique(np.array([at for chain in above.values() for at in chain], np.int64))
        described = zip(*elements.described(nodes.element[every]), nodes.rows.numbers[0][every], strict=True)
        placed = {
            at: Placed(tag, dict(attributes or ()), int(index))
            for at, (tag, attributes, index) in zip(every.tolist(), described, strict=True)
        }
        return {node: tuple(placed[at] for at in chain) for node, chain in above.items()}

    def elements_of_nodes(self) -> pa.Table:
        """The `element_id` of every `node_id`."""
        rows = self._state.nodes.rows
        return pa.table({"node_id": rows.node_id, "element_id": rows.element_id})

    @property
    def parts(self) -> tuple[Nodes, Elements]:
        """Its nodes and elements as they stand."""
        return self._state.nodes, self._state.elements

    def remembered(self, key: object, make: Callable[[Nodes, Elements], pa.Int64Array]) -> pa.Int64Array:
        """What `make` gives for its nodes and elements as they stand; kept as answers are."""
        state = self._state
        made = state.answers.get(key)
        if made is None:
            made = make(state.nodes, state.elements)
            state.answers.put(key, made)
        return made

    def withheld(self, selector: Selector) -> list[str]:
        """Attributes whose values the selector tests and some of which were not kept; those match nothing."""
        names = {name for branch in selector.branches for name in _tested(branch)}
        return sorted(name for name in names if self._state.elements.withheld(name))


class _Answers:
    """The last answers, within CACHE_BYTES."""

    def __init__(self) -> None:
        self._kept: OrderedDict[object, pa.Int64Array] = OrderedDict()
        self._lock = Lock()
        self._bytes = 0

    def get(self, key: object) -> pa.Int64Array | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: object, answer: pa.Int64Array) -> None:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = answer
                self._bytes += _cost(answer)
            while self._bytes > CACHE_BYTES:
                self._bytes -= _cost(self._kept.popitem(last=False)[1])


def _upwards(nodes: Nodes, at: int, most: int) -> list[int]:
    """The positions of a node and of those above it, at most so many."""
    chain: list[int] = []
    while at >= 0 and len(chain) < most:
        chain.append(at)
        at = int(nodes.parent[at])
    return chain


def _cost(answer: pa.Int64Array) -> int:
    return 1_024 + int(answer.nbytes)


def _tested(complex_: Complex) -> Iterator[str]:
    """Names of the attributes whose values a selector compares."""
    for compound in complex_.compounds:
        yield from _tested_by(compound)


def _tested_by(compound: Compound) -> Iterator[str]:
    for simple in compound.simples:
        if isinstance(simple, Logical):
            for branch in simple.branches:
                yield from _tested(branch)
        elif isinstance(simple, Host) and simple.argument is not None:
            yield from _tested_by(simple.argument)
        elif isinstance(simple, Id | Class | Attribute) and as_attribute(simple).operator is not None:
            yield as_attribute(simple).name
