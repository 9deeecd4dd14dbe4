"""The parts of a person's events in which attempts are made: sessions, and values that are held.

A value that is a list holds each of its items. An event without a value holds none and fills no step; but it
may stand between steps, or exclude, in every part: it speaks of no other part than the one at hand.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from backsight.errors import Exceeded
from backsight.parquet_rows import Integers
from backsight.reports.funnel.units import SESSION, numbered
from backsight.runs import LESS
from backsight.scan.order import instant_of
from backsight.timelines import changes

MAX_ITEMS: Final = 32
"""Items of a list that are read."""

MOST_ROWS: Final = 5_000_000
"""Events without a value, each counted once for every value beside it: about half a gigabyte."""
MOST_TIMES: Final = 8
"""Or so many times the events, where these are more. Only a robot has so many values at once."""

SPECIAL: Final = r"^(\[|-?\d+(\.|[eE]))"
"""How texts begin that are lists, or numbers that may be written in several ways."""


def held_columns(count: int) -> list[str]:
    """The columns of the values that are held."""
    return [f"held_{number}" for number in range(1, count + 1)]


def parted(rows: pa.Table, sessions: bool, held: Sequence[str], step_bits: int, window: int) -> pa.Table:
    """The rows with the column `part`; rows that belong to several parts come several times.

    `held` are columns, which are taken away; `window` is in microseconds. Raises Exceeded where events
    without a value stand beside so many values that there would be too many rows.
    """
    if sessions:
        rows = rows.filter(pc.is_valid(rows[SESSION]))
    if not held:
        return rows.append_column("part", rows[SESSION].cast(pa.int64())) if sessions else rows
    of, part = np.arange(rows.num_rows), np.zeros(rows.num_rows, np.int64)
    for column in held:
        of, part = _held(rows[column], of, part)
    rows = rows.drop_columns(list(held))
    unit = numbered(rows["person"].to_numpy())
    if sessions:
        unit = numbered(unit * rows.num_rows + numbered(rows[SESSION].to_numpy()))
        part = numbered(part * rows.num_rows + unit[of])
    added, added_part = _everywhere(rows, unit, of, part, step_bits, window)
    bits = rows["steps"].to_numpy()
    made = rows.take(pa.array(np.concatenate([of, added])))
    at = rows.schema.get_field_index("steps")
    steps = np.concatenate([bits[of], bits[added] & ~step_bits])
    return made.set_column(at, "steps", pa.array(steps.astype(bits.dtype))).append_column(
        "part", pa.array(np.concatenate([part, added_part]))
    )


def _held(column: pa.ChunkedArray, of: Integers, part: Integers) -> tuple[Integers, Integers]:
    """Rows and their parts, divided further by a column's values; rows without a value are left out."""
    coded = column.combine_chunks().dictionary_encode()
    lengths, items = _items(coded.dictionary)
    codes = coded.indices.fill_null(len(lengths)).to_numpy(zero_copy_only=False)[of]
    begins = np.append(np.cumsum(lengths) - lengths, 0)
    lengths = np.append(lengths, 0)
    count = lengths[codes]
    ahead = np.repeat(begins[codes] - (np.cumsum(count) - count), count)
    found = items[ahead + np.arange(count.sum())]
    return np.repeat(of, count), numbered(np.repeat(part, count) * (len(items) + 1) + found)


def _items(values: pa.Array) -> tuple[Integers, Integers]:
    """How many values each of some texts holds, and the numbers of these, one text's after another's."""
    texts = values.cast(pa.string())
    special = pc.match_substring_regex(texts, SPECIAL).to_numpy(zero_copy_only=False)
    lengths = np.ones(len(texts), np.int64)
    several = {index: _values(texts[index].as_py()) for index in np.flatnonzero(special).tolist()}
    for index, found in several.items():
        lengths[index] = len(found)
    flat = pa.array([value for found in several.values() for value in found], pa.string())
    plain = texts.filter(pa.array(~special))
    known = pa.concat_arrays([plain, flat]).dictionary_encode().indices.to_numpy()
    items = np.empty(lengths.sum(), np.int64)
    whose = np.repeat(special, lengths)
    items[~whose], items[whose] = known[: len(plain)], known[len(plain) :]
    return lengths, items


def _values(text: str) -> list[str]:
    """What a text holds: each item of a list; a number as it is written shortest."""
    try:
        value = json.loads(text)
    except ValueError:
        return [text]
    if not isinstance(value, list):
        return [_written(value, text)]
    items = (_written(item, json.dumps(item, sort_keys=True)) for item in value if item is not None)
    return list(dict.fromkeys(islice(items, MAX_ITEMS)))


def _written(value: Any, text: str) -> str:
    if isinstance(value, str):
        return value
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
    if whole:
        return str(int(value))
    return repr(value) if isinstance(value, float) else text


def _everywhere(
    rows: pa.Table, unit: Integers, of: Integers, part: Integers, step_bits: int, window: int
) -> tuple[Integers, Integers]:
    """Rows without a value that say more than that they fill a step, once for each part of their unit in
    whose time they lie: from its first row until the window of its last one has closed.
    """
    missing = np.ones(rows.num_rows, np.bool_)
    missing[of] = False
    loose = np.flatnonzero(missing & ((rows["steps"].to_numpy() & ~step_bits) != 0))
    instant = instant_of(rows["place"].to_numpy())
    loose = loose[np.lexsort((instant[loose], unit[loose]))]
    by_part = np.lexsort((instant[of], part, unit[of]))
    first = changes(unit[of[by_part]], part[by_part])
    begin, end = of[by_part[first]], of[by_part[np.append(first[1:], True)[: len(first)]]]
    times = np.unique(instant[loose])
    # The order of a unit's rows in time, as one number: that of the unit, then how many times lie before.
    known = unit[loose] * (len(times) + 1) + np.searchsorted(times, instant[loose])
    whose = unit[begin] * (len(times) + 1)
    begins = np.searchsorted(known, whose + np.searchsorted(times, instant[begin]))
    ends = np.searchsorted(known, whose + np.searchsorted(times, instant[end] + window, "right"))
    count = ends - begins
    most = max(MOST_ROWS, MOST_TIMES * rows.num_rows)
    if count.sum() > most:
        raise Exceeded(
            f"{len(begins):,} values are held beside {len(loose):,} events without one.",
            field="hold",
            value=int(count.sum()),
            valid=f"at most {most:,} of these beside those: {LESS}",
        )
    ahead = np.repeat(begins - (np.cumsum(count) - count), count)
    return loose[ahead + np.arange(count.sum())], np.repeat(part[by_part[first]], count)
