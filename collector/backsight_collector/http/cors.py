"""Which pages may read an answer, and what a preflight is told: the same on every route that takes events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backsight.contract import is_among
from backsight_collector.http.problems import Headers

METHODS: Final = b"POST, OPTIONS"
EXPOSED: Final = (b"access-control-expose-headers", b"retry-after")
"""Lets pages read when to come back."""
_ANY_ORIGIN: Final[Headers] = [(b"access-control-allow-origin", b"*")]


def preflight(allowed: bytes) -> Headers:
    """The answer's headers, where a page may send these headers."""
    return [
        (b"access-control-allow-methods", METHODS),
        (b"access-control-allow-headers", allowed),
        (b"access-control-max-age", b"86400"),
    ]


def readable(headers: Mapping[bytes, bytes], origins: frozenset[str]) -> Headers:
    """Lets pages of these origins (of all, where none is named) read the answer; without credentials."""
    if not origins:
        return _ANY_ORIGIN
    origin = headers.get(b"origin", b"")
    allowed = is_among(origin.decode("latin-1"), origins)
    return [(b"vary", b"origin"), *([(b"access-control-allow-origin", origin)] if allowed else [])]
