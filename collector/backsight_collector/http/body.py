"""Takes a request's body in, never more of it than the limits allow, and not for longer than is decent."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from starlette.types import Receive

from backsight.contract import MAX_BODY_BYTES, MAX_DECOMPRESSED_BYTES
from backsight_collector.http.deadlines import Deadlines
from backsight_collector.http.problems import Headers, Problem

DISCARDED_BYTES: Final = 10 * MAX_BODY_BYTES
"""A declared body up to this size is let run out, so that the sender gets to read why it was refused: closing
the connection under a sender looks like a network error to a browser, which would send it again."""

_CLOSE: Final[Headers] = [(b"connection", b"close")]


class Disconnected(Exception):
    """The client went away; nobody waits for an answer."""


def require_small(headers: Mapping[bytes, bytes]) -> None:
    """Problem 413 where more is announced than a body may have."""
    announced = headers.get(b"content-length", b"0")
    length = int(announced) if announced.isdigit() and len(announced) < 19 else DISCARDED_BYTES + 1
    if length > MAX_BODY_BYTES:
        raise _too_large(f"{length} bytes", [] if length <= DISCARDED_BYTES else _CLOSE)


async def read_body(receive: Receive, deadlines: Deadlines, hold: Callable[[int], None]) -> bytes:
    """The body as sent; `hold` is told how many bytes each part has, and may raise a Problem.

    Problem 413 past MAX_BODY_BYTES, 408 when it takes too long; Disconnected.
    """
    task = deadlines.begin()
    try:
        body = await _read(receive, hold)
    except asyncio.CancelledError as error:
        if not deadlines.end(task):
            raise  # the server is stopping
        detail = f"the body had not arrived after {deadlines.seconds:g} s"
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, detail, headers=_CLOSE) from error
    finally:
        deadlines.end(task)
    return body


async def _read(receive: Receive, hold: Callable[[int], None]) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise _too_large("the body", _CLOSE)
        hold(len(part))
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def require_known_encoding(encoding: bytes) -> bool:
    """Whether the body is gzip. Problem 415 for any other encoding."""
    match encoding.strip().lower():
        case b"" | b"identity":
            return False
        case b"gzip" | b"x-gzip":
            return True
    raise Problem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "the body's encoding is not one that can be read",
        field="Content-Encoding",
        value=encoding.decode("latin-1")[:80],
        valid="gzip, identity",
        headers=[(b"accept-encoding", b"gzip, identity")],
    )


def inflate(body: bytes, most: int = MAX_DECOMPRESSED_BYTES) -> bytes:
    """The content of one gzip member. Problem 413 past `most` bytes, 400 for anything else."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(body, most + 1)
    except zlib.error as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"the body is not gzip: {error}") from error
    if len(content) > most:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"the decompressed body is too large: it may have {most} bytes",
        )
    if not unpacker.eof:
        raise Problem(HTTPStatus.BAD_REQUEST, "the body is not gzip: it ends too soon")
    if unpacker.unused_data:
        raise Problem(
            HTTPStatus.BAD_REQUEST, f"{len(unpacker.unused_data)} bytes follow the body's gzip member"
        )
    return content


def inflate_small(body: bytes, limit: int) -> bytes | None:
    """The same, or None where there are more than `limit` bytes: then that much was unpacked in vain."""
    try:
        return inflate(body, limit)
    except Problem as problem:
        if problem.status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise
        return None


def _too_large(what: str, headers: Headers) -> Problem:
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"{what}: too large, a request's body may have {MAX_BODY_BYTES} bytes",
        headers=headers,
    )
