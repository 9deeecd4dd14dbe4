"""Where the engine puts what does not fit in memory: a folder of its own, gone when the engine is.

A process that is killed leaves its folder behind, with gigabytes in it. Whoever starts next removes it: a
folder in use is locked, and a lock ends with its process, however that ends. Ids of processes would not tell,
as every container counts its own.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from threading import Lock
from typing import Final

PREFIX: Final = "backsight-spill-"


class Spill:
    """A folder in the system's temporary one, for this user alone, until `close`."""

    def __init__(self) -> None:
        remove_leftovers()
        self.path, self._lock = _locked_folder()
        self._closing = Lock()
        # Journal and lake may stand on the same disk, and must not run out of it for a report.
        self.most = shutil.disk_usage(self.path).free // 2
        """Bytes that it should hold at most."""

    def close(self) -> None:
        """Removes it with all that is in it; a second time, from whichever thread, nothing happens."""
        if self._closing.acquire(blocking=False):  # and never released
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)


def remove_leftovers() -> None:
    """Removes the folders of processes that are gone; only those of this user."""
    for path in Path(gettempdir()).glob(f"{PREFIX}*"):
        with _claimed(path) as ours:
            if ours:
                shutil.rmtree(path, ignore_errors=True)


def _locked_folder() -> tuple[Path, int]:
    while True:
        path = Path(mkdtemp(prefix=PREFIX))
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        with suppress(OSError):  # a disk without locks: then nobody takes this for a leftover
            flock(lock, LOCK_EX)
        if path.exists():
            return path, lock
        os.close(lock)  # between these lines another process took it for a leftover


@contextmanager
def _claimed(path: Path) -> Iterator[bool]:
    """Whether the folder is this user's and nobody uses it; nobody does until the end, either."""
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:  # no folder, not ours to read, or removed just now
        yield False
        return
    try:
        yield os.fstat(folder).st_uid == os.geteuid() and _lock(folder)
    finally:
        os.close(folder)


def _lock(folder: int) -> bool:
    try:
        flock(folder, LOCK_EX | LOCK_NB)
    except OSError:
        return False
    return True
