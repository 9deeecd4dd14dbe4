"""The SQLite file itself: opened, brought to the schema of today, read from and changed.

SQLite lets one process write at a time: every change begins with `begin immediate`, so that what it reads
still holds when it writes, and waits its turn for up to `BUSY_SECONDS`.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from backsight.errors import ConfigurationError, InvalidRequest, Unavailable, shown
from backsight.store.audit_table import seal_all

SCHEMA_VERSION: Final = 8
"""Kept in SQLite's `user_version`; a file of a later version is refused."""
BUSY_SECONDS: Final = 10.0

FILE_MODE: Final = 0o640
"""As the journal's; what SQLite makes by itself, everybody may read. Its other files get this one's mode."""

Parameters = tuple[object, ...] | Mapping[str, object]

_MIGRATIONS: Final = {
    0: "schema.sql", 1: "definitions.sql", 2: "definer_tokens.sql", 3: "token_makers.sql",
    4: "key_settings.sql", 5: "audit_chain.sql", 6: "managed_names.sql",
    7: "saved_reports.sql",
}  # fmt: skip
"""For each version that a file may have, the script that takes it to the next one."""


class SQLiteFile:
    """One connection to the SQLite file at `path`, made (with its folder) where it does not exist.

    Raises ConfigurationError where the file can't be opened, is no database, or was written by a later
    Backsight; its methods raise Unavailable where SQLite fails later on.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._connection = self._open()

    def rows(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """What a query gives."""
        with self._lock, self._failing_clearly():
            return self._connection.execute(sql, parameters).fetchall()

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """A transaction, which no other process's comes between; undone where its block fails."""
        with self._lock, self._failing_clearly(), _transaction(self._connection):
            yield self._connection

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not self.path.exists():
                self.path.touch(FILE_MODE)
            connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error
        try:
            self._prepare(connection)
        except sqlite3.Error as error:
            connection.close()
            raise self._unusable(error) from error
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")  # in WAL mode, less would lose the last changes
        connection.execute("pragma foreign_keys = on")
        connection.execute("pragma secure_delete = on")  # what is deleted is overwritten
        version = connection.execute("pragma user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise ConfigurationError(
                f"{self.path} was written by a later version of Backsight (schema {version}).",
                field="database_url",
                value=str(self.path),
                valid=f"a database of schema {SCHEMA_VERSION} or earlier; or install the later version",
            )
        if version < SCHEMA_VERSION:
            self._migrate(connection)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        with _transaction(connection):
            # Read again: another process may have been here while this one waited its turn.
            version = connection.execute("pragma user_version").fetchone()[0]
            for step in range(version, SCHEMA_VERSION):
                _run(connection, _MIGRATIONS[step])
                if _MIGRATIONS[step] == "audit_chain.sql":
                    seal_all(connection)
                    _run(connection, "audit_kept.sql")
            connection.execute(f"pragma user_version = {SCHEMA_VERSION}")

    def _unusable(self, error: Exception) -> ConfigurationError:
        return ConfigurationError(
            f"can't open the database {self.path}: {error}.",
            field="database_url",
            value=str(self.path),
            valid="a writable SQLite file, or the path of one to be made",
        )

    @contextmanager
    def _failing_clearly(self) -> Iterator[None]:
        try:
            yield
        except UnicodeEncodeError as error:
            raise InvalidRequest(
                f"{shown(error.object)} holds half a surrogate pair.",
                field="name",
                value=error.object,
                valid="well-formed Unicode",
            ) from error
        except sqlite3.DatabaseError as error:
            raise Unavailable(
                f"the database {self.path} failed: {error}.",
                field="database_url",
                value=str(self.path),
                valid="an open SQLite file on a disk that is writable and not full",
            ) from error


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("begin immediate")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:  # some failures, such as a full disk, have rolled back already
            connection.execute("rollback")
        raise


def _run(connection: sqlite3.Connection, script: str) -> None:
    for statement in _statements(script):
        connection.execute(statement)


def _statements(script: str) -> Iterator[str]:
    """The script's statements one by one: `executescript` would commit the transaction that they stand in."""
    pending = ""
    for line in files(__package__).joinpath(script).read_text("utf-8").splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
