"""One deletion: as the committer's document and the audit trail tell of it, and as it is shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from backsight.scan.context import rfc3339
from backsight.store import AuditLine

Json = Mapping[str, Any]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Deletion:
    """One deletion as it stands now."""

    deletion: str
    """Its id."""
    state: str
    """`requested`; `running`, once a committer has begun; `done`, when nothing is left."""
    requested_at: datetime
    """What was received later is not deleted."""
    completed_at: datetime | None
    actor: str | None
    """Who asked for it."""
    persons: int
    """How many were named."""
    tables: Mapping[str, Json]
    """By table: `rows` removed, rows kept `without_user`, `files` rewritten, `older_files` deleted, and the
    `versions` before and after."""
    journal_records: int
    """Erased from the journal."""
    rows_left: int | None
    """What a last look at all rows found: 0, once it is done."""

    @property
    def is_done(self) -> bool:
        return self.state == "done"

    def to_json(self) -> dict[str, Any]:
        """As the API shows it."""
        completed = None if self.completed_at is None else rfc3339(self.completed_at)
        return {**vars(self), "requested_at": rfc3339(self.requested_at), "completed_at": completed}

    @classmethod
    def from_json(cls, said: Json) -> Deletion:
        """What `to_json` gave."""
        moments = {
            name: said[name] and datetime.fromisoformat(said[name])
            for name in ("requested_at", "completed_at")
        }
        return cls(**{**{name: said[name] for name in cls.__dataclass_fields__}, **moments})


def requested(line: AuditLine) -> Deletion:
    """One that nobody has begun, by the line of its request."""
    detail = json.loads(line.detail)
    until = datetime.fromisoformat(detail["until"])
    return Deletion(line.subject, "requested", until, None, line.actor, detail["persons"], {}, 0, None)


def begun(document: Json, line: AuditLine | None) -> Deletion:
    """One that the committer has begun, by its document; `line` is that of its request."""
    completed = document["completed_at"]
    return Deletion(
        document["deletion_id"],
        document["state"],
        instant(document["extent"]["until"]),
        None if completed is None else instant(completed),
        None if line is None else line.actor,
        document["persons"],
        {name: _table(counts) for name, counts in document["tables"].items()},
        document["journal_records"],
        document["rows_left"],
    )


def _table(counts: Json) -> dict[str, Any]:
    before, after = counts["versions"]
    return {
        "rows": counts["rows"],
        "without_user": counts["blanked"],
        "files": counts["files"],
        "older_files": counts["stale_files"],
        "versions": {"before": before, "after": after},
    }


def instant(microseconds: int) -> datetime:
    """The moment that many microseconds after 1970 began."""
    return _EPOCH + timedelta(microseconds=microseconds)
