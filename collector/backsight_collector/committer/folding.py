"""Folds what is pending into the open lake, one writer's records after the other's."""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from backsight.contract import TABLES
from backsight_collector.committer.pending import Journals, Pending
from backsight_collector.committer.settings import CommitterSettings
from backsight_collector.deletion.work import Work
from backsight_collector.fold.fold import Covered, Fold
from backsight_collector.fold.memory import Memory
from backsight_collector.journal.records import Deletion, Erased, encode_record
from backsight_collector.lake.compaction import Compactor
from backsight_collector.lake.lake import Lake
from backsight_collector.status import Status

DELETION_SECONDS: Final = 1.0
"""For how long a deletion works before what has arrived is folded."""


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


class Folding:
    """The open lake, and all that is known of it while it is folded into: after an error there is another."""

    def __init__(
        self, lake: Lake, journals: Journals, settings: CommitterSettings, status: Status, *, rereads: bool
    ) -> None:
        self.lake, self._journals, self._settings, self._status = lake, journals, settings, status
        self._rereads, self._most_bytes = rereads, settings.fold_bytes
        self.compactor = Compactor(lake)
        self.memory: Memory | None = None
        self._deletion: Work | None = None

    @property
    def is_deleting(self) -> bool:
        """Whether a deletion is under way: nothing else may change the lake's files then."""
        return self._deletion is not None

    def close(self) -> None:
        """Gives the lake free."""
        self.compactor.close()
        self.lake.close()

    def fold(self, most_bytes: int) -> FoldCounts:
        """Folds what is pending, up to so many bytes of each writer's; durable on return.

        One writer after the other, so that what is wrong with one's record never holds up another's.
        """
        done, self._most_bytes = FoldCounts(), most_bytes
        for writer in self._journals.writers():
            if pending := self._journals.read(writer, most_bytes):
                done += self._fold_one(pending)
        return done

    def _fold_one(self, pending: Pending) -> FoldCounts:
        if pending.deletion is not None:
            return self._delete(pending, pending.deletion)
        fold, tables = self._rows(pending)
        pending = pending.first(fold.taken)
        for name, rows in tables.items():
            # `events` in any case: its position is the lake's
            if rows.num_rows or name == "events":
                self.lake[name].append(rows, {pending.app: pending.position})
        if fold.late:
            self._journals.erase(pending, fold.late)
        self._journals.let_go(pending)
        return self._count(fold, pending)

    def _delete(self, pending: Pending, record: Deletion) -> FoldCounts:
        """A slice of a deletion's work, between folds; when it is done, its record counts as folded."""
        memory = self.remember(pending)
        if self._deletion is None:
            self._fold_others(pending.writer, record.received_at)
            self.compactor.close()  # what it has merged already holds the rows that are to go
            self._deletion = Work(self.lake, record, self._journals.folded())
            memory.deleted.add(self._deletion.document.extent)
        if self._deletion.advance(DELETION_SECONDS):
            self._deletion, self.compactor = None, Compactor(self.lake)
            memory.forget_statements(self.lake)
            self.lake["events"].append(TABLES["events"].empty_table(), {pending.app: pending.position})
            self._journals.let_go(pending)
            self._status.deletions += 1
        return FoldCounts(more=True)

    def _fold_others(self, writer: str, until: int) -> None:
        """Folds what the other journals hold that was acknowledged before the deletion; no more, as an import
        appends for hours, and nobody else's events would be folded."""
        for other in self._journals.writers():
            ahead = self._journals.read(other, self._most_bytes) if other != writer else None
            while ahead is not None and ahead.deletion is None and ahead.begins_by(until):
                ahead = self._journals.read(other, self._most_bytes) if self._fold_one(ahead).more else None

    def _rows(self, pending: Pending) -> tuple[Fold, Mapping[str, pa.Table]]:
        fold = Fold(self.remember(pending))
        gc.disable()  # looking for cycles would cost a quarter of the fold, and it makes none
        try:
            fold.add(pending.records, self._covered(pending.app))
            return fold, fold.tables()
        except Exception as error:
            if len(pending.records) != 1:
                raise
            return self._refuse(pending, error)
        finally:
            gc.enable()

    def _refuse(self, pending: Pending, error: Exception) -> tuple[Fold, Mapping[str, pa.Table]]:
        """The fold of a single record of which no rows can be made: it is kept aside, and the others can go
        on."""
        self.memory = None  # it has noted what is not going to be stored
        fold = Fold(self.remember(pending))
        for position, record in pending.records:
            self._journals.keep_unreadable(pending.writer, position, encode_record(record), error)
            fold.refuse(position, record, str(error), self._covered(pending.app))
        return fold, fold.tables()

    def remember(self, pending: Pending) -> Memory:
        """What was seen before, back from what is pending; read from the lake where it is not known."""
        if self.memory is None:
            # Of what was erased it is not known any more.
            received = [record.received_at for _, record in pending.records if not isinstance(record, Erased)]
            oldest = min(received, default=round(time.time() * 1e6))
            settings = self._settings
            self.memory = Memory(
                self.lake, oldest, settings.max_attribute_values, self._rereads, settings.max_contexts
            )
        return self.memory

    def _covered(self, app: str) -> Covered:
        return Covered(*(self.lake[name].position(app) for name in Covered._fields))

    def _count(self, fold: Fold, pending: Pending) -> FoldCounts:
        status, letters = self._status, fold.dead_letters
        status.folds += 1
        status.batches += fold.batches
        status.events += fold.events
        status.duplicates += fold.duplicates
        status.deleted_late += fold.deleted
        status.dead_letters += letters
        status.positions = dict(self._journals.positions)
        newest = max((record.received_at for _, record in pending.records), default=0)
        status.lag_seconds = max(0.0, time.time() - newest / 1e6) if pending.full and newest else 0.0
        return FoldCounts(fold.batches, fold.events, fold.duplicates, letters.total(), pending.full)
