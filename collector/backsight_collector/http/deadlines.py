"""Ends what takes too long, for many short tasks at once.

A timer for each request (asyncio.timeout) costs 3 µs, as much as checking its events. All requests here may
take equally long, so the oldest is always the next to be due: one timer looks now and then.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

LOOKS: Final = 8
"""How often the timer looks within one term, so that nothing runs longer than this share over it."""


class Deadlines:
    """Tasks that may each run for `seconds`; an overdue one is cancelled, and `end` says so."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._due: dict[asyncio.Task[Any], float] = {}  # in order, because all terms are equally long
        self._overdue: set[asyncio.Task[Any]] = set()
        self._is_looking = False

    def begin(self) -> asyncio.Task[Any]:
        """The current task's term begins."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("only a task can have a deadline")
        self._due[task] = loop.time() + self.seconds
        if not self._is_looking:
            self._is_looking = True
            loop.call_later(self.seconds / LOOKS, self._look, loop)
        return task

    def end(self, task: asyncio.Task[Any]) -> bool:
        """The task's term ends; whether it was overdue, in which case its cancellation is taken back."""
        self._due.pop(task, None)
        if task not in self._overdue:
            return False
        self._overdue.discard(task)
        task.uncancel()
        return True

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        overdue = [task for task, due in self._due.items() if due <= now]
        for task in overdue:
            del self._due[task]
            self._overdue.add(task)
            task.cancel()
        self._is_looking = bool(self._due)
        if self._is_looking:
            loop.call_later(self.seconds / LOOKS, self._look, loop)
