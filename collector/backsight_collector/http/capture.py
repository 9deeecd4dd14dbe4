"""`POST /v1/capture`: receive → inflate → decode → key → rate → journal → 200.

A plain ASGI application, because this is the one route where microseconds count. Every refusal is a Problem,
raised by the step that refuses; a 200 is sent only after the batch is on disk.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.types import Receive, Scope, Send

from backsight_collector.http.body import Disconnected
from backsight_collector.http.cors import EXPOSED, METHODS, preflight, readable
from backsight_collector.http.intake import Intake, report, user_agent
from backsight_collector.http.kept import KeptBatches
from backsight_collector.http.metrics import Metrics, Tally
from backsight_collector.http.problems import SAFE, Answer, Headers, Problem
from backsight_collector.http.settings import CollectorSettings
from backsight_collector.journal.records import Capture
from backsight_collector.wire import Decoded, MalformedBatch, decode

PATH: Final = "/v1/capture"

Reply = Callable[[int, Headers, bytes], None]
"""Takes a whole answer: status, headers, body."""

_JSON: Final[Headers] = [(b"content-type", b"application/json")]
_PREFLIGHT: Final = preflight(b"content-type, content-encoding")


class _Admitted(msgspec.Struct, frozen=True, gc=False):
    """A batch that was checked and may be kept, and what is said once it is."""

    site: str
    key: str
    batch: str
    unsure: tuple[str, ...]
    report: bytes
    tally: Tally
    is_kept: bool
    """Whether there is anything to keep."""


class CaptureRoute:
    """The ASGI endpoint; `direct` is its shortest way."""

    def __init__(self, intake: Intake, settings: CollectorSettings, metrics: Metrics) -> None:
        self._intake, self._settings, self._metrics = intake, settings, metrics
        self._kept = KeptBatches()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        try:
            answer = await self._answer(scope["method"], headers, receive)
        except Problem as problem:
            answer = self._refused(problem)
        except Disconnected:
            return
        status, lines, body = self._finished(answer, headers, started)
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": body})

    def direct(self, headers: Mapping[bytes, bytes], body: bytes, reply: Reply) -> None:
        """The same for a POST that has arrived as a whole, small and not packed, without ASGI's messages and
        tasks; `reply` gets the answer, now or when the batch is on disk."""
        started = time.perf_counter()

        def finish(problem: Problem | None) -> None:
            answer = self._refused(problem) if problem else self._safe(admitted)
            reply(*self._finished(answer, headers, started))

        try:
            self._intake.require_origin(headers.get(b"origin"))
            received_at = time.time_ns() // 1_000
            admitted = self._admitted(headers, body, self._read(body, received_at))
            if admitted.is_kept:
                capture = Capture(received_at, admitted.site, user_agent(headers), body)
                self._intake.begin_keeping(capture, admitted.key, finish)
                return
        except Problem as problem:
            finish(problem)
        else:
            finish(None)

    async def _answer(self, method: str, headers: Mapping[bytes, bytes], receive: Receive) -> Answer:
        if method == "OPTIONS":
            return Answer(HTTPStatus.NO_CONTENT, _PREFLIGHT, b"")
        if method != "POST":
            raise Problem(
                HTTPStatus.METHOD_NOT_ALLOWED,
                "batches are sent with POST",
                headers=[(b"allow", METHODS)],
            )
        self._intake.require_origin(headers.get(b"origin"))
        received_at, body, decoded = await self._intake.receive(headers, receive, self._read)
        admitted = self._admitted(headers, body, decoded)
        if admitted.is_kept:
            capture = Capture(received_at, admitted.site, user_agent(headers), body)
            await self._intake.keep(capture, admitted.key)
        return self._safe(admitted)

    def _read(self, body: bytes, received_at: int) -> Decoded:
        """What the body says. Problem 400 when it says nothing, 401 when it is broken and its key unknown."""
        try:
            return decode(body, self._intake.opened)
        except MalformedBatch as malformed:
            raise Problem(
                HTTPStatus.BAD_REQUEST,
                malformed.detail,
                field=malformed.field or None,
                value=malformed.value,
                valid="a batch as docs/reference/wire.md shows it",
            ) from malformed

    def _admitted(self, headers: Mapping[bytes, bytes], body: bytes, decoded: Decoded) -> _Admitted:
        """What is left of a batch to wait with for the disk: not its some hundred objects, nor its bytes."""
        envelope, size = decoded.batch, len(body)
        events = len(decoded.events) + len(decoded.rejections) + decoded.duplicates
        site = self._intake.site(envelope.key, headers.get(b"origin"), events, size, envelope.device)
        report, tally = _report(decoded), Tally.of(decoded, size)
        is_kept = not _is_empty(decoded)
        return _Admitted(site, envelope.key, envelope.batch, envelope.unsure, report, tally, is_kept)

    def _safe(self, admitted: _Admitted) -> Answer:
        """The batch is on disk, or has nothing that should be."""
        self._metrics.kept(admitted.tally)
        if admitted.is_kept:
            self._kept.add(admitted.site, admitted.batch)
        if not admitted.unsure:
            return Answer(HTTPStatus.OK, _JSON, admitted.report)
        missing = self._kept.missing(admitted.site, admitted.unsure)
        return Answer(HTTPStatus.OK, _JSON, _with_missing(admitted.report, missing))

    def _refused(self, problem: Problem) -> Answer:
        self._metrics.refused(problem)
        return problem.answer()

    def _finished(self, answer: Answer, headers: Mapping[bytes, bytes], started: float) -> Answer:
        """The answer with the headers that all have."""
        status, lines, body = answer
        self._metrics.answered(status, time.perf_counter() - started)
        lines = [*lines, *SAFE, *readable(headers, self._settings.origins)]
        if status >= HTTPStatus.BAD_REQUEST:
            lines.append(EXPOSED)
        if status != HTTPStatus.NO_CONTENT:
            lines.append((b"content-length", b"%d" % len(body)))
        return Answer(status, lines, body)


def _is_empty(decoded: Decoded) -> bool:
    return not (decoded.events or decoded.rejections or decoded.batch.dropped)


def _report(decoded: Decoded) -> bytes:
    accepted = len(decoded.events)
    if not decoded.rejections and not decoded.duplicates:
        return b'{"accepted":%d,"rejected":[]}' % accepted
    return msgspec.json.encode(report([decoded]))


def _with_missing(report: bytes, missing: list[str]) -> bytes:
    return b'%s,"missing":%s}' % (report[:-1], msgspec.json.encode(missing))
