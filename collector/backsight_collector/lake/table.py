"""One Delta table, written so that a commit that has returned survives the power.

delta-rs never calls fsync. So each Parquet file and its directory are synced before the commit that names it,
and the log entry and its directory before `append` returns. Commits name their number of actions: a log entry
that a power cut shortened at the end of a line would otherwise pass for a whole one (see recovery.py).

Delta does not refuse an app transaction that a table already holds: the caller compares `position` first, and
one lock per lake (see lake.py) makes that safe.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Schema, Transaction
from deltalake.transaction import AddAction, RemoveAction

from backsight.contract import PARTITIONS, TABLES
from backsight_collector.journal.segments import ensure_directory, sync_directory
from backsight_collector.lake.data_files import write_files
from backsight_collector.lake.recovery import ACTIONS

CHECKPOINT_EVERY: Final = 50
"""Commits between checkpoints: a handle's commits slow down with every commit since its last one."""
NEWEST_CHECKPOINTS: Final = 10
"""Checkpoints that stay for readers that are about to open them."""
CHECKPOINT_STRIDE: Final = 1_000
"""Of older ones, one stays for so many versions. Each names every file that was replaced within the time for
which versions are kept: with a commit every two seconds all of a day's would take gigabytes."""
SNAPSHOT_HOURS: Final = 24
"""How long a version of a table can still be read."""
RETENTION: Final = ("delta.logRetentionDuration", "delta.deletedFileRetentionDuration")
"""Properties that say for how long a version can be read."""
NO_HOOKS: Final = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
STATISTICS: Final = {
    "events": ("node_id", "time", "received_at"),
    "nodes": ("node_id", "first_seen"),
    "elements": ("element_id", "first_seen"),
    "statements": ("time", "received_at"),
    "dead_letters": ("received_at",),
}
"""Columns whose bounds each data file's log entry names."""


class DataFile(NamedTuple):
    """A committed Parquet file: `path` as the log has it; when it was received, where the log tells."""

    path: str
    rows: int
    size: int
    partition: dict[str, str]
    modified: int  # milliseconds since 1970
    received_until: datetime | None
    received_from: datetime | None = None


