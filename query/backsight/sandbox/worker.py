"""The process that answers statements, one after the other, each in a database of its own.

It is given everything through one connection: the statement, then the views that it may read with the paths
of their files, and gives back rows. Nothing is unpickled on either side. Run as `python -m`.
"""

from __future__ import annotations

import io
import json
import os
import resource
import select
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from backsight.sandbox.refusals import Refusal, from_database
from backsight.sandbox.vetting import vet

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

IDLE_SECONDS: Final = 60.0
"""After so long without a statement the process ends."""
DEEPEST: Final = 20_000
"""Of Python's calls: a statement nests a thousand expressions at most, each a few levels of its tree."""
BATCH_ROWS: Final = 4_096
SETTINGS: Final[dict[str, str | bool | int | float | list[str]]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",  # else a name in FROM may be a variable of this very module
}
READS_AGENTS: Final = "backsight_"
"""What the names of functions over user agents begin with."""
INTERVAL: Final = "INTERVAL"
FORMLESS: Final = ("BIT", "BIGNUM", "VARIANT", "UNION", "GEOMETRY", "TIME WITH TIME ZONE", "AGGREGATE_STATE")
"""Types of which neither Arrow nor JSON has a form that others read."""


def main() -> None:
    """Serves the connection at the descriptor named first, within the bytes named second."""
    descriptor, most = int(sys.argv[1]), int(sys.argv[2])
    with suppress(ValueError, OSError):  # a lower limit stands already, or the system knows none
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # rows of persons belong in no core file
    sys.setrecursionlimit(DEEPEST)
    Thread(target=_end_with_parent, args=[descriptor], daemon=True).start()
    connection = Connection(descriptor)
    with suppress(EOFError, OSError):
        while _serve_one(connection):
            pass


def _serve_one(connection: Connection) -> bool:
    """Answers the next statement; whether there was one."""
    import duckdb

    with duckdb.connect(config=SETTINGS) as database:  # made before it is asked: that takes time
        if not connection.poll(IDLE_SECONDS):
            return False
        _serve(connection, database)
    return True


def _end_with_parent(descriptor: int) -> None:
    """Ends the process when nobody is at the other end any more, also within a statement."""
    poll = select.poll()
    poll.register(descriptor, 0)  # hang-ups are told in any case
    poll.poll()
    os._exit(1)


def _serve(connection: Connection, database: duckdb.DuckDBPyConnection) -> None:
    asked = json.loads(connection.recv_bytes())
    try:
        _answer(connection, database, asked)
    except Refusal as refusal:
        _tell(connection, {"refused": refusal.to_json()})
    except (MemoryError, RecursionError):
        _tell(connection, {"refused": Refusal("", kind="memory").to_json()})
    except (EOFError, OSError):
        raise
    except Exception as error:
        _tell(connection, {"refused": Refusal(repr(error), kind="fault").to_json()})


def _answer(connection: Connection, database: duckdb.DuckDBPyConnection, asked: Mapping[str, Any]) -> None:
    import pyarrow as pa

    with _telling():
        mentions = vet(database, asked["sql"], asked["params"])
        _tell(connection, mentions.to_json())
        _prepare(database, connection)
        relation = _bound(database, asked["sql"], asked["params"])
        names, types = relation.columns, [str(kind) for kind in relation.types]
        _require_form(names, types)
        if INTERVAL in types:
            relation = relation.project(", ".join(map(_without_interval, range(1, len(types) + 1), types)))
        with relation.to_arrow_reader(min(BATCH_ROWS, asked["rows"] + 1)) as reader:
            rows = Rows(asked["rows"], asked["bytes"])
            rows.take(reader)
        made = pa.Table.from_batches(rows.kept, reader.schema).rename_columns(names)
        stream = _stream(made.cast(_schema(made.schema, names, types)))
    _tell(connection, {"types": types, "truncated": rows.truncated, "spent": _is_spent()})
    connection.send_bytes(stream)


def _bound(
    database: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, object]
) -> duckdb.DuckDBPyRelation:
    """The statement with its parameters, not run yet. Raises Refusal, with the place at fault."""
    import duckdb

    try:
        return database.sql(sql, params=dict(params))
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        try:  # which tells the place, but takes the statement from its second line on
            database.execute(f"explain\n{sql}", dict(params))
        except duckdb.Error as placed:
            raise from_database(placed, lines_before=1) from error
        raise


