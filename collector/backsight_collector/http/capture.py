"""`POST /v1/capture`: receive → inflate → decode → key → rate → journal → 200.

A plain ASGI application, because this is the one route where microseconds count. Every refusal is a Problem,
raised by the step that refuses; a 200 is sent only after the batch is on disk.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.types import Receive, Scope, Send

from backsight.contract import MAX_BODY_BYTES, MAX_EVENT_BYTES
from backsight_collector.http.body import (
    Disconnected,
    declared_bytes,
    inflate,
    read_body,
    require_known_encoding,
)
from backsight_collector.http.deadlines import Deadlines
from backsight_collector.http.kept import KeptBatches
from backsight_collector.http.limits import RateLimit
from backsight_collector.http.metrics import Metrics, Tally
from backsight_collector.http.problems import Answer, Headers, Problem
from backsight_collector.http.settings import CollectorSettings
from backsight_collector.journal.records import Capture, encode_record
from backsight_collector.journal.writer import Journal, JournalError, JournalFull
from backsight_collector.wire import Decoded, MalformedBatch, decode

PATH: Final = "/v1/capture"
LARGE_BODY_BYTES: Final = 200_000
"""Bodies from this size on, and packed ones, whose size is not known yet, are read in a thread, so that small
ones need not wait for them."""
MAX_USER_AGENT_CHARS: Final = 1_024

_JSON: Final[Headers] = [(b"content-type", b"application/json")]
_PREFLIGHT: Final[Headers] = [
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (b"access-control-allow-headers", b"content-type, content-encoding"),
    (b"access-control-max-age", b"86400"),
]

Sites = Callable[[str], str | None]
"""Maps a write key to its site's name, from memory, as every batch asks. None: it may not write."""


