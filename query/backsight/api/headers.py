"""HTTP headers: those of every answer, and what a request's say about the key, the form and the version
wanted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Of every answer. What pages of other origins may read says `cross_origin`: nothing, with a secret key."""

_QUALITY: Final = re.compile(r"\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", re.IGNORECASE)


def bearer_key(request: Request) -> str | None:
    """The key of `Authorization: Bearer sk_…`; None where there is none."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def preferred(accept: str | None, offered: Sequence[str]) -> str | None:
    """Which of the media types offered (the best first) an Accept header likes most; None where it takes
    none.
    """
    if accept is None or not accept.strip():
        return offered[0]
    ranges = [_media_range(part) for part in accept.split(",")]
    quality = {media: _quality_of(media, ranges) for media in offered}
    best = max(offered, key=lambda media: quality[media])
    return best if quality[best] > 0 else None


def _media_range(part: str) -> tuple[str, float]:
    media, *parameters = part.split(";")
    weights = [float(found[1]) for parameter in parameters if (found := _QUALITY.fullmatch(parameter))]
    return media.strip().lower(), weights[0] if weights else 1.0


def _quality_of(media: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The weight of the most specific range that covers the media type (RFC 9110, 12.5.1)."""
    for candidate in (media, media.split("/")[0] + "/*", "*/*"):
        for accepted, weight in ranges:
            if accepted == candidate:
                return weight
    return 0.0
