"""How much doing something changes the odds of an outcome, and how sure that is among many comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from backsight.parquet_rows import Integers

SLACK: Final = 1 + 1e-9
"""Tables whose probabilities differ by rounding alone are equally likely."""


@dataclass(frozen=True, slots=True)
class Table:
    """Persons by whether they did it, and whether the outcome came."""

    did: int
    did_with: int
    """Of those who did it, with the outcome."""
    persons: int
    persons_with: int

    @property
    def cells(self) -> tuple[int, int, int, int]:
        """Did with, did without, did not with, did not without."""
        without = self.did - self.did_with
        other = self.persons_with - self.did_with
        return self.did_with, without, other, self.persons - self.did - other


def odds_ratio(table: Table) -> float:
    """The odds of those who did it to those of the others, half a person added to each cell (Haldane)."""
    a, b, c, d = (cell + 0.5 for cell in table.cells)
    return a * d / (b * c)


def interval(table: Table, confidence: float, comparisons: int) -> tuple[float, float]:
    """Where the odds ratio lies, with this confidence for all of so many comparisons at once (Bonferroni)."""
    middle = log(odds_ratio(table))
    spread = sqrt(sum(1 / (cell + 0.5) for cell in table.cells))
    reach = NormalDist().inv_cdf(1 - (1 - confidence) / (2 * comparisons)) * spread
    return exp(middle - reach), exp(middle + reach)


def chances(tables: Sequence[Table]) -> list[float]:
    """For each table, how likely one at least as far from the expected is, were doing it of no matter.

    Fisher's exact test, two-sided. The tables are about the same persons.
    """
    if not tables:
        return []
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, tables[0].persons + 1)))])
    return [_chance(table, logs) for table in tables]


def _chance(table: Table, logs: npt.NDArray[np.float64]) -> float:
    least = max(0, table.did + table.persons_with - table.persons)
    counts = np.arange(least, min(table.did, table.persons_with) + 1)
    likely = np.exp(_log_likely(table, counts, logs))
    return float(min(1.0, likely[likely <= likely[table.did_with - least] * SLACK].sum()))


def _log_likely(table: Table, with_: Integers, logs: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Of each number of persons who did it with the outcome, the log of how likely it is by chance alone."""

    def ways(of: int, taken: Integers) -> npt.NDArray[np.float64]:
        return np.asarray(logs[of] - logs[taken] - logs[of - taken])

    without = table.persons - table.persons_with
    every = ways(table.persons, np.array([table.did]))
    return ways(table.persons_with, with_) + ways(without, table.did - with_) - every


def adjusted(chances: Sequence[float]) -> list[float]:
    """The chances as they are among each other: small ones only count where all are few (Holm)."""
    order = sorted(range(len(chances)), key=lambda index: chances[index])
    found = [0.0] * len(chances)
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, chances[index] * (len(chances) - rank)))
        found[index] = highest
    return found
