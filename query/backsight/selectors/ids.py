"""From 64-bit ids to positions in append-only arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Positions = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Ids:
    """A sorted index over distinct ids: `ids[i]` stands at position `at[i]`."""

    ids: Ints
    at: Positions

    @classmethod
    def empty(cls) -> Ids:
        """An index over nothing."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int32))

    def find(self, wanted: Ints) -> Positions:
        """The position of each wanted id, -1 where there is none."""
        if not len(self.ids):
            return np.full(len(wanted), -1, np.int32)
        slot = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        return np.where(self.ids[slot] == wanted, self.at[slot], np.int32(-1))

    def extended(self, added: Ints) -> Ids:
        """The index with ids that it does not have yet, at the positions that follow its own."""
        order = np.argsort(added, kind="stable")
        at = (order + len(self.ids)).astype(np.int32)
        if not len(self.ids):
            return Ids(added[order], at)
        slot = np.searchsorted(self.ids, added[order])
        return Ids(np.insert(self.ids, slot, added[order]), np.insert(self.at, slot, at))

    def fresh(self, ids: Ints) -> npt.NDArray[np.intp]:
        """Where in `ids` each id stands that the index does not have, each once, in order of appearance."""
        _, first = np.unique(ids, return_index=True)
        first.sort()
        return first[self.find(ids[first]) < 0]
