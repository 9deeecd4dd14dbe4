"""Rows that stand in memory outside the database, within a bound: what statements answered, what was picked.

Without the bound, a report over more rows than fit would end with the whole process.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from threading import RLock

import pyarrow as pa

from backsight import runs
from backsight.errors import Exceeded


class HeldRows:
    """Counts the bytes of tables while they live, up to `most`. Safe to share between threads.

    `let_go` is called where room is short, to release tables that can be spared.
    """

    def __init__(self, most: int, let_go: Callable[[], None] = lambda: None) -> None:
        self.most = most
        self._room, self._let_go = most, let_go
        # Reentrant: while a table is booked, the same thread may collect, and so free, another.
        self._lock = RLock()

    def take(self, schema: pa.Schema, parts: Iterable[pa.RecordBatch]) -> pa.Table:
        """The parts as one table; Exceeded as soon as there is no room for the next of them."""
        batches: list[pa.RecordBatch] = []
        taken = 0
        try:
            for batch in parts:
                runs.check()
                self._book(batch.nbytes)
                taken += batch.nbytes
                batches.append(batch)
        except BaseException:
            self._free(taken)
            raise
        table = pa.Table.from_batches(batches, schema)
        weakref.finalize(table, self._free, taken)
        return table

    def joined(self, schema: pa.Schema, tables: Sequence[pa.Table]) -> pa.Table:
        """Tables that are held as one, without a copy; they stay held as long as it does."""
        whole = pa.concat_tables(tables) if tables else schema.empty_table()
        weakref.finalize(whole, tables.__len__)  # which does nothing but hold the tables until then
        return whole

    def _book(self, size: int) -> None:
        if size > self._room:
            self._let_go()
        with self._lock:
            if size > self._room:
                raise too_large()
            self._room -= size

    def _free(self, size: int) -> None:
        with self._lock:
            self._room += size


def too_large() -> Exceeded:
    """The error of a question for which there is not enough memory."""
    return Exceeded(
        "the answer takes more memory than there is for reports",
        field="memory",
        valid=f"{runs.LESS}; or more memory for reports (BACKSIGHT_MEMORY)",
    )
