"""Numbers that lie in a Parquet file as they do in memory: read where they lie, nothing is decoded.

Of a row group that lacks some, those that there are lie together; where a row's stands among them follows
from a bit a row, kept with a count for every 64 of them: 1.5 bits a row in all.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from io import FileIO
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

Integers: TypeAlias = npt.NDArray[np.int64]

NOT_PLAIN: Final = 0
"""Offset of values that have to be decoded."""


NEAR: Final = 1_024
"""Rows between two stretches up to which they are read as one: to copy them is as fast as to ask again."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What is read of a file: stretches near one another at once, what lies between them is then left out."""

    firsts: Integers
    """The first row of each part."""
    lengths: Integers
    """How many rows it spans."""
    groups: Integers
    chosen: Integers | None
    """Which of all rows of the parts, one part after another, are the stretches'; null where all are."""


@dataclass(frozen=True)
class Stretches:
    """Rows that follow one another in one row group: where they begin, how many they are, in which group."""

    firsts: Integers
    lengths: Integers
    groups: Integers

    @classmethod
    def of(cls, rows: Integers, edges: Integers) -> Stretches:
        """Of rows (sorted) in a file whose row groups end at these edges."""
        begins = np.ones(len(rows), np.bool_)
        np.not_equal(np.diff(rows), 1, out=begins[1:])
        cuts = np.searchsorted(rows, edges[1:-1])
        begins[cuts[cuts < len(rows)]] = True
        first = np.flatnonzero(begins)
        groups = np.searchsorted(edges, rows[first], "right") - 1
        return cls(rows[first], np.diff(np.append(first, len(rows))), groups)

    @cached_property
    def parts(self) -> Parts:
        """How they are read, the same for every column that lacks no value."""
        ends = self.firsts + self.lengths
        apart = np.flatnonzero((self.firsts[1:] - ends[:-1] > NEAR) | (np.diff(self.groups) != 0)) + 1
        first, last = np.append(0, apart), np.append(apart, len(ends)) - 1
        firsts, lengths = self.firsts[first], ends[last] - self.firsts[first]
        if len(first) == len(ends):
            return Parts(firsts, lengths, self.groups[first], None)
        skipped = np.repeat(firsts - (np.cumsum(lengths) - lengths), last - first + 1)
        return Parts(firsts, lengths, self.groups[first], stretched(self.firsts - skipped, self.lengths))


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

    def among(self, stretches: Stretches) -> Stretches:
        """The same, counted among the rows that have one."""
        first = self.rank(stretches.firsts)
        last = self.rank(stretches.firsts + stretches.lengths)
        return Stretches(first, last - first, stretches.groups)


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

    def take(self, file: FileIO, rows: Integers, stretches: Stretches) -> pa.Array:
        """The values of some rows, which are those of the stretches."""
        number = np.dtype(f"<i{self.kind.bit_width // 8}")
        if self.present is None:
            values, bits = self._read(file, number, stretches), None
        else:
            there = self.present.has(rows)
            values, bits = reused(len(rows), number), pa.py_buffer(np.packbits(there, bitorder="little"))
            values.fill(0)
            values[there] = self._read(file, number, self.present.among(stretches))
        return pa.Array.from_buffers(self.kind, len(rows), [bits, pa.py_buffer(values)])

    def _read(self, file: FileIO, number: np.dtype[Any], stretches: Stretches) -> npt.NDArray[Any]:
        parts = stretches.parts
        at = self.origins[parts.groups] + parts.firsts * number.itemsize
        numbers = _bytes(file, at, parts.lengths * number.itemsize).view(number)
        if parts.chosen is None:
            return numbers
        # Clipping changes none of them; to raise, numpy would copy them all once more.
        return numbers.take(parts.chosen, out=reused(len(parts.chosen), number), mode="clip")


def find_numbers(
    path: Path, file: FileIO, kind: pa.DataType, name: str, chunks: Sequence[Any], edges: Integers
) -> PlainNumbers | None:
    """How a column's numbers lie; null where none can be taken. Reads all of them where some are missing."""
    width = kind.bit_width // 8
    offsets = np.array([_plain_offset(file, chunk, width) for chunk in chunks], np.int64)
    if not offsets.any():
        return None
    present = None
    if any(_missing(chunk) != 0 for chunk in chunks):
        with pq.ParquetFile(path, memory_map=True) as parquet:
            present = Present.of(parquet.read([name], use_threads=False)[name])
    first = edges[:-1] if present is None else present.rank(edges[:-1])
    return PlainNumbers(kind, offsets - first * width, offsets != NOT_PLAIN, present)


def _bytes(file: FileIO, starts: Integers, sizes: Integers) -> npt.NDArray[np.uint8]:
    """So many bytes from each of some places, one after another."""
    # Not from a mapped file: its page faults took two to five times as long as these reads.
    found = reused(int(sizes.sum()), np.dtype(np.uint8))
    into, here, number = found.data, 0, file.fileno()
    for start, size in zip(starts.tolist(), sizes.tolist(), strict=True):
        if os.preadv(number, [into[here : here + size]], start) != size:
            raise OSError(f"{file.name} is shorter than its footer says")
        here += size
    return found


def reused(count: int, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """Room for so many values, of memory that this process had before: numpy's own is new each time.

    To touch new memory took up to half the time of a pick: the system hands it out page by page.
    """
    return np.frombuffer(pa.allocate_buffer(count * kind.itemsize), kind)


def stretched(firsts: Integers, lengths: Integers) -> Integers:
    """Every number of some stretches of numbers."""
    skipped = firsts - (np.cumsum(lengths) - lengths)
    return np.repeat(skipped, lengths) + np.arange(lengths.sum())


def _plain_offset(file: FileIO, chunk: Any, width: int) -> int:
    """Where the values of a row group begin, one after another as in memory; else NOT_PLAIN."""
    missing = _missing(chunk)
    is_plain = chunk.compression == "UNCOMPRESSED" and set(chunk.encodings) == {"PLAIN", "RLE"}
    if not is_plain or missing is None:
        return NOT_PLAIN
    size = (chunk.num_values - missing) * width
    if _page_size(file, chunk.data_page_offset) < size:
        return NOT_PLAIN
    # They end the only page, after its header and levels.
    return int(chunk.data_page_offset + chunk.total_compressed_size - size)


def _missing(chunk: Any) -> int | None:
    """How many rows lack a value, where the footer tells."""
    return chunk.statistics.null_count if chunk.is_stats_set else None


def _page_size(file: FileIO, at: int) -> int:
    """Bytes of the page whose header lies there: the header's second field, in Thrift's compact protocol.

    https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (PageHeader)
    """
    file.seek(at)
    header = file.read(8)
    if header[0] != 0x15 or header[2] != 0x15:
        return 0
    value = 0
    for place, byte in enumerate(header[3:]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            break
    return value >> 1
