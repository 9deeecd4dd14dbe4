"""A site's nodes as arrays: parents as positions, and the positions of each depth.

Extending gives a new value and leaves the old one as it was, so that readers need no lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from backsight.contract import FLAG_DETACHED, FLAG_QUIRKS, FLAG_SHADOW, MAX_DEPTH
from backsight.selectors.elements import Elements
from backsight.selectors.ids import Ids, Ints, Mask, Positions

_NUMBERS: Final = ("child_index", "child_last", "type_index", "type_last")
_COLUMNS: Final = ("node_id", "parent_id", "element_id", "depth", *_NUMBERS, "flags")

Level = npt.NDArray[np.intp] | slice


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of the nodes table as arrays; `has_parent` tells roots from others."""

    node_id: Ints
    parent_id: Ints
    has_parent: Mask
    element_id: Ints
    depth: npt.NDArray[np.int16]
    numbers: npt.NDArray[np.int32]
    flags: npt.NDArray[np.int8]

    @classmethod
    def of(cls, table: pa.Table) -> Rows:
        """The rows of a table with the contract's columns."""
        parents = table.column("parent_id")
        number = {name: table.column(name).fill_null(0).to_numpy() for name in _COLUMNS}
        return cls(
            number["node_id"].astype(np.int64),
            number["parent_id"].astype(np.int64),
            parents.is_valid().to_numpy().astype(np.bool_),
            number["element_id"].astype(np.int64),
            np.clip(number["depth"], -1, MAX_DEPTH + 1).astype(np.int16),
            np.stack([number[name] for name in _NUMBERS]).astype(np.int32),
            number["flags"].astype(np.int8),
        )

    def take(self, at: npt.NDArray[np.intp]) -> Rows:
        """Some of the rows."""
        return Rows(self.node_id[at], self.parent_id[at], self.has_parent[at], self.element_id[at],
                    self.depth[at], self.numbers[:, at], self.flags[at])  # fmt: skip

    def and_(self, other: Rows) -> Rows:
        """These rows and then others."""
        return Rows(
            np.concatenate([self.node_id, other.node_id]),
            np.concatenate([self.parent_id, other.parent_id]),
            np.concatenate([self.has_parent, other.has_parent]),
            np.concatenate([self.element_id, other.element_id]),
            np.concatenate([self.depth, other.depth]),
            np.concatenate([self.numbers, other.numbers], axis=1),
            np.concatenate([self.flags, other.flags]),
        )

    @classmethod
    def none(cls) -> Rows:
        """No rows."""
        ids, truths = np.empty(0, np.int64), np.empty(0, np.bool_)
        return cls(
            ids, ids, truths, ids, np.empty(0, np.int16), np.empty((4, 0), np.int32), np.empty(0, np.int8)
        )


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes whose whole chain of parents is known; `waiting` holds the others until it is."""

    rows: Rows = field(default_factory=Rows.none)
    parent: Positions = field(default_factory=lambda: np.empty(0, np.int32))
    element: Positions = field(default_factory=lambda: np.empty(0, np.int32))
    index: Ids = field(default_factory=Ids.empty)
    waiting: Rows = field(default_factory=Rows.none)
    levels: tuple[Level, ...] = ()
    has_unknown: bool = False
    """Whether some place among siblings is unknown, which is 0."""

    @property
    def size(self) -> int:
        """How many nodes can match."""
        return len(self.parent)

    def flagged(self, flag: int) -> Mask:
        """Nodes with a flag."""
        flagged: Mask = (self.rows.flags & flag) != 0
        return flagged

    @property
    def in_shadow(self) -> Mask:
        """Children of a shadow root: their parent is the host, in another tree."""
        return self.flagged(FLAG_SHADOW)

    @property
    def in_quirks(self) -> Mask:
        """Nodes of documents in quirks mode."""
        return self.flagged(FLAG_QUIRKS)

    @property
    def roots(self) -> Mask:
        """Root elements of documents."""
        return (self.parent < 0) & ~self.flagged(FLAG_DETACHED)

    def extended(self, table: pa.Table, elements: Elements) -> Nodes:
        """With the table's nodes that are new, and those that waited for them."""
        arrived = self.waiting.and_(Rows.of(table))
        arrived = arrived.take(self.index.fresh(arrived.node_id))
        arrived = arrived.take(np.argsort(arrived.depth, kind="stable"))
        index = self.index.extended(arrived.node_id)
        parent, element = _parents(arrived, index), elements.find(arrived.element_id)
        known, waiting = self._known(arrived, parent, element), Rows.none()
        if not known.all():  # positions count only nodes that can match
            arrived, waiting = arrived.take(np.flatnonzero(known)), arrived.take(np.flatnonzero(~known))
            index = self.index.extended(arrived.node_id)
            parent, element = _parents(arrived, index), element[known]
        rows = self.rows.and_(arrived)
        return Nodes(
            rows,
            np.concatenate([self.parent, parent]),
            np.concatenate([self.element, element]),
            index,
            waiting,
            _levels(rows.depth),
            self.has_unknown or bool((arrived.numbers == 0).any()),
        )

    def _known(self, arrived: Rows, parent: Positions, element: Positions) -> Mask:
        """Which of the rows have an element, and a chain of parents that is whole and one level a step."""
        depth = np.concatenate([self.rows.depth, arrived.depth])
        below = (parent >= 0) & (depth[parent] == arrived.depth - 1)
        sound = np.where(arrived.has_parent, below, arrived.depth == 0) & (element >= 0)
        known = np.concatenate([np.ones(self.size, np.bool_), sound])
        for level in _levels(arrived.depth):
            above = parent[level]
            known[self.size :][level] &= np.where(above >= 0, known[above], True)
        return known[self.size :]


def _parents(rows: Rows, index: Ids) -> Positions:
    return np.where(rows.has_parent, index.find(rows.parent_id), np.int32(-1))


def _levels(depth: npt.NDArray[np.int16]) -> tuple[Level, ...]:
    """The positions of each depth, from the roots down; as slices where they lie together."""
    if not len(depth):
        return ()
    ends = np.cumsum(np.bincount(np.clip(depth, 0, None)))
    if (np.diff(depth) >= 0).all():
        return tuple(_slices(ends))
    order = np.argsort(depth, kind="stable")
    return tuple(order[part] for part in _slices(ends))


def _slices(ends: npt.NDArray[np.intp]) -> Iterator[slice]:
    start = 0
    for end in ends.tolist():
        yield slice(start, end)
        start = end
