"""The one place that runs SQL: DuckDB, embedded.

Reports speak to `Engine.query` alone, with portable SQL over relations that they name; another engine that
reads the same Delta tables can stand in its place.
"""

from __future__ import annotations

import time
import weakref
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Condition, Lock
from typing import Final, TypeAlias

import duckdb
import pyarrow as pa

from backsight.ending import ending_with_run, interruptible, measured, raising_ours
from backsight.held_rows import HeldRows
from backsight.node_rows import NodeRows
from backsight.parquet_rows import Integers
from backsight.rules import user_agents
from backsight.sandbox.processes import Sandbox
from backsight.spill import Spill

SETTINGS: Final[dict[str, str | bool | int | float | list[str]]] = {
    # Nothing is fetched over the network behind an analyst's back.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
}

ARROW_TO_SQL: Final[tuple[tuple[pa.DataType, str], ...]] = (
    (pa.string(), "varchar"),
    (pa.int64(), "bigint"),
    (pa.int32(), "integer"),
    (pa.timestamp("us", tz="UTC"), "timestamptz"),
    (pa.date32(), "date"),
    (pa.map_(pa.string(), pa.string()), "map(varchar, varchar)"),
)

OF_DEFAULT: Final = 5 / 8
"""How much of what DuckDB would take where it is not told, which is four fifths of the memory there is."""

UNITS: Final = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
"""In which DuckDB tells a size, each 1024 times the one before."""

BATCH_ROWS: Final = 2**17
"""Answers come in parts of so many rows: sooner than in one piece, and without standing in memory twice."""

KEPT_BYTES: Final = 256 * 2**20
"""Most memory for derived relations that are kept."""
ROW_BITS: Final = 40
"""Of a `row_id`, the bits that say which row of its file it is; above them stands which of the files."""
KEPT_RELATIONS: Final = 1_000
"""Most of them: their keys take room too."""

CLOSE_SECONDS: Final = 5.0
"""How long `close` waits for interrupted queries to end."""


@dataclass(frozen=True, slots=True)
class Files:
    """A relation in Parquet files. A column that a file lacks is null there; those not named are not read."""

    uris: Sequence[str]
    schema: pa.Schema
    nodes: Integers | None = None
    """Only rows with one of these in `node_id` are asked for (sorted, distinct); there may be others."""
    named: bool = False
    """Whether each row says, as `filename`, in which of the files it stands."""
    numbered: bool = False
    """Whether each row says, as `row_id`, which it is: the number of its file, then, in ROW_BITS, its own."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A relation that another statement gives. Rows are kept: equal keys mean equal rows."""

    sql: str
    params: Mapping[str, object]
    tables: Mapping[str, Relation]
    key: Hashable


@dataclass(frozen=True, slots=True)
class Parts:
    """A relation made of others, one after the other; each is derived, and kept, by itself."""

    parts: Sequence[Derived]
    schema: pa.Schema


Relation: TypeAlias = pa.Table | Files | Derived | Parts


