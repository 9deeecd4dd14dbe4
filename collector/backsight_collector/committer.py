"""Folds the journal into the lake, about once a second, each acknowledged event exactly once.

A fold reads the records that the lake does not hold yet, appends their rows table by table, each append with
the journal's position, durable before the next begins, and only then lets the journal go. `events` comes
last: its position is the lake's. After any failure the committer forgets all it knows and begins anew from
the lake.
"""

from __future__ import annotations

import gc
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pyarrow as pa

from backsight.contract import MAX_ATTRIBUTE_VALUES, MAX_CONTEXTS, TABLES
from backsight_collector.deletion.work import Work
from backsight_collector.dialects.imported import without_rows
from backsight_collector.disk import LEAST_FREE_BYTES, DiskSpace
from backsight_collector.fold.fold import Covered, Fold
from backsight_collector.fold.memory import Memory
from backsight_collector.journal.erasing import erase
from backsight_collector.journal.reader import SET_ASIDE, JournalReader
from backsight_collector.journal.records import (
    Deletion,
    Erased,
    Record,
    UnknownRecord,
    decode_record,
    encode_record,
)
from backsight_collector.journal.segments import publish
from backsight_collector.lake.compaction import Compactor, vacuum
from backsight_collector.lake.errors import LakeError
from backsight_collector.lake.lake import Lake
from backsight_collector.lake.table import SNAPSHOT_HOURS
from backsight_collector.status import Status

log = logging.getLogger(__name__)

VACUUM_SECONDS: Final = 3_600.0
MAX_BACKOFF: Final = 30.0
DELETION_SECONDS: Final = 1.0
"""For how long a deletion works before what has arrived is folded."""


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


FOLD_STRETCH: Final = 5.0


@dataclass(frozen=True)
class FoldCounts:
    """What one fold did; `more` says that the journal holds records which it did not take."""

    batches: int = 0
    events: int = 0
    duplicates: int = 0
    dead_letters: int = 0
    more: bool = False

    def __add__(self, other: FoldCounts) -> FoldCounts:
        return FoldCounts(
            self.batches + other.batches,
            self.events + other.events,
            self.duplicates + other.duplicates,
            self.dead_letters + other.dead_letters,
            self.more or other.more,
        )


@dataclass(frozen=True)
class _Pending:
    writer: str
    records: Sequence[tuple[int, Record]]
    position: int  # after the last record, also if that one was unreadable
    full: bool
    deletion: Deletion | None = None  # the one record, where it is one

    def first(self, count: int) -> _Pending:
        """As if only so many of its records had been read."""
        if count == len(self.records):
            return self
        return replace(self, records=self.records[:count], position=self.records[count - 1][0], full=True)

    @property
    def app(self) -> str:
        """The name under which the tables know the writer's positions."""
        return f"journal/{self.writer}"