class CaptureRoute:
    """The ASGI endpoint. It answers 503 until `journal` is set."""

    def __init__(self, sites: Sites, settings: CollectorSettings, metrics: Metrics) -> None:
        self.journal: Journal | None = None
        self._sites = sites
        self._settings, self._metrics = settings, metrics
        self._rate: RateLimit | None = None
        if (rate := settings.events_per_second) is not None:
            self._rate = RateLimit(rate, rate * settings.burst_seconds)
        self._deadlines = Deadlines(settings.body_seconds)
        self._bodies_bytes = 0
        self._kept = KeptBatches()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        try:
            answer = await self._answer(scope["method"], headers, receive)
        except Problem as problem:
            answer = problem.answer()
        except Disconnected:
            return
        self._metrics.answered(answer.status, time.perf_counter() - started)
        lines = [*answer.headers, *self._cors(headers)]
        if answer.status >= HTTPStatus.BAD_REQUEST:
            lines.append((b"access-control-expose-headers", b"retry-after"))
        if answer.status != HTTPStatus.NO_CONTENT:
            lines.append((b"content-length", b"%d" % len(answer.body)))
        await send({"type": "http.response.start", "status": answer.status, "headers": lines})
        await send({"type": "http.response.body", "body": answer.body})

    def _cors(self, headers: Mapping[bytes, bytes]) -> Headers:
        """Lets pages of the allowed origins read the answer; never with credentials."""
        if not self._settings.origins:
            return [(b"access-control-allow-origin", b"*")]
        origin = headers.get(b"origin", b"")
        allowed = origin.decode("latin-1") in self._settings.origins
        return [(b"vary", b"origin"), *([(b"access-control-allow-origin", origin)] if allowed else [])]

    async def _answer(self, method: str, headers: Mapping[bytes, bytes], receive: Receive) -> Answer:
        if method == "OPTIONS":
            return Answer(HTTPStatus.NO_CONTENT, _PREFLIGHT, b"")
        if method != "POST":
            raise Problem(
                HTTPStatus.METHOD_NOT_ALLOWED,
                "batches are sent with POST",
                headers=[(b"allow", b"POST, OPTIONS")],
            )
        self._require_origin(headers)
        declared = declared_bytes(headers)
        is_gzip = require_known_encoding(headers.get(b"content-encoding", b""))
        received_at, body, decoded = await self._receive(declared, receive, is_gzip=is_gzip)
        site = self._site(decoded, len(body))
        report, tally, is_empty = _report(decoded), Tally.of(decoded, len(body)), _is_empty(decoded)
        batch, unsure = decoded.batch.batch, decoded.batch.unsure
        del decoded  # some hundred objects that need not wait for the disk
        if not is_empty:
            agent = headers.get(b"user-agent")
            user_agent = agent.decode("latin-1")[:MAX_USER_AGENT_CHARS] if agent else None
            await self._keep(Capture(received_at, site, user_agent, body))
            self._kept.add(site, batch)
        self._metrics.kept(tally)
        if unsure:
            report = _with_missing(report, self._kept.missing(site, unsure))
        return Answer(HTTPStatus.OK, _JSON, report)

    def _require_origin(self, headers: Mapping[bytes, bytes]) -> None:
        origins, origin = self._settings.origins, headers.get(b"origin")
        if origins and origin is not None and origin.decode("latin-1") not in origins:
            raise Problem(
                HTTPStatus.FORBIDDEN,
                "pages of this origin may not send",
                field="Origin",
                value=origin.decode("latin-1")[:80],
                valid="an origin that the collector's settings list",
            )

    async def _receive(
        self, declared: int | None, receive: Receive, *, is_gzip: bool
    ) -> tuple[int, bytes, Decoded]:
        """When the body had arrived, and what it says; bodies that are not read yet stay within bounds."""
        reserved = MAX_BODY_BYTES if declared is None else declared
        if self._bodies_bytes + reserved > self._settings.max_bodies_bytes:
            raise _come_back("too many requests are being received")
        self._bodies_bytes += reserved
        try:
            body = await read_body(receive, self._deadlines)
            received_at = time.time_ns() // 1_000
            if is_gzip or len(body) >= LARGE_BODY_BYTES:
                return received_at, *await asyncio.to_thread(_read, body, is_gzip=is_gzip)
            return received_at, *_read(body, is_gzip=False)
        finally:
            self._bodies_bytes -= reserved

    def _site(self, decoded: Decoded, body_bytes: int) -> str:
        """The site that the batch's key writes to, if the key may write that much now."""
        key, now = decoded.batch.key, time.monotonic()
        site = self._sites(key)
        if site is None:
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "no site has this write key",
                field="key",
                value=key[:80],
                valid="a live write key",
            )
        if self._rate is not None:
            events = len(decoded.events) + len(decoded.rejections) + decoded.duplicates
            if wait := self._rate.wait(key, max(events, 1 + body_bytes // MAX_EVENT_BYTES), now):
                raise Problem(
                    HTTPStatus.TOO_MANY_REQUESTS,
                    "this key sends too many events",
                    retry_after=math.ceil(wait),
                )
        return site

    async def _keep(self, capture: Capture) -> None:
        """Returns when the batch is safe. Problem 503 when it is not."""
        if self.journal is None:
            raise _come_back("the collector is starting or stopping")
        try:
            await self.journal.append(encode_record(capture))
        except JournalFull as full:
            raise _come_back("the journal's disk can't keep up") from full
        except JournalError as error:
            raise _come_back("the journal can't be written at present", seconds=5) from error


def _read(body: bytes, *, is_gzip: bool) -> tuple[bytes, Decoded]:
    """The body as JSON, and what it says. Problem 400 or 413 when it says nothing."""
    if is_gzip:
        body = inflate(body)
    try:
        return body, decode(body)
    except MalformedBatch as malformed:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            malformed.detail,
            field=malformed.field or None,
            value=malformed.value,
            valid="a batch as docs/reference/wire.md shows it",
        ) from malformed


def _come_back(why: str, seconds: int = 1) -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE, f"{why}; nothing was kept, send the batch again", retry_after=seconds
    )


def _is_empty(decoded: Decoded) -> bool:
    return not (decoded.events or decoded.rejections or decoded.batch.dropped)


def _report(decoded: Decoded) -> bytes:
    accepted = len(decoded.events)
    if not decoded.rejections and not decoded.duplicates:
        return b'{"accepted":%d,"rejected":[]}' % accepted
    rejected = [
        {"index": index, "reason": reason, "detail": detail}
        for index, reason, detail, _ in decoded.rejections
    ]
    return msgspec.json.encode({"accepted": accepted, "duplicates": decoded.duplicates, "rejected": rejected})


def _with_missing(report: bytes, missing: list[str]) -> bytes:
    return b'%s,"missing":%s}' % (report[:-1], msgspec.json.encode(missing))
