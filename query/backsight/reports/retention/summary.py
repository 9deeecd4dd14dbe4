"""What was found becomes the table: sizes, returns, shares and measures, for everybody and by group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from backsight.parquet_rows import Integers
from backsight.reports.breakdown import Breakdown, Ranking, encoded, rank
from backsight.reports.retention.frame import Frame
from backsight.reports.retention.measures import measured
from backsight.reports.retention.walk import Walked
from backsight.timelines import Array

Answer = dict[str, Any]
Words = Sequence[str | None] | None


def ranking_of(found: Walked, words: Sequence[Words], breakdown: Breakdown) -> tuple[Ranking, Integers]:
    """The groups, by their members; and which of them each member is in.

    `words` are, of each column of groups, the texts that its numbers stand for; null where they are numbers.
    """
    if not len(found.persons):
        return rank([], [], breakdown.limit), found.cohorts
    columns = [_column(values, texts) for values, texts in zip(found.groups, words, strict=True)]
    codes, groups = encoded(columns)
    ranking = rank(groups, np.bincount(codes, minlength=len(groups)), breakdown.limit)
    return ranking, ranking.places[codes]


def summary(frame: Frame, found: Walked, words: Sequence[Words]) -> Answer:
    """`rows`, `average`, `labels`, and `groups` where there is a breakdown."""
    everybody = np.zeros(len(found.persons), np.int64)
    (table,) = _tables(frame, found, everybody, 1)
    answer = {**table, "labels": frame.asked.labels}
    if frame.asked.breakdown is None:
        return answer
    ranking, places = ranking_of(found, words, frame.asked.breakdown)
    tables = _tables(frame, found, places, len(ranking.values))
    groups = [{"value": value, **each} for value, each in zip(ranking.values, tables, strict=True)]
    return answer | {"groups": groups}


def _tables(frame: Frame, found: Walked, places: Integers, count: int) -> list[Answer]:
    """`rows` and `average` of each of so many groups; `places` says in which one each member is."""
    shape = (count, frame.rows, len(frame.asked.lasts))
    lines = places * frame.rows + found.cohorts
    sizes = np.bincount(lines, minlength=count * frame.rows).reshape(shape[:2])
    returned = _returned(frame, found, lines, shape)
    labels = frame.labels
    complete = np.array([frame.complete(row) for row in range(frame.rows)])
    tables = [_table(labels, *each, complete) for each in zip(sizes, returned, strict=True)]
    _add_values(tables, frame, found, lines, shape)
    return tables


def _returned(frame: Frame, found: Walked, lines: Integers, shape: tuple[int, int, int]) -> Integers:
    """By group, row and column, how many returned; `lines` are the members' groups and rows as one number."""
    cells = lines[found.members] * shape[2] + found.columns
    counts: Integers = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)
    if frame.asked.returned != "on_or_after":
        return counts
    summed: Integers = np.flip(np.cumsum(np.flip(counts, 2), 2), 2)
    return summed


def _add_values(
    tables: Sequence[Answer], frame: Frame, found: Walked, lines: Integers, shape: tuple[int, int, int]
) -> None:
    """Put what is measured into the rows, where something is."""
    if frame.asked.measure is None:
        return
    cells = lines[found.valued] * shape[2] + found.valued_columns
    later = frame.asked.returned == "on_or_after"
    values = measured(frame.asked.measure.kind, cells, found.values, shape, later)
    for table, of in zip(tables, values, strict=True):
        for row, each in zip(table["rows"], of, strict=True):
            row["values"] = each


def _table(
    labels: Sequence[str], sizes: Integers, returned: Integers, complete: npt.NDArray[np.bool_]
) -> Answer:
    columns = (labels, sizes.tolist(), returned.tolist(), complete.tolist())
    rows = [
        {"start": label, "size": size, "returned": counts, "complete": over}
        for label, size, counts, over in zip(*columns, strict=True)
    ]
    return {"rows": rows, "average": _average(sizes, returned, complete)}


def _average(sizes: Integers, returned: Integers, complete: npt.NDArray[np.bool_]) -> list[float | None]:
    """Per column, of the cohorts for which it is over: all who returned by all who started."""
    size = (sizes[:, None] * complete).sum(0).tolist()
    back = (returned * complete).sum(0).tolist()
    return [part / whole if whole else None for part, whole in zip(back, size, strict=True)]


def _column(values: Array, words: Words) -> pa.Array:
    if words is not None:
        return pa.array(words, pa.string()).take(pa.array(values))
    if values.dtype.kind != "f":
        return pa.array(values)
    return pa.array(values, pa.float64(), from_pandas=True).cast(pa.int64())  # where it is missing: NaN
