"""The store in one SQLite file: write-ahead log, one connection, changes one after another.

SQLite lets one process write at a time: every change begins with `begin immediate`, so that what it reads
still holds when it writes, and waits its turn for up to `BUSY_SECONDS`.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Self

from backsight.errors import (
    ConfigurationError,
    Conflict,
    InvalidRequest,
    NotFound,
    Unavailable,
    nearest,
    shown,
)
from backsight.store import STANDING, AuditLine, KeptLine, Kind, StoredKey, StoredSite, StoredVersion
from backsight.store.audit_table import COLUMNS, add_line, broken, seal_all, text_of, wanted_lines
from backsight.store.keys_table import insert_key, key_of, require_live, update_key

SCHEMA_VERSION: Final = 6
"""Kept in SQLite's `user_version`; a file of a later version is refused."""
BUSY_SECONDS: Final = 10.0

_MIGRATIONS: Final = {
    0: "schema.sql", 1: "definitions.sql", 2: "definer_tokens.sql", 3: "token_makers.sql",
    4: "key_settings.sql", 5: "audit_chain.sql",
}  # fmt: skip
"""For each version that a file may have, the script that takes it to the next one."""

_KINDS: Final = {"event": "named event", "cohort": "cohort"}
_END_OF_TIME: Final = "9999"
_MEMBERS: Final = "select members from cohort_members where site = ? and name = ? and version = ?"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


