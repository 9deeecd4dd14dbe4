"""A site with the built snippet on its pages, the collector that it sends to, and a browser that visits."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from playwright.sync_api import Error as PlaywrightError

from backsight.demo.browser import FLAGS, find_chromium

ROOT = Path(__file__).parents[2]
SNIPPET = ROOT / "collector" / "backsight_collector" / "static" / "backsight.js"
BUILT = ("backsight.js", "effects.js", "recovery.js", "vitals.js", "expose.js", "definer.js")
SCRIPT = '<script async src="/backsight.js" data-key="wk_test"></script>'
DEADLINE = 15.0


@dataclass(frozen=True)
class Request:
    """One request to capture, as it came."""

    raw: str
    headers: dict[str, str]
    at: float
    path: str = "/v1/capture"

    @property
    def batch(self) -> dict[str, Any]:
        batch: dict[str, Any] = json.loads(self.raw)
        return batch


@dataclass
class Answer:
    """What the collector says next; `hold` keeps it from answering, status 0 cuts the connection."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None
    body: str = "{}"


class Site:
    """Serves `pages`, records what is captured, and answers as told."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, dict[str, str]]] = {}
        self.requests: list[Request] = []
        self.preflights = 0
        self.gets: list[str] = []
        self.answer = Answer()
        self.changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("SiteHandler", (Handler,), {"site": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        if self.answer.hold:
            self.answer.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self._server.server_port}{path}"

    def put(self, body: str, path: str = "/", head: str = SCRIPT, **headers: str) -> str:
        """Publishes a page and gives its URL."""
        html = (
            f"<!doctype html><html lang=en><head><title>Shop</title>{head}</head><body>{body}</body></html>"
        )
        return self.put_raw(html, path, **headers)

    def put_raw(self, html: str, path: str = "/", **headers: str) -> str:
        self.pages[path] = (html, {name.replace("_", "-"): value for name, value in headers.items()})
        return self.url(path)

    @property
    def batches(self) -> list[dict[str, Any]]:
        return [request.batch for request in list(self.requests)]

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Events that arrived, each once, in order of page and sequence; `page` and `batch` are filled in."""
        found: dict[tuple[str, int], dict[str, Any]] = {}
        for batch in self.batches:
            for event in batch["events"]:
                page = batch["pages"][event["page"]]
                found.setdefault((page["id"], event["seq"]), {**event, "page": page, "batch": batch})
        return [event for event in found.values() if kind in (None, event["type"])]

    def chain(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        """Descriptions from the event's target up to the root, with `at` (four positions) and `flags`."""
        batch, index, chain = event["batch"], event["node"], []
        while index >= 0:
            parent, element, *at, flags = batch["nodes"][index]
            chain.append({**batch["elements"][element], "at": at, "flags": flags})
            index = parent
        return chain

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Waits until a condition on what has arrived holds."""
        end = time.monotonic() + DEADLINE
        with self.changed:
            while not condition():
                left = end - time.monotonic()
                if left <= 0 or not self.changed.wait(left):
                    seen = [(e["type"], e["seq"]) for e in self.events()]
                    raise AssertionError(
                        f"waited {DEADLINE} s for {what}; {len(self.requests)} requests, {seen}"
                    )

    def until_events(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        self.until(lambda: len(self.events(kind)) >= count, f"{count} × {kind}")
        return self.events(kind)


class Handler(BaseHTTPRequestHandler):
    """Pages and the snippet by GET, batches by POST; there must be no preflight."""

    protocol_version = "HTTP/1.1"
    site: ClassVar[Site]

    def log_message(self, *given: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        with self.site.changed:
            self.site.gets.append(path)
            self.site.changed.notify_all()
        name = path.rpartition("/")[2]
        if path in self.site.pages:
            html, headers = self.site.pages[path]
            self._send(200, html, {"content-type": "text/html; charset=utf-8", **headers})
        elif name in BUILT:
            headers = {"content-type": "text/javascript", "access-control-allow-origin": "*"}
            self._send(200, (SNIPPET.parent / name).read_text(), headers)
        else:
            self._send(404, "", {})

    def do_OPTIONS(self) -> None:
        self.site.preflights += 1
        self._send(404, "", {})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["content-length"])).decode()
        answer = self.site.answer
        with self.site.changed:
            self.site.requests.append(Request(raw, dict(self.headers.items()), time.monotonic(), self.path))
            self.site.changed.notify_all()
        if answer.hold:
            answer.hold.wait(DEADLINE)
        if answer.status:
            self._send(answer.status, answer.body, {"access-control-allow-origin": "*", **answer.headers})
        else:
            self.close_connection = True

    def _send(self, status: int, body: str, headers: dict[str, str]) -> None:
        content = body.encode()
        try:
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # The page is gone; what it sent is recorded.


class Visit:
    """A browser tab on a site."""

    def __init__(self, site: Site, page: Page) -> None:
        self.site, self.page = site, page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def goto(self, url: str) -> Visit:
        self.page.goto(url)
        self.page.wait_for_function("() => !!window.backsight?.flush")
        return self

    def attend(self) -> Visit:
        """Moves the pointer, and waits for the part that a person's first sign loads."""
        self.page.evaluate("() => dispatchEvent(new PointerEvent('pointerover'))")
        self.page.wait_for_function("() => !!backsight.watch")
        return self

    def click(self, selector: str) -> None:
        """A click as scripts make one: composed, and at once."""
        self.page.eval_on_selector(selector, "element => element.click()")

    def run(self, script: str) -> Any:
        return self.page.evaluate(script)

    def flush(self) -> None:
        self.page.evaluate("() => backsight.flush()")

    def events(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        """Sends what is captured, and waits for so many events."""
        self.flush()
        return self.site.until_events(kind, count)


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def browsing(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser profile of its own."""
    context = chromium.new_context()
    yield context
    for page in context.pages:
        # A tab that is about to show another page may never be closed: it gets a page that is there at once.
        with suppress(PlaywrightError):
            page.goto("about:blank")
    context.close()


@pytest.fixture
def another(site: Site, browsing: BrowserContext) -> Callable[[], Visit]:
    """Opens another tab in the same browser profile."""
    return lambda: Visit(site, browsing.new_page())


@pytest.fixture
def visit(site: Site, browsing: BrowserContext) -> Iterator[Visit]:
    visit = Visit(site, browsing.new_page())
    yield visit
    assert visit.errors == []


@pytest.fixture
def cached(site: Site, chromium: Browser) -> Iterator[Visit]:
    """A tab in a Chromium with its back/forward cache, which Playwright turns off."""
    browser = chromium.browser_type.launch(
        executable_path=find_chromium(SimpleNamespace(chromium=chromium.browser_type)),  # type: ignore[arg-type]
        args=[*FLAGS, "--no-sandbox"],
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield Visit(site, browser.new_page())
    browser.close()


@pytest.fixture
def shot(visit: Visit) -> Callable[[str, str], dict[str, Any]]:
    """Puts a page, clicks one element on it and gives the click as it was captured."""

    def click(body: str, selector: str) -> dict[str, Any]:
        visit.goto(visit.site.put(body))
        visit.click(selector)
        return visit.events("click")[0]

    return click
