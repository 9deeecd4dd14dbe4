"""Numbers that lie in a Parquet file as they do in memory: a row's is read where it lies, nothing is decoded.

Of a row group that lacks some, those that there are lie together; where a row's stands among them follows
from a bit a row, kept with a count for every 64 of them: 1.5 bits a row in all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

Integers: TypeAlias = npt.NDArray[np.int64]

NOT_PLAIN: Final = 0
"""Offset of values that have to be decoded."""


@dataclass(frozen=True, slots=True)
class Present:
    """Which rows have a value, and how many do before each."""

    words: npt.NDArray[np.uint64]
    """A bit a row, the lowest first."""
    before: npt.NDArray[np.int32]
    """How many rows before each word's have one."""

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Present:
        """Of a whole column."""
        bits = np.packbits(column.is_valid().to_numpy(), bitorder="little")
        words = np.pad(bits, (0, -len(bits) % 8 + 8)).view(np.uint64)
        counts = np.bitwise_count(words)
        return cls(words, (np.cumsum(counts) - counts).astype(np.int32))

    def has(self, rows: Integers) -> npt.NDArray[np.bool_]:
        """Whether each row has one."""
        bits = (self.words[rows >> 6] >> (rows & 63).view(np.uint64)) & np.uint64(1)
        return np.asarray(bits, np.bool_)

    def rank(self, rows: Integers) -> Integers:
        """How many rows before each have one."""
        below = (np.uint64(1) << (rows & 63).view(np.uint64)) - np.uint64(1)
        word = rows >> 6
        return np.asarray(self.before[word] + np.bitwise_count(self.words[word] & below), np.int64)


@dataclass(frozen=True, slots=True)
class PlainNumbers:
    """One column of a file."""

    kind: pa.DataType
    origins: Integers
    """By row group: where the file's first value would lie if all lay as its own do."""
    plain: npt.NDArray[np.bool_]
    """Whether the values of each row group can be taken."""
    present: Present | None
    """Which rows have a value; null where all do."""

    def has(self, groups: Integers) -> bool:
        """Whether the values of these row groups can be taken."""
        return bool(self.plain[groups].all())

    def take(self, data: mmap, rows: Integers, cuts: Integers) -> pa.Array:
        """The values of some rows; row group g has those from `cuts[g]` to `cuts[g + 1]`."""
        width = self.kind.bit_width // 8
        place = rows if self.present is None else self.present.rank(rows)
        at = np.repeat(self.origins, np.diff(cuts)) + place * width
        mask = None if self.present is None else self.present.has(rows)
        if mask is not None:
            at[~mask] = 0  # anywhere within the file
        values = _values(data, np.dtype(f"<i{width}"), at)
        bits = None if mask is None else pa.py_buffer(np.packbits(mask, bitorder="little"))
        return pa.Array.from_buffers(self.kind, len(rows), [bits, pa.py_buffer(values)])


def find_numbers(
    path: Path, data: mmap, kind: pa.DataType, name: str, chunks: Sequence[Any], edges: Integers
) -> PlainNumbers | None:
    """How a column's numbers lie; null where none can be taken. Reads all of them where some are missing."""
    width = kind.bit_width // 8
    offsets = np.array([_plain_offset(data, chunk, width) for chunk in chunks], np.int64)
    if not offsets.any():
        return None
    present = None
    if any(_missing(chunk) != 0 for chunk in chunks):
        with pq.ParquetFile(path, memory_map=True) as parquet:
            present = Present.of(parquet.read([name], use_threads=False)[name])
    first = edges[:-1] if present is None else present.rank(edges[:-1])
    return PlainNumbers(kind, offsets - first * width, offsets != NOT_PLAIN, present)


def _values(data: mmap, number: np.dtype[Any], at: Integers) -> npt.NDArray[Any]:
    # As if a value began at every byte: they lie anywhere.
    count = len(data) - number.itemsize + 1
    view: npt.NDArray[Any] = np.ndarray((count,), number, memoryview(data), 0, (1,))
    return view[at]


def _plain_offset(data: mmap, chunk: Any, width: int) -> int:
    """Where the values of a row group begin, one after another as in memory; else NOT_PLAIN."""
    missing = _missing(chunk)
    is_plain = chunk.compression == "UNCOMPRESSED" and set(chunk.encodings) == {"PLAIN", "RLE"}
    if not is_plain or missing is None:
        return NOT_PLAIN
    size = (chunk.num_values - missing) * width
    if _page_size(data, chunk.data_page_offset) < size:
        return NOT_PLAIN
    # They end the only page, after its header and levels.
    return int(chunk.data_page_offset + chunk.total_compressed_size - size)


def _missing(chunk: Any) -> int | None:
    """How many rows lack a value, where the footer tells."""
    return chunk.statistics.null_count if chunk.is_stats_set else None


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
