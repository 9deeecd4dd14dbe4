"""`GET /backsight.js` and the parts that it loads when it needs them: packed once, served from memory."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backsight.contract import SNIPPET, SNIPPET_PARTS

STATIC: Final = Path(__file__).parents[1] / "static"
CACHE_CONTROL: Final = "public, max-age=300, stale-while-revalidate=86400"
"""A new snippet reaches visitors within minutes; asking again costs them a 304."""


class Script:
    """The endpoint of one file. Raises FileNotFoundError when it has not been built."""

    def __init__(self, file: Path) -> None:
        plain = file.read_bytes()
        digest = hashlib.sha256(plain).hexdigest()[:32]
        self._plain = (plain, f'"{digest}"')
        self._packed = (gzip.compress(plain, 9, mtime=0), f'"{digest}-gzip"')

    async def get(self, request: Request) -> Response:
        """The script, or 304 when the browser has it."""
        is_packed = _accepts_gzip(request.headers.get("accept-encoding", ""))
        content, tag = self._packed if is_packed else self._plain
        headers = {
            "etag": tag,
            "cache-control": CACHE_CONTROL,
            "vary": "accept-encoding",
            "access-control-allow-origin": "*",
            "cross-origin-resource-policy": "cross-origin",
            "x-content-type-options": "nosniff",
        }
        if _matches(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        if is_packed:
            headers["content-encoding"] = "gzip"
        return Response(content, headers=headers, media_type="text/javascript")


def script_routes(script_path: str) -> list[Route]:
    """The snippet at `/backsight.js` and at `script_path`, its parts next to both."""
    endpoints = dict.fromkeys([f"/{SNIPPET}", script_path], Script(STATIC / SNIPPET))
    for name in SNIPPET_PARTS:
        endpoints |= dict.fromkeys([f"/{name}", beside(script_path, name)], Script(STATIC / name))
    return [Route(path, script.get) for path, script in endpoints.items()]


def beside(script_path: str, name: str) -> str:
    """The path of what stands in the script's folder under that name."""
    return f"{script_path.rpartition('/')[0]}/{name}"


def _accepts_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() in {"gzip", "*"} and weight.replace(" ", "").rstrip("0.") != "q=":
            return True
    return False


def _matches(asked: str, tag: str) -> bool:
    return asked.strip() == "*" or tag in (one.strip().removeprefix("W/") for one in asked.split(","))
