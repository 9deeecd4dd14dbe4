"""Answers to whoever has a link, said again for a minute: many may look at a shared report, which is computed
once. The computation goes on where its asker leaves, so that coming and going costs nothing either.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final

from backsight.api.problems import HTTPError

SECONDS: Final = 60.0
"""After it came, an answer (or the error that came in its place) is said again for so long."""
KEPT_BYTES: Final = 16 * 2**20
MOST_KEPT: Final = 10_000


@dataclass(eq=False)
class _Kept:
    task: asyncio.Task[bytes]
    landed: float | None = None
    size: int = 0
    trace: TracebackType | None = None
    """Where an error came from."""


class KeptAnswers:
    """Answers by what they answer. Belongs to one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, kept_bytes: int = KEPT_BYTES) -> None:
        self._clock, self._room = clock, kept_bytes
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._running: set[asyncio.Task[bytes]] = set()

    async def answer(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, bytes]]) -> bytes:
        """What `make` gives, or gave to an earlier asker within the minute. Raises what it raised."""
        kept = self._kept.get(key)
        if kept is not None and kept.landed is not None and self._clock() - kept.landed >= SECONDS:
            self._drop(key)
            kept = None
        if kept is None:
            kept = self._start(key, make())
        try:
            return await asyncio.shield(kept.task)
        except Exception as error:
            # One object for all who wait: lest its trace grow with each of them.
            raise error.with_traceback(kept.trace) from error.__cause__

    def forget(self) -> None:
        """Lets go of all answers, those under way included: who waits for one gets it, and nobody else."""
        for key in list(self._kept):
            self._drop(key)

    def _start(self, key: Hashable, making: Coroutine[Any, Any, bytes]) -> _Kept:
        kept = self._kept[key] = _Kept(asyncio.create_task(making))
        self._running.add(kept.task)
        kept.task.add_done_callback(lambda task: self._land(key, kept, task))
        if len(self._kept) > MOST_KEPT:
            self._drop(next(iter(self._kept)))
        return kept

    def _land(self, key: Hashable, kept: _Kept, task: asyncio.Task[bytes]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        kept.trace = error.__traceback__ if error else None
        if self._kept.get(key) is not kept:
            return
        # Where there was no place to begin, nothing was computed: the next one may try.
        if task.cancelled() or isinstance(error, HTTPError):
            self._drop(key)
            return
        kept.landed, kept.size = self._clock(), 0 if error else len(task.result())
        self._room -= kept.size
        self._kept.move_to_end(key)
        while self._room < 0:
            self._drop(next(each for each, old in self._kept.items() if old.landed is not None))

    def _drop(self, key: Hashable) -> None:
        self._room += self._kept.pop(key).size