def _without_interval(place: int, kind: str) -> str:
    """A column by its place; of an interval its microseconds, as Arrow's intervals are read by few."""
    return f"epoch_us(#{place})" if kind == INTERVAL else f"#{place}"


def _schema(made: pa.Schema, names: list[str], types: list[str]) -> pa.Schema:
    """The schema of an answer: with the names of its statement, instants in UTC, intervals as durations."""
    import pyarrow as pa

    def kind_of(field: pa.Field, kind: str) -> pa.DataType:
        if kind == INTERVAL:
            return pa.duration("us")
        instant = pa.types.is_timestamp(field.type) and field.type.tz is not None
        return pa.timestamp(field.type.unit, "UTC") if instant else field.type

    fields = zip(made, names, types, strict=True)
    return pa.schema([pa.field(name, kind_of(field, kind)) for field, name, kind in fields])


def _stream(table: pa.Table) -> bytes:
    import pyarrow as pa

    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


@contextmanager
def _telling() -> Iterator[None]:
    """Raises what the database raises as a refusal."""
    import duckdb

    try:
        yield
    except (Refusal, RecursionError, EOFError):
        raise
    except (duckdb.Error, OSError, RuntimeError, ValueError, MemoryError) as error:
        raise _refusal(error) from error


def _refusal(error: Exception) -> Refusal:
    import duckdb

    text = str(error)
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError) or "Out of Memory" in text:
        return Refusal("", kind="memory")
    if isinstance(error, duckdb.IOException | duckdb.InternalException | duckdb.FatalException):
        return Refusal(text, kind="fault")
    return from_database(error)


def _prepare(database: duckdb.DuckDBPyConnection, connection: Connection) -> None:
    """Makes the views, and takes away whatever else could be reached."""
    import pyarrow as pa

    from backsight.rules import user_agents

    setup = json.loads(connection.recv_bytes())
    for name in setup["tables"]:
        with pa.ipc.open_stream(connection.recv_bytes()) as reader:
            database.register(name, reader.read_all())
    import duckdb

    try:
        if any(READS_AGENTS in statement for statement in setup["statements"]):
            user_agents.register(database)
        for statement in setup["statements"]:
            database.execute(statement)
    except duckdb.Error as error:  # no fault of the statement that is asked
        raise Refusal(str(error), kind="fault") from error


def _require_form(columns: list[str], types: list[str]) -> None:
    for name, kind in zip(columns, types, strict=True):
        if any(each in kind for each in FORMLESS) and not kind.startswith("ENUM"):
            raise Refusal(f"the column {name!r} is of type {kind}, which has no form here.", valid="a CAST")
        if INTERVAL in kind and kind != INTERVAL and not kind.startswith("ENUM"):
            raise Refusal(f"intervals within others, as in {name!r}, have no form here.", valid="a CAST")


class Rows:
    """The rows of an answer, up to so many, and so many bytes."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self._rows, self._bytes = most, most_bytes
        self.kept: list[pa.RecordBatch] = []
        self.truncated = False

    def take(self, batches: Iterator[pa.RecordBatch]) -> None:
        """Keeps what fits, and notes whether there was more."""
        for batch in batches:
            fits = self._fitting(batch)
            self.kept.append(batch.slice(0, fits))
            self._rows -= fits
            self._bytes -= _size(self.kept[-1])
            if fits < batch.num_rows:
                self.truncated = True
                return

    def _fitting(self, batch: pa.RecordBatch) -> int:
        fits: int = min(batch.num_rows, self._rows)
        while fits and _size(batch.slice(0, fits)) > self._bytes:
            fits //= 2
        return fits


def _size(batch: pa.RecordBatch) -> int:
    """What a batch takes, as who reads its values has them: a bit is a value like any other."""
    cells: int = batch.num_rows * batch.num_columns
    return max(int(batch.nbytes), 8 * cells)


def _is_spent() -> bool:
    """Whether so much memory was taken that it is better given back: with the whole process."""
    return _peak() > 512 * 2**20


def _peak() -> int:
    """The most memory that this process ever took, in bytes."""
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    # On Linux, getrusage counts what the process took that started this one.
    status = Path("/proc/self/status").read_text("ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def _tell(connection: Connection, said: Mapping[str, Any]) -> None:
    connection.send_bytes(json.dumps(said).encode())


if __name__ == "__main__":
    main()
