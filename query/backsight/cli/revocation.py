"""Writes a revocation: through the administrators' journal, whoever runs the server."""

from __future__ import annotations

import json
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from backsight.errors import Conflict
from backsight.store import AuditLine, Store

WAIT_SECONDS: Final = 5.0
"""How long one command waits for another that is writing to the same journal."""
_RETRY_SECONDS: Final = 0.05


def revoke_statement(data: Path, store: Store, site: str, statement_id: str, actor: str) -> str:
    """Makes durable that a statement does not hold, and gives the id of the statement that says so.

    Reports follow once a committer has folded it into the lake. Raises Conflict where the administrators'
    journal stays locked.
    """
    from backsight_collector.journal.records import Revocation, encode_record

    revocation = "st_" + secrets.token_hex(8)
    record = Revocation(time.time_ns() // 1_000, site, revocation, statement_id)
    append_record(data / "journal" / "admin", encode_record(record))
    detail = json.dumps({"revocation": revocation})
    line = AuditLine(datetime.now(UTC), actor, "identity.revoke", site, statement_id, detail)
    store.add_audit_line(line)
    return revocation


def fold_if_idle(data: Path) -> bool:
    """Folds the journal into the lake where no committer runs that would; whether it did."""
    from backsight_collector.committer import Committer
    from backsight_collector.lake.errors import LakeLocked

    try:
        committer = Committer(data)
    except LakeLocked:
        return False
    try:
        while committer.step().more:
            pass
    finally:
        committer.close()
    return True


def append_record(directory: Path, payload: bytes) -> None:
    """Appends to the administrators' journal, after others that do. Raises Conflict where it stays locked."""
    from backsight_collector.journal.writer import Journal, JournalLocked

    give_up = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            journal = Journal(directory)
        except JournalLocked as error:
            if time.monotonic() > give_up:
                raise Conflict(
                    f"{error}.", field="journal", value=str(directory), valid="a later try"
                ) from error
            time.sleep(_RETRY_SECONDS)
            continue
        try:
            journal.append_now(payload)
        finally:
            journal.close()
        return
