"""The write-ahead log: what `append` has acknowledged survives the process and the power.

    JournalError
    ├── JournalLocked        another process writes to this directory
    ├── JournalFull          too many bytes wait for the disk
    ├── JournalUnavailable   the disk is full, or failed to sync
    └── JournalClosed

Requests append to a list in memory; one thread writes whatever has gathered, syncs once for all of it and
only then answers (group commit). After a failed write or sync nothing more is written to that segment: Linux
marks pages clean whose write-back failed, so that a second fsync would report success for data that is lost
(https://wiki.postgresql.org/wiki/Fsync_Errors), and a reader may already have seen what a truncation would
take back. A new segment is opened instead.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

import msgspec

from backsight_collector.journal.frames import MAX_PAYLOAD_BYTES, frame_header, payload_checksum
from backsight_collector.journal.reader import Damage, JournalReader, Record
from backsight_collector.journal.segments import (
    PREAMBLE,
    DiskFile,
    Opener,
    Segment,
    SegmentFile,
    ensure_directory,
    next_segment,
    sync_directory,
)

__all__ = [
    "Damage",
    "Journal",
    "JournalClosed",
    "JournalError",
    "JournalFull",
    "JournalLocked",
    "JournalReader",
    "JournalUnavailable",
    "Record",
]

SEGMENT_BYTES: Final = 64 * 2**20
MAX_PENDING_BYTES: Final = 64 * 2**20
RETRY_SECONDS: Final = 1.0
"""How often a journal that failed tries to open a new segment while nobody appends."""

GATHER_SECONDS: Final = 0.002
"""While many append at once, how long the next group gathers: waking, writing and syncing for a few records
at a time took a fifth of the whole route's time."""
GATHER_FROM: Final = 16
"""Records in a group from which on many append. With few senders, each waiting for its answer, nothing more
would gather: it would only slow them (four senders got half as much done)."""


class JournalError(Exception):
    """Root of what the journal raises."""


class JournalLocked(JournalError):
    """Another process is this directory's writer."""


class JournalFull(JournalError):
    """More waits to be written than memory is set aside for; try again soon."""


class JournalUnavailable(JournalError):
    """The record is not safe: the disk refused it. It may or may not be read back later."""


class JournalClosed(JournalError):
    """`close` was called."""


Outcome = int | JournalUnavailable
"""A record's position, once it is on disk; or why it is not safe."""
Settle = Callable[[Outcome], object]
"""Is told a record's outcome; raises nothing."""


class _Entry(msgspec.Struct, frozen=True, gc=False):
    payload: bytes
    checksum: int
    settle: Settle
    loop: asyncio.AbstractEventLoop | None
    """Where `settle` is to be called; None: in the journal's thread."""