class Engine:
    """An in-process database, safe to share between threads: every query has a cursor and names of its own.

    `threads` and `memory` (such as "4GB") bound what it takes, and default to as many threads as there are
    processors and half of the machine's memory (or its container's). Rows of answers, which stand outside the
    database, may take half as much again: by default three quarters in all.
    """

    def __init__(self, threads: int | None = None, memory: str | None = None) -> None:
        self._database = duckdb.connect(config=SETTINGS)
        # Parquet footers are kept between queries: files of the lake never change once committed.
        for setting in ("parquet_metadata_cache = true", "preserve_insertion_order = false"):
            self._database.execute(f"set global {setting}")
        memory = f"{int(self._memory * OF_DEFAULT)}B" if memory is None else memory
        for name, value in (("threads", threads), ("memory_limit", memory)):
            if value is not None:
                self._database.execute(f"set global {name} = '{value}'")
        # What does not fit in memory goes to the system's temporary folder, not into the current one.
        spill = Spill()
        self._unspill = weakref.finalize(self, spill.close)  # at the latest when the interpreter ends
        self._database.execute(f"set global temp_directory = {quoted(str(spill.path))}")
        self._database.execute(f"set global max_temp_directory_size = '{spill.most}B'")
        self.threads, self.memory = int(self._setting("threads")), self._memory
        self.sandbox = Sandbox(self.memory // 4, self.threads)
        self._rows = HeldRows(self.memory // 2, self.forget)
        self._node_rows = NodeRows(self._rows, threads=self.threads)
        self._derived: OrderedDict[Hashable, pa.Table] = OrderedDict()
        self._running: set[duckdb.DuckDBPyConnection] = set()
        self._lock = Lock()
        self._ended = Condition(self._lock)
        user_agents.register(self._database)

    def query(
        self,
        sql: str,
        params: Mapping[str, object] | None = None,
        tables: Mapping[str, Relation] | None = None,
    ) -> pa.Table:
        """The answer to one statement, whose named parameters ($name) are bound, over the relations given.

        Instants are UTC. Raises Exceeded where it takes more memory than there is for it, Cancelled where the
        engine is closed, what ends the run that it belongs to (see `runs`), else what the database raises.
        """
        with self._cursor() as cursor:
            cursor.execute("set timezone = 'UTC'")
            for name, relation in (tables or {}).items():
                self._provide(cursor, name, relation)

            def fetch() -> pa.Table:
                answer = cursor.sql(sql, params=dict(params or {}))
                reader = answer.to_arrow_reader(BATCH_ROWS)
                # Copied, what DuckDB gives is free for the next part; else it would need new memory for each.
                ours = (batch.copy_to(pa.default_cpu_memory_manager()) for batch in reader)
                return self._rows.take(reader.schema, ours)

            with measured(cursor, "Reading events" if reads_files(tables) else "Counting"):
                return interruptible(fetch, cursor.interrupt)

    def parts(
        self, sql: str, params: Mapping[str, object], tables: Mapping[str, Relation]
    ) -> Iterator[pa.RecordBatch]:
        """The answer to one statement part by part, as `query` gives it, but never held as a whole."""
        with self._cursor() as cursor:
            cursor.execute("set timezone = 'UTC'")
            for name, relation in tables.items():
                self._provide(cursor, name, relation)
            reader = cursor.sql(sql, params=dict(params)).to_arrow_reader(BATCH_ROWS)
            while (batch := interruptible(partial(next, reader, None), cursor.interrupt)) is not None:
                yield batch

    @property
    def _memory(self) -> int:
        """What the database may take, in bytes, about: it tells a rounded number."""
        size, unit = self._setting("memory_limit").split()
        return int(float(size) * 2 ** (10 * UNITS.index(unit)))

    def _setting(self, name: str) -> str:
        return str(self._database.sql(f"select current_setting('{name}')").fetchall()[0][0])

    def interrupt(self) -> None:
        """End every query that is running now; each raises Cancelled."""
        with self._lock:
            for cursor in self._running:
                cursor.interrupt()

    def close(self) -> None:
        """End every query that is running and release the database; queries raise from then on."""
        # DuckDB refuses to close a connection while a cursor of it is at work; and an interrupt that comes
        # just before a query begins has no effect on it.
        give_up = time.monotonic() + CLOSE_SECONDS
        while self._running and time.monotonic() < give_up:
            self.interrupt()
            with self._lock:
                self._ended.wait_for(lambda: not self._running, timeout=0.05)
        self.sandbox.close()
        self._database.close()
        self._unspill()

    def _provide(self, cursor: duckdb.DuckDBPyConnection, name: str, relation: Relation) -> None:
        if isinstance(relation, pa.Table):
            cursor.register(name, relation)
        elif isinstance(relation, Derived):
            cursor.register(name, self._derive(relation))
        elif isinstance(relation, Parts):
            parts = [self._derive(part).cast(relation.schema) for part in relation.parts]
            cursor.register(name, pa.concat_tables([relation.schema.empty_table(), *parts]))
        elif not relation.uris:
            more = [pa.field("filename", pa.string())] if relation.named else []
            more += [pa.field("row_id", pa.int64())] if relation.numbered else []
            cursor.register(name, pa.schema([*relation.schema, *more]).empty_table())
        elif (picked := self._picked(relation)) is not None:
            cursor.register(name, picked)
        else:
            cursor.execute(f'create temp view "{name}" as {select_files(relation)}')

    def _derive(self, relation: Derived) -> pa.Table:
        """The rows of a derived relation, kept while there is room."""
        with self._lock:
            kept = self._derived.get(relation.key)
            if kept is not None:
                self._derived.move_to_end(relation.key)
                return kept
        made = self.query(relation.sql, relation.params, relation.tables)
        with self._lock:
            self._derived[relation.key] = made
            while (
                len(self._derived) > KEPT_RELATIONS
                or sum(table.nbytes for table in self._derived.values()) > KEPT_BYTES
            ):
                self._derived.popitem(last=False)
        return made

    def _picked(self, files: Files) -> pa.Table | None:
        """The rows that are asked for, where it is better to pick them than to read all."""
        if files.nodes is None or files.named or files.numbered:
            return None
        return self._node_rows.pick(files.uris, files.schema, files.nodes)

    def forget(self) -> None:
        """Lets go of what is kept for later questions."""
        self._node_rows.forget_rows()
        with self._lock:
            self._derived.clear()

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        cursor = self._database.cursor()
        with self._lock:
            self._running.add(cursor)
        try:
            with cursor, raising_ours(), ending_with_run(cursor.interrupt):
                yield cursor
        finally:
            with self._lock:
                self._running.discard(cursor)
                self._ended.notify_all()


def reads_files(tables: Mapping[str, Relation] | None) -> bool:
    """Whether a statement over these reads the lake, and not only what is in memory by now."""
    return any(isinstance(relation, Files) and relation.uris for relation in (tables or {}).values())


def select_files(files: Files) -> str:
    """SQL that reads the files by name, whatever version of the schema each was written with."""
    listed = ", ".join(quoted(uri) for uri in files.uris)
    # Named columns and defaults instead of union_by_name: no need to open every file before the first row.
    fields = ", ".join(
        f"{quoted(field.name)}: {{name: {quoted(field.name)}, type: {quoted(sql_type(field.type))}, "
        "default_value: null}"
        for field in files.schema
    )
    named = ", filename = true" if files.named else ""
    number = f", (cast(file_index as bigint) << {ROW_BITS}) | file_row_number as row_id"
    columns = f"*{number}" if files.numbered else "*"
    parts = f"schema = map {{{fields}}}, hive_partitioning = false{named}"
    return f"select {columns} from read_parquet([{listed}], {parts})"


def quoted(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("'", "''") + "'"


def sql_type(kind: pa.DataType) -> str:
    """What DuckDB calls the type of one of the lake's columns."""
    return next(sql for arrow, sql in ARROW_TO_SQL if kind.equals(arrow))
