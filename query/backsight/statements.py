"""Identity statements as a person reads them, and what of them can be revoked.

A statement never changes; that it does not hold any more is another statement, its revocation. Revoking a
revocation makes what it undid hold again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from backsight.contract import StatementKind, voided
from backsight.errors import NotFound, nearest, shown
from backsight.lake import Snapshot


def list_statements(
    snapshot: Snapshot, device: str | None = None, user: str | None = None
) -> list[dict[str, Any]]:
    """The statements of a site that name this device or user (all, where neither is given), oldest first.

    Each has `statement_id`, `kind`, `time` (RFC 3339), `device`, `user` (ids as the site gave them),
    `traits`, `revokes` and `holds`; revocations are listed with the statements that they revoke.
    """
    rows = sorted(snapshot.rows("statements").to_pylist(), key=lambda row: (row["time"], row["statement_id"]))
    void = voided((row["statement_id"], row["revokes"]) for row in rows if row["revokes"] is not None)
    if device is not None or user is not None:
        rows = _about(rows, device, user)
    return [shown_statement(row, void) for row in rows]


def require_statement(snapshot: Snapshot, statement_id: str) -> str:
    """The id itself; NotFound where the site has no such statement."""
    known = snapshot.rows("statements")["statement_id"].to_pylist()
    if statement_id not in known:
        raise NotFound(
            f"there is no statement {shown(statement_id)}.",
            field="statement_id",
            value=statement_id,
            valid=nearest(statement_id, known[:10_000], listed=3),
        )
    return statement_id


def _about(rows: list[dict[str, Any]], device: str | None, user: str | None) -> list[dict[str, Any]]:
    ids = {
        row["statement_id"]
        for row in rows
        if (device is not None and row["device_id"] == device)
        or (user is not None and row["user_id"] == user)
    }
    for row in rows:  # by time: a revocation comes after what it revokes
        if row["revokes"] in ids:
            ids.add(row["statement_id"])
    return [row for row in rows if row["statement_id"] in ids]


def shown_statement(row: dict[str, Any], void: Iterable[str]) -> dict[str, Any]:
    """A row of the statements as people read it; `void` are the ids of those that do not hold."""
    return {
        "statement_id": row["statement_id"],
        "kind": StatementKind(row["kind"]).value,
        "time": row["time"].isoformat(),
        "device": row["device_id"],
        "user": row["user_id"],
        "traits": None if row["traits"] is None else json.loads(row["traits"]),
        "revokes": row["revokes"],
        "holds": row["statement_id"] not in void,
    }
