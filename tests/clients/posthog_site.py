"""A page with posthog-js and our own snippet on it, on an origin of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar, Final

LIBRARY: Final = Path(__file__).parent / "node_modules" / "posthog-js" / "dist" / "array.js"

PAGE: Final = """<!doctype html><html lang=en class=theme-dark><head><title>Kettles &amp; pots</title>
<script src="{backsight}/backsight.js" data-key="{key}"></script>
<script>
  window.posthog = Object.assign([], {{ __SV: 1, _i: [["{key}", {options}, "posthog"]] }});
</script>
<script src="/array.js"></script></head>
<body class="md:flex">
<nav><a class="home link" href="/home?from=nav#top" onclick="return false"><span>Home</span></a></nav>
<main id=shop>
  <ul class="goods  list">
    <li><button class="btn buy" data-sku="12"><svg viewBox="0 0 9 9"><path class=cup d="M0 0h9v9z"/></svg>
      Buy</button></li>
    <li><button class="btn buy" data-sku="13" aria-label="Buy pot">Buy</button></li>
    <li><button class="btn later" data-note='say "hi"; then C:\\'>Later</button></li>
  </ul>
  <form onsubmit="return false"><label for=gift>Gift</label><input id=gift type=checkbox name=gift>
    <input name=mail type=email><select name=size><option>1<option>2</select>
    <button id=order type=submit>Order for ada@example.com</button></form>
  <p class=plain>Nothing</p>
</main></body></html>"""

OPTIONS: Final = {
    "autocapture": True,
    "capture_pageview": True,
    "person_profiles": "always",
    # An automated browser is a bot to posthog-js, which then sends nothing.
    "opt_out_useragent_filter": True,
}


class Site(BaseHTTPRequestHandler):
    """Serves the page at every address but the library's."""

    protocol_version = "HTTP/1.1"
    page: ClassVar[str]

    def do_GET(self) -> None:
        is_library = self.path == "/array.js"
        content = LIBRARY.read_bytes() if is_library else self.page.encode()
        self.send_response(204 if self.path == "/favicon.ico" else 200)
        self.send_header("content-type", f"text/{'javascript' if is_library else 'html'}; charset=utf-8")
        self.send_header("content-length", str(len(content) if self.path != "/favicon.ico" else 0))
        self.end_headers()
        if self.path != "/favicon.ico":
            self.wfile.write(content)

    def log_message(self, *given: object) -> None:
        """Says nothing."""


@contextmanager
def site(backsight: str, key: str, **options: Any) -> Iterator[str]:
    """Serves the page, both libraries on it sending to `backsight` with this key; gives its address."""
    told = json.dumps(OPTIONS | {"api_host": backsight} | options)
    page = PAGE.format(backsight=backsight, key=key, options=told)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Served", (Site,), {"page": page}))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
