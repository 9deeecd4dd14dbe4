"""A page: its elements as a tree, and as a trie of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from backsight.candidates.tokens import Attributes
from backsight.contract import (
    ELEMENTS,
    FLAG_SHADOW,
    MAX_DEPTH,
    NODES,
)
from backsight.fields import refuse
from backsight.selectors import Selector
from backsight.selectors.ids import Mask
from backsight.trie import Trie

EPOCH: Final = 0

Positions = npt.NDArray[np.int64]


class Page:
    """One page: `nodes` are its table's rows, `elements` what they refer to: tag, namespace, attributes."""

    def __init__(self, elements: Sequence[tuple[str, str, Attributes]], nodes: Positions) -> None:
        self._elements, self.nodes = elements, nodes
        self.size = len(nodes)
        self.parent: Positions = nodes[:, 0]
        """The parent of each, or its host; -1 for a root."""
        self.element: Positions = nodes[:, 1]
        self.in_shadow: Mask = (nodes[:, 6] & FLAG_SHADOW) != 0
        self.above: Positions = np.where(self.in_shadow, -1, self.parent)
        """The parent of each in its own tree."""
        self.depth = _depths(self.parent)

    def tag(self, node: int) -> str:
        """The tag of a node's element."""
        return self._elements[int(self.element[node])][0]

    def attributes(self, node: int) -> Attributes:
        """The attributes of a node's element."""
        return self._elements[int(self.element[node])][2]

    def chain(self, node: int) -> list[int]:
        """A node and those around it, in its own tree, from itself outwards."""
        found = [node]
        while (node := int(self.above[node])) >= 0:
            found.append(node)
        return found

    def outwards(self, node: int) -> Iterator[int]:
        """A node and those around it, through shadow roots to their hosts."""
        while node >= 0:
            yield node
            node = int(self.parent[node])

    def matching(self, selector: Selector) -> Mask:
        """The nodes of which `element.matches(selector)` holds."""
        held = np.zeros(self.size, np.bool_)
        held[self.trie.node_ids(selector, "target").to_numpy()] = True
        return held

    def inside(self, held: Mask) -> Mask:
        """Nodes inside one that is held, in its own tree."""
        edges = np.zeros(self.size + 1, np.int64)
        at = self._order[held]
        np.add.at(edges, at + 1, 1)
        np.add.at(edges, at + self._sizes[held], -1)
        found: Mask = np.cumsum(edges)[self._order] > 0
        return found

    def below(self, held: Mask) -> Mask:
        """Children, in its own tree, of one that is held."""
        found: Mask = (self.above >= 0) & held[self.above]
        return found

    def hosted(self, held: Mask) -> Mask:
        """Nodes in the shadow tree of one that is held."""
        host = np.where(self.in_shadow, self.parent, -1)[self._tops]
        found: Mask = (host >= 0) & held[host]
        return found

    def within(self, node: int) -> Positions:
        """A node and all inside it, in its own tree."""
        first, size = int(self._order[node]), int(self._sizes[node])
        return self._by_order[first : first + size]

    @cached_property
    def trie(self) -> Trie:
        """Its nodes, each with its place in the table as its id."""
        return Trie.build(self._node_rows(), self._element_rows())

    @cached_property
    def _tops(self) -> Positions:
        """Of each node, the top of its own tree around it."""
        tops = np.arange(self.size)
        for node in np.flatnonzero(self.above >= 0).tolist():  # parents come first
            tops[node] = tops[self.above[node]]
        return tops

    @cached_property
    def _sizes(self) -> Positions:
        """How many nodes stand at and inside each, in its own tree."""
        sizes = np.ones(self.size, np.int64)
        for node in np.flatnonzero(self.above >= 0)[::-1].tolist():
            sizes[self.above[node]] += sizes[node]
        return sizes

    @cached_property
    def _order(self) -> Positions:
        """Numbers of the nodes such that those inside one follow it without a gap."""
        order, next_ = np.zeros(self.size, np.int64), np.zeros(self.size, np.int64)
        start = 0
        for node, above in enumerate(self.above.tolist()):
            if above < 0:
                order[node], start = start, start + int(self._sizes[node])
            else:
                order[node] = next_[above]
                next_[above] += self._sizes[node]
            next_[node] = order[node] + 1
        return order

    @cached_property
    def _by_order(self) -> Positions:
        return np.argsort(self._order)

    def _node_rows(self) -> pa.Table:
        known = {name: pa.array(self.nodes[:, place], pa.int32()) for place, name in enumerate(_NUMBERS, 2)}
        known |= {
            "node_id": pa.array(np.arange(self.size)),
            "parent_id": pa.array(self.parent, mask=self.parent < 0),
            "element_id": pa.array(self.element),
            "depth": pa.array(self.depth, pa.int32()),
        }
        return _table(NODES, self.size, known)

    def _element_rows(self) -> pa.Table:
        tags, namespaces, attributes = zip(*self._elements, strict=True)
        known = {
            "element_id": pa.array(range(len(tags)), pa.int64()),
            "tag": pa.array(tags, pa.string()),
            "namespace": pa.array(namespaces, pa.string()),
            "attributes": pa.array(
                [list(each.items()) for each in attributes], ELEMENTS.field("attributes").type
            ),
        }
        return _table(ELEMENTS, len(tags), known)


_NUMBERS: Final = ("child_index", "child_last", "type_index", "type_last", "flags")


def _table(schema: pa.Schema, size: int, known: Mapping[str, pa.Array]) -> pa.Table:
    def column(field: pa.Field) -> pa.Array:
        if field.name in known:
            return known[field.name]
        filler = "" if field.type == pa.string() else EPOCH
        return pa.repeat(pa.scalar(filler, field.type), size)

    return pa.table([column(field) for field in schema], schema=schema)


def _depths(parent: Positions) -> Positions:
    depth = np.zeros(len(parent), np.int64)
    for node, above in enumerate(parent.tolist()):
        if above >= 0:
            depth[node] = depth[above] + 1
            if depth[node] > MAX_DEPTH:
                refuse("it stands too deep.", f"nodes[{node}]", valid=f"at most {MAX_DEPTH} levels")
    return depth
