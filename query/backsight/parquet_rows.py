"""Single rows of a Parquet file: no more of it is read than they need.

Numbers that lie in the file as they do in memory (as the collector writes what every report needs) are taken
out of it as they are, also where some are missing. A text that is the same in a whole row group is
known from the footer. Any other column is decoded, of the row groups that hold some of the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import FileIO
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from backsight.plain_numbers import PlainNumbers, Stretches, find_numbers

Integers: TypeAlias = npt.NDArray[np.int64]
Column: TypeAlias = pa.Array | pa.ChunkedArray

Texts: TypeAlias = list[tuple[str | None, ...]]
"""By row group, the one text (or null) that a column has there; empty where it may have several."""


class ParquetRows:
    """Reads rows of one local file, which must never change. Safe to share between threads."""

    # What is needed of the footer is kept, and not the footer: one of 80 row groups takes more than 2 MB.

    def __init__(self, path: Path, metadata: Any) -> None:
        self._path = path
        groups = [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)]
        self._edges: Integers = np.cumsum([0, *groups])
        self._types = {field.name: field.type for field in metadata.schema.to_arrow_schema()}
        self._numbers: dict[str, PlainNumbers | None] = {}
        self._texts: dict[str, Texts] = {}

    @property
    def count(self) -> int:
        """How many rows the file has."""
        return int(self._edges[-1])

    @property
    def bytes(self) -> int:
        """Roughly how much memory this takes, however many of its columns are asked for."""
        return 16_384 + 300 * len(self._edges) + self.count // 5

    def read(self, rows: Integers, schema: pa.Schema, known: Mapping[str, Column]) -> pa.Table:
        """Some columns of some rows (sorted), but the `known` ones; those that the file lacks are null."""
        columns, stretches = dict(known), Stretches.of(rows, self._edges)
        with self._path.open("rb", buffering=0) as file:
            self._learn(file, [field for field in schema if field.name not in known])
            for field in (field for field in schema if field.name not in known):
                if (column := self._undecoded(field, file, rows, stretches)) is not None:
                    columns[field.name] = column
        missing = [name for name in schema.names if name not in columns]
        columns |= self._decoded(missing, rows, np.unique(stretches.groups)) if missing else {}
        return pa.table([_as(columns[field.name], field.type) for field in schema], schema=schema)

    def _undecoded(
        self, field: pa.Field, file: FileIO, rows: Integers, stretches: Stretches
    ) -> pa.Array | None:
        """The column of these rows; null where it has to be decoded."""
        if field.name not in self._types:
            return pa.nulls(len(rows), field.type)
        numbers, texts = self._numbers.get(field.name), self._texts.get(field.name)
        if numbers is not None and numbers.kind == field.type and numbers.has(stretches.groups):
            return numbers.take(file, rows, stretches)
        if texts and all(texts[group] for group in stretches.groups.tolist()):
            only = [texts[group][0] for group in stretches.groups.tolist()]
            return _repeated(only, stretches.lengths)
        return None

    def _learn(self, file: FileIO, fields: Iterable[pa.Field]) -> None:
        """Finds out how columns lie in the file that were not asked for before."""
        known = self._numbers.keys() | self._texts.keys()
        kinds = {field.name: self._types[field.name] for field in fields
                 if field.name in self._types and field.name not in known}  # fmt: skip
        footer = pq.read_metadata(self._path) if kinds else None
        for name, kind in kinds.items():
            if pa.types.is_integer(kind) or pa.types.is_timestamp(kind):
                chunks = _chunks(footer, name)
                self._numbers[name] = find_numbers(self._path, file, kind, name, chunks, self._edges)
            else:
                is_text = pa.types.is_string(kind)
                self._texts[name] = [_only_text(chunk) for chunk in _chunks(footer, name)] if is_text else []

    def _decoded(self, names: list[str], rows: Integers, hit: Integers) -> dict[str, Column]:
        texts = [name for name in names if pa.types.is_string(self._types[name])]
        with pq.ParquetFile(self._path, memory_map=True, read_dictionary=texts) as parquet:
            table = parquet.read_row_groups(hit.tolist(), columns=names, use_threads=False)
        # The rows' places among those of the row groups that were read.
        skipped = np.cumsum(np.diff(self._edges) * ~np.isin(np.arange(len(self._edges) - 1), hit))
        taken = table.take(pa.array(rows - skipped[np.searchsorted(self._edges, rows, "right") - 1]))
        return {name: taken[name] for name in names}


def _as(column: Column, kind: pa.DataType) -> Column:
    return column if column.type == kind else column.cast(kind)


def _chunks(footer: Any, name: str) -> list[Any]:
    """The column's part of each row group."""
    schema = footer.schema
    leaf = next(index for index in range(len(schema)) if schema.column(index).path == name)
    return [footer.row_group(group).column(leaf) for group in range(footer.num_row_groups)]


def _repeated(texts: list[str | None], lengths: Integers) -> pa.Array:
    """Each of the texts so many times."""
    return pa.array(texts, pa.string()).take(pa.array(np.repeat(np.arange(len(texts)), lengths)))


def _only_text(chunk: Any) -> tuple[str | None, ...]:
    known = chunk.statistics if chunk.is_stats_set else None
    if known is None or known.null_count is None:
        return ()
    if known.null_count == chunk.num_values:
        return (None,)
    # Bounds may be cut short, but then they differ.
    is_one = known.null_count == 0 and known.has_min_max and known.min == known.max
    return (known.min,) if is_one else ()
