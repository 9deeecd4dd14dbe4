"""How a committer may be set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from backsight.contract import MAX_ATTRIBUTE_VALUES, MAX_CONTEXTS
from backsight_collector.disk import LEAST_FREE_BYTES
from backsight_collector.lake.table import SNAPSHOT_HOURS

FOLD_STRETCH: Final = 5.0


@dataclass(frozen=True)
class CommitterSettings:
    """How the committer works; every value has a default that serves a small deployment."""

    fold_seconds: float = 1.0
    """Time between the beginnings of two folds; up to FOLD_STRETCH times as long when folds take long."""
    fold_bytes: int = 16_000_000
    """Most bytes of journal that one fold takes: bounds memory."""
    snapshot_hours: int = SNAPSHOT_HOURS
    """How long a version of a table stays readable: for running reports and for answers to be had again."""
    max_attribute_values: int = MAX_ATTRIBUTE_VALUES
    """Distinct values of one attribute on one site, past which it stops being part of elements."""
    max_contexts: int = MAX_CONTEXTS
    """Elements and nodes of one site, past which new contexts are cut (see fold/room.py)."""
    min_free_bytes: int = LEAST_FREE_BYTES
    """With less of the disk left, no merge begins: for a while it needs room for its files twice."""