class Table:
    """One Delta table, created if it does not exist; only the holder of the lake's lock may have one.

    One that was made before the contract had some columns gets them, null in the files that it has.

    Its versions stay readable for `snapshot_hours`; unless given, for as long as was said before.
    """

    def __init__(
        self,
        directory: Path,
        name: str,
        snapshot_hours: int | None = None,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._alive = alive
        self.name, self.directory, self.log = name, directory, directory / "_delta_log"
        self._schema = Schema.from_arrow(TABLES[name])
        if not DeltaTable.is_deltatable(str(directory)):
            self._create(snapshot_hours or SNAPSHOT_HOURS)
        self._reopen()
        self._settle()
        self._widen()
        if snapshot_hours is not None:
            self._keep_for(snapshot_hours)

    @property
    def version(self) -> int:
        return self._handle.version()

    def position(self, app: str) -> int:
        """How far this table holds what the app has to tell; 0 for nothing yet."""
        if app not in self._told:  # the log says so too, but takes milliseconds each time
            self._told[app] = self._handle.transaction_version(app) or 0
        return self._told[app]

    def files(self) -> list[DataFile]:
        """The committed files, in no particular order."""
        actions = pa.table(self._handle.get_add_actions(flatten=True))
        partitions = {f"partition.{column}": column for column in PARTITIONS[self.name]}
        received = [name for name in ("max.received_at", "min.received_at") if name in actions.column_names]
        kept = ["path", "num_records", "size_bytes", "modification_time", *partitions, *received]
        return [
            DataFile(
                row["path"],
                row["num_records"],
                row["size_bytes"],
                {column: str(row[name]) for name, column in partitions.items()},
                row["modification_time"],
                row.get("max.received_at"),
                row.get("min.received_at"),
            )
            for row in actions.select(kept).to_pylist()
        ]

    def read(
        self, file: DataFile, columns: Sequence[str] | None = None, *, as_dictionaries: bool = False
    ) -> pa.Table:
        """The rows of one file: the named columns, or all, in the order asked for.

        With `as_dictionaries` strings come dictionary-encoded: half the memory, and less time to sort.
        """
        self._alive()
        schema, names = TABLES[self.name], list(columns or TABLES[self.name].names)
        stored = [name for name in names if name not in file.partition]
        strings = [name for name in stored if as_dictionaries and pa.types.is_string(schema.field(name).type)]
        rows = pq.ParquetFile(self.directory / file.path, read_dictionary=strings).read(columns=stored)
        for name in set(names) & set(file.partition):
            value = pa.scalar(file.partition[name]).cast(schema.field(name).type)
            rows = rows.append_column(schema.field(name), pa.repeat(value, rows.num_rows))
        for name in set(names) - set(rows.column_names):  # written before there was such a column
            rows = rows.append_column(schema.field(name), pa.nulls(rows.num_rows, schema.field(name).type))
        return rows.select(names)

    def unpacked_bytes(self, file: DataFile) -> int:
        """What the file's columns have before compression, by its footer."""
        footer = pq.read_metadata(self.directory / file.path)
        return sum(footer.row_group(place).total_byte_size for place in range(footer.num_row_groups))

    def scan(self, columns: Sequence[str], since: datetime | None = None) -> Iterator[pa.Table]:
        """All rows, file by file; with `since`, files that hold nothing received so late are left out."""
        for file in self.files():
            if since is None or file.received_until is None or file.received_until >= since:
                yield self.read(file, columns)

    def append(self, rows: pa.Table, positions: Mapping[str, int]) -> None:
        """Adds rows, and says how far each app has thereby been told; durable on return.

        A position that the table has passed already stays: another table may be catching up after recovery.
        """
        adds = write_files(self.directory, rows, PARTITIONS[self.name], STATISTICS[self.name])
        ahead = {app: position for app, position in positions.items() if position > self.position(app)}
        if adds or ahead:
            self._commit(adds, ahead)

    def replace(
        self,
        old: Sequence[DataFile],
        new: Sequence[AddAction],
        positions: Mapping[str, int] | None = None,
        *,
        same_rows: bool = True,
    ) -> None:
        """Puts written files in the place of others, in one commit that also tells positions; durable on
        return. `same_rows` tells those who follow the table's changes that there is none."""
        now = int(time.time() * 1000)
        removes = [
            RemoveAction(file.path, not same_rows, now, file.size, dict(file.partition)) for file in old
        ]
        self._commit([*new, *removes], positions or {})

    def checkpoint(self) -> None:
        """Makes opening and committing fast again; log entries older than the snapshots kept are let go."""
        self._handle.create_checkpoint()
        for path in (self.log / f"{self.version:020d}.checkpoint.parquet", self.log / "_last_checkpoint"):
            _sync_file(path)
        sync_directory(self.log)
        self._handle.cleanup_metadata()
        self._thin_checkpoints()
        self._reopen()

    def vacuum(self, snapshot_hours: int | None = None) -> int:
        """Deletes files that no version younger than `snapshot_hours` names (unless given, those that are to
        stay readable); how many.

        delta-rs only lists them: its own vacuum adds two log entries that it does not sync.
        """
        paths = self._handle.vacuum(snapshot_hours, dry_run=True, enforce_retention_duration=False, full=True)
        for path in paths:
            self._alive()
            (self.directory / path).unlink(missing_ok=True)
        return len(paths)

    def _commit(self, actions: Sequence[AddAction | RemoveAction], positions: Mapping[str, int]) -> None:
        self._alive()
        transactions = [Transaction(app, position) for app, position in positions.items()]
        count = {ACTIONS: len(actions) + len(transactions)}
        self._handle.create_write_transaction(
            list(actions),
            "append",
            self._schema,
            PARTITIONS[self.name],
            commit_properties=CommitProperties(count, max_commit_retries=0, app_transactions=transactions),
            post_commithook_properties=NO_HOOKS,
        )
        self._sync_entry(self.version + 1)
        self._handle.update_incremental()
        self._told |= positions
        if self.version - self._summed_up >= CHECKPOINT_EVERY:
            self.checkpoint()

    def _thin_checkpoints(self) -> None:
        """Deletes those without which every version can be read as well, a little more slowly."""
        strides = set[int]()
        for path in self._checkpoints()[:-NEWEST_CHECKPOINTS]:
            stride = int(path.name[:20]) // CHECKPOINT_STRIDE
            if stride in strides:
                path.unlink()
            strides.add(stride)

    def _checkpoints(self) -> list[Path]:
        return sorted(self.log.glob("*.checkpoint.parquet"))

    def _settle(self) -> None:
        """Syncs the last entry and the table's folders, whose writer may have been killed before it could:
        from here on they count."""
        if (self.log / f"{self.version:020d}.json").exists():
            self._sync_entry(self.version)
        self._sync_folders()

    def _sync_entry(self, version: int) -> None:
        _sync_file(self.log / f"{version:020d}.json")
        sync_directory(self.log)

    def _create(self, snapshot_hours: int) -> None:
        DeltaTable.create(
            str(self.directory),
            Schema.from_arrow(TABLES[self.name]),
            partition_by=PARTITIONS[self.name],
            configuration={
                "delta.enableDeletionVectors": "false",
                "delta.dataSkippingStatsColumns": ",".join(STATISTICS[self.name]),
                **dict.fromkeys(RETENTION, interval(snapshot_hours)),
            },
            commit_properties=CommitProperties({ACTIONS: 2}),
        )
        self._sync_entry(0)
        self._sync_folders()

    def _sync_folders(self) -> None:
        sync_directory(self.directory)
        ensure_directory(self.directory)

    def _widen(self) -> None:
        known = {field.name for field in self._handle.schema().fields}
        if added := [field for field in self._schema.fields if field.name not in known]:
            self._handle.alter.add_columns(
                added,
                commit_properties=CommitProperties({ACTIONS: 1}, max_commit_retries=0),
                post_commithook_properties=NO_HOOKS,
            )
            self._reopen()
            self._sync_entry(self.version)

    def _keep_for(self, hours: int) -> None:
        """Says how long log entries and replaced files are kept, where something else was said before."""
        wanted = dict.fromkeys(RETENTION, interval(hours))
        if wanted.items() <= self._handle.metadata().configuration.items():
            return
        self._handle.alter.set_table_properties(
            wanted,
            commit_properties=CommitProperties({ACTIONS: 1}, max_commit_retries=0),
            post_commithook_properties=NO_HOOKS,
        )
        self._reopen()
        self._sync_entry(self.version)

    def _reopen(self) -> None:
        self._handle = DeltaTable(str(self.directory))
        self._told: dict[str, int] = {}
        checkpoints = self._checkpoints()
        self._summed_up = int(checkpoints[-1].name[:20]) if checkpoints else 0


def interval(hours: int) -> str:
    """So many hours, as Delta's properties say it."""
    return f"interval {hours} hours"


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
