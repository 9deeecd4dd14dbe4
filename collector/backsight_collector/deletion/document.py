"""What stands in the lake about a deletion: one JSON document each, written by the committer alone.

It is at once the plan (the extent is resolved once, and stands here before anything is changed), the progress
(after a kill the work goes on, and nothing is counted twice), the proof (what was removed, which versions
were made unreadable), and what keeps late arrivals out for ever after. It holds numbers, no ids or texts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from backsight.contract import DELETIONS
from backsight_collector.deletion.extent import Extent
from backsight_collector.journal.segments import publish

RUNNING, DONE = "running", "done"

COMMITS: Final = "deletion"
"""The name under which a table counts the commits of deletions."""

Range = tuple[int, int, int]
"""A page's (or a batch's) key, and the first and last number in it that was stored."""


@dataclass
class Counts:
    """What was done to one table."""

    rows: int = 0
    """Removed."""
    blanked: int = 0
    """Kept without their user, as they count as somebody else's."""
    files: int = 0
    """Rewritten, or removed whole."""
    stale_files: int = 0
    """Of earlier versions, deleted."""
    versions: list[int] = field(default_factory=list)
    """The table's version before, and after: none before that one can be read any more, if it held rows."""

    def __iadd__(self, other: Counts) -> Self:
        self.rows += other.rows
        self.blanked += other.blanked
        self.files += other.files
        self.stale_files += other.stale_files
        return self


@dataclass
class Pending:
    """A commit that may or may not have been made: if it was, the table's position of COMMITS is `number`."""

    table: str
    number: int
    counts: Counts
    recent: list[Range]


@dataclass
class Document:
    """One deletion. Instants are µs since 1970."""

    deletion_id: str
    extent: Extent
    persons: int
    """How many were named."""
    state: str = RUNNING
    tables: dict[str, Counts] = field(default_factory=dict)
    journal_records: int = 0
    """Erased from journals."""
    set_aside_files: int = 0
    """Deleted, as they name a person and can't be read."""
    rows_left: int | None = None
    """What the last look at all files found."""
    recent: dict[str, list[Range]] = field(default_factory=dict)
    """By table, what was stored so shortly before that it may be sent again."""
    completed_at: int | None = None
    pending: Pending | None = None

    @property
    def is_done(self) -> bool:
        return self.state == DONE

    def write(self, lake: Path) -> None:
        """Makes it durable as it stands now."""
        said = {**asdict(self), "extent": self.extent.to_json()}
        publish(lake / DELETIONS / f"{self.deletion_id}.json", json.dumps(said).encode())


def read_document(lake: Path, deletion_id: str) -> Document | None:
    """The deletion's document, where its work was begun."""
    try:
        return _document((lake / DELETIONS / f"{deletion_id}.json").read_bytes())
    except FileNotFoundError:
        return None


def read_documents(lake: Path) -> list[Document]:
    """All deletions that were begun, in no particular order."""
    return [_document(path.read_bytes()) for path in (lake / DELETIONS).glob("*.json")]


def _document(text: bytes) -> Document:
    said: dict[str, Any] = json.loads(text)
    pending = said["pending"]
    return Document(
        **{
            **said,
            "extent": Extent.from_json(said["extent"]),
            "tables": {name: Counts(**counts) for name, counts in said["tables"].items()},
            "recent": {name: _ranges(ranges) for name, ranges in said["recent"].items()},
            "pending": pending
            and Pending(
                pending["table"], pending["number"], Counts(**pending["counts"]), _ranges(pending["recent"])
            ),
        }
    )


def _ranges(said: Iterable[list[int]]) -> list[Range]:
    return [(key, first, last) for key, first, last in said]
