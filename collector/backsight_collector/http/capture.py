"""`POST /v1/capture`: receive → inflate → decode → key → rate → journal → 200.

A plain ASGI application, because this is the one route where microseconds count. Every refusal is a Problem,
raised by the step that refuses; a 200 is sent only after the batch is on disk.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.types import Receive, Scope, Send

from backsight_collector.http.body import Disconnected
from backsight_collector.http.intake import Intake, report, user_agent
from backsight_collector.http.kept import KeptBatches
from backsight_collector.http.metrics import Metrics, Tally
from backsight_collector.http.problems import Answer, Headers, Problem
from backsight_collector.http.settings import CollectorSettings
from backsight_collector.journal.records import Capture
from backsight_collector.wire import Decoded, MalformedBatch, decode

PATH: Final = "/v1/capture"

_JSON: Final[Headers] = [(b"content-type", b"application/json")]
_PREFLIGHT: Final[Headers] = [
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (b"access-control-allow-headers", b"content-type, content-encoding"),
    (b"access-control-max-age", b"86400"),
]


class CaptureRoute:
    """The ASGI endpoint."""

    def __init__(self, intake: Intake, settings: CollectorSettings, metrics: Metrics) -> None:
        self._intake, self._settings, self._metrics = intake, settings, metrics
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
        origin = headers.get(b"origin")
        self._intake.require_origin(origin)
        received_at, body, decoded = await self._intake.receive(headers, receive, _read)
        events = len(decoded.events) + len(decoded.rejections) + decoded.duplicates
        site = self._intake.site(decoded.batch.key, origin, events, len(body))
        answer, tally, is_empty = _report(decoded), Tally.of(decoded, len(body)), _is_empty(decoded)
        batch, unsure = decoded.batch.batch, decoded.batch.unsure
        del decoded  # some hundred objects that need not wait for the disk
        if not is_empty:
            await self._intake.keep(Capture(received_at, site, user_agent(headers), body))
            self._kept.add(site, batch)
        self._metrics.kept(tally)
        if unsure:
            answer = _with_missing(answer, self._kept.missing(site, unsure))
        return Answer(HTTPStatus.OK, _JSON, answer)


def _read(body: bytes, received_at: int) -> Decoded:
    """What the body says. Problem 400 when it says nothing."""
    try:
        return decode(body)
    except MalformedBatch as malformed:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            malformed.detail,
            field=malformed.field or None,
            value=malformed.value,
            valid="a batch as docs/reference/wire.md shows it",
        ) from malformed


def _is_empty(decoded: Decoded) -> bool:
    return not (decoded.events or decoded.rejections or decoded.batch.dropped)


def _report(decoded: Decoded) -> bytes:
    accepted = len(decoded.events)
    if not decoded.rejections and not decoded.duplicates:
        return b'{"accepted":%d,"rejected":[]}' % accepted
    return msgspec.json.encode(report([decoded]))


def _with_missing(report: bytes, missing: list[str]) -> bytes:
    return b'%s,"missing":%s}' % (report[:-1], msgspec.json.encode(missing))
