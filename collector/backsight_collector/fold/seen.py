"""Which events have been stored already: what makes a repeated batch harmless.

An event's identity is its page instance and its sequence number there. Sequence numbers come in runs, so per
page instance only ranges are kept: first as Python lists, and once many pages have gathered as sorted arrays
(16 bytes a page). Pages are forgotten by generation: each lasts DEDUPLICATION_HOURS in which anything
arrives, and the one before it is still asked, so that an event is remembered for at least so long, and at
most for twice as many such hours. Hours in which nothing arrives are not counted: a clock that is set may
have jumped over them.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

import numpy as np
import numpy.typing as npt

from backsight.contract import DEDUPLICATION_HOURS

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]

HOUR: Final = 3_600 * 1_000_000
GENERATION: Final = DEDUPLICATION_HOURS * HOUR
"""How long a generation lasts at least, in microseconds."""
MAX_RANGES: Final = 64_000_000
"""Ranges kept in arrays (about 1 GB); beyond, the older generation is forgotten before its time."""
ACTIVE_PAGES: Final = 200_000
"""Pages kept as Python lists before they are packed into arrays."""
_WORTH: Final = 4
"""A run is merged with the one before while that is less than so many times as long: so a range is rewritten
a few times, and no fold has to wait for all of them."""
_MAX_RUN: Final = 8_000_000
"""Ranges in one run at most: a merge takes five times the memory of what it merges, for a moment."""


class _Ranges:
    """Packed ranges, sorted by key and start; those of a key that overlap or touch are joined."""

    def __init__(self, keys: Int64s, starts: Int32s, lasts: Int32s) -> None:
        order = np.lexsort((starts, keys))
        keys, starts, lasts = keys[order], starts[order], lasts[order]
        places = (
            np.cumsum(np.append(False, keys[1:] != keys[:-1])[: len(keys)]) << 32
        )  # keys apart, as sorted
        reached = np.maximum.accumulate(places | lasts)
        begins = np.append(True, places[1:] + starts[1:] > reached[:-1] + 1)[: len(keys)]
        self.keys, self.starts = keys[begins], starts[begins]
        self.lasts = (reached[np.append(begins[1:], True)[: len(keys)]] & 0xFFFFFFFF).astype(np.int32)

    def of(self, key: int) -> list[tuple[int, int]]:
        """The key's ranges, ends exclusive."""
        low, high = np.searchsorted(self.keys, key, "left"), np.searchsorted(self.keys, key, "right")
        lasts = self.lasts[low:high].tolist()
        return [(start, last + 1) for start, last in zip(self.starts[low:high].tolist(), lasts, strict=True)]

    def joined(self, other: _Ranges) -> _Ranges:
        """These ranges and the other's."""
        return _Ranges(
            np.concatenate([self.keys, other.keys]),
            np.concatenate([self.starts, other.starts]),
            np.concatenate([self.lasts, other.lasts]),
        )

    def among(self, keys: Int64s) -> Int64s:
        """Those of `keys` that have rows here."""
        if not len(self.keys):
            return keys[:0]
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        found: Int64s = keys[self.keys[at] == keys]
        return found


class _Generation:
    """Packed ranges, and the hours in which they came; several runs, each shorter than the one before."""

    def __init__(self, hours: set[int]) -> None:
        self.hours = hours
        self.runs: list[_Ranges] = []

    def __len__(self) -> int:
        return sum(len(run.keys) for run in self.runs)

    def pack(self, run: _Ranges) -> None:
        self.runs.append(run)
        while len(self.runs) > 1 and self._pays():
            last = self.runs.pop()
            self.runs.append(self.runs.pop().joined(last))

    def _pays(self) -> bool:
        """Whether the last two are to become one."""
        before, last = (len(run.keys) for run in self.runs[-2:])
        return before < _WORTH * last and before + last <= _MAX_RUN


