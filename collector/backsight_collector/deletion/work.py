"""The work of a deletion: everything that holds a person, file by file, until a last look finds nothing.

The rows of a table that go are removed a few files at a time: the files without them are written, one commit
puts them in the place of the old ones, and those are deleted at once, however long versions are kept
otherwise. Then go files of earlier versions that hold such rows, and what is left in the journals. Who may be
killed at any time begins anew: what is gone is not found again, and what was done stands in the document.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from deltalake.transaction import AddAction

from backsight.contract import DEDUPLICATION_HOURS, STATEMENTS, StatementKind
from backsight_collector.deletion import mentions
from backsight_collector.deletion.document import (
    COMMITS,
    DONE,
    Counts,
    Document,
    Pending,
    Range,
    read_document,
)
from backsight_collector.deletion.extent import COLUMNS, Extent, resolve
from backsight_collector.deletion.rows import READ, Mark, Marks, marker, read_columns, unmade, without
from backsight_collector.dialects.imported import without_rows
from backsight_collector.fold.dead_letters import NO_PLACE, batch_key
from backsight_collector.fold.known import salt
from backsight_collector.journal.erasing import erase, erase_set_aside
from backsight_collector.journal.records import Deletion
from backsight_collector.journal.segments import sync_directory
from backsight_collector.lake.lake import Lake
from backsight_collector.lake.table import DataFile, Table

log = logging.getLogger(__name__)

COMMIT_FILES: Final = 500
"""Files that one commit replaces, at most: until then both old and new are on disk."""
COMMIT_BYTES: Final = 1_000_000_000
RECENT: Final = 2 * DEDUPLICATION_HOURS * 3_600 * 1_000_000
"""For how long what was stored is known when it comes again, at most; in µs."""


class Work:
    """One deletion over an open lake; `journals` says how far each journal's directory is folded.

    Nobody else may commit to the tables but to append, and compaction must stand still.
    """

    def __init__(self, lake: Lake, record: Deletion, journals: Mapping[Path, int]) -> None:
        self._lake, self._journals = lake, journals
        self.document = read_document(lake.directory, record.deletion_id) or self._begin(record)
        self._revoked: frozenset[str] = frozenset()
        self._steps = self._run()

    def advance(self, seconds: float) -> bool:
        """Works for about so long; whether it is done."""
        give_up = time.monotonic() + seconds
        return all(time.monotonic() <= give_up for _ in self._steps)

    def _begin(self, record: Deletion) -> Document:
        site, until = record.site, record.received_at
        extent = resolve(site, until, record.persons, self._statements(site, until))
        document = Document(record.deletion_id, extent, len(record.persons))
        document.write(self._lake.directory)
        return document

    def _statements(self, site: str, until: int) -> pa.Table:
        """What says who is who, as it was said by then."""
        table = self._lake["statements"]
        parts, schema = [], pa.schema([STATEMENTS.field(name) for name in COLUMNS])
        for file in _of_site(table, site):
            rows = table.read(file, [*COLUMNS, "received_at"])
            moment = pa.scalar(until, pa.int64()).cast(rows["received_at"].type)
            is_said = pc.and_(
                pc.less_equal(rows["received_at"], moment),
                pc.not_equal(rows["kind"], StatementKind.TRAITS.value),
            )
            parts.append(rows.filter(is_said).select(COLUMNS).cast(schema))
        return pa.concat_tables([schema.empty_table(), *parts])

    def _run(self) -> Iterator[None]:
        document = self.document
        if document.is_done:
            return
        self._settle()
        yield
        self._revoked = unmade(self._read_statements(), document.extent)
        for name in READ:
            yield from self._clean(self._lake[name])
        yield from self._erase()
        yield from self._look_again()
        mentions.forget()
        document.state, document.completed_at = DONE, time.time_ns() // 1_000
        document.write(self._lake.directory)
        log.info("%s is done: %s", document.deletion_id, document.tables)

    def _settle(self) -> None:
        """Counts the last commit before a kill, where it was made, whatever was merged since."""
        document, pending = self.document, self.document.pending
        if pending is not None and self._lake[pending.table].position(COMMITS) >= pending.number:
            self._count(pending)
        document.pending = None

    def _read_statements(self) -> list[pa.Table]:
        table = self._lake["statements"]
        return [table.read(file, READ[table.name]) for file in _of_site(table, self.document.extent.site)]

    def _marker(self, table: str) -> Mark:
        return marker(table, self.document.extent, self._revoked, self._lake.alive)

    def _clean(self, table: Table) -> Iterator[None]:
        counts = self.document.tables.setdefault(table.name, Counts(versions=[table.version] * 2))
        mark, batch = self._marker(table.name), _Batch(self.document.extent)
        for file in _of_site(table, self.document.extent.site):
            if marks := mark(read_columns(table.directory / file.path, table.name)):
                batch.add(table, file, marks)
                if batch.is_full:
                    self._commit(table, batch)
                    batch = _Batch(self.document.extent)
            yield
        if batch.old:
            self._commit(table, batch)
        yield from self._delete_stale(table, mark, counts)
        if counts.files:
            counts.versions[1] = table.version
        self.document.write(self._lake.directory)

    def _commit(self, table: Table, batch: _Batch) -> None:
        document = self.document
        document.pending = pending = batch.pending(table)
        document.write(self._lake.directory)
        table.replace(batch.old, batch.new, {COMMITS: pending.number}, same_rows=False)
        _unlink([table.directory / file.path for file in batch.old])
        self._count(pending)
        document.pending = None

    def _count(self, pending: Pending) -> None:
        self.document.tables[pending.table] += pending.counts
        self.document.recent.setdefault(pending.table, []).extend(pending.recent)

    def _delete_stale(self, table: Table, mark: Mark, counts: Counts) -> Iterator[None]:
        """Deletes files of the site that the table does not name any more, where they hold such rows."""
        current = {table.directory / file.path for file in table.files()}
        folder = table.directory / f"site={self.document.extent.site}"
        for path in sorted(set(folder.glob("**/*.parquet")) - current):
            if _holds(path, table.name, mark):
                _unlink([path])
                counts.stale_files += 1
            yield

    def _erase(self) -> Iterator[None]:
        document = self.document
        is_unwanted = partial(mentions.is_unwanted, document.extent)
        for directory, position in self._journals.items():
            for erased in erase(
                directory, 0, position, lambda _, payload: is_unwanted(payload), without_rows
            ):
                document.journal_records += erased
                yield
            document.set_aside_files += erase_set_aside(directory, is_unwanted)
        document.write(self._lake.directory)

    def _look_again(self) -> Iterator[None]:
        """Looks at every row once more: the proof. Raises RuntimeError where anything is left."""
        left = 0
        for name in READ:
            table, mark = self._lake[name], self._marker(name)
            for file in _of_site(table, self.document.extent.site):
                marks = mark(read_columns(table.directory / file.path, name))
                left += int(marks.gone.sum() + marks.blanked.sum())
                yield
        self.document.rows_left = left
        if left:
            raise RuntimeError(f"{self.document.deletion_id}: {left} rows are left; it is begun anew")


class _Batch:
    """Files that one commit is to replace."""

    def __init__(self, extent: Extent) -> None:
        self.old: list[DataFile] = []
        self.new: list[AddAction] = []
        self._extent, self._counts = extent, Counts()
        self._recent: list[Range] = []

    @property
    def is_full(self) -> bool:
        return len(self.old) >= COMMIT_FILES or sum(file.size for file in self.old) > COMMIT_BYTES

    def add(self, table: Table, file: DataFile, marks: Marks) -> None:
        """Writes the file without the marked rows."""
        self.new += without(table, file, marks)
        self.old.append(file)
        self._counts += Counts(int(marks.gone.sum()), int(marks.blanked.sum()), 1)
        self._recent += _recent(table, file, marks, self._extent)

    def pending(self, table: Table) -> Pending:
        return Pending(table.name, table.position(COMMITS) + 1, self._counts, self._recent)


def _recent(table: Table, file: DataFile, marks: Marks, extent: Extent) -> list[Range]:
    """What goes of a file and was stored so shortly before that it may come again, as Seen tells it."""
    columns = {"events": ["page", "sequence"], "dead_letters": ["batch", "index"]}.get(table.name)
    if columns is None:
        return []
    rows = table.read(file, [*columns, "received_at"]).filter(pa.array(marks.gone))
    since = pa.scalar(extent.until - RECENT, pa.int64()).cast(rows["received_at"].type)
    rows = rows.filter(pc.greater_equal(rows["received_at"], since))
    if table.name == "dead_letters":
        keys = np.array([batch_key(extent.site, each) for each in rows["batch"].to_pylist()], np.int64)
        places = rows["index"].fill_null(NO_PLACE)
    else:
        keys, places = rows["page"].to_numpy() ^ np.int64(salt(extent.site)), rows["sequence"]
    grouped = pa.table({"key": keys, "at": places}).group_by("key").aggregate([("at", "min"), ("at", "max")])
    return list(zip(*(grouped[name].to_pylist() for name in ("key", "at_min", "at_max")), strict=True))


def _of_site(table: Table, site: str) -> list[DataFile]:
    return [file for file in table.files() if file.partition["site"] == site]


def _holds(path: Path, table: str, mark: Mark) -> bool:
    """Whether a file that no version names any more holds such rows; one that can't be read is a leftover
    of a kill, and may."""
    try:
        return bool(mark(read_columns(path, table)))
    except pa.ArrowException:
        return True


def _unlink(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in paths}:
        sync_directory(folder)
