"""Versions of definitions (named events, cohorts, saved reports) and members of static cohorts, in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from backsight.errors import Conflict, NotFound, shown
from backsight.store import STANDING, AuditLine, StoredVersion
from backsight.store.audit_table import add_line, text_of
from backsight.store.saved_table import end_links

_KINDS: Final = {"event": "named event", "cohort": "cohort", "report": "saved report"}
MEMBERS: Final = "select members from cohort_members where site = ? and name = ? and version = ?"


def add_version(db: sqlite3.Connection, version: StoredVersion, expected: int | None) -> int:
    """Appends a version where it says something new; see `Store.add_version`."""
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


def forget_members(db: sqlite3.Connection, site: str, members: Collection[int]) -> int:
    """Takes members off all lists of a site; how many entries that were."""
    gone = {member.to_bytes(8, "little", signed=True) for member in members}
    taken = 0
    for name, version, kept in db.execute(
        "select name, version, members from cohort_members where site = ?", (site,)
    ).fetchall():
        entries = [kept[at : at + 8] for at in range(0, len(kept), 8)]
        left = [entry for entry in entries if entry not in gone]
        if len(left) < len(entries):
            taken += len(entries) - len(left)
            _put_members(db, (site, name, version), left)
    return taken


def version_of(row: tuple[Any, ...]) -> StoredVersion:
    """The version of a row of the table."""
    kind, site, name, version, definition, description, actor, at, deleted = row
    return StoredVersion(
        site, name, version, definition, description, actor, datetime.fromisoformat(at), bool(deleted), kind
    )


def _latest(db: sqlite3.Connection, version: StoredVersion) -> StoredVersion | None:
    row = db.execute(
        "select * from definition_versions where kind = ? and site = ? and name = ?"
        " order by version desc limit 1",
        (version.kind, version.site, version.name),
    ).fetchone()
    return version_of(row) if row else None


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
    members = db.execute(MEMBERS, (live.site, live.name, live.version)).fetchone()
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
    if version.deleted and version.kind == "report":
        end_links(db, version)
