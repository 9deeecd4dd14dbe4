"""PostHog's capture endpoints, as its libraries call them: `api_host` may name the collector.

    receive → inflate → unpack the form → decode → key → rate → journal → 200

posthog-js sends again what got no answer or a 5xx, and lets go of what got any 4xx; so whoever is told to
come back later is told so with 503. The libraries for servers send 408, 429 and 5xx again.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Final, NamedTuple
from urllib.parse import parse_qs, unquote_to_bytes

import msgspec
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope

from backsight.contract import MAX_DECOMPRESSED_BYTES
from backsight_collector.dialects.posthog import NO_KEY, POSTHOG, decode
from backsight_collector.http.body import inflate
from backsight_collector.http.endpoint import Endpoint
from backsight_collector.http.intake import LARGE_BODY_BYTES, Intake, report
from backsight_collector.http.metrics import Metrics
from backsight_collector.http.posthog_answers import answer_routes
from backsight_collector.http.problems import Answer, Headers, Problem
from backsight_collector.http.script import beside
from backsight_collector.http.settings import CollectorSettings
from backsight_collector.wire import Decoded, MalformedBatch

PATHS: Final = ("e", "i/v0/e", "batch", "capture", "track", "engage")
"""Where events are taken in, with a slash at the end and without, below the root and the script's folder."""
JSON: Final[Headers] = [(b"content-type", b"application/json")]
_GZIP: Final = b"\x1f\x8b"
_LATER: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


def posthog_routes(intake: Intake, settings: CollectorSettings, metrics: Metrics) -> list[BaseRoute]:
    """The routes that take events in, and those that only keep the libraries content."""
    endpoint = PostHogEndpoint(intake, settings, metrics)
    return [
        *(Route(place, endpoint) for place in places(PATHS, settings)),
        *answer_routes(intake, settings, metrics),
    ]


def places(paths: Sequence[str], settings: CollectorSettings) -> list[str]:
    """Each path below the root and below the script's folder, with a slash at the end and without."""
    below = {f"/{path}": None for path in paths} | {
        beside(settings.script_path, path): None for path in paths
    }
    return [f"{place}{end}" for place in below for end in ("", "/")]


class _Request(NamedTuple):
    """A body as JSON, and what it says."""

    body: bytes
    batches: list[Decoded]


class PostHogEndpoint(Endpoint):
    """Takes events, in all forms that PostHog's libraries send them in."""

    async def post(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> Answer:
        read = partial(_read, sent_at_of(scope["query_string"]))
        received_at, _, request = await self._intake.receive(headers, receive, read, is_small)
        key = request.batches[0].batch.key if request.batches else NO_KEY
        if key == NO_KEY:
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "no write key came with this",
                field="api_key",
                valid="the write key of a site, as posthog.init() takes it in place of a project's token",
            )
        await self.keep(request.batches, key, headers, received_at, request.body, POSTHOG)
        return Answer(HTTPStatus.OK, JSON, msgspec.json.encode({"status": 1, **report(request.batches)}))

    def refuse(self, problem: Problem) -> Answer:
        """A 408 and a 429 as 503, since posthog-js would not come back."""
        if problem.status in _LATER:
            later = HTTPStatus.SERVICE_UNAVAILABLE
            wait = (
                [] if any(name == b"retry-after" for name, _ in problem.headers) else [(b"retry-after", b"1")]
            )
            document = problem.document | {"title": later.phrase, "status": later.value}
            answer = problem.answer()
            return Answer(later, [*answer.headers, *wait], msgspec.json.encode(document))
        return problem.answer()


def sent_at_of(query: bytes) -> int | None:
    """When the request was sent (ms since 1970), as older libraries say it in the address: `_=…`."""
    asked = parse_qs(query.decode("latin-1"), max_num_fields=100) if query.count(b"&") < 100 else {}
    said = asked.get("sent_at", asked.get("_", [""]))[0]
    return int(said) if said.isascii() and said.isdigit() and len(said) == 13 else None


def _read(sent_at: int | None, body: bytes, received_at: int) -> _Request:
    """What the body says. Problem 400 when it says nothing."""
    text = with_time(unpack(body), sent_at)
    try:
        return _Request(text, decode(text, received_at))
    except MalformedBatch as malformed:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            malformed.detail,
            field=malformed.field or None,
            value=malformed.value,
            valid="an event, or a batch of them, as docs/how-to/from-posthog.md shows it",
        ) from malformed


def is_small(body: bytes) -> bool:
    """Whether it is, and what is packed in it: no more than that is unpacked to tell."""
    try:
        return len(body) <= LARGE_BODY_BYTES and len(unpack(body, LARGE_BODY_BYTES)) <= LARGE_BODY_BYTES
    except Problem:
        return False


def unpack(body: bytes, most: int = MAX_DECOMPRESSED_BYTES) -> bytes:
    """The JSON in a body: packed with gzip without a header that says so, a form's field `data`, base64.
    Problem 400, 413 past `most` bytes unpacked."""
    if body.startswith(_GZIP):
        body = inflate(body, most)
    if body.startswith(b"data="):
        body = unquote_to_bytes(body[5:].partition(b"&")[0].replace(b"+", b" "))
    body = body.strip()
    if body.startswith((b"{", b"[")):
        return body
    try:
        plain = base64.b64decode(body.replace(b" ", b"+") + b"=" * (-len(body) % 4), validate=True)
    except binascii.Error as error:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "the body can't be read",
            valid="JSON: as it is, in base64, or packed with gzip",
        ) from error
    return (inflate(plain, most) if plain.startswith(_GZIP) else plain).strip()


def with_time(body: bytes, sent_at: int | None) -> bytes:
    """The body with the time at which it was sent, where only the address said it: what is journalled must
    say all that is read of it."""
    if sent_at is None or b'"sent_at"' in body:
        return body
    if body.startswith(b"["):
        return b'{"sent_at":%d,"batch":%b}' % (sent_at, body)
    return b'{"sent_at":%d,%b' % (sent_at, body[1:]) if body.startswith(b"{") else body
