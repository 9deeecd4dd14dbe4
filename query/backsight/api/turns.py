"""Who computes beside others, and who alone: what is refused for memory while others were at work is computed
again when they are done, so that a refusal tells of the question and not of the moment.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition
from typing import TypeVar

from backsight.errors import Exceeded
from backsight.runs import Run

T = TypeVar("T")


@dataclass(eq=False)
class _Work:
    crowded: bool
    """Whether other work was done at some moment of it."""


class Turns:
    """Orders the work of threads that share the memory for reports."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._working: list[_Work] = []
        self._alone = False

    def take(self, work: Callable[[], T], run: Run) -> T:
        """What `work` gives, within the run that this thread has entered."""
        with self._beside(run) as mine:
            try:
                return work()
            except Exceeded as refusal:
                if refusal.field != "memory" or not mine.crowded:
                    raise
        gc.collect()  # what was made so far may hang in a circle with the error
        with self._by_itself(run):
            return work()

    @contextmanager
    def _beside(self, run: Run) -> Iterator[_Work]:
        with self._when(lambda: not self._alone, run):
            mine = _Work(crowded=False)
            self._working.append(mine)
            for each in self._working:
                each.crowded |= len(self._working) > 1
        try:
            yield mine
        finally:
            with self._changed:
                self._working.remove(mine)
                self._changed.notify_all()

    @contextmanager
    def _by_itself(self, run: Run) -> Iterator[None]:
        with self._when(lambda: not self._alone, run):
            self._alone = True
        try:
            with self._when(lambda: not self._working, run):
                pass
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()

    @contextmanager
    def _when(self, ready: Callable[[], bool], run: Run) -> Iterator[None]:
        """Waits until then, or until the run is ended; nothing changes within."""

        def now() -> bool:
            run.check()
            return ready()

        with run.ending(self._wake), self._changed:
            self._changed.wait_for(now)
            yield

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
