"""All deletions of a site: those asked for, begun and done, and what follows from one that is done."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backsight.contract import DELETIONS
from backsight.deletions.asked import REQUESTED
from backsight.deletions.deletion import Deletion, Json, begun, requested
from backsight.errors import NotFound, nearest, shown
from backsight.scan.context import rfc3339
from backsight.store import AuditLine, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

DELETED: Final = "person.deleted"
"""The action of the audit line of one that is done."""
COMMITTER: Final = "committer"
"""Who did it, in that line."""
MOST_LISTED: Final = 1_000


class Deletions:
    """The deletions of one site; `folder` is the lake's."""

    def __init__(self, folder: Path, store: Store, site: str) -> None:
        self._folder, self._store, self._site = folder / DELETIONS, store, site

    def list(self) -> Sequence[Deletion]:
        """All of them, the newest first; of those that nobody has begun, what the audit trail says."""
        self.settle()
        lines = self._store.audit_lines(self._site, MOST_LISTED, action=REQUESTED)
        asked = {line.subject: line for line in lines}
        met = {each["deletion_id"]: begun(each, asked.get(each["deletion_id"])) for each in self._documents()}
        every = {**{id_: requested(line) for id_, line in asked.items()}, **met}
        return sorted(every.values(), key=lambda each: (each.requested_at, each.deletion), reverse=True)

    def get(self, deletion: str) -> Deletion:
        """The one of that id. Raises NotFound."""
        known = {each.deletion: each for each in self.list()}
        if deletion not in known:
            valid = nearest(deletion, known, listed=3)
            raise NotFound(
                f"there is no deletion {shown(deletion)}.", field="deletion", value=deletion, valid=valid
            )
        return known[deletion]

    def settle(self) -> Sequence[str]:
        """Of each deletion that is done by now, takes its persons off static cohorts' lists and writes its
        line of the audit trail, once; which these are."""
        if not any(each["state"] == "done" for each in self._documents()):
            return []
        with _locked(self._folder):
            lines = self._store.audit_lines(self._site, 10**6, action=DELETED)
            told = {line.subject for line in lines}
            done = [each for each in self._documents() if each["state"] == "done"]
            new = [each for each in done if each["deletion_id"] not in told]
            for each in new:
                self._settle(each)
        return [each["deletion_id"] for each in new]

    def _settle(self, document: Json) -> None:
        extent = document["extent"]
        taken = self._store.forget_members(self._site, {*extent["devices"], *extent["users"]})
        told = begun(document, None)
        detail = {
            "persons": told.persons, "tables": told.tables, "journal_records": told.journal_records,
            "set_aside_files": document["set_aside_files"], "cohort_entries": taken,
            "rows_left": told.rows_left, "requested_at": rfc3339(told.requested_at),
        }  # fmt: skip
        at = told.completed_at or datetime.now(UTC)
        self._store.add_audit_line(
            AuditLine(at, COMMITTER, DELETED, self._site, told.deletion, json.dumps(detail))
        )

    def _documents(self) -> Sequence[Json]:
        return [each for each in _documents(self._folder) if each["extent"]["site"] == self._site]


def _documents(folder: Path) -> list[Json]:
    """What the committer has written down, in no particular order."""
    return [json.loads(path.read_bytes()) for path in folder.glob("*.json")]


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time writes the lines, so that there is one of each deletion."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        flock(descriptor, LOCK_EX)
        yield
    finally:
        os.close(descriptor)
