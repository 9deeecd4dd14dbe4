"""Statistics of the numbers of returns, for every cell of a table at once."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from typing import Any

import numpy as np
import numpy.typing as npt

from backsight.parquet_rows import Integers
from backsight.reports.statistics import QUANTILES, Number, rounded
from backsight.timelines import Array, changes

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
    made[cells[heads]] = _statistic(kind, values, heads)
    return made.reshape(shape)


def _statistic(kind: str, values: Floats, heads: Integers) -> list[Number]:
    """Of each stretch of sorted values, from one head to before the next one."""
    ends = np.append(heads, len(values))[1:]
    if kind in ("sum", "avg"):
        totals = _sums(values, heads, ends)
        return totals if kind == "sum" else _means(totals, (ends - heads).tolist())
    if kind in ("min", "max"):
        found = values[heads] if kind == "min" else values[ends - 1]
    else:
        at = (ends - heads - 1) * QUANTILES[kind]
        low, high = heads + np.floor(at).astype(np.int64), heads + np.ceil(at).astype(np.int64)
        part = at - np.floor(at)
        found = values[low] * (1 - part) + values[high] * part
    return [rounded(value) for value in found.tolist()]


def _sums(values: Floats, heads: Integers, ends: Integers) -> list[Number]:
    listed = values.tolist()
    sizes = np.abs(values).tolist()
    return [
        _sum(listed[begin:end], sizes[begin:end])
        for begin, end in zip(heads.tolist(), ends.tolist(), strict=True)
    ]


def _sum(values: Sequence[float], sizes: Sequence[float]) -> Number:
    try:
        return rounded(fsum(values), fsum(sizes))
    except OverflowError:  # past the greatest number there is none
        return None


def _means(totals: Sequence[Number], counts: Sequence[int]) -> list[Number]:
    return [
        None if total is None else rounded(total / count) for total, count in zip(totals, counts, strict=True)
    ]
