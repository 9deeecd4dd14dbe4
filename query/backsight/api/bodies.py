"""Request bodies: read within bounds, and taken as JSON in the strict sense."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any, Final

import msgspec
from starlette.requests import ClientDisconnect, Request

from backsight.api.problems import HTTPError
from backsight.errors import InvalidRequest, shown

MAX_BODY_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 64
"""Deepest nesting of a body: more than any question needs, and safe for whatever walks it."""
BODY_SECONDS: Final = 30.0
"""Time within which the whole body must have come."""


async def read_body(request: Request, most: int = MAX_BODY_BYTES) -> bytes:
    """The body, of at most so many bytes. Raises HTTPError (408, 413, 415)."""
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise HTTPError(
            415,
            "Unsupported encoding",
            f"a body with content encoding {shown(encoding)} is not taken here",
            field="Content-Encoding",
            value=encoding,
            valid="a body without content encoding",
        )
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read(request, most)
    except TimeoutError as error:
        raise HTTPError(
            408, "Request timeout", f"the body did not come within {BODY_SECONDS:.0f} s"
        ) from error


async def _read(request: Request, most: int) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise HTTPError(413, "Too large", "the body is too large", valid=f"at most {most:,} bytes")
    except ClientDisconnect as error:
        raise HTTPError(400, "Client disconnected", "the body ended early") from error
    return bytes(body)


def parse_object(body: bytes) -> dict[str, Any]:
    """The object that the JSON text is; refuses what parsers disagree about. Raises InvalidRequest.

    NaN, numbers that no double holds, lone surrogates, repeated keys, a byte order mark and deep nesting are
    refused.
    """
    try:
        msgspec.json.decode(body)
        value = json.loads(body, object_pairs_hook=_unique)
    except RecursionError as error:
        raise _too_deep() from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise InvalidRequest(f"the body is not JSON: {error}", valid="a JSON object, in UTF-8") from error
    _check_depth(value)
    if not isinstance(value, dict):
        raise InvalidRequest("the body is not an object", value=value, valid="a JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise InvalidRequest(
            f"the key {shown(twice)} stands twice in one object", field=twice, valid="each key once"
        )
    return made


def _check_depth(value: object) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise _too_deep()
        level = [child for each in level for child in _children(each)]


def _children(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _too_deep() -> InvalidRequest:
    return InvalidRequest("the body nests too deeply", valid=f"at most {MAX_DEPTH} levels")
