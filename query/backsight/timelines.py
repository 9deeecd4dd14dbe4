"""Timelines: the events that matter to a report, person by person, each person's in the order of time.

Reports about order (funnel, retention, paths) scan once with SQL and then walk over these arrays, a few
passes of numpy for all persons at once. Rows come in chunks of whole persons: chunks are worked on side by
side, and what a pass needs beside the rows themselves stays small however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from backsight.parquet_rows import Integers
from backsight.person_chunks import MOST_BITS, Arrays, dealt, pieces_of
from backsight.person_chunks import SPREAD as SPREAD
from backsight.person_chunks import Array as Array
from backsight.runs import check, side_by_side

Flags: TypeAlias = npt.NDArray[np.bool_]
Keys: TypeAlias = npt.NDArray[np.uint64]
Made = TypeVar("Made")

CHUNK_ROWS: Final = 2**17
"""Rows of a chunk at most, about, until there are too many chunks."""

FEW_ROWS: Final = 2**17
"""So many rows are one chunk."""

KEY_BITS: Final = 64
LATEST_PLACE: Final = np.iinfo(np.int64).max


class Columns(Mapping[str, Array]):
    """Columns of a scan in the order of a timeline; each is put into it when it is first asked for.

    Then a run that was called off ends, too: a walk asks for columns all along its way.
    """

    def __init__(self, arrays: Mapping[str, Array], rows: Integers) -> None:
        self._arrays, self._rows = arrays, rows
        self._taken: dict[str, Array] = {}

    def __getitem__(self, name: str) -> Array:
        if name not in self._taken:
            check()
            self._taken[name] = self._arrays[name][self._rows]
        return self._taken[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def at(self, name: str, rows: Integers) -> Array:
        """A column's values in some rows of the timeline only."""
        return self._arrays[name][self._rows[rows]]

    def only(self, rows: Integers) -> Columns:
        """The columns of some rows of the timeline."""
        return Columns(self._arrays, self._rows[rows])


@dataclass(frozen=True)
class Timeline:
    """Events of whole persons, ordered by `person`, `part` and `place`, as arrays of one length.

    A run is the stretch of one person's events, or, with parts (sessions, values of a property that is
    held), of one part of them. Events of one place stand in the order of their pages: never of arrival.
    """

    person: Integers
    place: Integers
    columns: Columns
    """Whatever else the scan gave."""
    part: Integers | None = None

    def __len__(self) -> int:
        return len(self.person)

    def only(self, rows: Integers) -> Timeline:
        """Some rows (in their order) as a timeline of their own."""
        part = None if self.part is None else self.part[rows]
        return Timeline(self.person[rows], self.place[rows], self.columns.only(rows), part)

    @cached_property
    def starts(self) -> Integers:
        """The first row of each run."""
        begins = changes(self.person) if self.part is None else changes(self.person, self.part)
        return np.flatnonzero(begins)

    @cached_property
    def lengths(self) -> Integers:
        """How many rows each run has."""
        return np.diff(np.append(self.starts, len(self)))

    @cached_property
    def run(self) -> Integers:
        """The number of each row's run."""
        return np.repeat(np.arange(len(self.starts)), self.lengths)

    @cached_property
    def first(self) -> Integers:
        """The first row of each row's run."""
        return np.repeat(self.starts, self.lengths)


