"""The built-in page, at `/` and `/shared`, and its files below `/page/`.

It is served to anybody, as it holds nothing of any site. Browsers ask each time whether a file is still the
one that they have (its ETag is a hash of what it holds), so that a newer Backsight shows at once.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from backsight.api.problems import HTTPError, problem
from backsight.errors import nearest, shown
from backsight.page import read_files

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}
TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "txt": "text/plain; charset=utf-8",
}
SMALL: Final = 1_024
"""Bytes of a file below which compressing it saves nothing."""


@dataclass(frozen=True)
class File:
    """One of the page's files."""

    name: str
    content: bytes

    @cached_property
    def etag(self) -> str:
        """Of what it holds."""
        return f'"{sha256(self.content).hexdigest()[:32]}"'

    @cached_property
    def compressed(self) -> bytes | None:
        """Its gzip form, where that is smaller by much."""
        packed = gzip.compress(self.content, 9, mtime=0) if len(self.content) >= SMALL else self.content
        return packed if len(packed) < 0.9 * len(self.content) else None

    def answer(self, request: Request) -> Response:
        """The file as it is asked for: whole, or that it is still the same (304)."""
        headers = {**HEADERS, "ETag": self.etag}
        if _names(request.headers.get("if-none-match", ""), self.etag):
            return Response(status_code=304, headers=headers)
        body = self.content
        if self.compressed is not None and _takes_gzip(request.headers.get("accept-encoding", "")):
            body, headers["Content-Encoding"] = self.compressed, "gzip"
        return Response(body, headers=headers, media_type=TYPES.get(self.name.rpartition(".")[2]))


def page_routes() -> list[BaseRoute]:
    """The page's routes."""
    kept = {name: File(name, content) for name, content in read_files().items()}

    async def page(request: Request) -> Response:
        return kept["index.html"].answer(request)

    async def part(request: Request) -> Response:
        name = request.path_params["file"]
        return kept[name].answer(request) if name in kept else _missing(name, kept)

    return [Route("/", page), Route("/shared", page), Route("/page/{file}", part)]


def _missing(name: str, kept: Iterable[str]) -> Response:
    message, valid = f"the page has no file {shown(name)}", nearest(name, kept)
    return problem(HTTPError(404, "Not found", message, field="path", value=name, valid=valid))


def _names(header: str, etag: str) -> bool:
    """Whether If-None-Match names the tag. Proxies that compress mark the tags of what passes."""
    tags = [each.strip().removeprefix("W/").replace('-gzip"', '"') for each in header.split(",")]
    return etag in tags or "*" in tags


def _takes_gzip(header: str) -> bool:
    """Whether Accept-Encoding takes gzip; `gzip;q=0` says that it does not."""
    for part in header.lower().split(","):
        coding, _, quality = part.partition(";")
        if coding.strip() in ("gzip", "*"):
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
