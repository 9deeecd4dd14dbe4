"""Progress on a terminal: one line, written over and over. Where standard error is none, nothing is shown."""

from __future__ import annotations

import shutil
import sys
import time
from typing import Final, Self

EVERY_SECONDS: Final = 0.2
WIDTH: Final = 16


class Line:
    """A line of standard error that goes away when it is over."""

    def __init__(self) -> None:
        self._shown = 0.0
        self._is_terminal = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._shown:
            self._write("")

    def show(self, words: str) -> None:
        """The line as it is now, unless it was written a moment ago."""
        now = time.monotonic()
        if self._is_terminal and now - self._shown >= EVERY_SECONDS:
            self._shown = now
            self._write(words)

    def _write(self, words: str) -> None:
        columns = shutil.get_terminal_size().columns - 1
        sys.stderr.write(f"\r\x1b[K{words[:columns]}")
        sys.stderr.flush()


def bar(share: float) -> str:
    """`[######----------]  38 %`."""
    share = min(1.0, max(0.0, share))
    full = round(share * WIDTH)
    return f"[{'#' * full}{'-' * (WIDTH - full)}] {int(share * 100):3d} %"