@dataclass(frozen=True)
class Timelines:
    """The rows of a scan, in the order in which they came, to be read as `Timeline`s.

    They have `person` and `place`, maybe `page` (which orders rows of one place) and `part`, and others;
    texts are read as numbers, by `words`.
    """

    rows: pa.Table
    threads: int = 1

    def map(self, walk: Callable[[Timeline], Made]) -> list[Made]:
        """What a walk makes of each chunk."""
        chunks, words = self._chunks(), "Following each person"
        return list(side_by_side(lambda arrays: walk(timeline_of(arrays)), chunks, self.threads, words))

    def words(self, column: str) -> list[str | None]:
        """The distinct texts of a column; in a timeline it holds their indices."""
        return list(self._coded[column][1])

    def _chunks(self) -> list[Arrays]:
        codes = {name: codes for name, (codes, _) in self._coded.items()}
        if self.rows.num_rows <= FEW_ROWS:
            numbers = set(self.rows.schema.names) - codes.keys()
            return [codes | {name: self.rows[name].to_numpy() for name in numbers}]
        bits = min(((self.rows.num_rows - 1) // CHUNK_ROWS).bit_length(), MOST_BITS)
        return dealt(pieces_of(self.rows, codes), bits, self.threads)

    @cached_property
    def _coded(self) -> Mapping[str, tuple[Array, list[str | None]]]:
        return {
            field.name: _codes(self.rows[field.name])
            for field in self.rows.schema
            if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
        }


def timeline_of(arrays: Arrays) -> Timeline:
    """The timeline of rows in any order; the columns are those of `Timelines`."""
    person, place, part = arrays["person"], arrays["place"], arrays.get("part")
    grouped, order = timeline_order(person, place, part, arrays.get("page"))
    part = None if part is None else part[grouped]
    return Timeline(person[grouped], place[order], Columns(arrays, order), part)


def timeline_order(
    person: Integers, place: Integers, part: Integers | None = None, page: Integers | None = None
) -> tuple[Integers, Integers]:
    """Rows by person and part alone, and by person, part and place, then page.

    Two sorts of one number each are several times faster than one by several columns: first by person, then
    by the number of the run and as much of the place as fits behind it. What that leaves tied is rare.
    """
    grouped = _by_person(person) if part is None else np.lexsort((part, person))
    begins = changes(person[grouped]) if part is None else changes(person[grouped], part[grouped])
    run = np.cumsum(begins, dtype=np.uint64)
    ahead = place[grouped]
    ahead -= ahead.min(initial=LATEST_PLACE)
    room = KEY_BITS - len(run).bit_length() - int(run.max(initial=0)).bit_length()
    width = min(int(ahead.max(initial=0)).bit_length(), room)
    cut = max(0, int(ahead.max(initial=0)).bit_length() - width)
    behind, key = _sorted((run << np.uint64(width)) | (ahead.view(np.uint64) >> np.uint64(cut)))
    order = grouped[behind]
    _settle(order, key, (*([page] if page is not None else []), place))
    return grouped, order


def _by_person(person: Integers) -> Integers:
    """Rows in an order in which those of one person stand together."""
    key = person.view(np.uint64) * SPREAD
    order, key = _sorted(key >> np.uint64(len(person).bit_length()))
    found = person[order]
    shared = (key[1:] == key[:-1]) & (found[1:] != found[:-1])
    if shared.any():  # two persons have all the bits in common that fit
        mixed = np.flatnonzero(np.isin(key, key[1:][shared]))
        order[mixed] = order[mixed][np.lexsort((found[mixed], key[mixed]))]
    return order


def _sorted(key: Keys) -> tuple[Integers, Keys]:
    """Indices in the order of some keys, and the keys in order; equal ones keep theirs.

    Sorting plain numbers is several times faster than sorting indices by them: so each one's index stands in
    the lower bits of what is sorted. Keys must leave room for it.
    """
    width = np.uint64(len(key).bit_length())
    both = (key << width) | np.arange(len(key), dtype=np.uint64)
    both.sort()
    return (both & ((np.uint64(1) << width) - np.uint64(1))).view(np.int64), both >> width


def _settle(order: Integers, key: Keys, by: Sequence[Integers]) -> None:
    """Put rows of one key into order by these columns, the last one first."""
    same = key[1:] == key[:-1]
    if not same.any():
        return
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    rows = order[tied]
    order[tied] = rows[np.lexsort((*(column[rows] for column in by), key[tied]))]


def changes(values: Array, *more: Array) -> Flags:
    """Whether each row differs, in any of these columns, from the one before it; the first does."""
    changed = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=changed[1:])
    for column in more:
        changed[1:] |= column[1:] != column[:-1]
    return changed


def _codes(column: pa.ChunkedArray) -> tuple[Array, list[str | None]]:
    coded = column.dictionary_encode("encode").combine_chunks()
    if isinstance(coded, pa.ChunkedArray):  # without a chunk there is no dictionary
        return np.empty(0, np.int32), []
    return coded.indices.to_numpy(), coded.dictionary.to_pylist()