class SQLiteStore:
    """A `Store` in the SQLite file at `path`, made (with its folder) where it does not exist.

    One instance may serve many threads; many processes may open the same file. Raises ConfigurationError
    where the file can't be opened, is no database, or was written by a later Backsight; its methods raise
    Unavailable where SQLite fails later on (the disk is full or read-only, another process holds the file).
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._lock = threading.RLock()
        self._connection = self._open()

    # ── Sites ───────────────────────────────────────────────────────────────────────────────────────────────

    def add_site(self, site: StoredSite, audit: AuditLine) -> bool:
        with self._change() as db:
            added = db.execute(
                "insert into sites values (?, ?) on conflict do nothing", (site.name, text_of(site.created))
            ).rowcount
            if added:
                add_line(db, audit)
            return bool(added)

    def sites(self) -> list[StoredSite]:
        rows = self._rows("select name, created from sites order by name")
        return [StoredSite(name, _instant(created)) for name, created in rows]

    # ── Keys ────────────────────────────────────────────────────────────────────────────────────────────────

    def add_key(self, key: StoredKey, audit: AuditLine) -> None:
        with self._change() as db:
            _require_site(db, key.site)
            insert_key(db, key)
            add_line(db, audit)

    def keys_of(self, site: str | None = None) -> list[StoredKey]:
        rows = self._rows(
            "select * from keys where site = coalesce(?, site) order by created, key_id", (site,)
        )
        return [key_of(row) for row in rows]

    def key_with_digest(self, digest: str) -> StoredKey | None:
        rows = self._rows("select * from keys where digest = ?", (digest,))
        return key_of(rows[0]) if rows else None

    def key_with_id(self, key_id: str) -> StoredKey | None:
        rows = self._rows("select * from keys where key_id = ?", (key_id,))
        return key_of(rows[0]) if rows else None

    def change_key(
        self, key_id: str, change: Callable[[StoredKey], tuple[StoredKey, AuditLine] | None]
    ) -> None:
        with self._change() as db:
            require_live(db, key_id)
            kept = key_of(db.execute("select * from keys where key_id = ?", (key_id,)).fetchone())
            if changed := change(kept):
                update_key(db, changed[0])
                add_line(db, changed[1])

    def rotate_key(self, old: StoredKey, new: StoredKey, audits: Collection[AuditLine]) -> None:
        with self._change() as db:
            require_live(db, old.key_id)
            insert_key(db, new)
            update_key(db, old)
            for audit in audits:
                add_line(db, audit)

    def note_use(self, key_ids: Collection[str], at: datetime) -> None:
        with self._change() as db:
            db.executemany(
                "update keys set last_used = ?1 where key_id = ?2 and coalesce(last_used, '') < ?1",
                [(text_of(at), key_id) for key_id in key_ids],
            )

    def revoke_key(self, key_id: str, at: datetime, audit: AuditLine) -> int:
        with self._change() as db:
            revoked = db.execute(
                "update keys set revoked = ?1 where revoked is null"
                " and (key_id = ?2 or (maker = ?2 and kind = 'definer'))",
                (text_of(at), key_id),
            ).rowcount
            if revoked:
                add_line(db, audit)
            return revoked

    def has_origin(self, origin: str) -> bool:
        return bool(self._rows("select 1 from keys where origin = ? limit 1", (origin,)))

    def prune_tokens(self, expired_by: datetime, site: str, audit: AuditLine) -> int:
        with self._change() as db:
            pruned = db.execute(
                "delete from keys where kind = 'definer' and site = ? and expires <= ?",
                (site, text_of(expired_by)),
            ).rowcount
            if pruned:
                add_line(db, audit)
            return pruned

    # ── Named events and cohorts ────────────────────────────────────────────────────────────────────────────

    def add_version(self, version: StoredVersion, expected: int | None = None) -> int:
        with self._change() as db:
            _require_site(db, version.site)
            latest = _latest(db, version)
            live = latest if latest and not latest.deleted else None
            _check_expected(version.name, expected, live)
            if version.deleted and not live:
                what = _KINDS[version.kind]
                raise NotFound(f"there is no such {what}.", field="name", value=version.name)
            if live and not version.deleted and _says_the_same(db, live, version):
                return live.version
            number = latest.version + 1 if latest else 1
            _insert_version(db, version, number)
            return number

    def current_versions(
        self, site: str, kind: Kind = "event", at: datetime | None = None
    ) -> list[StoredVersion]:
        rows = self._rows(
            """
            select * from definition_versions v
            where kind = ? and site = ? and deleted = 0 and version =
                (select max(version) from definition_versions
                 where kind = v.kind and site = v.site and name = v.name and at <= ?)
            order by name
            """,
            (kind, site, _END_OF_TIME if at is None else text_of(at)),
        )
        return [_version(row) for row in rows]

    def versions(self, site: str, name: str, kind: Kind = "event") -> list[StoredVersion]:
        rows = self._rows(
            "select * from definition_versions where kind = ? and site = ? and name = ? order by version",
            (kind, site, name),
        )
        return [_version(row) for row in rows]

    def changes_by(self, actor: str) -> int:
        return int(self._rows("select count(*) from definition_versions where actor = ?", (actor,))[0][0])

    def cohort_members(self, site: str, name: str, version: int) -> bytes:
        rows = self._rows(_MEMBERS, (site, name, version))
        return bytes(rows[0][0]) if rows else b""

    def forget_members(self, site: str, members: Collection[int]) -> int:
        gone = {member.to_bytes(8, "little", signed=True) for member in members}
        taken = 0
        with self._change() as db:
            for name, version, kept in db.execute(
                "select name, version, members from cohort_members where site = ?", (site,)
            ).fetchall():
                entries = [kept[at : at + 8] for at in range(0, len(kept), 8)]
                left = [entry for entry in entries if entry not in gone]
                if len(left) < len(entries):
                    taken += len(entries) - len(left)
                    _put_members(db, (site, name, version), left)
        if taken:
            self._rows("pragma wal_checkpoint(truncate)")  # the log of changes holds the list as it was
        return taken

    # ── Audit ───────────────────────────────────────────────────────────────────────────────────────────────

    def add_audit_line(self, audit: AuditLine) -> None:
        with self._change() as db:
            add_line(db, audit)

    def audit_lines(
        self,
        site: str | None = None,
        limit: int = 100,
        *,
        since: datetime | None = None,
        action: str | None = None,
        before: int | None = None,
    ) -> list[KeptLine]:
        with self._lock, self._failing_clearly():
            return wanted_lines(self._connection, site, limit, since, action, before)

    def broken_lines(self) -> Iterator[KeptLine]:
        return broken(self._rows(f"select {COLUMNS} from audit order by line"))

    # ── The file ────────────────────────────────────────────────────────────────────────────────────────────

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
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

    def _rows(self, sql: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        with self._lock, self._failing_clearly():
            return self._connection.execute(sql, parameters).fetchall()

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._failing_clearly(), _transaction(self._connection):
            yield self._connection

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


def _require_site(db: sqlite3.Connection, site: str) -> None:
    if not db.execute("select 1 from sites where name = ?", (site,)).fetchone():
        known = [name for (name,) in db.execute("select name from sites")]
        raise NotFound(
            f"there is no site {shown(site)}.", field="site", value=site, valid=nearest(site, known)
        )


def _latest(db: sqlite3.Connection, version: StoredVersion) -> StoredVersion | None:
    row = db.execute(
        "select * from definition_versions where kind = ? and site = ? and name = ?"
        " order by version desc limit 1",
        (version.kind, version.site, version.name),
    ).fetchone()
    return _version(row) if row else None


def _check_expected(name: str, expected: int | None, live: StoredVersion | None) -> None:
    present = live.version if live else 0
    if expected is None or expected == present or (expected == STANDING and live):
        return
    if expected == STANDING:
        raise Conflict(f"there is no {shown(name)} to change.", field="name", value=name)
    found = f"its version is now {live.version}, by {live.actor}" if live else "it does not exist now"
    raise Conflict(
        f"{shown(name)} changed in between: {found}.",
        field="version",
        value=expected,
        valid=f"{present}, after reading it again",
    )


def _says_the_same(db: sqlite3.Connection, live: StoredVersion, version: StoredVersion) -> bool:
    if (live.definition, live.description) != (version.definition, version.description):
        return False
    members = db.execute(_MEMBERS, (live.site, live.name, live.version)).fetchone()
    return (members[0] if members else None) == version.members


def _put_members(db: sqlite3.Connection, place: tuple[str, str, int], members: Sequence[bytes]) -> None:
    db.execute(
        "update cohort_members set members = ? where site = ? and name = ? and version = ?",
        (b"".join(members), *place),
    )
    db.execute(
        "update definition_versions set definition = ?"
        " where kind = 'cohort' and site = ? and name = ? and version = ?",
        (json.dumps({"members": len(members)}), *place),
    )


def _insert_version(db: sqlite3.Connection, version: StoredVersion, number: int) -> None:
    row = (version.kind, version.site, version.name, number, version.definition, version.description,
           version.actor, text_of(version.at), int(version.deleted))  # fmt: skip
    db.execute("insert into definition_versions values (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    if version.members is not None:
        members = (version.site, version.name, number, version.members)
        db.execute("insert into cohort_members values (?, ?, ?, ?)", members)
    action = f"{version.kind}.{'delete' if version.deleted else 'put'}"
    detail = json.dumps({"version": number})
    add_line(db, AuditLine(version.at, version.actor, action, version.site, version.name, detail))


def _version(row: tuple[Any, ...]) -> StoredVersion:
    kind, site, name, version, definition, description, actor, at, deleted = row
    return StoredVersion(
        site, name, version, definition, description, actor, _instant(at), bool(deleted), kind
    )
