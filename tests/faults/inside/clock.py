"""A wall clock that can be put forward or back from outside, at any moment: eight bytes that all map.

Monotonic time goes on as it did, as it does when a real clock is set. The kernel's and delta-rs's own idea of
the time can't be changed from here; so the harness makes files older by as much as the clock jumps forward.
"""

from __future__ import annotations

import mmap
import time
from pathlib import Path

from faults.plan import NANOSECONDS


def shift(file: Path) -> None:
    """From here on time.time() and time_ns() are ahead by what `file` says at that moment."""
    with file.open("rb") as opened:
        offset = mmap.mmap(opened.fileno(), NANOSECONDS.size, access=mmap.ACCESS_READ)
    real = time.time_ns

    def time_ns() -> int:
        return int(real() + NANOSECONDS.unpack_from(offset)[0])

    time.time_ns = time_ns
    time.time = lambda: time_ns() / 1e9
