"""Answers that are more rows than anybody holds at once: sent part by part, as whoever asked takes them.

Which rows they are is found as any report's answer is; then a thread of their own reads and encodes them, a
few parts ahead. Who takes no part for STALL_SECONDS is let go: nobody holds a thread by reading slowly.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Final, TypeAlias

import pyarrow as pa
from starlette.responses import Response, StreamingResponse

from backsight.api.flights import Flights
from backsight.api.headers import SECURITY_HEADERS
from backsight.api.representations import ARROW
from backsight.api.workers import Workers
from backsight.asking import Question
from backsight.errors import Cancelled
from backsight.results.csv_lines import csv_lines
from backsight.runs import Run

AHEAD: Final = 2
"""Parts that wait to be taken."""
STALL_SECONDS: Final = 30.0
"""How long a part waits."""

Parts: TypeAlias = Generator[bytes, None, None]


class Streams:
    """Sends what questions find in the threads of `workers`. Belongs to one event loop."""

    def __init__(self, workers: Workers, flights: Flights, stall_seconds: float = STALL_SECONDS) -> None:
        self._workers, self._flights, self._stall = workers, flights, stall_seconds

    async def answer(self, question: Question, media: str) -> Response:
        """The rows of a question, as Arrow or CSV. What goes wrong before the first part is raised;
        after it, the stream is cut off.
        """
        schema, parts = await self._flights.alone(question.parts)
        encoded = _arrow(schema, parts) if media == ARROW else _csv(schema, parts)
        stream = _Stream(encoded, asyncio.get_running_loop(), self._stall)
        working = asyncio.ensure_future(self._workers.run(stream.work))
        working.add_done_callback(stream.ended)
        try:
            first = await stream.next(working)
        except BaseException:
            stream.close()
            raise
        headers = {**SECURITY_HEADERS, "Vary": "Accept"}
        return StreamingResponse(_rest(stream, first, working), headers=headers, media_type=media)


class _Stream:
    """Parts on their way from the thread that makes them to the loop that sends them."""

    def __init__(self, parts: Parts, loop: asyncio.AbstractEventLoop, stall: float) -> None:
        self._parts, self._loop, self._stall = parts, loop, stall
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(AHEAD)
        self._run = Run()

    def work(self) -> None:
        """Makes the parts, each when there is room for it."""
        try:
            with self._run as run:
                run.check()
                for part in self._parts:
                    self._put(part)
                    run.check()
        finally:
            self._parts.close()  # also where it was left off: what it reads is held open

    async def next(self, working: asyncio.Future[None]) -> bytes | None:
        """The next part; null after the last. Raises what went wrong."""
        part = await self._waiting.get()
        self._room.release()
        if part is None:
            await working
        return part

    def close(self) -> None:
        """Nobody takes any more."""
        self._run.cancel()
        while not self._waiting.empty():
            self._waiting.get_nowait()
            self._room.release()

    def _put(self, part: bytes) -> None:
        putting = asyncio.run_coroutine_threadsafe(self._place(part), self._loop)
        try:
            putting.result(self._stall)
        except TimeoutError as error:
            putting.cancel()
            raise Cancelled("whoever asked takes no more rows") from error

    async def _place(self, part: bytes) -> None:
        await self._room.acquire()
        self._waiting.put_nowait(part)

    def ended(self, working: asyncio.Future[None]) -> None:
        """No part comes after those that wait; also where there was no thread to begin in."""
        if not working.cancelled():
            working.exception()  # whoever left hears of no error: that is no fault of the server
        self._waiting.put_nowait(None)


async def _rest(stream: _Stream, first: bytes | None, working: asyncio.Future[None]) -> AsyncIterator[bytes]:
    part = first
    try:
        while part is not None:
            yield part
            part = await stream.next(working)
    finally:
        stream.close()


def _arrow(schema: pa.Schema, parts: Iterator[pa.RecordBatch]) -> Parts:
    sink = io.BytesIO()

    def taken() -> bytes:
        made = sink.getvalue()
        sink.seek(0)
        sink.truncate()
        return made

    with pa.ipc.new_stream(sink, schema) as writer:
        yield taken()
        for part in parts:
            writer.write_batch(part)
            yield taken()
    yield taken()


def _csv(schema: pa.Schema, parts: Iterator[pa.RecordBatch]) -> Parts:
    for lines in csv_lines(schema, parts):
        yield lines.encode()
