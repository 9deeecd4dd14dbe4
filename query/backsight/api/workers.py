"""Threads that do the work behind the event loop, which also serves capture and must never wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TypeVar

from backsight.api.problems import HTTPError

Answer = TypeVar("Answer")


class Workers:
    """A pool of `threads` threads, before which at most `waiting` more calls wait."""

    def __init__(self, name: str, threads: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, f"backsight-{name}")
        self._places = BoundedSemaphore(threads + waiting)

    async def run(self, work: Callable[[], Answer]) -> Answer:
        """What `work` gives, done in a thread. Raises HTTPError 503 where all places are taken."""
        if not self._places.acquire(blocking=False):
            raise HTTPError(
                503, "Busy", "too many questions are being answered", headers={"Retry-After": "2"}
            )
        future = self._pool.submit(work)
        # The place is free when the thread is, which may be later than the caller stops waiting.
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Takes no more work; what runs already ends on its own."""
        self._pool.shutdown(wait=False, cancel_futures=True)
