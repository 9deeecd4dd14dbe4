"""Columns by the contract's schemas, out of numbers and short lists of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

SITE: Final = "bench"
FIRST_DAY: Final = date(2026, 8, 3)
"""A Monday."""
DAYS: Final = 84
DAY: Final = 86_400_000_000
"""Microseconds."""

Integers = npt.NDArray[np.int64]


def micros_of(day: date) -> int:
    """Midnight, in UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000


def fill(schema: pa.Schema, made: Mapping[str, object], count: int) -> pa.Table:
    """A table of the schema; what was not made is null."""
    columns = [
        cast(made[field.name], field.type) if field.name in made else pa.nulls(count, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def cast(values: object, kind: pa.DataType) -> pa.Array:
    """The values as an array of the kind; numbers become instants as microseconds."""
    array = values if isinstance(values, pa.Array) else pa.array(values)
    if array.type == kind:
        return array
    return array.cast(pa.int64()).cast(kind) if pa.types.is_timestamp(kind) else array.cast(kind)


def repeat(word: str, count: int) -> pa.Array:
    """The same text in every row."""
    return pick([word], np.zeros(count, np.int64))


def pick(words: Sequence[str], index: Integers, mask: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    """Texts by number, which may go past their end; null where `mask` holds."""
    return pa.DictionaryArray.from_arrays(pa.array(index % len(words), pa.int32(), mask=mask), list(words))


def mixed(values: Integers) -> Integers:
    """Random-looking distinct numbers of distinct ones (the last steps of splitmix64)."""
    found = values.astype(np.uint64)
    found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (found ^ (found >> np.uint64(31))).astype(np.int64)
