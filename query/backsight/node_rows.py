"""The rows of some nodes, picked out of files without reading what lies between them.

Where the rows of each node stand in a file is remembered, as files never change: so a question about a few
nodes finds its rows in any lake without looking at the others. For the same reason, rows that were picked are
kept while there is room: who tries another window or breakdown asks for the same ones again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from backsight.held_rows import HeldRows
from backsight.parquet_rows import Column, Integers, ParquetRows
from backsight.plain_numbers import stretched
from backsight.runs import side_by_side

KEPT_BYTES: Final = 512 * 2**20
"""Most memory for what is remembered of files."""

MOST: Final = 0.25
"""Share of the rows past which reading all of them is faster than picking."""

CODED: Final = pa.dictionary(pa.int32(), pa.string())
"""How the type of a row is given: as text, it would be most of a row."""

MOST_TYPES: Final = 255
"""Of so many types the rows of a file can be told apart by one byte each."""


class NodeRows:
    """Picks rows out of local Parquet files, some files at a time. Safe to share between threads.

    Rows that were picked count as `held`, and are kept there for the same question over the same files.
    """

    def __init__(self, held: HeldRows, kept_bytes: int = KEPT_BYTES, threads: int = 1) -> None:
        self._files: OrderedDict[str, tuple[NodeFile, int]] = OrderedDict()
        self._room = kept_bytes
        self._held = held
        self._rows = KeptRows(held.most // 2)
        self._threads = threads
        self._picks = 0
        self._lock = Lock()

    def pick(self, uris: Sequence[str], schema: pa.Schema, nodes: Integers) -> pa.Table | None:
        """The rows whose `node_id` is one of `nodes` (sorted, distinct); columns that a file lacks are null.

        Their columns are those of `picked_schema(schema)`. None where it is better to read everything: the
        files are far away, or many rows would be picked. Raises Exceeded where there is no room for them.
        """
        if any("://" in uri for uri in uris):
            return None
        with self._lock:
            self._picks += 1
            turn = self._picks

        def find(uri: str) -> tuple[NodeFile, Integers]:
            file = self._file(uri, turn)
            return file, file.find(nodes)

        found = list(side_by_side(find, uris, self._threads, "Finding events"))
        if sum(file.count(at) for file, at in found) > MOST * sum(file.rows.count for file, _ in found):
            return None
        picked = [(uri, *each) for uri, each in zip(uris, found, strict=True) if len(each[1])]
        wanted = picked_schema(schema)
        key = (blake2b(nodes.tobytes(), digest_size=16).digest(), tuple(schema.names))

        def read(each: tuple[str, NodeFile, Integers]) -> pa.Table:
            uri, file, at = each
            rows = self._rows.get(key, uri)
            if rows is None:
                rows = self._held.take(wanted, file.read(at, wanted).to_batches())
                self._rows.put(key, uri, rows)
            return rows

        return self._held.joined(wanted, list(side_by_side(read, picked, self._threads, "Reading events")))

    def forget_rows(self) -> None:
        """Lets go of rows that were kept for later questions."""
        self._rows.clear()

    def _file(self, uri: str, turn: int) -> NodeFile:
        with self._lock:
            if uri in self._files:
                file = self._files[uri][0]
                self._keep(uri, file, turn)
                return file
        file = NodeFile.open(Path(uri))
        with self._lock:
            if uri not in self._files:
                self._room -= file.bytes
            self._keep(uri, file, turn)
            self._make_room(uri, turn)
        return file

    def _keep(self, uri: str, file: NodeFile, turn: int) -> None:
        self._files[uri] = (file, turn)
        self._files.move_to_end(uri)

    def _make_room(self, newest: str, turn: int) -> None:
        """Forgets the file that was asked for longest ago; but not one of this turn, lest a question about
        more files than there is room for would find none of them the next time: then the newest.
        """
        while self._room < 0 and self._files:
            oldest, (_, asked) = next(iter(self._files.items()))
            forgotten, _ = self._files.pop(oldest if asked < turn else newest)
            self._room += forgotten.bytes


class KeptRows:
    """Rows of files by what was asked of them, so many bytes; what was not asked for longest makes room.

    Files never change, so it never lies. Safe to share between threads.
    """

    def __init__(self, most: int) -> None:
        self._kept: OrderedDict[Hashable, dict[str, pa.Table]] = OrderedDict()
        self._room = most
        self._lock = Lock()

    def get(self, key: Hashable, uri: str) -> pa.Table | None:
        """What is kept of a file."""
        with self._lock:
            return self._kept.get(key, {}).get(uri)

    def put(self, key: Hashable, uri: str, rows: pa.Table) -> None:
        """Keeps it if there is room beside what else is kept of this question."""
        with self._lock:
            of_key = self._kept.setdefault(key, {})
            self._kept.move_to_end(key)
            self._room -= rows.nbytes - (of_key[uri].nbytes if uri in of_key else 0)
            of_key[uri] = rows
            while self._room < 0:
                oldest = next(iter(self._kept))
                gone = [of_key.pop(uri)] if oldest == key else self._kept.pop(oldest).values()
                self._room += sum(each.nbytes for each in gone)

    def clear(self) -> None:
        """Lets go of everything."""
        with self._lock:
            kept = [rows for of_key in self._kept.values() for rows in of_key.values()]
            self._kept.clear()
            self._room += sum(rows.nbytes for rows in kept)


def picked_schema(schema: pa.Schema) -> pa.Schema:
    """How the columns of a schema are given: a type by its number."""
    at = schema.get_field_index("type")
    return schema if at < 0 else schema.set(at, schema.field(at).with_type(CODED))


@dataclass(frozen=True, slots=True)
class NodeFile:
    """Where the rows of each node stand in one file, and of which type each is: every rule asks for it."""

    rows: ParquetRows
    nodes: Integers
    """The distinct nodes, sorted."""
    starts: npt.NDArray[np.int32]
    """Where the rows of each begin, and where the last one's end: in `order`, or in the file."""
    order: npt.NDArray[np.int32] | None
    """The rows that have a node, by node; null where they stand so in the file."""
    types: pa.StringArray
    type_of: npt.NDArray[np.uint8]
    """By row of the file, which of `types`; empty where there are too many."""

    @classmethod
    def open(cls, path: Path) -> NodeFile:
        """Read a file's nodes."""
        with pq.ParquetFile(path, read_dictionary=["type"]) as parquet:
            rows = ParquetRows(path, parquet.metadata)
            table = parquet.read(["node_id", "type"], use_threads=False)
        column = table["node_id"].combine_chunks()
        having = np.flatnonzero(column.is_valid())
        values, order = column.drop_null().to_numpy(), None
        if len(having) and (having[-1] >= len(having) or (values[1:] < values[:-1]).any()):
            by_node = np.argsort(values, kind="stable")
            values, order = values[by_node], having[by_node].astype(np.int32)
        first = np.flatnonzero(np.append(True, values[1:] != values[:-1])[: len(values)])
        starts = np.append(first, len(values)).astype(np.int32)
        return cls(rows, values[first], starts, order, *_types(table["type"]))

    @property
    def bytes(self) -> int:
        """Roughly how much memory it takes."""
        order = 0 if self.order is None else self.order.nbytes
        return int(self.nodes.nbytes + self.starts.nbytes + self.type_of.nbytes + order) + self.rows.bytes

    def find(self, nodes: Integers) -> Integers:
        """Which of its nodes are among these (sorted, distinct)."""
        few, many = (nodes, self.nodes) if len(nodes) < len(self.nodes) else (self.nodes, nodes)
        if not len(many):
            return np.empty(0, np.int64)
        at = np.searchsorted(many, few)
        both = many[np.minimum(at, len(many) - 1)] == few
        return at[both] if many is self.nodes else np.flatnonzero(both)

    def count(self, at: Integers) -> int:
        """How many rows those of its nodes have."""
        return int((self.starts[at + 1] - self.starts[at]).sum())

    def read(self, at: Integers, schema: pa.Schema) -> pa.Table:
        """Some columns of their rows, in the order of the file."""
        starts, lengths = self.starts[at].astype(np.int64), np.diff(self.starts)[at].astype(np.int64)
        rows, of_row = stretched(starts, lengths), np.repeat(self.nodes[at], lengths)
        if self.order is not None:
            rows = self.order[rows].astype(np.int64)
            in_order = np.argsort(rows)
            rows, of_row = rows[in_order], of_row[in_order]
        known: dict[str, Column] = {"node_id": pa.array(of_row)}
        if "type" in schema.names and len(self.type_of):
            numbers = pa.array(self.type_of[rows].astype(np.int32))
            known["type"] = pa.DictionaryArray.from_arrays(numbers, self.types)
        return self.rows.read(rows, schema, known)


def _types(column: pa.ChunkedArray) -> tuple[pa.StringArray, npt.NDArray[np.uint8]]:
    """The types that a file has, and each row's number among them; no numbers where one byte can't tell."""
    coded = column.combine_chunks().dictionary_encode()
    if len(coded.dictionary) > MOST_TYPES or coded.null_count:
        return coded.dictionary, np.empty(0, np.uint8)
    return coded.dictionary, coded.indices.to_numpy().astype(np.uint8)
