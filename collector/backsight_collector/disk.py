"""How much room the disk has left, so that nothing is taken in that there would be no room to store.

The journal would fill a disk to its last byte while the lake is behind, and then nothing could be folded, nor
could SQLite write: nothing would ever get out of it again. So the door closes early. What folds need is left
then: they take a few megabytes at a time, and each gives back the journal that it has stored.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

LEAST_FREE_BYTES: Final = 500_000_000
PART_OF_DISK: Final = 20
"""At most this part of the disk is kept free: on a small one the bytes above would be all that there is."""
LOOK_SECONDS: Final = 1.0

Measure = Callable[[Path], tuple[int, int]]


def measure(folder: Path) -> tuple[int, int]:
    """Bytes that may still be written to the folder's disk, and those that the disk has. Raises OSError."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize


class DiskSpace:
    """Watches the disk of one folder; cheap enough to be asked for each request."""

    def __init__(
        self,
        folder: Path,
        least_free: int = LEAST_FREE_BYTES,
        *,
        measure: Measure = measure,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder, self._least_free = folder, least_free
        self._measure, self._clock = measure, clock
        self._look_at = clock()
        self._shortage: str | None = None
        self.free: int | None = None
        """Bytes as last looked at; null where the system does not tell."""

    def shortage(self) -> str | None:
        """Why nothing more should be taken in, in words; null while there is room. At most a second old."""
        now = self._clock()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            self._shortage = self._look()
        return self._shortage

    def _look(self) -> str | None:
        try:
            self.free, size = self._measure(self._folder)
        except OSError:  # whoever writes will learn what is wrong, and say so
            self.free = None
            return None
        least = min(self._least_free, size // PART_OF_DISK)
        if self.free >= least:
            return None
        left, kept = self.free // 1_000_000, least // 1_000_000
        return f"the disk is full but for {left} MB, and {kept} MB are kept free"
