"""A server of pages on loopback that takes whatever is sent to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

ISOLATED = {"cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp"}
"""Lets a page's clock tell 5 µs instead of 100: https://developer.mozilla.org/docs/Web/API/Performance_API/High_precision_timing"""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pages: ClassVar[dict[str, tuple[str, str]]]

    def log_message(self, *given: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        kind, body = self.pages.get(self.path.partition("?")[0], ("application/json", "{}"))
        self._answer(kind, body.encode())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self._answer("application/json", b"{}")

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        for name, value in {"content-type": kind, "content-length": str(len(body)), **ISOLATED}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def served(pages: dict[str, tuple[str, str]]) -> Iterator[str]:
    """The origin at which pages stand, by path: content type and text. All else is answered with `{}`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Pages", (_Handler,), {"pages": pages}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