class Seen:
    """The set of (key, sequence) pairs of the last 24 to 48 hours, by the collector's clock.

    `early` counts how often a generation had to be forgotten before its time for want of memory.
    """

    def __init__(self, start: int, *, max_ranges: int = MAX_RANGES, active_pages: int = ACTIVE_PAGES) -> None:
        self.early = 0
        self._max_ranges, self._active_pages = max_ranges, active_pages
        self._active: dict[int, list[int]] = {}  # per key [start, end, start, end, …], ends exclusive
        self._current, self._previous = _Generation({start // HOUR}), _Generation({start // HOUR})

    def __len__(self) -> int:
        """Pages and packed ranges held: what memory is spent on."""
        return len(self._active) + len(self._current) + len(self._previous)

    def turn(self, now: int) -> None:
        """Forgets what is old enough; `now` in microseconds."""
        self._current.hours.add(now // HOUR)
        if len(self._current.hours) > DEDUPLICATION_HOURS:
            self._pack()
            self._previous, self._current = self._current, _Generation({now // HOUR})

    def recall(self, keys: set[int]) -> None:
        """To be called with all keys that `add` will be asked about next: makes their ranges active."""
        if len(self._active) >= self._active_pages:
            self._pack()
        absent = np.fromiter(keys.difference(self._active), np.int64)
        for generation in (self._previous, self._current):
            for run in generation.runs:
                for key in run.among(absent).tolist():
                    self._widen(key, run.of(key))

    def add(self, key: int, sequence: int) -> bool:
        """Whether the pair is new; it no longer is from then on."""
        ranges = self._active.get(key)
        if ranges is None:
            self._active[key] = [sequence, sequence + 1]
            return True
        if ranges[-1] == sequence:  # the next in order: nearly always
            ranges[-1] = sequence + 1
            return True
        return _insert(ranges, sequence)

    def load(self, keys: Int64s, sequences: Int32s, lasts: Int32s | None = None) -> None:
        """Adds many pairs at once, in any order; with `lasts`, ranges that end with these."""
        self._current.pack(_Ranges(keys, sequences, sequences if lasts is None else lasts))
        self._bound()

    def _widen(self, key: int, rows: list[tuple[int, int]]) -> None:
        """Joins ranges to those that are active."""
        ranges = self._active.get(key, [])
        rows += zip(ranges[::2], ranges[1::2], strict=True)
        joined: list[int] = []
        for start, end in sorted(rows):
            if joined and start <= joined[-1]:
                joined[-1] = max(joined[-1], end)
            else:
                joined += start, end
        self._active[key] = joined

    def _pack(self) -> None:
        active, self._active = self._active, {}
        if not active:
            return
        counts = np.fromiter((len(ranges) // 2 for ranges in active.values()), np.int64, len(active))
        keys = np.repeat(np.fromiter(active, np.int64, len(active)), counts)
        bounds = np.fromiter((bound for ranges in active.values() for bound in ranges), np.int64)
        self._current.pack(_Ranges(keys, bounds[::2].astype(np.int32), (bounds[1::2] - 1).astype(np.int32)))
        self._bound()

    def _bound(self) -> None:
        if len(self._current) > self._max_ranges // 2:
            self.early += 1
            self._previous, self._current = self._current, _Generation(self._current.hours)


def _insert(ranges: list[int], sequence: int) -> bool:
    """Puts a number into sorted, disjoint ranges; whether it was not there. Odd positions are ends."""
    at = bisect_right(ranges, sequence)
    if at % 2:
        return False
    joins_left = at > 0 and ranges[at - 1] == sequence
    joins_right = at < len(ranges) and ranges[at] == sequence + 1
    if joins_left and joins_right:
        del ranges[at - 1 : at + 1]
    elif joins_left:
        ranges[at - 1] = sequence + 1
    elif joins_right:
        ranges[at] = sequence
    else:
        ranges[at:at] = [sequence, sequence + 1]
    return True
