"""Answers that are not a success, as RFC 9457 problem documents."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Final, NamedTuple

import msgspec

Headers = list[tuple[bytes, bytes]]

PROBLEM_JSON: Final = b"application/problem+json"
SAFE: Final[Headers] = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
"""Of every answer to events: whatever it says, it is kept nowhere and is nothing but what it says to be."""


SHOWN_CHARS: Final = 120
SHOWN_OF_KEY: Final = 12


class Refusal(StrEnum):
    """Why a request as a whole is not kept: what the metrics count."""

    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown_key"
    ORIGIN = "origin"
    METHOD = "method"
    SLOW_BODY = "slow_body"
    TOO_LARGE = "too_large"
    ENCODING = "encoding"
    RATE = "rate"
    DEVICE_RATE = "device_rate"
    BODIES = "bodies"
    UNFAIR_SHARE = "unfair_share"
    SLOW_DISK = "slow_disk"
    DISK_FULL = "disk_full"
    DISK_FAILED = "disk_failed"
    NOT_OPEN = "not_open"
    OTHER = "other"


_BY_STATUS: Final[Mapping[int, Refusal]] = {
    400: Refusal.MALFORMED,
    401: Refusal.UNKNOWN_KEY,
    403: Refusal.ORIGIN,
    405: Refusal.METHOD,
    408: Refusal.SLOW_BODY,
    413: Refusal.TOO_LARGE,
    415: Refusal.ENCODING,
    429: Refusal.RATE,
}


class Answer(NamedTuple):
    """A response that is complete in memory."""

    status: int
    headers: Headers
    body: bytes


class Problem(Exception):
    """Ends a request: `status` and why. `field`, `value` and `valid` say what is wrong with what was sent;
    `refusal` says under which reason it is counted, where the status does not say."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        field: str | None = None,
        value: object = None,
        valid: str | None = None,
        retry_after: int | None = None,
        headers: Headers | None = None,
        refusal: Refusal | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.refusal = refusal or _BY_STATUS.get(status, Refusal.OTHER)
        facts = {"field": field, "value": value, "valid": valid}
        self.document = {
            "type": "about:blank",
            "title": status.phrase,
            "status": status.value,
            "detail": detail,
            **{name: fact for name, fact in facts.items() if fact is not None},
        }
        self.headers = list(headers or [])
        if retry_after is not None:
            self.headers.append((b"retry-after", b"%d" % retry_after))

    @property
    def sample(self) -> str:
        """What tells somebody who reads it later what was wrong: never a whole key, nothing long, and nothing
        of what stood in a body, where it may be of a person."""
        value = None if self.refusal is Refusal.MALFORMED else self.document.get("value")
        said = str(self.document["detail"] if value is None else value)
        if self.refusal is Refusal.UNKNOWN_KEY:
            said = said[:SHOWN_OF_KEY] + "…"
        return said[:SHOWN_CHARS]

    def answer(self) -> Answer:
        """The problem as a response."""
        return Answer(
            self.status, [(b"content-type", PROBLEM_JSON), *self.headers], msgspec.json.encode(self.document)
        )
