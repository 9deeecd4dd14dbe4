"""The loop: folds about once a second, tidies in between, and says how it is."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from backsight_collector.committer.folding import FoldCounts, Folding
from backsight_collector.committer.pending import Journals
from backsight_collector.committer.settings import FOLD_STRETCH, CommitterSettings
from backsight_collector.disk import DiskSpace
from backsight_collector.lake.compaction import vacuum
from backsight_collector.lake.errors import LakeError
from backsight_collector.lake.lake import Lake
from backsight_collector.status import Status

log = logging.getLogger(__name__)

VACUUM_SECONDS: Final = 3_600.0
MAX_BACKOFF: Final = 30.0


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
        self._folding: Folding | None = None
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
            counts = self._opened().fold(self._fold_bytes)
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
        folding = self._opened()
        if folding.is_deleting:
            return
        is_full = self._space.shortage() is not None
        if folding.compactor.advance(is_behind=is_behind, is_full=is_full):
            self.status.compactions += 1
        # What a merge has written and not committed belongs to no version: it must not look like a leftover,
        # as it does where the clock jumps by days.
        if folding.compactor.is_idle and time.monotonic() - self._vacuumed > VACUUM_SECONDS:
            self._vacuumed = time.monotonic()
            vacuum(folding.lake)

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
        folding, self._folding = self._folding, None
        if folding is not None:
            folding.close()

    def _opened(self) -> Folding:
        return self._folding if self._folding is not None else self._open()

    def _open(self) -> Folding:
        lake = Lake(self._data_dir / "lake", self.settings.snapshot_hours, self._alive)
        self.status.set_aside += len(lake.set_aside)
        # Also when it is opened again after an error: what was set aside may not be folded again yet.
        self._rereads = self._rereads or bool(lake.set_aside)
        self._journals = Journals(self._data_dir / "journal", lake, self.status, rereads=self._rereads)
        self._folding = Folding(lake, self._journals, self.settings, self.status, rereads=self._rereads)
        return self._folding

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
        status, folding = self.status, self._folding
        status.updated_at = time.time()
        status.free_bytes = self._space.free
        status.damaged_stretches = self._journals.damaged_stretches
        status.torn_records = self._journals.torn_records
        if folding is not None and folding.memory is not None:
            memory = folding.memory
            status.withheld = memory.contexts.withheld()
            status.cut = memory.contexts.cut()
            status.id_collisions = memory.contexts.collisions
            status.deduplication_cut_short = memory.events.early + memory.letters.early
        try:
            status.write(self._data_dir)
        except OSError as error:
            log.warning("the status can't be written: %s", error)
