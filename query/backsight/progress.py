"""How far a question is, shown while somebody waits: in a notebook below the cell, on a terminal in one line.

Nothing is shown before a second has passed, nothing where nobody looks (scripts, pipes), and nothing stays.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from html import escape
from importlib import import_module
from shutil import get_terminal_size
from threading import Event, Thread
from typing import Any, Final, Protocol, TextIO

AFTER_SECONDS: Final = 1.0
"""Before it is shown: who waits shorter is not disturbed."""
EVERY_SECONDS: Final = 0.25
CELLS: Final = 20
"""Of a terminal's bar."""

Stage = tuple[str, float | None]
"""What is being done, in words, and how much of it is done (0 to 1; None where nobody knows)."""


class Screen(Protocol):
    """Where progress is seen."""

    def show(self, words: str, share: float | None, seconds: float) -> None:
        """In place of what was shown before."""

    def clear(self) -> None:
        """Takes it away."""


def screen() -> Screen | None:
    """Where somebody looks: a notebook, or a terminal; None where nobody does."""
    ipython = sys.modules.get("IPython")  # where it is not imported, this is no notebook
    shell = None if ipython is None else ipython.get_ipython()
    if shell is not None and hasattr(shell, "kernel"):
        return Notebook()
    stderr = sys.stderr
    # None where the process has none; a dumb terminal can't go back in its line
    if stderr is None or not stderr.isatty() or os.environ.get("TERM") == "dumb":
        return None
    return Terminal(stderr)


@contextmanager
def shown(screen: Screen | None, stage: Callable[[], Stage]) -> Iterator[None]:
    """While it lasts, and has lasted a second, what `stage` tells is on the screen."""
    if screen is None:
        yield
        return
    over = Event()
    watching = Thread(
        # in the context of the cell that asks: its output goes there
        target=copy_context().run, args=(_watch, screen, stage, over), name="backsight-progress", daemon=True
    )  # fmt: skip
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join(timeout=EVERY_SECONDS)


def _watch(screen: Screen, stage: Callable[[], Stage], over: Event) -> None:
    began = time.monotonic()
    if over.wait(AFTER_SECONDS):
        return
    with suppress(OSError, ValueError):  # the terminal was closed: the answer is still wanted
        try:
            while True:
                screen.show(*stage(), time.monotonic() - began)
                if over.wait(EVERY_SECONDS):
                    return
        finally:
            screen.clear()


class Terminal:
    """One line, written again and again."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def show(self, words: str, share: float | None, seconds: float) -> None:
        line = f"{words or 'Working'} · {seconds:.0f} s"
        if share is not None:
            full = round(share * CELLS)
            line = f"{'█' * full}{'░' * (CELLS - full)} {share:4.0%} · {line}"
        self._write("\r\x1b[2K" + line[: get_terminal_size().columns - 1])

    def clear(self) -> None:
        self._write("\r\x1b[2K")

    def _write(self, text: str) -> None:
        encoding = self._stream.encoding or "ascii"
        self._stream.write(text.encode(encoding, "replace").decode(encoding))
        self._stream.flush()


class Notebook:
    """A bar below the cell, changed in place; the browser draws it, in its own colours."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, words: str, share: float | None, seconds: float) -> None:
        said = f"{escape(words or 'Working')} · {seconds:.0f} s"
        value = "" if share is None else f' value="{share:.3f}"'
        percent = "" if share is None else f"{share:.0%} · "
        self._put(f"<progress{value}></progress> <small>{percent}{said}</small>", f"{percent}{said}")

    def clear(self) -> None:
        if self._handle is not None:
            self._put("", "")

    def _put(self, html: str, text: str) -> None:
        display: Any = import_module("IPython.display").display
        bundle = {"text/html": html, "text/plain": text}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)
