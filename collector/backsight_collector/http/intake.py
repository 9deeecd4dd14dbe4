"""What every route that takes events in has in common: the body within limits, the key, the journal.

Each step raises the Problem that ends the request.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from itertools import chain
from typing import Final, TypeVar

from starlette.types import Receive

from backsight.contract import MAX_EVENT_BYTES, WriteKey, is_among
from backsight_collector.disk import DiskSpace
from backsight_collector.http.body import (
    inflate,
    inflate_small,
    read_body,
    require_known_encoding,
    require_small,
)
from backsight_collector.http.deadlines import Deadlines
from backsight_collector.http.limits import DeviceLimit, RateLimit
from backsight_collector.http.problems import Problem, Refusal
from backsight_collector.http.settings import CollectorSettings
from backsight_collector.http.shares import Shares
from backsight_collector.journal.records import Capture, encode_record
from backsight_collector.journal.writer import (
    Journal,
    JournalError,
    JournalFull,
    JournalUnavailable,
    Outcome,
)
from backsight_collector.wire import Decoded

MAX_USER_AGENT_CHARS: Final = 1_024
LARGE_BODY_BYTES: Final = 65_536
"""Larger bodies, unpacked, are read in a thread, so that small ones need not wait for them: in one, because
two would only contend with each other and the event loop for the interpreter, and what is built of a hostile
body, up to 30 times its size, is built once at a time."""

T = TypeVar("T")
WriteKeys = Callable[[str], WriteKey | None]
"""What a write key opens, from memory, as every request asks. None: nothing."""


class Intake:
    """The way from a request to the journal. It answers 503 until it is open."""

    def __init__(self, keys: WriteKeys, settings: CollectorSettings, space: DiskSpace) -> None:
        self._journal: Journal | None = None
        self._loop: asyncio.AbstractEventLoop
        self._keys, self._settings, self._space = keys, settings, space
        self._rate = RateLimit(settings.burst_seconds)
        self._devices: DeviceLimit | None = None
        if (most := settings.device_events_per_second) is not None:
            self._devices = DeviceLimit(most, settings.burst_seconds)
        self._deadlines = Deadlines(settings.body_seconds)
        self._bodies_bytes = 0
        self._shares = Shares(settings.max_pending_bytes)
        self._reader = ThreadPoolExecutor(1, "reader of large bodies")  # starts when it is needed

    async def receive(
        self,
        headers: Mapping[bytes, bytes],
        receive: Receive,
        read: Callable[[bytes, int], T],
        is_small: Callable[[bytes], bool] = lambda body: len(body) <= LARGE_BODY_BYTES,
    ) -> tuple[int, bytes, T]:
        """When the body had arrived, the body unpacked, and what `read` makes of it (in a thread unless it
        `is_small`). Bodies that are not read yet stay within bounds. Disconnected."""
        require_small(headers)
        is_gzip = require_known_encoding(headers.get(b"content-encoding", b""))
        held = 0

        def hold(size: int) -> None:  # what has come: announcing a body costs its sender nothing
            nonlocal held
            if self._bodies_bytes + size > self._settings.max_bodies_bytes:
                raise come_back("too many requests are being received", refusal=Refusal.BODIES)
            self._bodies_bytes += size
            held += size

        try:
            body = await read_body(receive, self._deadlines, hold)
            received_at = time.time_ns() // 1_000
            small = inflate_small(body, LARGE_BODY_BYTES) if is_gzip else body
            if small is not None and is_small(small):
                return received_at, small, read(small, received_at)
            unpacked = partial(_unpack, body, is_gzip, received_at, read)
            return received_at, *await asyncio.get_running_loop().run_in_executor(self._reader, unpacked)
        finally:
            self._bodies_bytes -= held

    def opened(self, key: str) -> WriteKey:
        """What the key opens. Problem 401 where that is nothing."""
        opened = self._keys(key)
        if opened is None:
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "no site has this write key",
                field="key",
                value=key[:80],
                valid="a live write key",
            )
        return opened

    def site(
        self, key: str, origin: bytes | None, events: int, body_bytes: int, device: str | None = None
    ) -> str:
        """The site that the key writes to, if pages of the origin may write that much with it now, and so may
        the device, where one is named: what it is refused is not counted against the key."""
        opened = self.opened(key)
        if origin is not None or opened.pages_only:
            _require_admitted(opened, origin)
        counted, now = max(events, 1 + body_bytes // MAX_EVENT_BYTES), time.monotonic()
        if device and self._devices and (wait := self._devices.wait(device, counted, now)):
            most = self._settings.device_events_per_second
            raise _too_many("this device", most, wait, Refusal.DEVICE_RATE)
        rate = opened.events_per_second or self._settings.events_per_second
        if rate is not None and (wait := self._rate.wait(key, counted, now, rate)):
            raise _too_many("this key", rate, wait, Refusal.RATE)
        return opened.site

    def require_origin(self, origin: bytes | None) -> None:
        """Problem 403 where pages of this origin may not send, whatever their key; servers send no origin."""
        if self._settings.origins and origin is not None:
            sent = origin.decode("latin-1")
            if not is_among(sent, self._settings.origins):
                raise _foreign(sent, "an origin that the collector's settings list")

    async def keep(self, capture: Capture, key: str) -> None:
        """Returns when the request is safe. Problem 503 when it is not."""
        waiter: asyncio.Future[Problem | None] = asyncio.get_running_loop().create_future()

        def done(problem: Problem | None) -> None:
            if not waiter.done():  # the request was cancelled
                waiter.set_result(problem)

        self.begin_keeping(capture, key, done)
        if problem := await waiter:
            raise problem

    def begin_keeping(self, capture: Capture, key: str, done: Callable[[Problem | None], None]) -> None:
        """The same for who does not wait: `done` is called in the running loop, with None when the request is
        safe. Problem 503 at once where it can't even be taken; `done` is then never called."""
        if self._journal is None:
            raise come_back("the collector is starting or stopping", refusal=Refusal.NOT_OPEN)
        if shortage := self._space.shortage():
            raise come_back(shortage, seconds=30, refusal=Refusal.DISK_FULL)
        record = encode_record(capture)
        size = len(record)
        if not self._shares.is_fair(key, size):
            raise come_back(
                "the journal's disk can't keep up with what this key sends", refusal=Refusal.UNFAIR_SHARE
            )

        def settle(outcome: Outcome) -> None:
            self._shares.remove(key, size)
            done(_not_safe(outcome) if isinstance(outcome, JournalUnavailable) else None)

        self._shares.add(key, size)
        try:
            self._journal.begin(record, self._loop, settle)
        except JournalError as error:
            self._shares.remove(key, size)
            raise _not_safe(error) from error

    def open(self, journal: Journal) -> None:
        """From now on requests are kept in this journal; called in the loop that serves them."""
        self._journal, self._loop = journal, asyncio.get_running_loop()

    @property
    def journal(self) -> Journal | None:
        """None: it is not open, and requests get 503."""
        return self._journal

    def shut(self) -> None:
        """From now on nothing is kept."""
        self._journal = None

    def close(self) -> None:
        """Lets go of the thread that reads large bodies; none may be on its way."""
        self._reader.shutdown()


