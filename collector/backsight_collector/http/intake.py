"""What every route that takes events in has in common: the body within limits, the key, the journal.

Each step raises the Problem that ends the request.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final, TypeVar

from starlette.types import Receive

from backsight.contract import MAX_BODY_BYTES, MAX_EVENT_BYTES, WriteKey
from backsight_collector.http.body import declared_bytes, inflate, read_body, require_known_encoding
from backsight_collector.http.deadlines import Deadlines
from backsight_collector.http.limits import RateLimit
from backsight_collector.http.problems import Problem
from backsight_collector.http.settings import CollectorSettings
from backsight_collector.journal.records import Capture, encode_record
from backsight_collector.journal.writer import Journal, JournalError, JournalFull
from backsight_collector.wire import Decoded

MAX_USER_AGENT_CHARS: Final = 1_024
LARGE_BODY_BYTES: Final = 200_000
"""Bodies from this size on, and packed ones, whose size is not known yet, are read in a thread, so that small
ones need not wait for them."""

T = TypeVar("T")
WriteKeys = Callable[[str], WriteKey | None]
"""What a write key opens, from memory, as every request asks. None: nothing."""


class Intake:
    """The way from a request to the journal. It answers 503 until `journal` is set."""

    def __init__(self, keys: WriteKeys, settings: CollectorSettings) -> None:
        self.journal: Journal | None = None
        self._keys, self._settings = keys, settings
        self._rate = RateLimit(settings.burst_seconds)
        self._deadlines = Deadlines(settings.body_seconds)
        self._bodies_bytes = 0

    async def receive(
        self, headers: Mapping[bytes, bytes], receive: Receive, read: Callable[[bytes, int], T]
    ) -> tuple[int, bytes, T]:
        """When the body had arrived, the body unpacked, and what `read` makes of it (in a thread where that
        may take long). Bodies that are not read yet stay within bounds. Disconnected."""
        declared = declared_bytes(headers)
        is_gzip = require_known_encoding(headers.get(b"content-encoding", b""))
        reserved = MAX_BODY_BYTES if declared is None else declared
        if self._bodies_bytes + reserved > self._settings.max_bodies_bytes:
            raise come_back("too many requests are being received")
        self._bodies_bytes += reserved
        try:
            body = await read_body(receive, self._deadlines)
            received_at = time.time_ns() // 1_000
            if is_gzip or len(body) >= LARGE_BODY_BYTES:
                return received_at, *await asyncio.to_thread(_unpack, body, is_gzip, received_at, read)
            return received_at, body, read(body, received_at)
        finally:
            self._bodies_bytes -= reserved

    def site(self, key: str, origin: bytes | None, events: int, body_bytes: int) -> str:
        """The site that the key writes to, if pages of the origin may write that much with it now."""
        opened = self._keys(key)
        if opened is None:
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "no site has this write key",
                field="key",
                value=key[:80],
                valid="a live write key",
            )
        if opened.origins:
            require_origin(origin, opened.origins, "this key")
        rate = opened.events_per_second or self._settings.events_per_second
        if rate is not None:
            counted = max(events, 1 + body_bytes // MAX_EVENT_BYTES)
            if wait := self._rate.wait(key, counted, time.monotonic(), rate):
                raise Problem(
                    HTTPStatus.TOO_MANY_REQUESTS,
                    "this key sends too many events",
                    retry_after=math.ceil(wait),
                )
        return opened.site

    def require_origin(self, origin: bytes | None) -> None:
        """Problem 403 where pages of this origin may not send, whatever their key."""
        if self._settings.origins:
            require_origin(origin, self._settings.origins, "the collector's settings")

    async def keep(self, capture: Capture) -> None:
        """Returns when the request is safe. Problem 503 when it is not."""
        if self.journal is None:
            raise come_back("the collector is starting or stopping")
        try:
            await self.journal.append(encode_record(capture))
        except JournalFull as full:
            raise come_back("the journal's disk can't keep up") from full
        except JournalError as error:
            raise come_back("the journal can't be written at present", seconds=5) from error


def require_origin(origin: bytes | None, origins: frozenset[str], whose: str) -> None:
    """Servers send no origin and are let in; a browser's page always names its own."""
    if origin is not None and origin.decode("latin-1") not in origins:
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "pages of this origin may not send",
            field="Origin",
            value=origin.decode("latin-1")[:80],
            valid=f"an origin that {whose} list" + ("s" if whose == "this key" else ""),
        )


def user_agent(headers: Mapping[bytes, bytes]) -> str | None:
    """The sender's, cut; None where it sent none."""
    agent = headers.get(b"user-agent")
    return agent.decode("latin-1")[:MAX_USER_AGENT_CHARS] if agent else None


def come_back(why: str, seconds: int = 1) -> Problem:
    """Nothing was kept, and the same request may succeed a little later."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE, f"{why}; nothing was kept, send the batch again", retry_after=seconds
    )


def report(batches: list[Decoded]) -> dict[str, object]:
    """What became of each event, by its place in the request as sent."""
    rejected = [
        {"index": index, "reason": reason, "detail": detail}
        for decoded in batches
        for index, reason, detail, _ in decoded.rejections
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
