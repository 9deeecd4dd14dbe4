"""How much doing something changes the odds of an outcome, and how sure that is among many comparisons.

Persons are compared with those who were about as active (a stratum of them), since who does more does more of
everything and more often comes to any outcome. So a table has one 2 x 2 table a stratum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, log, sqrt
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from backsight.parquet_rows import Integers

Numbers = npt.NDArray[np.float64]

SLACK: Final = 1 + 1e-9
"""Tables whose probabilities differ by rounding alone are equally likely."""
LEAST_LIKELY: Final = 1e-16
"""What is less likely is lost in rounding, and left out."""
LEAST_CHANCE: Final = 1e-12
"""No chance is said to be smaller, as so much may have been left out."""


@dataclass(frozen=True)
class Population:
    """All who are compared, by stratum: how many, and how many of them with the outcome."""

    persons: Integers
    outcome: Integers

    @cached_property
    def logs(self) -> Numbers:
        """The logs of the factorials of all numbers up to the largest stratum's."""
        most = int(self.persons.max(initial=0))
        return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1)))])


@dataclass(frozen=True)
class Table:
    """Who did it, by stratum: how many, and how many of them with the outcome."""

    did: Integers
    did_with: Integers
    among: Population

    @property
    def cells(self) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Per stratum: did with, did without, did not with, did not without."""
        without = self.did - self.did_with
        other = self.among.outcome - self.did_with
        rest = self.among.persons - self.did - other
        a, b, c, d = (cell.astype(np.float64) for cell in (self.did_with, without, other, rest))
        return a, b, c, d

    @cached_property
    def expected(self) -> float:
        """How many of those who did it would have the outcome, were doing it of no matter."""
        return float((self.did * _shares(self.among.outcome, self.among.persons)).sum())

    @property
    def distance(self) -> float:
        """How far from the expected it is, in standard deviations; 0 where nothing else was possible."""
        persons = self.among.persons
        spread = self.did * (persons - self.did) * _shares(self.among.outcome, persons)
        variance = float((spread * _shares(persons - self.among.outcome, persons * (persons - 1))).sum())
        return abs(float(self.did_with.sum()) - self.expected) / sqrt(variance) if variance > 0 else 0.0


def _shares(part: Integers, whole: Integers) -> Numbers:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def odds_ratio(table: Table) -> float:
    """The odds of those who did it to those of the others as active (Mantel and Haenszel)."""
    return exp(_log_odds(table)[0])


def interval(table: Table, confidence: float, comparisons: int) -> tuple[float, float]:
    """Where the odds ratio lies, with this confidence for all of so many comparisons at once (Bonferroni)."""
    middle, spread = _log_odds(table)
    reach = NormalDist().inv_cdf(1 - (1 - confidence) / (2 * comparisons)) * spread
    return exp(middle - reach), exp(middle + reach)


def _log_odds(table: Table) -> tuple[float, float]:
    """The log of the odds ratio, and its standard error (Robins, Breslow and Greenland).

    A stratum of half a person in each cell is added, so that none is infinite.
    """
    a, b, c, d = (np.append(cell, 0.5) for cell in table.cells)
    every = np.maximum(a + b + c + d, 1)
    along, across = a * d / every, b * c / every
    same, other = (a + d) / every, (b + c) / every
    up, down = along.sum(), across.sum()
    variance = (
        (same * along).sum() / (2 * up * up)
        + (same * across + other * along).sum() / (2 * up * down)
        + (other * across).sum() / (2 * down * down)
    )
    return log(up / down), sqrt(variance)


def chance(table: Table) -> float:
    """How likely one at least as far from the expected is, were doing it of no matter.

    The exact test over strata (Fisher's, where there is one), two-sided: of all tables with the same sums in
    every stratum, those that are no likelier than this.
    """
    likely = [_likely(table, stratum) for stratum in np.flatnonzero(_is_open(table)).tolist()]
    if not likely:
        return 1.0
    size = sum(len(each) - 1 for _, each in likely) + 1
    length = 1 << (size - 1).bit_length()
    together = np.prod([np.fft.rfft(each, length) for _, each in likely], axis=0)
    found = np.fft.irfft(together, length)[:size]
    kept = found > LEAST_LIKELY
    at = int(table.did_with[_is_open(table)].sum()) - sum(least for least, _ in likely)
    limit = found[at] * SLACK if 0 <= at < size and kept[at] else 0.0
    return float(min(1.0, max(LEAST_CHANCE, found[kept & (found <= limit)].sum())))


def _is_open(table: Table) -> npt.NDArray[np.bool_]:
    """Where the sums leave more than one possibility."""
    persons, outcome = table.among.persons, table.among.outcome
    found: npt.NDArray[np.bool_] = (
        (table.did > 0) & (table.did < persons) & (outcome > 0) & (outcome < persons)
    )
    return found


def _likely(table: Table, stratum: int) -> tuple[int, Numbers]:
    """How likely each number of persons who did it with the outcome is by chance alone, from the least on."""
    logs, persons = table.among.logs, int(table.among.persons[stratum])
    outcome, did = int(table.among.outcome[stratum]), int(table.did[stratum])
    with_ = np.arange(max(0, did + outcome - persons), min(did, outcome) + 1)

    def ways(of: int, taken: Integers) -> Numbers:
        return np.asarray(logs[of] - logs[taken] - logs[of - taken])

    every = ways(persons, np.array([did]))
    likely = np.exp(ways(outcome, with_) + ways(persons - outcome, did - with_) - every)
    kept = np.flatnonzero(likely > LEAST_LIKELY)
    return int(with_[kept[0]]), likely[kept[0] : kept[-1] + 1]


def adjusted(chances: Sequence[float]) -> list[float]:
    """The chances as they are among each other: small ones only count where all are few (Holm)."""
    order = sorted(range(len(chances)), key=lambda index: chances[index])
    found = [0.0] * len(chances)
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, chances[index] * (len(chances) - rank)))
        found[index] = highest
    return found
