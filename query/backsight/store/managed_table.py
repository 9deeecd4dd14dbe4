"""Which names a file manages, as rows of SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from backsight.store import Application, Managed
from backsight.store.audit_table import add_line
from backsight.store.versions_table import add_version


def apply(db: sqlite3.Connection, application: Application) -> list[int]:
    """Makes all changes of an application; see `Store.apply`."""
    numbers = [add_version(db, version, expected) for version, expected in application.versions]
    for (version, _), number in zip(application.versions, numbers, strict=True):
        if version.deleted:
            _release(db, application.site, version.kind, version.name)
        else:
            _manage(db, application, version.kind, version.name, number)
    for kind, name in application.released:
        _release(db, application.site, kind, name)
    add_line(db, application.audit)
    return numbers


def managed(rows: Sequence[tuple[str, str, str, int]]) -> list[Managed]:
    """What rows of `kind`, `name`, `file` and `version` say."""
    return [Managed("event" if kind == "event" else "cohort", name, file, number)
            for kind, name, file, number in rows]  # fmt: skip


def _manage(db: sqlite3.Connection, application: Application, kind: str, name: str, number: int) -> None:
    db.execute(
        "insert or replace into managed_names values (?, ?, ?, ?, ?)",
        (kind, application.site, name, application.file, number),
    )


def _release(db: sqlite3.Connection, site: str, kind: str, name: str) -> None:
    db.execute("delete from managed_names where kind = ? and site = ? and name = ?", (kind, site, name))
