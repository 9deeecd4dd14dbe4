"""The shop's pages, served with the snippet's tag filled in.

Everything is read into memory at the start and looked up by exact path: no request ever names a file.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

PACKAGED = Path(__file__).with_name("shop")
"""In a wheel a folder, in a clone a link to where the shop is kept for reading, `examples/`."""
CLONED = Path(__file__).parents[3] / "examples" / "shop"
"""For a clone on a file system without links."""

TAG_HOST, TAG_KEY = "http://127.0.0.1:8400", "wk_juniper-rye"
"""What the pages' own tag says; a running demo puts its collector and its key in their place."""

ROUTED = {"shop": "shop.html", "products": "product.html", "account": "account.html"}
"""First parts of paths below which one page answers for all: the page itself reads the rest."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def folder() -> Path:
    """The shop's files, in a wheel or in a clone."""
    return PACKAGED if PACKAGED.is_dir() else CLONED


def read_files(root: Path, collector: str, write_key: str) -> dict[str, bytes]:
    """Every file under `root` by its path from there; pages call the collector given, with the key given."""
    files = {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }
    return {name: _tagged(content, collector, write_key) if name.endswith(".html") else content
            for name, content in files.items()}  # fmt: skip


def _tagged(page: bytes, collector: str, write_key: str) -> bytes:
    return page.replace(TAG_HOST.encode(), collector.encode()).replace(
        f'data-key="{TAG_KEY}"'.encode(), f'data-key="{write_key}"'.encode()
    )


def _candidates(path: str) -> Iterator[str]:
    trimmed = path.strip("/")
    yield trimmed
    yield f"{trimmed}.html" if trimmed else "index.html"
    if page := ROUTED.get(trimmed.partition("/")[0]):
        yield page


def create_shop(collector: str, write_key: str) -> Application:
    """An ASGI application that serves the shop; `collector` is the origin that serves `/backsight.js`."""
    files = read_files(folder(), collector, write_key)

    async def shop(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        name = next((name for name in _candidates(scope["path"]) if name in files), None)
        await _answer(send, 200 if name else 404, name or "missing.html", files[name or "missing.html"])

    return shop


async def _answer(send: Send, status: int, name: str, body: bytes) -> None:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    charset = b"; charset=utf-8" if kind.startswith("text/") else b""
    headers = [(b"content-type", kind.encode() + charset), (b"content-length", str(len(body)).encode()),
               (b"cache-control", b"no-store")]  # fmt: skip
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
