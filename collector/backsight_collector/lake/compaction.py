"""Folds a partition's many small files into few large ones, sorted, so that a question reads little.

The rows of a partition stay the same: one commit removes the old files and adds the new, so a kill at any
point leaves the one or the other. What is removed stays readable for as long as snapshots are kept. A commit
serves many small partitions: with a commit each, files would gather faster than they go.

Files are merged with files of about their own size: a row is rewritten once each time that its file grows
eightfold.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate, takewhile
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
from deltalake.transaction import AddAction

from backsight.contract import PARTITIONS
from backsight_collector.lake.data_files import write_files
from backsight_collector.lake.lake import Lake
from backsight_collector.lake.table import SNAPSHOT_HOURS, STATISTICS, DataFile, Table

log = logging.getLogger(__name__)

SORTED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "events": ("node_id", "time"),
    "nodes": ("node_id",),
    "elements": ("element_id",),
    "statements": ("statement_id",),
    "dead_letters": ("received_at",),
}
TARGET_ROWS: Final = 2_000_000
"""A file with more rows than half of this is left as it is; bounds the memory of a merge, to about 1 GB."""
TARGET_BYTES: Final = 256_000_000
TARGET_UNPACKED_BYTES: Final = 512_000_000
"""The same before compression, by the files' footers: what repeats itself may be packed a thousandfold."""
MERGE_FILES: Final = 4_000
"""Files that one commit removes, at most; those of one partition stay together."""
MIN_FILES: Final = 8
"""Files of about one size in a partition before the committer merges them by itself."""
BEHIND_FACTOR: Final = 4
"""How many times as many there have to be while the lake is behind the journal: reports that are fresh are
worth more than files that are few."""
LOOK_SECONDS: Final = 10.0
"""How often a committer looks for what is due, at most."""
RETRY_SECONDS: Final = 600.0
"""How long a committer leaves merges alone after one has failed."""
QUIET_SECONDS: Final = 3_600.0
"""A partition to which nothing was added for so long is merged down: to one file, unless that would rewrite
much for the sake of little."""
FINAL_SECONDS: Final = 86_400.0
"""After so long it is merged down to one file in any case. A day gets late events for weeks: rewritten whole
each time, it would fill the disk with its replaced files."""
WORTH: Final = 8
"""A file is rewritten for the sake of smaller ones that have at least this part of its rows."""


class Written(NamedTuple):
    """Files that stand ready to take the place of others."""

    old: list[DataFile]
    new: list[AddAction]


@dataclass(frozen=True)
class Merge:
    """Groups of files of one table; each group's are of one partition and are to become one."""

    table: Table
    groups: Sequence[Sequence[DataFile]]

    @property
    def files(self) -> list[DataFile]:
        return [file for group in self.groups for file in group]

    def write(self, is_wanted: Callable[[], bool] = lambda: True) -> Written:
        """Makes the files, not committed yet, while they are wanted; may run beside appends to the table."""
        written = Written([], [])
        for group in takewhile(lambda _: is_wanted(), self.groups):
            fitting = self._fitting(group)
            if len(fitting) > 1:
                written.old.extend(fitting)
                written.new.extend(self._write_one(fitting))
        return written

    def commit(self, written: Written) -> bool:
        """Whether there was anything to commit."""
        if written.old:
            self.table.replace(written.old, written.new)
            log.info("%s: %d files became %d", self.table.name, len(written.old), len(written.new))
        return bool(written.old)

    def _fitting(self, group: Sequence[DataFile]) -> list[DataFile]:
        """The first files of the group, up to what memory is set aside for."""
        unpacked = accumulate(self.table.unpacked_bytes(file) for file in group)
        return [file for file, size in zip(group, unpacked, strict=True) if size <= TARGET_UNPACKED_BYTES]

    def _write_one(self, files: Sequence[DataFile]) -> list[AddAction]:
        order = SORTED_BY[self.table.name]
        # Merges used to make the column that they sorted by nullable: such files are still there.
        read = (self.table.read(file, as_dictionaries=True) for file in files)
        rows = pa.concat_tables(read, promote_options="default")
        rows = _plain(rows.unify_dictionaries(), order).sort_by([(name, "ascending") for name in order])
        partition_by, bounds = PARTITIONS[self.table.name], STATISTICS[self.table.name]
        return write_files(self.table.directory, rows, partition_by, bounds, sorted_by=order, is_new=False)


def _plain(rows: pa.Table, names: Sequence[str]) -> pa.Table:
    """The rows with those columns as they are: Arrow does not sort by dictionaries."""
    for name in names:
        place, field = rows.schema.get_field_index(name), rows.schema.field(name)
        if pa.types.is_dictionary(field.type):
            plain = field.type.value_type
            rows = rows.set_column(place, field.with_type(plain), rows[name].cast(plain))
    return rows


