"""What holds between saved reports and the links that share them, as rows of SQLite."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from typing import Final

from backsight.errors import InvalidRequest, NotFound, shown
from backsight.store import AuditLine, StoredKey, StoredVersion
from backsight.store.audit_table import add_line, text_of

MOST_LINKS: Final = 100
"""Links of one saved report that may open it at a time."""


def require_report(db: sqlite3.Connection, key: StoredKey) -> None:
    """Raises NotFound where the report that a link is to open does not stand (it may have been deleted a
    moment ago), and InvalidRequest where it has as many links as one may have.
    """
    row = db.execute(
        "select deleted from definition_versions where kind = 'report' and site = ? and name = ?"
        " order by version desc limit 1",
        (key.site, key.report),
    ).fetchone()
    if row is None or row[0]:
        message = f"there is no saved report {shown(key.report)}."
        raise NotFound(message, field="name", value=key.report)
    live = db.execute(
        "select count(*) from keys where site = ? and report = ? and revoked is null"
        " and (expires is null or expires > ?)",
        (key.site, key.report, text_of(key.created)),
    ).fetchone()[0]
    if live >= MOST_LINKS:
        message = f"{live} links to {shown(key.report)} are live, as many as there may be."
        raise InvalidRequest(message, field="name", value=key.report, valid="revoke some of them first")


def end_links(db: sqlite3.Connection, version: StoredVersion) -> None:
    """The links of a saved report that was deleted open nothing any more."""
    live = db.execute(
        "select key_id from keys where site = ? and report = ? and revoked is null",
        (version.site, version.name),
    ).fetchall()
    for (key_id,) in live:
        db.execute("update keys set revoked = ? where key_id = ?", (text_of(version.at), key_id))
        detail = json.dumps({"report": version.name, "because": "the report was deleted"})
        add_line(db, AuditLine(version.at, version.actor, "key.revoke", version.site, key_id, detail))


def note_first_use(db: sqlite3.Connection, key_id: str, at: datetime, audit: AuditLine) -> bool:
    """Keeps that a key was used, where it never was before."""
    first = db.execute(
        "update keys set last_used = ? where key_id = ? and last_used is null", (text_of(at), key_id)
    ).rowcount
    if first:
        add_line(db, audit)
    return bool(first)
