"""The lake: five Delta tables in one directory, with one writer."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

from backsight.contract import TABLES
from backsight_collector.journal.segments import ensure_directory
from backsight_collector.lake.errors import LakeLocked
from backsight_collector.lake.recovery import mend
from backsight_collector.lake.table import Table


class LakeLock:
    """Held by the one process that writes to a lake; the lock goes with the process."""

    def __init__(self, directory: Path) -> None:
        """Raises LakeLocked, naming the holder."""
        ensure_directory(directory)
        self._path = directory / ".lock"
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._descriptor)
            holder = self._path.read_text().strip() or "another process"
            raise LakeLocked(f"the lake {directory} is being written by {holder}: stop it first") from error
        holder = (
            f"process {os.getpid()} on {socket.gethostname()} since {time.strftime('%Y-%m-%dT%H:%M:%S%z')}"
        )
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{holder}\n".encode(), 0)

    def close(self) -> None:
        """Lets another process have the lake; harmless when repeated."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class Lake:
    """The five tables of one lake, locked for this process until `close`.

    Their versions stay readable for `snapshot_hours`; unless given, for as long as was said before. `alive`
    is called with every file that is read and every commit: what is long is made of these; what is not calls
    it by itself.
    """

    def __init__(
        self,
        directory: Path,
        snapshot_hours: int | None = None,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """Raises LakeLocked or LakeDamaged; mends what a crash has left (see recovery.py)."""
        self.directory, self.alive = directory, alive
        self._lock = LakeLock(directory)
        try:
            self.set_aside = mend(directory)
            self.tables: dict[str, Table] = {
                name: Table(directory / name, name, snapshot_hours, alive) for name in TABLES
            }
        except BaseException:
            self._lock.close()
            raise

    def __getitem__(self, table: str) -> Table:
        return self.tables[table]

    def close(self) -> None:
        """Gives the lake free; nothing may be written through it any more."""
        self._lock.close()
