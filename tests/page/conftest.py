"""The built-in page in Chromium, served by the API over a small shop. Nothing may leave its origin, and no
console may say an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

import backsight as bs
from shop_site import secret_key, served, write_data
from snippet.conftest import site

__all__ = ["site"]

DESK = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
FUNNEL: dict[str, Any] = {"steps": ["Viewed pricing", "Signed up"], "window": "7d"}
RETENTION: dict[str, Any] = {
    "start": "Viewed pricing", "return": "Signed up", "period": "day", "periods": 5,
    "from": "2026-10-01", "to": "2026-10-04",
}  # fmt: skip
HOSTILE = [
    "<img src=x onerror=window.hacked=1>",
    "</script><script>window.hacked=1</script>",
    "مرحبا ‮gpj.exe",
    "🫖" * 60,
    "long" * 45,
]
"""Names that somebody might give."""


class Screen:
    """A tab on the page; remembers what must not have happened."""

    def __init__(self, url: str, page: Page) -> None:
        self.url, self.page = url, page
        self.wrong: list[str] = []
        self.expected: list[str] = []
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: self.wrong.append(f"thrown: {error}"))
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.on("request", lambda request: self._see(request.url))

    def open(self, place: str = "", key: str | None = None) -> Screen:
        """Goes to a place of the page; with a key as a link brings one."""
        if key:
            self.page.goto(f"{self.url}/#{key}")
            self.page.get_by_role("navigation").wait_for()
            self.page.evaluate("place => { location.hash = place }", place)
        else:
            self.page.goto(f"{self.url}/{place}")
        return self

    def read(self, css: str = "main") -> str:
        return self.page.locator(css).first.inner_text()

    def until(self, text: str, css: str = "main") -> str:
        """What stands there, once it has that text."""
        self.page.wait_for_function(
            "([css, text]) => [...document.querySelectorAll(css)].some(e => e.innerText.includes(text))",
            arg=[css, text],
        )
        return self.read(css)

    def settle(self) -> Screen:
        """Waits until nothing is being loaded or computed."""
        self.page.wait_for_function("() => !document.querySelector('.loading, [aria-busy]')")
        return self

    def table(self) -> list[list[str]]:
        """The cells of the answer's first table, without its header."""
        rows: list[list[str]] = self.page.evaluate(
            "() => [...document.querySelector('.answered table').tBodies[0].rows]"
            ".map(row => [...row.cells].map(cell => cell.innerText))"
        )
        return rows

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(known in text for known in self.expected):
            self.wrong.append(f"{kind}: {text}")

    def _see(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "about:")):
            self.wrong.append(f"left the origin: {url}")


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's data, with two names that matter and some that nobody should trust."""
    folder = tmp_path_factory.mktemp("page")
    write_data(folder)
    with bs.open(folder) as site:
        site.define("Viewed pricing", on="pageview", page="/pricing")
        site.define("Signed up", css="form#signup", on="submit", description="The form on /join")
        for name in HOSTILE:
            site.define(name, on="click", css="button", description=f"about {name}")
    return folder


@pytest.fixture(scope="session")
def url(data: Path) -> Iterator[str]:
    with served(data) as address:
        yield address


@pytest.fixture(scope="session")
def reading(data: Path) -> str:
    return secret_key(data, "read")


@pytest.fixture(scope="session")
def defining(data: Path) -> str:
    return secret_key(data, "define")


@pytest.fixture(scope="session")
def api(url: str, defining: str) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {defining}"}
    with httpx.Client(base_url=f"{url}/v1/", headers=headers, timeout=60) as client:
        yield client


@pytest.fixture
def screens(chromium: Browser, url: str) -> Iterator[Callable[..., Screen]]:
    """Opens a browser profile of its own, of some size and theme, and gives its tab."""
    opened: list[tuple[BrowserContext, Screen]] = []

    def screen(viewport: dict[str, int] = DESK, at: str = url, **options: Any) -> Screen:
        context = chromium.new_context(viewport=viewport, **options)  # type: ignore[arg-type]
        opened.append((context, Screen(at, context.new_page())))
        return opened[-1][1]

    yield screen
    for context, tab in opened:
        hacked = tab.page.evaluate("() => 'hacked' in window")
        context.close()
        assert not hacked
        assert tab.wrong == []


@pytest.fixture
def screen(screens: Callable[..., Screen]) -> Screen:
    return screens()


def built(report: str, request: dict[str, Any]) -> str:
    """The address at which the builder shows a question."""
    return f"#build/{report}/{quote(json.dumps(request), safe='')}"
