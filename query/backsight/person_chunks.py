"""Rows dealt out into chunks of whole persons, small enough to be worked on in the processor's cache.

Sorting and walking over a hundred thousand rows at a time took half the processor time of doing so over
millions: what a pass makes is still near when the next one needs it, and is no memory that is new each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from backsight.parquet_rows import Integers
from backsight.plain_numbers import reused
from backsight.runs import side_by_side

Array: TypeAlias = npt.NDArray[Any]
Arrays: TypeAlias = Mapping[str, Array]

PIECE_ROWS: Final = 2**17
"""Rows that are dealt out together."""

MOST_BITS: Final = 8
"""Chunks are told apart by at most so many bits: a byte is sorted by counting."""

SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)
"""An odd number: multiplied by it, different persons stay different, and their upper bits tell them apart."""


@dataclass(frozen=True, slots=True)
class _Hand:
    """How the rows of a piece are dealt out."""

    order: Integers
    """Its rows, chunk by chunk."""
    counts: Integers
    """How many each chunk gets."""


def pieces_of(rows: pa.Table, coded: Arrays) -> list[Arrays]:
    """The rows in pieces; `coded` stands for the columns that have other values in it."""
    pieces: list[Arrays] = []
    done = 0
    for batch in rows.to_batches(PIECE_ROWS):
        end = done + batch.num_rows
        pieces.append(
            {
                name: coded[name][done:end] if name in coded else batch[name].to_numpy(zero_copy_only=False)
                for name in rows.schema.names
            }
        )
        done = end
    return pieces


def dealt(pieces: Sequence[Arrays], bits: int, threads: int) -> list[Arrays]:
    """All rows in 2**bits chunks, by `person`; in a chunk they keep their order. Some may be empty."""
    hands = list(side_by_side(lambda piece: _hand(piece["person"], bits), pieces, threads))
    counts = np.array([hand.counts for hand in hands])
    ends = counts.sum(0).cumsum()
    begins = ends - counts.sum(0)
    at = begins + counts.cumsum(0) - counts
    # A column that lacks numbers in some pieces is read as one of fractions there.
    kinds = {name: np.result_type(*(piece[name].dtype for piece in pieces)) for name in pieces[0]}
    whole = {name: _room(int(ends[-1]), kind) for name, kind in kinds.items()}

    def deal(number: int) -> None:
        for name, column in whole.items():
            _deal(pieces[number][name], hands[number], column, at[number])

    list(side_by_side(deal, range(len(pieces)), threads))
    edges = zip(begins.tolist(), ends.tolist(), strict=True)
    return [{name: column[first:end] for name, column in whole.items()} for first, end in edges]


def _room(rows: int, kind: np.dtype[Any]) -> Array:
    # Objects, such as flags that may be missing, can't stand in plain memory.
    return np.empty(rows, kind) if kind.hasobject else reused(rows, kind)


def _hand(person: Integers, bits: int) -> _Hand:
    chunk = ((person.view(np.uint64) * SPREAD) >> np.uint64(64 - bits)).astype(np.uint8)
    return _Hand(np.argsort(chunk, kind="stable"), np.bincount(chunk, minlength=1 << bits))


def _deal(values: Array, hand: _Hand, column: Array, at: Integers) -> None:
    """Put the values of a piece where each chunk's rows of it begin in the column."""
    taken = values[hand.order]
    edges = np.append(0, hand.counts.cumsum()).tolist()
    for begin, first, end in zip(at.tolist(), edges[:-1], edges[1:], strict=True):
        column[begin : begin + end - first] = taken[first:end]
