"""The Segment HTTP spec: `POST /v1/track`, `/v1/batch` and their like, as its libraries send them.

    receive → inflate → decode → key → rate → journal → 200

What the libraries send again is what may succeed later: 408, 429 and 5xx, after `Retry-After`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope

from backsight_collector.dialects import segment
from backsight_collector.dialects.segment_messages import TYPES
from backsight_collector.http.endpoint import Endpoint
from backsight_collector.http.intake import Intake, report
from backsight_collector.http.metrics import Metrics
from backsight_collector.http.problems import PROBLEM_JSON, Answer, Headers, Problem
from backsight_collector.http.script import beside
from backsight_collector.http.settings import CollectorSettings
from backsight_collector.wire import MalformedBatch

PATHS: Final[Mapping[str, str | None]] = {
    "v1/batch": None,
    "v1/import": None,  # Ruby, Java
    "v1/b": None,  # Kotlin, Swift, C#; analytics.js, which also has the types by their first letters
    **{f"v1/{name}": kind for kind in TYPES for name in (kind, kind[0])},
}
"""The type of the message that each path takes, below the script's folder; None: a batch of any."""

_JSON: Final[Headers] = [(b"content-type", b"application/json")]
_CODES: Final = {
    HTTPStatus.UNAUTHORIZED: "invalid_write_key",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limited",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
}


def segment_routes(intake: Intake, settings: CollectorSettings, metrics: Metrics) -> list[BaseRoute]:
    """The routes, at the root and in the script's folder, with a slash at the end (as some libraries' have)
    and without."""
    routes: list[BaseRoute] = []
    for path, kind in PATHS.items():
        endpoint = SegmentEndpoint(kind, intake, settings, metrics)
        for place in sorted({f"/{path}", beside(settings.script_path, path)}):
            routes += [Route(place, endpoint), Route(f"{place}/", endpoint)]
    return routes


class SegmentEndpoint(Endpoint):
    """Takes batches, or single messages of one type."""

    def __init__(
        self, kind: str | None, intake: Intake, settings: CollectorSettings, metrics: Metrics
    ) -> None:
        super().__init__(intake, settings, metrics)
        self._kind = kind

    async def post(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> Answer:
        told = credentials(headers.get(b"authorization", b""))
        received_at, body, request = await self._intake.receive(headers, receive, partial(_read, self._kind))
        key = told.get("basic") or request.write_key or told.get("bearer")
        if not key:
            raise _unauthorized("no write key came with this")
        dialect = segment.dialect_of(self._kind)
        await self.keep(request.batches, key, headers, received_at, body, dialect)
        answer = {"success": True, **report(request.batches)}
        return Answer(HTTPStatus.OK, _JSON, msgspec.json.encode(answer))

    def refuse(self, problem: Problem) -> Answer:
        """The problem, with what the libraries look for beside it: Python for `code` and `message`, Ruby for
        `error`, others for `success`."""
        document: dict[str, Any] = problem.document
        code = _CODES.get(HTTPStatus(document["status"]), "invalid_request")
        said = {"success": False, "code": code, "message": document["detail"], "error": document["detail"]}
        headers = [(b"content-type", PROBLEM_JSON), *problem.headers]
        return Answer(problem.status, headers, msgspec.json.encode(document | said))


def credentials(header: bytes) -> dict[str, str]:
    """The write key that an Authorization header names, by its scheme: `basic`'s user name, or `bearer`'s
    token. Problem 401 where it is of neither form."""
    scheme, _, said = header.decode("latin-1").strip().partition(" ")
    match scheme.lower():
        case "":
            return {}
        case "bearer":
            return {"bearer": said.strip()}
        case "basic":
            return {"basic": _user_name(said.strip())}
    raise _unauthorized("the Authorization header is of no known kind")


def _user_name(said: str) -> str:
    try:
        pair = base64.b64decode(said + "=" * (-len(said) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise _unauthorized("the Authorization header can't be read") from error
    return pair.partition(":")[0]


def _unauthorized(why: str) -> Problem:
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        why,
        field="Authorization",
        valid="Basic, the write key as user name and no password; or the body's writeKey",
    )


def _read(kind: str | None, body: bytes, received_at: int) -> segment.Request:
    """What the body says. Problem 400 when it says nothing."""
    try:
        return segment.read(body, received_at, kind)
    except MalformedBatch as malformed:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            malformed.detail,
            field=malformed.field or None,
            value=malformed.value,
            valid="a message, or a batch of them, as docs/how-to/server-side-events.md shows it",
        ) from malformed
