"""Mends what a crash has left in a table's log, before the table is opened.

Every commit is synced before the next begins, so only the last log entry can be incomplete, and what it
should have said is still in the journal. It is set aside, as is a checkpoint that can't be read: the entries
that it sums up are deleted only after it was synced. An empty entry, or one that lost its last lines, is as
bad as a broken one: Delta takes both for commits that did nothing.

Whatever else is wrong with a log is no crash's doing, and is reported (LakeDamaged) rather than guessed at.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from backsight.contract import TABLES
from backsight_collector.journal.segments import sync_directory
from backsight_collector.lake.errors import LakeDamaged

log = logging.getLogger(__name__)

ACTIONS: Final = "backsight.actions"
"""The key under which a commit says how many actions follow its `commitInfo`."""
SET_ASIDE: Final = "_set_aside"
_ENTRY: Final = re.compile(r"(\d{20})\.json")
_CHECKPOINT: Final = re.compile(r"(\d{20})\.checkpoint\.parquet")


def mend(lake: Path) -> list[Path]:
    """Makes every table of the lake readable again; where the files that had to go are now kept."""
    return [path for name in TABLES for path in _mend_table(lake / name)]


def _mend_table(table: Path) -> list[Path]:
    directory = table / "_delta_log"
    if not directory.is_dir():
        return []
    _remove_drafts(directory)
    moved = [_set_aside(table, path) for path in _unreadable_checkpoints(directory)]
    checkpoints = [_version(path) for path in _numbered(directory, _CHECKPOINT)]
    summed_up = max(checkpoints, default=-1)
    entries = [path for path in _numbered(directory, _ENTRY) if _version(path) > summed_up]
    if entries and (fault := _fault(entries[-1])):
        log.error("%s: %s; set aside, to be replayed from the journal", entries[-1], fault)
        moved.append(_set_aside(table, entries.pop()))
    _require_whole(directory, entries, summed_up + 1)
    return moved


def _remove_drafts(directory: Path) -> None:
    """Deletes what object_store writes before it links an entry into place."""
    for path in directory.glob("*#*"):
        path.unlink()


def _unreadable_checkpoints(directory: Path) -> list[Path]:
    """Torn checkpoints, and the hint to the last one if it can't be followed."""
    checkpoints = _numbered(directory, _CHECKPOINT)
    torn = [path for path in checkpoints if not _is_whole(path)]
    hint = directory / "_last_checkpoint"
    sound = {_version(path) for path in checkpoints if path not in torn}
    if hint.exists() and _hinted(hint) not in sound:
        torn.append(hint)
    for path in torn:
        log.error("%s: can't be read; set aside, the entries that it sums up are still there", path)
    return torn


def _hinted(hint: Path) -> int | None:
    try:
        version = json.loads(hint.read_bytes())["version"]
    except (ValueError, KeyError, TypeError):
        return None
    return version if isinstance(version, int) else None


def _is_whole(path: Path) -> bool:
    """Whether all of a checkpoint can be read: a power cut may leave its end and not its middle."""
    try:
        return bool(pq.read_table(path, partitioning=None).num_rows)
    except (pa.ArrowException, OSError):
        return False


def _fault(entry: Path) -> str:
    """What is wrong with a log entry, in words; empty when nothing is."""
    try:
        actions = [json.loads(line) for line in entry.read_bytes().splitlines() if line]
    except ValueError as error:
        return f"not JSON ({error})"
    if not actions or not all(isinstance(action, dict) for action in actions):
        return "empty"
    expected = _commit_info(actions).get(ACTIONS)
    found = sum("commitInfo" not in action for action in actions)
    if expected is not None and expected != found:
        return f"{found} actions, where there should be {expected}"
    return ""


def _commit_info(actions: Sequence[dict[str, Any]]) -> dict[str, Any]:
    for action in actions:
        if isinstance(info := action.get("commitInfo"), dict):
            return info
    return {}


def _require_whole(directory: Path, entries: Sequence[Path], first: int) -> None:
    """Refuses a log with a hole, or with an unreadable entry that others follow."""
    for expected, entry in enumerate(entries, first):
        if _version(entry) != expected:
            missing = f"{expected:020d}.json"
            raise LakeDamaged(f"{directory}: {missing} is missing: restore the directory from a backup")
        if fault := _fault(entry):
            raise LakeDamaged(f"{entry}: {fault}: restore the directory from a backup")


def _version(path: Path) -> int:
    return int(path.name[:20])


def _numbered(directory: Path, pattern: re.Pattern[str]) -> list[Path]:
    return sorted(path for path in directory.iterdir() if pattern.fullmatch(path.name))


def _set_aside(table: Path, path: Path) -> Path:
    """Moves a file out of the log, durably, where Delta's own clean-up does not look."""
    kept = table / SET_ASIDE / f"{time.time_ns()}-{path.name}"
    kept.parent.mkdir(exist_ok=True)
    path.rename(kept)
    for directory in (kept.parent, path.parent, table):
        sync_directory(directory)
    return kept
