"""The rows of some nodes, picked out of files without reading what lies between them.

Where the rows of each node stand in a file is remembered, as files never change: so a question about a few
nodes finds its rows in any lake without looking at the others.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from backsight.parquet_rows import Integers, ParquetRows

KEPT_BYTES: Final = 256 * 2**20
"""Most memory for what is remembered of files."""

MOST: Final = 0.25
"""Share of the rows past which reading all of them is faster than picking."""


class NodeRows:
    """Picks rows out of local Parquet files. Safe to share between threads."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._files: OrderedDict[str, NodeFile] = OrderedDict()
        self._room = kept_bytes
        self._lock = Lock()

    def pick(self, uris: Sequence[str], schema: pa.Schema, nodes: Integers) -> pa.Table | None:
        """The rows whose `node_id` is one of `nodes` (sorted, distinct); columns that a file lacks are null.

        None where it is better to read everything: the files are far away, or many rows would be picked.
        """
        if any("://" in uri for uri in uris):
            return None
        files = [self._file(uri) for uri in uris]
        found = [file.find(nodes) for file in files]
        picked = sum(file.count(at) for file, at in zip(files, found, strict=True))
        if picked > MOST * sum(file.rows.count for file in files):
            return None
        parts = [file.read(at, schema) for file, at in zip(files, found, strict=True) if len(at)]
        return pa.concat_tables(parts) if parts else schema.empty_table()

    def _file(self, uri: str) -> NodeFile:
        with self._lock:
            if uri in self._files:
                self._files.move_to_end(uri)
                return self._files[uri]
        file = NodeFile.open(Path(uri))
        with self._lock:
            if uri not in self._files:
                self._files[uri] = file
                self._room -= file.bytes
            while self._room < 0:
                self._room += self._files.popitem(last=False)[1].bytes
        return file


@dataclass(frozen=True, slots=True)
class NodeFile:
    """Where the rows of each node stand in one file."""

    rows: ParquetRows
    nodes: Integers
    """The distinct nodes, sorted."""
    starts: Integers
    """Where the rows of each begin, and where the last one's end: in `order`, or in the file."""
    order: npt.NDArray[np.int32] | None
    """The rows that have a node, by node; null where they stand so in the file."""

    @classmethod
    def open(cls, path: Path) -> NodeFile:
        """Read a file's nodes."""
        with pq.ParquetFile(path) as parquet:
            rows = ParquetRows(path, parquet.metadata)
            column = parquet.read(["node_id"], use_threads=False)["node_id"].combine_chunks()
        having = np.flatnonzero(column.is_valid())
        values, order = column.drop_null().to_numpy(), None
        if len(having) and (having[-1] >= len(having) or (values[1:] < values[:-1]).any()):
            by_node = np.argsort(values, kind="stable")
            values, order = values[by_node], having[by_node].astype(np.int32)
        first = np.flatnonzero(np.append(True, values[1:] != values[:-1])[: len(values)])
        return cls(rows, values[first], np.append(first, len(values)), order)

    @property
    def bytes(self) -> int:
        """Roughly how much memory it takes."""
        order = 0 if self.order is None else self.order.nbytes
        return int(self.nodes.nbytes + self.starts.nbytes + order) + self.rows.bytes

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
        starts, ends = self.starts[at], self.starts[at + 1]
        rows, nodes = _stretches(starts, ends), np.repeat(self.nodes[at], ends - starts)
        if self.order is not None:
            rows = self.order[rows].astype(np.int64)
            in_order = np.argsort(rows)
            rows, nodes = rows[in_order], nodes[in_order]
        return self.rows.read(rows, schema, {"node_id": pa.array(nodes)})


def _stretches(starts: Integers, ends: Integers) -> Integers:
    """Every number of some stretches of numbers."""
    lengths = ends - starts
    skipped = starts - (np.cumsum(lengths) - lengths)
    return np.repeat(skipped, lengths) + np.arange(lengths.sum())