class Compactor:
    """Compacts a lake beside its folds: a thread of its own merges files, the caller's commits them."""

    def __init__(self, lake: Lake, min_files: int = MIN_FILES) -> None:
        self._lake, self._min_files = lake, min_files
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="compaction")
        self._due: list[Merge] = []
        self._written: Future[Written] | None = None
        self._look_at = 0.0
        self._closed = threading.Event()

    def advance(self, *, is_behind: bool = False, is_full: bool = False) -> bool:
        """Commits the merge that is ready, or begins the next; whether it committed one.

        `is_behind`: folds are late, so that what need not be merged now should wait. `is_full`: there is no
        room on the disk for any merge.
        """
        if self._written is None and is_full:
            return False
        if self._written is None:
            self._look(self._min_files * (BEHIND_FACTOR if is_behind else 1))
            self._written = self._thread.submit(self._due[0].write, self._is_open) if self._due else None
            return False
        if not self._written.done():
            return False
        written, self._written = self._written, None
        try:
            ready = written.result()
        except Exception as error:  # folds are worth more than merges: they go on
            log.exception("a merge failed; the next try is in %d s: %s", RETRY_SECONDS, error)
            self._due, self._look_at = [], time.monotonic() + RETRY_SECONDS
            return False
        return self._due.pop(0).commit(ready)

    @property
    def is_idle(self) -> bool:
        """Whether no merge is being written or waits to be committed."""
        return self._written is None

    def close(self) -> None:
        """Stops the thread, after the file at hand; what it has written is left for vacuum."""
        self._closed.set()
        self._thread.shutdown()

    def _is_open(self) -> bool:
        return not self._closed.is_set()

    def _look(self, min_files: int) -> None:
        """Now and then finds what is due; rarely enough that a lake of many files spends no time on it."""
        started = time.monotonic()
        if not self._due and started >= self._look_at:
            self._due = find_merges(self._lake, min_files=min_files)
            now = time.monotonic()
            self._look_at = now + max(LOOK_SECONDS, 20 * (now - started))


def compact(
    data_dir: Path, *, site: str | None = None, vacuum_hours: int | None = SNAPSHOT_HOURS
) -> dict[str, int]:
    """Merges all that can be merged, of one site or of all; files before and after.

    Raises LakeLocked while a committer runs: it does the same by itself, little by little.
    """
    lake = Lake(data_dir / "lake", vacuum_hours or None)
    try:
        before = _count_files(lake)
        while sum(merge.commit(merge.write()) for merge in find_merges(lake, site, min_files=0)):
            pass
        if vacuum_hours is not None:
            vacuum(lake, vacuum_hours)
        return {"files_before": before, "files_after": _count_files(lake)}
    finally:
        lake.close()


def vacuum(lake: Lake, snapshot_hours: int | None = None) -> int:
    """Deletes files that no version younger than `snapshot_hours` needs (unless given, none that is to stay
    readable), also leftovers; how many."""
    return sum(table.vacuum(snapshot_hours) for table in lake.tables.values())


def find_merges(lake: Lake, site: str | None = None, min_files: int = MIN_FILES) -> list[Merge]:
    """The merges that are due, those first that take most files away; with `min_files` 0, all that can be."""
    merges = [
        Merge(table, groups)
        for table in lake.tables.values()
        for groups in _batches(_groups(table, site, min_files))
    ]
    return sorted(merges, key=lambda merge: -len(merge.files))


def _groups(table: Table, site: str | None, min_files: int) -> list[list[DataFile]]:
    """Of each partition the files that are to become one."""
    chosen = (_due(files, min_files) for files in _partitions(table.files(), site))
    return [group for group in chosen if len(group) > 1]


def _batches(groups: Sequence[Sequence[DataFile]]) -> Iterator[list[Sequence[DataFile]]]:
    """The groups in as few batches as may be, none of which holds much more than one large merge."""
    batch: list[Sequence[DataFile]] = []
    rows = files = 0
    for group in sorted(groups, key=lambda group: -len(group)):
        rows, files = rows + sum(file.rows for file in group), files + len(group)
        if batch and (rows > TARGET_ROWS or files > MERGE_FILES):
            yield batch
            batch, rows, files = [], sum(file.rows for file in group), len(group)
        batch.append(group)
    if batch:
        yield batch


def _due(files: Sequence[DataFile], min_files: int) -> list[DataFile]:
    """Of one partition's files those that are to become one; with `min_files` 0, all that can."""
    quiet = _quiet_seconds(files)
    if not min_files or quiet > FINAL_SECONDS:
        return _up_to_target(files)
    return _worth_a_merge(files) if quiet > QUIET_SECONDS else _choose(files, min_files)


def _partitions(files: Sequence[DataFile], site: str | None) -> list[list[DataFile]]:
    """The small files of each partition."""
    found: dict[tuple[str, ...], list[DataFile]] = defaultdict(list)
    for file in files:
        is_large = file.rows > TARGET_ROWS // 2 or file.size > TARGET_BYTES // 2
        if not is_large and site in (None, file.partition["site"]):
            found[tuple(file.partition.values())].append(file)
    return list(found.values())


def _quiet_seconds(files: Sequence[DataFile]) -> float:
    """For how long nothing was added to them."""
    return time.time() - max(file.modified for file in files) / 1000


def _worth_a_merge(files: Sequence[DataFile]) -> list[DataFile]:
    """The smallest files, up to one that is large beside all of them."""
    chosen: list[DataFile] = []
    rows = 0
    for file in _up_to_target(files):
        if chosen and rows * WORTH < file.rows:
            break
        chosen.append(file)
        rows += file.rows
    return chosen


def _choose(files: Sequence[DataFile], min_files: int) -> list[DataFile]:
    """The largest files of which there are `min_files` of about one size, and all smaller ones; or none."""
    sizes = Counter(map(_size_class, files))
    many = [size for size, count in sizes.items() if count >= min_files]
    if not many:
        return []
    return _up_to_target([file for file in files if _size_class(file) <= max(many)])


def _size_class(file: DataFile) -> int:
    """Files of a class differ by less than a factor of eight."""
    return file.rows.bit_length() // 3


def _up_to_target(files: Sequence[DataFile]) -> list[DataFile]:
    chosen: list[DataFile] = []
    rows = size = 0
    for file in sorted(files, key=lambda file: file.rows):
        rows, size = rows + file.rows, size + file.size
        if rows > TARGET_ROWS or size > TARGET_BYTES:
            break
        chosen.append(file)
    return chosen


def _count_files(lake: Lake) -> int:
    return sum(len(table.files()) for table in lake.tables.values())
