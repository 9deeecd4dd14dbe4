"""The one place that runs SQL: DuckDB, embedded.

Reports speak to `Engine.query` alone, with portable SQL over relations that they name; another engine that
reads the same Delta tables can stand in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final, TypeAlias

import duckdb
import pyarrow as pa

from backsight import user_agents

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


@dataclass(frozen=True, slots=True)
class Files:
    """A relation in Parquet files. A column that a file lacks is null there; those not named are not read."""

    uris: Sequence[str]
    schema: pa.Schema


Relation: TypeAlias = pa.Table | Files


class Engine:
    """An in-process database, safe to share between threads: every query has a cursor and names of its own.

    `threads` and `memory` (such as "4GB") bound what it takes; both default to DuckDB's own choice.
    """

    def __init__(self, threads: int | None = None, memory: str | None = None) -> None:
        self._database = duckdb.connect(config=SETTINGS)
        # Parquet footers are kept between queries: files of the lake never change once committed.
        for setting in ("parquet_metadata_cache = true", "preserve_insertion_order = false"):
            self._database.execute(f"set global {setting}")
        for name, value in (("threads", threads), ("memory_limit", memory)):
            if value is not None:
                self._database.execute(f"set global {name} = '{value}'")
        self._running: set[duckdb.DuckDBPyConnection] = set()
        self._lock = Lock()
        user_agents.register(self._database)

    def query(
        self,
        sql: str,
        params: Mapping[str, object] | None = None,
        tables: Mapping[str, Relation] | None = None,
    ) -> pa.Table:
        """The answer to one statement, whose named parameters ($name) are bound, over the relations given.

        Instants are UTC. Raises what the database raises; `interrupt` ends it from another thread.
        """
        with self._database.cursor() as cursor:
            cursor.execute("set timezone = 'UTC'")
            for name, relation in (tables or {}).items():
                _provide(cursor, name, relation)
            return self._run(cursor, sql, dict(params or {}))

    def interrupt(self) -> None:
        """End every query that is running now; each raises duckdb.InterruptException."""
        with self._lock:
            for cursor in self._running:
                cursor.interrupt()

    def close(self) -> None:
        """Release the database; queries raise from then on."""
        self._database.close()

    def _run(self, cursor: duckdb.DuckDBPyConnection, sql: str, params: dict[str, object]) -> pa.Table:
        with self._lock:
            self._running.add(cursor)
        try:
            return cursor.sql(sql, params=params).to_arrow_table()
        finally:
            with self._lock:
                self._running.discard(cursor)


def _provide(cursor: duckdb.DuckDBPyConnection, name: str, relation: Relation) -> None:
    if isinstance(relation, pa.Table):
        cursor.register(name, relation)
    elif relation.uris:
        cursor.execute(f'create temp view "{name}" as {select_files(relation)}')
    else:
        cursor.register(name, relation.schema.empty_table())


def select_files(files: Files) -> str:
    """SQL that reads the files by name, whatever version of the schema each was written with."""
    listed = ", ".join(quoted(uri) for uri in files.uris)
    # Named columns and defaults instead of union_by_name: no need to open every file before the first row.
    fields = ", ".join(
        f"{quoted(field.name)}: {{name: {quoted(field.name)}, type: {quoted(_sql_type(field.type))}, "
        "default_value: null}"
        for field in files.schema
    )
    return f"select * from read_parquet([{listed}], schema = map {{{fields}}}, hive_partitioning = false)"


def quoted(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("'", "''") + "'"


def _sql_type(kind: pa.DataType) -> str:
    return next(sql for arrow, sql in ARROW_TO_SQL if kind.equals(arrow))