class Journal:
    """One writer's journal in `directory`, locked until `close`; starts a new segment and a thread.

    `failure` says in words why nothing can be written at present, and is None when all is well; it heals by
    itself once a new segment can be opened. Raises JournalLocked or OSError when it can't begin.
    """

    def __init__(
        self,
        directory: Path,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        max_pending_bytes: int = MAX_PENDING_BYTES,
        opener: Opener = DiskFile,
    ) -> None:
        self.directory = directory
        self.failure: str | None = None
        self._segment_bytes, self._max_pending_bytes, self._opener = segment_bytes, max_pending_bytes, opener
        self._pending: list[_Entry] = []
        self._pending_bytes = 0
        self._idle = True
        self._closing = False
        self._guard = threading.Lock()
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._number = 0
        self._segment: Segment
        self._offset = 0
        self._file: SegmentFile | None = None
        self._lock = _lock_directory(directory)
        try:
            self._open_segment()
        except BaseException:
            os.close(self._lock)
            raise
        self._thread = threading.Thread(target=self._run, name=f"journal {directory.name}", daemon=True)
        self._thread.start()

    def begin(self, payload: bytes, loop: asyncio.AbstractEventLoop | None, settle: Settle) -> None:
        """Takes the record in; `settle` is told its outcome, in the loop (None: in the journal's thread).

        Raises JournalFull or JournalClosed at once: the record is then not taken, and `settle` never called.
        """
        size = len(payload)
        if size > MAX_PAYLOAD_BYTES:
            raise ValueError(f"a record of {size} bytes: the journal takes up to {MAX_PAYLOAD_BYTES}")
        entry = _Entry(payload, payload_checksum(payload), settle, loop)
        with self._guard:
            if self._closing:
                raise JournalClosed(f"the journal {self.directory} is closed")
            if self._pending and self._pending_bytes + size > self._max_pending_bytes:
                raise JournalFull(f"{self._pending_bytes} bytes wait to be written to {self.directory}")
            self._pending.append(entry)
            self._pending_bytes += size
            must_wake, self._idle = self._idle, False
        if must_wake:
            self._wake.put(None)

    async def append(self, payload: bytes) -> int:
        """The record's position, once it is on disk.

        Raises JournalFull, JournalUnavailable or JournalClosed: the record is then not safe.
        """
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[int] = loop.create_future()

        def settle(outcome: Outcome) -> None:
            if not waiter.done():  # its request was cancelled
                _resolve(waiter, outcome)

        self.begin(payload, loop, settle)
        return await waiter

    def append_now(self, payload: bytes) -> int:
        """The same from synchronous code; blocks until the record is on disk."""
        waiter: concurrent.futures.Future[int] = concurrent.futures.Future()
        self.begin(payload, None, lambda outcome: _resolve(waiter, outcome))
        return waiter.result()

    @property
    def pending_bytes(self) -> int:
        """Bytes of records that are not on disk yet."""
        return self._pending_bytes

    def close(self) -> None:
        """Writes what is pending, then gives the directory free."""
        with self._guard:
            if self._closing:
                return
            self._closing = True
        self._wake.put(None)
        self._thread.join()
        self._drop_segment()
        os.close(self._lock)

    # What follows runs in the journal's thread.

    def _run(self) -> None:
        while True:
            group = self._take()
            if group:
                self._commit(group)
                if len(group) >= GATHER_FROM:
                    time.sleep(GATHER_SECONDS)
            elif self._closing:
                return
            else:
                self._rest()

    def _take(self) -> list[_Entry]:
        with self._guard:
            group, self._pending = self._pending, []
            self._idle = not group
        return group

    def _rest(self) -> None:
        """Sleeps until something is appended; after a failure, looks now and then if writing works again."""
        try:
            self._wake.get(timeout=RETRY_SECONDS if self.failure else None)
        except Empty:
            with contextlib.suppress(OSError):  # still failing: `failure` already says so
                self._open_segment()

    def _commit(self, group: Sequence[_Entry]) -> None:
        outcomes: Sequence[Outcome]
        try:
            outcomes = self._write(group)
        except (OSError, MemoryError) as error:
            self._drop_segment()
            self.failure = f"can't write to {self.directory}: {getattr(error, 'strerror', None) or error}"
            outcomes = [JournalUnavailable(self.failure) for _ in group]  # one each: tracebacks grow on it
        with self._guard:
            self._pending_bytes -= sum(len(entry.payload) for entry in group)
        _settle(group, outcomes)

    def _write(self, group: Sequence[_Entry]) -> list[int]:
        """The records' positions, after they are on disk."""
        if self._file is None or self._offset >= self._segment_bytes:
            self._open_segment()
        assert self._file is not None  # noqa: S101  # mypy: _open_segment sets it or raises
        segment, offset = self._segment, self._offset
        parts: list[bytes] = []
        positions: list[int] = []
        for entry in group:
            payload, checksum = entry.payload, entry.checksum
            header = frame_header(len(payload), checksum, segment.salt, segment.number, offset)
            parts += header, payload
            offset += len(header) + len(payload)
            positions.append(segment.position(offset))
        self._file.write(b"".join(parts))
        self._file.sync()
        self._offset = offset
        return positions

    def _open_segment(self) -> None:
        """Turns to a new segment, whose file and directory entry are durable before anything is appended."""
        self._drop_segment()
        segment = next_segment(self.directory, self._number)
        file = self._opener(segment.path)
        try:
            file.write(PREAMBLE)
            file.sync()
            sync_directory(self.directory)
        except OSError:
            file.close()
            segment.path.unlink(missing_ok=True)  # holds no record yet
            raise
        self._file, self._segment, self._number, self._offset = file, segment, segment.number, len(PREAMBLE)
        self.failure = None

    def _drop_segment(self) -> None:
        """Never writes to the current segment again."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # what close() reports, fdatasync has reported before
                file.close()


def _lock_directory(directory: Path) -> int:
    ensure_directory(directory)
    sync_directory(directory.parent)  # it may stand there unsynced, from a start that was killed
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise JournalLocked(
            f"the journal {directory} is being written by another process: stop that one first"
        ) from error
    return descriptor


def _settle(group: Sequence[_Entry], outcomes: Sequence[Outcome]) -> None:
    """Tells every record's outcome, with one wake-up per event loop."""
    loops: dict[asyncio.AbstractEventLoop | None, list[tuple[Settle, Outcome]]] = {}
    for entry, outcome in zip(group, outcomes, strict=True):
        loops.setdefault(entry.loop, []).append((entry.settle, outcome))
    for loop, settled in loops.items():
        if loop is None:
            _tell(settled)
            continue
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_tell, settled)


def _tell(settled: Sequence[tuple[Settle, Outcome]]) -> None:
    for settle, outcome in settled:
        try:
            settle(outcome)
        except Exception:  # the others wait for theirs
            logging.getLogger("backsight").exception("a record's outcome could not be told")


def _resolve(waiter: asyncio.Future[int] | concurrent.futures.Future[int], outcome: Outcome) -> None:
    if isinstance(outcome, JournalUnavailable):
        waiter.set_exception(outcome)
    else:
        waiter.set_result(outcome)
