"""When something that was done steadily fell to nothing, if it did.

How much is to be expected on a day is the share of the site's traffic that it had before, by the day of the
week, times that day's traffic, but never more than it was before: so a day on which nothing at all was
captured is nobody's silence, and a quiet Sunday is none. How sure that is follows from how much its days
scattered before (a negative binomial of the same dispersion; without any, it is Poisson's). Precision over
recall: what is rare, comes in bursts or had a pause of half the length before is not called silent.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import Final

import numpy as np
import numpy.typing as npt

from backsight.parquet_rows import Integers

Numbers = npt.NDArray[np.float64]

BEFORE: Final = 28
"""Days with traffic from which it is learnt what is to be expected: four of each day of the week."""
FEWEST_DAYS: Final = 7
"""Days with traffic that there must be before."""
FEWEST_BUSY: Final = 4
"""Days before on which it must have happened."""
FEWEST_EVENTS: Final = 10
"""How often it must have happened before."""
FEWEST_SILENT: Final = 2
"""Whole days of silence: what arrives a day late (an import) is not silent."""
STRAGGLERS: Final = 0.02
"""Share of what is expected that may still come: pages in caches, tabs left open."""
CHANCE: Final = 1e-6
"""How likely a silence by chance may be."""
LONGER: Final = 2.0
"""How many times longer than any pause before (in what was to be expected meanwhile) it must be."""
WEEKLY: Final = 21
"""Days before from which days of the week are told apart."""
SURE: Final = 0.5
"""From when on something was to be expected: the date of a silence is no Sunday on which nothing ever was."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Something fell to nothing. Days are places in the counts."""

    since: int
    """The first day on which something was to be expected and nothing, or next to nothing, came."""
    ended: int
    """The day after the last on which it happened as before."""
    expected: float
    """How many would have been expected since."""
    rate: float
    """How many a day (with traffic) it was before."""
    share: float
    """Of the site's traffic before."""


def find_silence(counts: Integers, traffic: Integers, weekdays: Integers, whole: int) -> Silence | None:
    """The silence in which something stands at the end; null where it does not.

    `counts`, `traffic` (all events of the site) and `weekdays` are by day; the first `whole` days are over.
    What happens in one that is not may end a silence, and is no evidence for one.
    """
    days = np.flatnonzero(traffic > 0)
    ended = _end(counts[days], traffic[days].astype(np.float64))
    if ended is None:
        return None
    before, after = days[max(0, ended - BEFORE) : ended], days[ended:]
    shares = _shares(counts, traffic, weekdays, before)
    expected = np.where(np.arange(len(traffic)) < whole, shares[weekdays] * traffic, 0.0)
    # Bots or a launch may multiply the traffic: that what it was before stays the same is no silence.
    expected[after] = np.minimum(expected[after], _usual(counts, weekdays, before)[weekdays[after]])
    lost, came = float(expected[after].sum()), int(counts[after].sum())
    scatter = _dispersion(counts[before], expected[before], shares)
    if (
        np.count_nonzero(counts[before]) < FEWEST_BUSY
        or np.count_nonzero(after < whole) < FEWEST_SILENT
        or came > STRAGGLERS * lost
        or chance_of(came, lost, scatter) > CHANCE
        or lost < LONGER * _longest_pause(counts, expected, days[:ended])
    ):
        return None
    surely = after[np.flatnonzero(np.cumsum(expected[after]) >= SURE)[0]]
    before_it, passed = int(counts[before].sum()), int(traffic[before].sum())
    return Silence(int(surely), int(after[0]), lost, before_it / len(before), before_it / passed)


def chance_of(came: int, expected: float, dispersion: float) -> float:
    """How likely it is that so few or fewer come where so many are expected, whose variance is `dispersion`
    times the mean.
    """
    if dispersion < 1.0001:
        term, steps = exp(-expected), [expected / step for step in range(1, came + 1)]
    else:
        size = expected / (dispersion - 1)
        term = exp(-size * log(dispersion))
        tail = 1 - 1 / dispersion
        steps = [(step - 1 + size) / step * tail for step in range(1, came + 1)]
    total = term
    for step in steps:
        term *= step
        total += term
    return total


def _end(counts: Integers, traffic: Numbers) -> int | None:
    """The day from which on next to nothing came, where its share of the traffic changed most; null if none.

    Each day is tried: what came from it on, against the days just before it.
    """
    ends = np.arange(1, len(counts))
    if not len(ends) or not counts.any():
        return None
    happened, passed = np.append(0, np.cumsum(counts)), np.append(0.0, np.cumsum(traffic))
    first = np.maximum(0, ends - BEFORE)
    before, before_of = happened[ends] - happened[first], passed[ends] - passed[first]
    after, after_of = happened[-1] - happened[ends], passed[-1] - passed[ends]
    quiet = (
        (ends >= FEWEST_DAYS)
        & (before >= FEWEST_EVENTS)
        & (after * before_of <= STRAGGLERS * before * after_of)
        & (after * (ends - first) <= STRAGGLERS * before * (len(counts) - ends))
    )
    if not quiet.any():
        return None
    apart = _likelihood(before, before_of) + _likelihood(after, after_of)
    gain = apart - _likelihood(before + after, before_of + after_of)
    return int(ends[np.argmax(np.where(quiet, gain, -np.inf))])


def _likelihood(counts: Integers, traffic: Numbers) -> Numbers:
    """Of so many among so much traffic at their own rate (logarithm, but for what rates do not change)."""
    counted = np.maximum(counts, 1)
    return np.where(counts > 0, counts * np.log(counted / traffic), 0.0)


def _shares(counts: Integers, traffic: Integers, weekdays: Integers, before: Integers) -> Numbers:
    """Its share of the traffic, by day of the week; the same for all where few days tell."""
    if len(before) < WEEKLY:
        return np.full(7, int(counts[before].sum()) / int(traffic[before].sum()))
    happened = np.bincount(weekdays[before], counts[before], minlength=7).astype(np.float64)
    passed = np.bincount(weekdays[before], traffic[before], minlength=7).astype(np.float64)
    return np.where(passed > 0, happened / np.maximum(passed, 1), 0.0)


def _usual(counts: Integers, weekdays: Integers, before: Integers) -> Numbers:
    """How many a day it was, by day of the week; the same for all where few days tell."""
    if len(before) < WEEKLY:
        return np.full(7, float(counts[before].mean()))
    happened = np.bincount(weekdays[before], counts[before], minlength=7).astype(np.float64)
    return happened / np.maximum(np.bincount(weekdays[before], minlength=7), 1)


def _dispersion(counts: Integers, expected: Numbers, shares: Numbers) -> float:
    """The variance of days as a multiple of their mean (Pearson), at least 1."""
    known = expected > 0
    free = np.count_nonzero(known) - (np.count_nonzero(shares) if len(counts) >= WEEKLY else 1)
    scatter = float(((counts[known] - expected[known]) ** 2 / expected[known]).sum())
    return scatter / free if scatter > free > 0 else 1.0


def _longest_pause(counts: Integers, expected: Numbers, days: Integers) -> float:
    """The most that was to be expected in any stretch of days without one."""
    longest = pause = 0.0
    for count, due in zip(counts[days].tolist(), expected[days].tolist(), strict=True):
        pause = 0.0 if count else pause + due
        longest = max(longest, pause)
    return longest
