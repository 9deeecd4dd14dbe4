"""Answers that are not a success, as RFC 9457 problem documents."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, NamedTuple

import msgspec

Headers = list[tuple[bytes, bytes]]

PROBLEM_JSON: Final = b"application/problem+json"


class Answer(NamedTuple):
    """A response that is complete in memory."""

    status: int
    headers: Headers
    body: bytes


class Problem(Exception):
    """Ends a request: `status` and why. `field`, `value` and `valid` say what is wrong with what was sent."""

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
    ) -> None:
        super().__init__(detail)
        self.status = status
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

    def answer(self) -> Answer:
        """The problem as a response."""
        return Answer(
            self.status, [(b"content-type", PROBLEM_JSON), *self.headers], msgspec.json.encode(self.document)
        )
