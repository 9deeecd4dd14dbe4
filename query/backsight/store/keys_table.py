"""Keys as rows of SQLite."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from backsight.errors import Conflict
from backsight.store import StoredKey
from backsight.store.audit_table import text_of
from backsight.store.saved_table import require_report


def insert_key(db: sqlite3.Connection, key: StoredKey) -> None:
    """Keeps a new key. Raises Conflict where it is kept already or its maker was revoked, and what
    `require_report` raises.
    """
    _require_maker(db, key.maker)
    if key.report is not None:
        require_report(db, key)
    row = (
        key.key_id, key.site, key.kind, key.digest, key.shown, " ".join(key.scopes), key.label,
        text_of(key.created), _text(key.revoked), key.origin, _text(key.expires), key.maker,
        " ".join(key.origins), key.events_per_second, int(key.pages_only), _text(key.last_used),
        key.report,
    )  # fmt: skip
    places = ", ".join("?" * len(row))
    if not db.execute(f"insert into keys values ({places}) on conflict do nothing", row).rowcount:
        raise Conflict("this key is kept already.", field="key", value=key.key_id)


def update_key(db: sqlite3.Connection, key: StoredKey) -> None:
    """Sets what may be set of a key."""
    db.execute(
        "update keys set label = ?, expires = ?, origins = ?, events_per_second = ?, pages_only = ?"
        " where key_id = ?",
        (key.label, _text(key.expires), " ".join(key.origins), key.events_per_second, int(key.pages_only),
         key.key_id),
    )  # fmt: skip


def key_of(row: tuple[Any, ...]) -> StoredKey:
    """The key of a row of the table."""
    key_id, site, kind, digest, shown, scopes, label, created, revoked, origin, expires, maker, *own = row
    origins, events_per_second, pages_only, last_used, report = own
    return StoredKey(
        key_id, site, kind, digest, shown, tuple(scopes.split()), label, datetime.fromisoformat(created),
        _instant(revoked), origin, _instant(expires), maker, tuple(origins.split()), events_per_second,
        bool(pages_only), _instant(last_used), report,
    )  # fmt: skip


def require_live(db: sqlite3.Connection, key_id: str) -> None:
    """Raises Conflict where the key was revoked."""
    if _is_revoked(db, key_id):
        raise Conflict(f"key {key_id} was revoked.", field="key_id", value=key_id, valid="another key")


def _require_maker(db: sqlite3.Connection, maker: str | None) -> None:
    """A key that is revoked while it makes another must not leave one behind."""
    if maker is not None and _is_revoked(db, maker):
        raise Conflict(f"key {maker} was revoked.", field="key", value=maker, valid="another key")


def _is_revoked(db: sqlite3.Connection, key_id: str) -> bool:
    sql = "select 1 from keys where key_id = ? and revoked is not null"
    return db.execute(sql, (key_id,)).fetchone() is not None


def _text(at: datetime | None) -> str | None:
    return None if at is None else text_of(at)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
