"""Sets of 64-bit ids that may grow to millions: 16 bytes each instead of a Python set's hundred."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from backsight.contract import id64

Int64s = npt.NDArray[np.int64]

MASK: Final = (1 << 64) - 1
_FACTOR: Final = 0x9E3779B97F4A7C15  # the golden ratio's bits: odd, and of no pattern
_FRESH: Final = 65_536
"""How many ids may stand in the dictionary of fresh ones before they are merged into the arrays."""


def fingerprint(*parts: Any) -> Any:
    """Mixes unsigned 64-bit parts into one; the parts are Python integers, or NumPy arrays of uint64."""
    mixed: Any = _FACTOR
    for part in parts:
        mixed = ((mixed ^ part) * _FACTOR) & MASK
        mixed = mixed ^ (mixed >> 29)
    return mixed


def salt(site: str) -> int:
    """What keeps equal ids of two sites apart: to be XORed with the ids of one site."""
    return id64("site", site)


def signed(value: int) -> int:
    """The signed integer with the same 64 bits."""
    return value - (1 << 64) if value >= 1 << 63 else value


class KnownIds:
    """A growing set of signed 64-bit ids, each with a check (another hash of what the id stands for)."""

    def __init__(self) -> None:
        self._ids: Int64s = np.empty(0, np.int64)
        self._checks: Int64s = np.empty(0, np.int64)
        self._fresh: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._ids) + len(self._fresh)

    def check(self, key: int) -> int | None:
        """The check with which `key` was added first, or None if it is not known."""
        fresh = self._fresh.get(key)
        if fresh is not None:
            return fresh
        at = bisect_left(self._ids, key)
        return int(self._checks[at]) if at < len(self._ids) and self._ids[at] == key else None

    def add(self, key: int, check: int = 0) -> None:
        """Adds a key that is not known yet."""
        self._fresh[key] = check
        if len(self._fresh) >= _FRESH:
            fresh, self._fresh = self._fresh, {}
            keys = np.fromiter(fresh.keys(), np.int64, len(fresh))
            self.extend(keys, np.fromiter(fresh.values(), np.int64, len(fresh)))

    def extend(self, keys: Int64s, checks: Int64s) -> None:
        """Adds many at once; of equal keys the first stays, also against those known before."""
        ids = np.concatenate([self._ids, keys])
        order = np.argsort(ids, kind="stable")
        ids, all_checks = ids[order], np.concatenate([self._checks, checks])[order]
        first = np.ones(len(ids), bool)
        first[1:] = ids[1:] != ids[:-1]
        self._ids, self._checks = ids[first], all_checks[first]
