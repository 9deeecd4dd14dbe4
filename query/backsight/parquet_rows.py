"""Single rows of a Parquet file: no more of it is read than they need.

Numbers that lie in the file as they do in memory (as the collector writes what every report needs) are taken
from the mapped file one by one. A text that is the same in a whole row group is known from the footer. Any
other column is decoded, of the row groups that hold some of the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

Integers: TypeAlias = npt.NDArray[np.int64]
Column: TypeAlias = pa.Array | pa.ChunkedArray

NOT_PLAIN = 0
"""Offset of values that have to be decoded."""


class ParquetRows:
    """Reads rows of one local file, which must never change."""

    def __init__(self, path: Path, metadata: Any) -> None:
        self._path, self._metadata = path, metadata
        groups = [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)]
        self._edges: Integers = np.cumsum([0, *groups])
        self._offsets: dict[tuple[str, int], int] = {}
        self._texts: dict[tuple[str, int], tuple[str | None, ...]] = {}

    @property
    def count(self) -> int:
        """How many rows the file has."""
        return int(self._edges[-1])

    @property
    def bytes(self) -> int:
        """Roughly how much memory this takes: the footer's."""
        return 8_192 * len(self._edges)

    def read(self, rows: Integers, schema: pa.Schema, known: Mapping[str, Column]) -> pa.Table:
        """Some columns of some rows (sorted), but the `known` ones; those that the file lacks are null."""
        cuts = np.searchsorted(rows, self._edges)
        hit = [group for group in range(len(cuts) - 1) if cuts[group] < cuts[group + 1]]
        columns = dict(known)
        with self._path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            for field in (field for field in schema if field.name not in known):
                if field.name not in self._types:
                    columns[field.name] = pa.nulls(len(rows), field.type)
                elif all(self._offset(data, field, group) != NOT_PLAIN for group in hit):
                    columns[field.name] = self._taken(data, field, rows, cuts)
                elif all(self._text(field.name, group) for group in hit):
                    columns[field.name] = self._repeated(field.name, hit, cuts)
        missing = [name for name in schema.names if name not in columns]
        columns |= self._decoded(missing, rows, hit) if missing else {}
        return pa.table([columns[field.name].cast(field.type) for field in schema], names=schema.names)

    @cached_property
    def _types(self) -> dict[str, pa.DataType]:
        return {field.name: field.type for field in self._metadata.schema.to_arrow_schema()}

    @cached_property
    def _leaves(self) -> dict[str, int]:
        """Where each column that is not nested stands among those of the file."""
        schema = self._metadata.schema
        return {schema.column(index).path: index for index in range(len(schema))}

    def _chunk(self, name: str, group: int) -> Any:
        return self._metadata.row_group(group).column(self._leaves[name])

    def _taken(self, data: mmap, field: pa.Field, rows: Integers, cuts: Integers) -> pa.Array:
        number = np.dtype(f"<i{field.type.bit_width // 8}")
        values = np.empty(len(rows), number)
        for group in np.flatnonzero(np.diff(cuts)).tolist():
            first, end = self._edges[group], self._edges[group + 1]
            page = np.frombuffer(data, number, end - first, self._offset(data, field, group))
            values[cuts[group] : cuts[group + 1]] = page[rows[cuts[group] : cuts[group + 1]] - first]
            del page  # the file can't be unmapped while something points into it
        return pa.Array.from_buffers(field.type, len(rows), [None, pa.py_buffer(values)])

    def _repeated(self, name: str, hit: list[int], cuts: Integers) -> pa.Array:
        texts = pa.array([self._text(name, group)[0] for group in hit], pa.string())
        return texts.take(pa.array(np.repeat(np.arange(len(hit)), np.diff(cuts)[hit])))

    def _decoded(self, names: list[str], rows: Integers, hit: list[int]) -> dict[str, Column]:
        texts = [name for name in names if pa.types.is_string(self._types[name])]
        file = pq.ParquetFile(self._path, metadata=self._metadata, memory_map=True, read_dictionary=texts)
        with file as parquet:
            table = parquet.read_row_groups(hit, columns=names, use_threads=False)
        # The rows' places among those of the row groups that were read.
        skipped = np.cumsum(np.diff(self._edges) * ~np.isin(np.arange(len(self._edges) - 1), hit))
        taken = table.take(pa.array(rows - skipped[np.searchsorted(self._edges, rows, "right") - 1]))
        return {name: taken[name] for name in names}

    def _offset(self, data: mmap, field: pa.Field, group: int) -> int:
        """Where the column's values in a row group begin, one after another as in memory; else NOT_PLAIN."""
        key = (field.name, group)
        if key not in self._offsets:
            is_number = pa.types.is_integer(field.type) or pa.types.is_timestamp(field.type)
            same = is_number and self._types[field.name] == field.type
            width = field.type.bit_width // 8 if same else 0
            self._offsets[key] = _plain_offset(data, self._chunk(*key), width) if same else NOT_PLAIN
        return self._offsets[key]

    def _text(self, name: str, group: int) -> tuple[str | None, ...]:
        """The one text (or null) that a column has in a row group; empty where it may have several."""
        key = (name, group)
        if key not in self._texts:
            is_text = pa.types.is_string(self._types[name])
            self._texts[key] = _only_text(self._chunk(*key)) if is_text else ()
        return self._texts[key]


def _plain_offset(data: mmap, chunk: Any, width: int) -> int:
    size = chunk.num_values * width
    is_plain = chunk.compression == "UNCOMPRESSED" and set(chunk.encodings) == {"PLAIN", "RLE"}
    nulls = chunk.statistics.null_count if chunk.is_stats_set else None
    if not is_plain or nulls != 0 or _page_size(data, chunk.data_page_offset) < size:
        return NOT_PLAIN
    # They end the only page, after its header and levels.
    return int(chunk.data_page_offset + chunk.total_compressed_size - size)


def _page_size(data: mmap, at: int) -> int:
    """Bytes of the page whose header lies there: the header's second field, in Thrift's compact protocol.

    https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (PageHeader)
    """
    if data[at] != 0x15 or data[at + 2] != 0x15:
        return 0
    value = 0
    for place, byte in enumerate(data[at + 3 : at + 8]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            break
    return value >> 1


def _only_text(chunk: Any) -> tuple[str | None, ...]:
    known = chunk.statistics if chunk.is_stats_set else None
    if known is None or known.null_count is None:
        return ()
    if known.null_count == chunk.num_values:
        return (None,)
    # Bounds may be cut short, but then they differ.
    is_one = known.null_count == 0 and known.has_min_max and known.min == known.max
    return (known.min,) if is_one else ()