def _not_safe(error: JournalError) -> Problem:
    if isinstance(error, JournalFull):
        return come_back("the journal's disk can't keep up", refusal=Refusal.SLOW_DISK)
    return come_back("the journal can't be written at present", seconds=5, refusal=Refusal.DISK_FAILED)


def _require_admitted(key: WriteKey, origin: bytes | None) -> None:
    sent = None if origin is None else origin.decode("latin-1")
    if not key.admits(sent):
        valid = "an origin that this key lists" if key.origins else "the origin of a page"
        raise _foreign(sent or "", valid)


def _too_many(who: str, rate: float | None, wait: float, refusal: Refusal) -> Problem:
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        f"{who} sends too many events",
        valid=f"{rate:g} events a second on average",
        retry_after=math.ceil(wait),
        refusal=refusal,
    )


def _foreign(origin: str, valid: str) -> Problem:
    return Problem(
        HTTPStatus.FORBIDDEN,
        "pages of this origin may not send" if origin else "this key is for pages, which send their origin",
        field="Origin",
        value=origin[:80],
        valid=valid,
    )


def user_agent(headers: Mapping[bytes, bytes]) -> str | None:
    """The sender's, cut; None where it sent none."""
    agent = headers.get(b"user-agent")
    return agent.decode("latin-1")[:MAX_USER_AGENT_CHARS] if agent else None


def come_back(why: str, seconds: int = 1, *, refusal: Refusal = Refusal.OTHER) -> Problem:
    """Nothing was kept, and the same request may succeed a little later."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"{why}; nothing was kept, send the batch again",
        retry_after=seconds,
        refusal=refusal,
    )


def report(batches: list[Decoded]) -> dict[str, object]:
    """What became of each event, by its place in the request as sent."""
    rejected = [
        {"index": index, "reason": reason, "detail": detail}
        for index, reason, detail, _ in sorted(chain.from_iterable(each.rejections for each in batches))
    ]
    return {
        "accepted": sum(len(decoded.events) for decoded in batches),
        "duplicates": sum(decoded.duplicates for decoded in batches),
        "rejected": rejected,
    }


def _unpack(body: bytes, is_gzip: bool, received_at: int, read: Callable[[bytes, int], T]) -> tuple[bytes, T]:
    if is_gzip:
        body = inflate(body)
    return body, read(body, received_at)
