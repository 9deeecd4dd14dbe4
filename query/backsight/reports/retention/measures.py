"""Statistics of the numbers of returns, for every cell of a table at once.

Numbers are sorted before they are added up, so that a sum is the same in whichever order they came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from backsight.parquet_rows import Integers
from backsight.reports.retention.starts import changes
from backsight.reports.trend.measures import QUANTILES, rounded
from backsight.timelines import Array

Floats = npt.NDArray[np.float64]


def measured(
    kind: str, cells: Integers, values: Floats, shape: tuple[int, int, int], later: bool
) -> list[Any]:
    """Lists, in that shape, of the statistic of each cell's values; null of none, but for a sum.

    `cells` number them; with `later`, a value counts in every column up to its own.
    """
    if not later:
        return list(_table(kind, cells, values, shape).tolist())
    columns = shape[2]
    column = cells % columns
    found = [
        _table(kind, cells[column >= at] // columns, values[column >= at], shape[:2]) for at in range(columns)
    ]
    return list(np.stack(found, axis=2).tolist())


def _table(kind: str, cells: Integers, values: Floats, shape: tuple[int, ...]) -> Array:
    order = np.lexsort((values, cells))
    cells, values = cells[order], values[order]
    heads = np.flatnonzero(changes(cells))
    made = np.full(int(np.prod(shape)), 0.0 if kind == "sum" else None, object)
    with np.errstate(over="ignore", invalid="ignore"):  # past the greatest number there is none: null
        made[cells[heads]] = [rounded(value) for value in _statistic(kind, values, heads).tolist()]
    return made.reshape(shape)


def _statistic(kind: str, values: Floats, heads: Integers) -> Floats:
    """Of each stretch of sorted values, from one head to before the next one."""
    if not len(heads):
        return values
    counts = np.diff(np.append(heads, len(values)))
    if kind in QUANTILES:
        at = (counts - 1) * QUANTILES[kind]
        below = np.floor(at).astype(np.int64)
        above = np.ceil(at).astype(np.int64)
        low, high = values[heads + below], values[heads + above]
        between: Floats = low + (high - low) * (at - below)
        return between
    return _PLAIN[kind](values, heads, counts)


_PLAIN: Final[Mapping[str, Callable[[Floats, Integers, Integers], Floats]]] = {
    "sum": lambda values, heads, counts: np.add.reduceat(values, heads),
    "avg": lambda values, heads, counts: np.add.reduceat(values, heads) / counts,
    "min": lambda values, heads, counts: values[heads],
    "max": lambda values, heads, counts: values[heads + counts - 1],
}
