"""The committer's counters, in a file that other processes may read at any time."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backsight.contract import COMMITTER_STATUS


@dataclass
class Status:
    """Counts since the committer's start; `lag_seconds` is how far behind the journal the lake was after the
    last fold, `withheld` names, by site, attributes whose values are no longer part of elements, and `cut`
    says, by site, of how many events the context was cut and why."""

    started_at: float = 0.0  # seconds since 1970, as all times here
    updated_at: float = 0.0
    folds: int = 0
    batches: int = 0
    events: int = 0
    duplicates: int = 0
    dead_letters: Counter[str] = field(default_factory=Counter)
    deletions: int = 0
    deleted_late: int = 0  # events that arrived after their person had been deleted
    unreadable_records: int = 0
    damaged_stretches: int = 0
    torn_records: int = 0
    set_aside: int = 0
    id_collisions: int = 0
    deduplication_cut_short: int = 0
    lag_seconds: float = 0.0
    free_bytes: int | None = None  # of the disk; null where the system does not tell
    fold_seconds: float = 0.0
    compactions: int = 0
    positions: dict[str, int] = field(default_factory=dict)
    withheld: dict[str, dict[str, str]] = field(default_factory=dict)
    cut: dict[str, tuple[int, str]] = field(default_factory=dict)
    errors: int = 0
    last_error: str | None = None
    last_error_at: float | None = None

    def write(self, directory: Path) -> None:
        """Replaces the file at once; it is not synced, because a new one follows within seconds."""
        draft = directory / f"{COMMITTER_STATUS}.draft"
        draft.write_text(json.dumps(vars(self)))
        draft.replace(directory / COMMITTER_STATUS)


def read_status(directory: Path) -> dict[str, Any] | None:
    """What the committer last wrote, or None if it never ran here, or a power cut left but half of it."""
    try:
        status = json.loads((directory / COMMITTER_STATUS).read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return status if isinstance(status, dict) else None
