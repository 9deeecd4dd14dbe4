"""The store in one SQLite file: write-ahead log, one connection, changes one after another."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from backsight.errors import NotFound, nearest, shown
from backsight.store import (
    Application,
    AuditLine,
    KeptLine,
    Kind,
    Managed,
    StoredKey,
    StoredSite,
    StoredVersion,
)
from backsight.store.audit_table import COLUMNS, add_line, broken, line_of, text_of, wanted_lines
from backsight.store.keys_table import insert_key, key_of, require_live, update_key
from backsight.store.managed_table import apply, managed
from backsight.store.saved_table import note_first_use
from backsight.store.sqlite_file import SQLiteFile
from backsight.store.versions_table import MEMBERS, add_version, forget_members, version_of

_END_OF_TIME: Final = "9999"


class SQLiteStore:
    """A `Store` in the SQLite file at `path`, made (with its folder) where it does not exist.

    One instance may serve many threads; many processes may open the same file. Raises ConfigurationError
    where the file can't be opened, is no database, or was written by a later Backsight; its methods raise
    Unavailable where SQLite fails later on (the disk is full or read-only, another process holds the file).
    """

    def __init__(self, path: Path) -> None:
        self._file = SQLiteFile(Path(path))
        self.path = self._file.path

    # ── Sites ───────────────────────────────────────────────────────────────────────────────────────────────

    def add_site(self, site: StoredSite, audit: AuditLine) -> bool:
        with self._file.change() as db:
            added = db.execute(
                "insert into sites values (?, ?) on conflict do nothing", (site.name, text_of(site.created))
            ).rowcount
            if added:
                add_line(db, audit)
            return bool(added)

    def sites(self) -> list[StoredSite]:
        rows = self._file.rows("select name, created from sites order by name")
        return [StoredSite(name, datetime.fromisoformat(created)) for name, created in rows]

    # ── Keys ────────────────────────────────────────────────────────────────────────────────────────────────

    def add_key(self, key: StoredKey, audit: AuditLine) -> None:
        with self._file.change() as db:
            _require_site(db, key.site)
            insert_key(db, key)
            add_line(db, audit)

    def keys_of(self, site: str | None = None, kind: str | None = None) -> list[StoredKey]:
        rows = self._file.rows(
            "select * from keys where site = coalesce(?, site) and kind = coalesce(?, kind)"
            " order by created, key_id",
            (site, kind),
        )
        return [key_of(row) for row in rows]

    def key_with_digest(self, digest: str) -> StoredKey | None:
        rows = self._file.rows("select * from keys where digest = ?", (digest,))
        return key_of(rows[0]) if rows else None

    def key_with_id(self, key_id: str) -> StoredKey | None:
        rows = self._file.rows("select * from keys where key_id = ?", (key_id,))
        return key_of(rows[0]) if rows else None

    def change_key(
        self, key_id: str, change: Callable[[StoredKey], tuple[StoredKey, AuditLine] | None]
    ) -> None:
        with self._file.change() as db:
            require_live(db, key_id)
            kept = key_of(db.execute("select * from keys where key_id = ?", (key_id,)).fetchone())
            if changed := change(kept):
                update_key(db, changed[0])
                add_line(db, changed[1])

    def rotate_key(self, old: StoredKey, new: StoredKey, audits: Collection[AuditLine]) -> None:
        with self._file.change() as db:
            require_live(db, old.key_id)
            insert_key(db, new)
            update_key(db, old)
            for audit in audits:
                add_line(db, audit)

    def note_use(self, key_ids: Collection[str], at: datetime) -> None:
        with self._file.change() as db:
            db.executemany(
                "update keys set last_used = ?1 where key_id = ?2 and coalesce(last_used, '') < ?1",
                [(text_of(at), key_id) for key_id in key_ids],
            )

    def note_first_use(self, key_id: str, at: datetime, audit: AuditLine) -> bool:
        with self._file.change() as db:
            return note_first_use(db, key_id, at, audit)

    def revoke_key(self, key_id: str, at: datetime, audit: AuditLine) -> int:
        with self._file.change() as db:
            revoked = db.execute(
                "update keys set revoked = ?1 where revoked is null"
                " and (key_id = ?2 or (maker = ?2 and kind = 'definer'))",
                (text_of(at), key_id),
            ).rowcount
            if revoked:
                add_line(db, audit)
            return revoked

    def has_origin(self, origin: str) -> bool:
        return bool(self._file.rows("select 1 from keys where origin = ? limit 1", (origin,)))

    def prune_tokens(self, expired_by: datetime, site: str, audit: AuditLine) -> int:
        with self._file.change() as db:
            pruned = db.execute(
                "delete from keys where kind in ('definer', 'report') and site = ? and expires <= ?",
                (site, text_of(expired_by)),
            ).rowcount
            if pruned:
                add_line(db, audit)
            return pruned

    # ── Named events and cohorts ────────────────────────────────────────────────────────────────────────────

    def add_version(self, version: StoredVersion, expected: int | None = None) -> int:
        with self._file.change() as db:
            _require_site(db, version.site)
            return add_version(db, version, expected)

    def current_versions(
        self, site: str, kind: Kind = "event", at: datetime | None = None
    ) -> list[StoredVersion]:
        rows = self._file.rows(
            """
            select * from definition_versions v
            where kind = ? and site = ? and deleted = 0 and version =
                (select max(version) from definition_versions
                 where kind = v.kind and site = v.site and name = v.name and at <= ?)
            order by name
            """,
            (kind, site, _END_OF_TIME if at is None else text_of(at)),
        )
        return [version_of(row) for row in rows]

    def versions(self, site: str, name: str, kind: Kind = "event") -> list[StoredVersion]:
        rows = self._file.rows(
            "select * from definition_versions where kind = ? and site = ? and name = ? order by version",
            (kind, site, name),
        )
        return [version_of(row) for row in rows]

    def apply(self, application: Application) -> list[int]:
        with self._file.change() as db:
            _require_site(db, application.site)
            return apply(db, application)

    def managed(self, site: str) -> list[Managed]:
        sql = "select kind, name, file, version from managed_names where site = ? order by kind, name"
        return managed(self._file.rows(sql, (site,)))

    def changes_by(self, actor: str) -> int:
        return int(
            self._file.rows("select count(*) from definition_versions where actor = ?", (actor,))[0][0]
        )

    def cohort_members(self, site: str, name: str, version: int) -> bytes:
        rows = self._file.rows(MEMBERS, (site, name, version))
        return bytes(rows[0][0]) if rows else b""

    def forget_members(self, site: str, members: Collection[int]) -> int:
        with self._file.change() as db:
            taken = forget_members(db, site, members)
        if taken:
            # The log of changes holds the list as it was.
            self._file.rows("pragma wal_checkpoint(truncate)")
        return taken

    # ── Audit ───────────────────────────────────────────────────────────────────────────────────────────────

    def add_audit_line(self, audit: AuditLine) -> None:
        with self._file.change() as db:
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
        asked, parameters = wanted_lines(site, limit, since, action, before)
        return [line_of(row) for row in self._file.rows(asked, parameters)]

    def broken_lines(self) -> Iterator[KeptLine]:
        return broken(self._file.rows(f"select {COLUMNS} from audit order by line"))

    # ── The file ────────────────────────────────────────────────────────────────────────────────────────────

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _require_site(db: sqlite3.Connection, site: str) -> None:
    if not db.execute("select 1 from sites where name = ?", (site,)).fetchone():
        known = [name for (name,) in db.execute("select name from sites")]
        raise NotFound(
            f"there is no site {shown(site)}.", field="site", value=site, valid=nearest(site, known)
        )
