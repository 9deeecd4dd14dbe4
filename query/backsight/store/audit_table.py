"""The audit lines in SQLite: a chain, in which each line's digest seals the line and all before it.

    digest = SHA-256 of [digest before, number, at, actor, action, site, subject, detail, address]

as a JSON array without spaces, with `\\uXXXX` for what is not ASCII; the digest before the first line is "".
A line that is changed or taken out from between others leaves a digest that does not fit. Who rewrites all of
the chain's end can only be caught by a digest that was noted elsewhere.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any, Final

from backsight.store import AuditLine, KeptLine

COLUMNS: Final = "line, at, actor, action, site, subject, detail, address, digest"
_WANTED: Final = f"""
select {COLUMNS} from audit
where site = coalesce(:site, site) and at >= coalesce(:since, at) and line < coalesce(:before, line + 1)
    and (:action is null or action = :action or substr(action, 1, length(:action) + 1) = :action || '.')
order by line desc limit :limit
"""
_FIRST: Final = KeptLine(datetime.min.replace(tzinfo=UTC), "", "", "", "", number=0, digest="")


def text_of(at: datetime) -> str:
    """An instant as the store's tables have it; such texts sort as the instants do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def add_line(db: sqlite3.Connection, audit: AuditLine) -> None:
    """Appends a line, within a transaction that began `immediate`."""
    last = db.execute("select line, digest from audit order by line desc limit 1").fetchone() or (0, "")
    number = last[0] + 1
    values = (number, text_of(audit.at), audit.actor, audit.action, audit.site, audit.subject, audit.detail,
              audit.address)  # fmt: skip
    row = (*values, _sealed(last[1], values))
    db.execute(f"insert into audit ({COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def wanted_lines(
    site: str | None, limit: int, since: datetime | None, action: str | None, before: int | None
) -> tuple[str, dict[str, object]]:
    """What asks for lines, newest first, and its parameters; see `Store.audit_lines`."""
    asked = {"site": site, "limit": limit, "since": since and text_of(since), "action": action}
    return _WANTED, {**asked, "before": before}


def broken(rows: Iterable[tuple[Any, ...]]) -> Iterator[KeptLine]:
    """Of lines from the first on, those whose digest does not fit what they say and the line before."""
    lines = (line_of(row) for row in rows)
    for before, line in pairwise((_FIRST, *lines)):
        if line.number != before.number + 1 or line.digest != _sealed(before.digest, _values(line)):
            yield line


def seal_all(db: sqlite3.Connection) -> None:
    """Gives the lines of a file from before there were digests their numbers and digests."""
    digest = ""
    rows = db.execute("select line, at, actor, action, site, subject, detail, address from audit").fetchall()
    for number, (line, *values) in enumerate(sorted(rows), 1):
        digest = _sealed(digest, (number, *values))
        db.execute("update audit set line = ?, digest = ? where line = ?", (number, digest, line))


def _sealed(before: str, values: tuple[object, ...]) -> str:
    return sha256(json.dumps([before, *values], separators=(",", ":")).encode()).hexdigest()


def _values(line: KeptLine) -> tuple[object, ...]:
    return (line.number, text_of(line.at), line.actor, line.action, line.site, line.subject, line.detail,
            line.address)  # fmt: skip


def line_of(row: tuple[Any, ...]) -> KeptLine:
    """The line of a row of `COLUMNS`."""
    number, at, actor, action, site, subject, detail, address, digest = row
    return KeptLine(datetime.fromisoformat(at), actor, action, site, subject, detail, address, number, digest)