class Committer:
    """The one process that writes to `data_dir`/lake, from `data_dir`/journal. Raises LakeLocked,
    LakeDamaged.

    `alive` is called again and again while it works, or waits for work: where it is not, the committer hangs.
    """

    def __init__(
        self,
        data_dir: Path,
        settings: CommitterSettings | None = None,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._alive = alive
        self.status = Status(started_at=time.time())
        self.settings = settings or CommitterSettings()
        self._data_dir = data_dir
        self._space = DiskSpace(data_dir, self.settings.min_free_bytes)
        self._fold_bytes = self.settings.fold_bytes
        self._lake: Lake | None = None
        self._memory: Memory | None = None
        self._deletion: Work | None = None
        self._rereads = False
        self._vacuumed = time.monotonic()
        self._open()

    def step(self) -> FoldCounts:
        """One fold of what the journal holds by now, up to `fold_bytes`; durable on return.

        After an error everything is forgotten, and the next step takes less at a time: what a single record
        does to the fold is then known to be that record's fault.
        """
        started = time.monotonic()
        try:
            counts = self._fold(self._opened())
        except BaseException:
            self._fold_bytes = max(1, self._fold_bytes // 16)
            self.close()
            raise
        self._fold_bytes = min(self.settings.fold_bytes, self._fold_bytes * 4)
        if counts.batches:
            self.status.fold_seconds = time.monotonic() - started
        return counts

    def tidy(self, *, is_behind: bool = False) -> None:
        """Compacts a little, and now and then deletes old files; less where folds are behind the journal."""
        lake = self._opened()
        if self._deletion is not None:
            return
        is_full = self._space.shortage() is not None
        if self._compactor.advance(is_behind=is_behind, is_full=is_full):
            self.status.compactions += 1
        # What a merge has written and not committed belongs to no version: it must not look like a leftover,
        # as it does where the clock jumps by days.
        if self._compactor.is_idle and time.monotonic() - self._vacuumed > VACUUM_SECONDS:
            self._vacuumed = time.monotonic()
            vacuum(lake)

    def run(self, stop: threading.Event) -> None:
        """Folds until `stop` is set, finishing the fold at hand. An error is logged and tried again, ever
        less often; LakeError is raised, because trying again would not help."""
        backoff = self.settings.fold_seconds
        while not stop.is_set():
            self._alive()
            started = time.monotonic()
            try:
                counts = self.step()
                self.tidy(is_behind=counts.more)
                pause = 0.0 if counts.more else self._pause(time.monotonic() - started)
                backoff = self.settings.fold_seconds
            except LakeError:
                raise
            except Exception as error:
                self._note(error)
                pause, backoff = backoff, min(2 * backoff, MAX_BACKOFF)
            self._write_status()
            stop.wait(pause)

    def close(self) -> None:
        """Gives the lake free. The next `step` opens it again."""
        lake, self._lake, self._memory, self._deletion = self._lake, None, None, None
        if lake is not None:
            self._compactor.close()
            lake.close()

    def _opened(self) -> Lake:
        return self._lake if self._lake is not None else self._open()

    def _open(self) -> Lake:
        lake = Lake(self._data_dir / "lake", self.settings.snapshot_hours, self._alive)
        self.status.set_aside += len(lake.set_aside)
        self._compactor = Compactor(lake)
        # Also when it is opened again after an error: what was set aside may not be folded again yet.
        self._rereads = self._rereads or bool(lake.set_aside)
        self._readers: dict[str, JournalReader] = {}
        self._positions: dict[str, int] = {}
        self._lake = lake
        return lake

    def _fold(self, lake: Lake) -> FoldCounts:
        """One writer after the other, so that what is wrong with one's record never holds up another's."""
        done = FoldCounts()
        for writer in self._writers():
            if pending := self._read(writer):
                done += self._fold_one(lake, pending)
        return done

    def _fold_one(self, lake: Lake, pending: _Pending) -> FoldCounts:
        if pending.deletion is not None:
            return self._delete(lake, pending, pending.deletion)
        fold, tables = self._rows(lake, pending)
        pending = pending.first(fold.taken)
        for name, rows in tables.items():
            # `events` in any case: its position is the lake's
            if rows.num_rows or name == "events":
                lake[name].append(rows, {pending.app: pending.position})
        if fold.late:
            self._erase(pending, fold.late)
        self._pass(pending)
        return self._count(fold, pending)

    def _erase(self, pending: _Pending, late: set[int]) -> None:
        """Takes out of the journal what arrived after its person had been deleted."""
        directory, begin = self._data_dir / "journal" / pending.writer, self._positions[pending.writer]
        is_late = late.__contains__
        for _ in erase(directory, begin, pending.position, lambda at, _: is_late(at), without_rows):
            pass

    def _pass(self, pending: _Pending) -> None:
        # One fold late: the last commit can be made again even where the disk's fsync lies.
        self._readers[pending.writer].trim(self._positions[pending.writer])
        self._positions[pending.writer] = pending.position

    def _delete(self, lake: Lake, pending: _Pending, record: Deletion) -> FoldCounts:
        """A slice of a deletion's work, between folds; when it is done, its record counts as folded."""
        memory = self._remember(lake, pending)
        if self._deletion is None:
            self._fold_others(lake, pending.writer)
            self._compactor.close()  # what it has merged already holds the rows that are to go
            self._deletion = Work(lake, record, self._folded())
            memory.deleted.add(self._deletion.document.extent)
        if self._deletion.advance(DELETION_SECONDS):
            self._deletion, self._compactor = None, Compactor(lake)
            memory.forget_statements(lake)
            lake["events"].append(TABLES["events"].empty_table(), {pending.app: pending.position})
            self._pass(pending)
            self.status.deletions += 1
        return FoldCounts(more=True)

    def _fold_others(self, lake: Lake, writer: str) -> None:
        """Folds what the other journals hold by now: what was acknowledged before the deletion."""
        for other in self._writers():
            ahead = self._read(other) if other != writer else None
            while ahead is not None and ahead.deletion is None:
                ahead = self._read(other) if self._fold_one(lake, ahead).more else None

    def _folded(self) -> dict[Path, int]:
        """How far each journal is folded."""
        return {self._data_dir / "journal" / name: position for name, position in self._positions.items()}

    def _rows(self, lake: Lake, pending: _Pending) -> tuple[Fold, Mapping[str, pa.Table]]:
        fold = Fold(self._remember(lake, pending))
        gc.disable()  # looking for cycles would cost a quarter of the fold, and it makes none
        try:
            fold.add(pending.records, self._covered(pending.app))
            return fold, fold.tables()
        except Exception as error:
            if len(pending.records) != 1:
                raise
            return self._refuse(lake, pending, error)
        finally:
            gc.enable()

    def _refuse(self, lake: Lake, pending: _Pending, error: Exception) -> tuple[Fold, Mapping[str, pa.Table]]:
        """The fold of a single record of which no rows can be made: it is kept aside, and the others can go
        on."""
        self._memory = None  # it has noted what is not going to be stored
        fold = Fold(self._remember(lake, pending))
        for position, record in pending.records:
            self._keep_unreadable(pending.writer, position, encode_record(record), error)
            fold.refuse(position, record, str(error), self._covered(pending.app))
        return fold, fold.tables()

    def _writers(self) -> list[str]:
        """Directories below journal/, the server's before the administrators'."""
        journal = self._data_dir / "journal"
        names = [path.name for path in journal.iterdir() if path.is_dir()] if journal.is_dir() else []
        return sorted(names, key=lambda name: (name != "collector", name))

    def _read(self, writer: str) -> _Pending | None:
        """The writer's records that the lake does not hold."""
        if writer not in self._readers:
            self._readers[writer] = JournalReader(self._data_dir / "journal" / writer)
            self._positions[writer] = self._start(f"journal/{writer}")
        raw = self._readers[writer].read(self._positions[writer], self._fold_bytes)
        if not raw:
            return None
        records: list[tuple[int, Record]] = []
        last = 0
        for position, payload in raw:
            try:
                record = decode_record(payload)
            except UnknownRecord as error:
                self._keep_unreadable(writer, position, payload, error)
            else:
                if isinstance(record, Deletion):  # by itself, after what stands before it
                    alone = _Pending(writer, [(position, record)], position, True, record)
                    return _Pending(writer, records, last, True) if last else alone
                records.append((position, record))
            last = position
        full = sum(len(record.payload) for record in raw) >= self._fold_bytes
        return _Pending(writer, records, last, full)

    def _start(self, app: str) -> int:
        """Where to begin: after what `events` holds; after recovery, what any table holds."""
        lake = self._opened()
        return min(lake[name].position(app) for name in (lake.tables if self._rereads else ["events"]))

    def _covered(self, app: str) -> Covered:
        lake = self._opened()
        return Covered(*(lake[name].position(app) for name in Covered._fields))

    def _remember(self, lake: Lake, pending: _Pending) -> Memory:
        if self._memory is None:
            # Of what was erased it is not known any more.
            received = [record.received_at for _, record in pending.records if not isinstance(record, Erased)]
            oldest = min(received, default=round(time.time() * 1e6))
            settings = self.settings
            self._memory = Memory(
                lake, oldest, settings.max_attribute_values, self._rereads, settings.max_contexts
            )
        return self._memory

    def _count(self, fold: Fold, pending: _Pending) -> FoldCounts:
        status, letters = self.status, fold.dead_letters
        status.folds += 1
        status.batches += fold.batches
        status.events += fold.events
        status.duplicates += fold.duplicates
        status.deleted_late += fold.deleted
        status.dead_letters += letters
        status.positions = dict(self._positions)
        newest = max((record.received_at for _, record in pending.records), default=0)
        status.lag_seconds = max(0.0, time.time() - newest / 1e6) if pending.full and newest else 0.0
        return FoldCounts(fold.batches, fold.events, fold.duplicates, letters.total(), pending.full)

    def _keep_unreadable(self, writer: str, position: int, payload: bytes, error: Exception) -> None:
        """Keeps the bytes of a record from which no rows can be made, so that the others' can."""
        path = self._data_dir / "journal" / writer / SET_ASIDE / f"{position}.record"
        publish(path, payload)
        self.status.unreadable_records += 1
        log.error("journal/%s: a record can't be folded (%s); its bytes are kept as %s", writer, error, path)

    def _pause(self, took: float) -> float:
        """Until the next fold: after a long one, as long again, so that a fold's fixed costs stay small."""
        shortest = self.settings.fold_seconds
        return max(0.0, min(max(shortest, 2 * took), FOLD_STRETCH * shortest) - took)

    def _note(self, error: Exception) -> None:
        self.close()
        log.exception("a fold failed and will be tried again: %s", error)
        self.status.errors += 1
        self.status.last_error = f"{type(error).__name__}: {error}"
        self.status.last_error_at = time.time()

    def _write_status(self) -> None:
        status, readers = self.status, self._readers.values()
        status.updated_at = time.time()
        status.free_bytes = self._space.free
        status.damaged_stretches = sum(len(reader.damaged) for reader in readers)
        status.torn_records = sum(reader.torn for reader in readers)
        if self._memory is not None:
            status.withheld = self._memory.contexts.withheld()
            status.cut = self._memory.contexts.cut()
            status.id_collisions = self._memory.contexts.collisions
            status.deduplication_cut_short = self._memory.events.early + self._memory.letters.early
        try:
            status.write(self._data_dir)
        except OSError as error:
            log.warning("the status can't be written: %s", error)


def main(arguments: Sequence[str]) -> int:
    """`python -m backsight_collector.committer DATA_DIR`: folds until SIGTERM or SIGINT."""
    if len(arguments) != 1:
        print("usage: python -m backsight_collector.committer DATA_DIR", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        committer = Committer(Path(arguments[0]))
        committer.run(stop)
    except (LakeError, OSError) as error:
        print(f"backsight committer: {error}", file=sys.stderr)
        return 1
    committer.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
