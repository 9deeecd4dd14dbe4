"""Folds a partition's many small files into few large ones, sorted, so that a question reads little.

The rows of one partition stay the same: one commit removes the old files and adds the new, so a kill at any
point leaves the one or the other. What is removed stays readable for as long as snapshots are kept.

Files are merged with files of about their own size: a row is rewritten about as often as its partition
doubles.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
from deltalake.transaction import AddAction

from backsight.contract import PARTITIONS
from backsight_collector.data_files import write_files
from backsight_collector.lake import Lake
from backsight_collector.table import SNAPSHOT_HOURS, STATISTICS, DataFile, Table

log = logging.getLogger(__name__)

SORTED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "events": ("node_id", "time"),
    "nodes": ("node_id",),
    "elements": ("element_id",),
    "statements": ("statement_id",),
    "dead_letters": ("received_at",),
}
TARGET_ROWS: Final = 2_000_000
"""A file with more rows than half of this is left as it is; bounds the memory of a merge."""
TARGET_BYTES: Final = 256_000_000
MIN_FILES: Final = 16
"""Small files in a partition before the committer merges them by itself."""
QUIET_SECONDS: Final = 3_600.0
"""A partition to which nothing was added for so long is merged down to one file."""


@dataclass(frozen=True)
class Merge:
    """Files of one partition that are to become one."""

    table: Table
    files: Sequence[DataFile]

    def write(self) -> list[AddAction]:
        """The file that will stand for them, not committed yet; may run beside appends to the table."""
        order = SORTED_BY[self.table.name]
        rows = pa.concat_tables(self.table.read(file) for file in self.files)
        rows = rows.sort_by([(name, "ascending") for name in order])
        partition_by, bounds = PARTITIONS[self.table.name], STATISTICS[self.table.name]
        return write_files(self.table.directory, rows, partition_by, bounds, sorted_by=order, is_new=False)

    def commit(self, new: Sequence[AddAction]) -> None:
        self.table.replace(self.files, new)
        log.info("%s %s: %d files merged", self.table.name, dict(self.files[0].partition), len(self.files))


class Compactor:
    """Compacts a lake beside its folds: files are merged in a thread of its own, and committed by the
    caller's."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="compaction")
        self._merge: Merge | None = None
        self._written: Future[list[AddAction]] | None = None

    def advance(self) -> bool:
        """Commits the merge that is ready, or begins the one needed most; whether it committed one."""
        if self._written is None or self._merge is None:
            self._merge = next_merge(self._lake)
            self._written = None if self._merge is None else self._thread.submit(self._merge.write)
            return False
        if not self._written.done():
            return False
        merge, written, self._merge, self._written = self._merge, self._written, None, None
        merge.commit(written.result())
        return True

    def close(self) -> None:
        """Waits for the thread; what it was writing is left for vacuum."""
        self._thread.shutdown()


def compact(
    data_dir: Path, *, site: str | None = None, vacuum_hours: int | None = SNAPSHOT_HOURS
) -> dict[str, int]:
    """Merges all that can be merged, of one site or of all; files before and after.

    Raises LakeLocked while a committer runs: it does the same by itself, little by little.
    """
    lake = Lake(data_dir / "lake")
    try:
        before = _count_files(lake)
        while merge := next_merge(lake, site, min_files=2):
            merge.commit(merge.write())
        if vacuum_hours is not None:
            vacuum(lake, vacuum_hours)
        return {"files_before": before, "files_after": _count_files(lake)}
    finally:
        lake.close()


def vacuum(lake: Lake, snapshot_hours: int) -> int:
    """Deletes files that no version younger than `snapshot_hours` needs, also leftovers; how many."""
    return sum(table.vacuum(snapshot_hours) for table in lake.tables.values())


def next_merge(lake: Lake, site: str | None = None, min_files: int = MIN_FILES) -> Merge | None:
    """The merge that takes the most files away, if one is due: `min_files` files or more, or a quiet
    partition."""
    merges = [
        Merge(table, chosen)
        for table in lake.tables.values()
        for files in _partitions(table.files(), site)
        if len(chosen := _choose(files, 2 if _is_quiet(files) else min_files)) > 1
    ]
    return max(merges, key=lambda merge: len(merge.files), default=None)


def _partitions(files: Sequence[DataFile], site: str | None) -> list[list[DataFile]]:
    """The small files of each partition."""
    found: dict[tuple[str, ...], list[DataFile]] = defaultdict(list)
    for file in files:
        is_large = file.rows > TARGET_ROWS // 2 or file.size > TARGET_BYTES // 2
        if not is_large and site in (None, file.partition["site"]):
            found[tuple(file.partition.values())].append(file)
    return list(found.values())


def _is_quiet(files: Sequence[DataFile]) -> bool:
    return max(file.modified for file in files) / 1000 < time.time() - QUIET_SECONDS


def _choose(files: Sequence[DataFile], min_files: int) -> list[DataFile]:
    """The smallest files up to the target, none of them larger than all smaller ones together once there are
    `min_files`; nothing if there are fewer."""
    chosen: list[DataFile] = []
    rows = size = 0
    for file in sorted(files, key=lambda file: file.rows):
        if rows + file.rows > TARGET_ROWS or size + file.size > TARGET_BYTES:
            break
        if len(chosen) >= min_files > 2 and file.rows > rows:
            break
        chosen.append(file)
        rows, size = rows + file.rows, size + file.size
    return chosen if len(chosen) >= min_files else []


def _count_files(lake: Lake) -> int:
    return sum(len(table.files()) for table in lake.tables.values())
