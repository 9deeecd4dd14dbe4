"""Pages with the real snippet and definer in Chromium, an API that is faked, and a hand that uses the panel."""

# ruff: noqa: E501, N802  (pages and scripts stand in whole lines; names are http.server's)

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from definer.faked import TOKEN, FakeApi
from snippet.conftest import Handler, Site, browsing

__all__ = ["browsing"]

SEE_INSIDE = """
const attach = Element.prototype.attachShadow;
Element.prototype.attachShadow = function (given) {
  const root = attach.call(this, given);
  if (this.localName === 'backsight-definer') window.__panel = root;
  return root;
};
"""
"""The definer's shadow tree is closed: only before it is made can it be got hold of."""

SHOP = """<style>body { margin: 40px; font-family: sans-serif } .card { border: 1px solid #ccc; padding: 20px; margin: 10px 0; width: 300px }</style>
<main id=shop>
  <h1>Kettles</h1>
  <div class=card><h2>Blue</h2><button class="btn buy" id=blue><svg width=16 height=16><circle r=8 cx=8 cy=8 /></svg> <span>Buy</span></button></div>
  <div class=card><h2>Red</h2><button class="btn buy" id=red><span>Buy</span></button></div>
  <form id=signup action=/signup><label>E-mail <input name=email id=email></label><button id=join>Join</button></form>
  <p><a id=away href=/p/12>Kettle 12</a> <button id=off disabled>Sold out</button></p>
</main>"""


class ApiHandler(Handler):
    """The site's pages, and the faked API beside the script."""

    api: FakeApi

    def do_GET(self) -> None:
        if self.path.startswith("/v1/"):
            return self._api("")
        return super().do_GET()

    def do_POST(self) -> None:
        if self.path == "/v1/capture":
            return super().do_POST()
        return self._api(self._body())

    def do_PUT(self) -> None:
        self._api(self._body())

    def do_DELETE(self) -> None:
        self._api(self._body())

    def _body(self) -> str:
        return self.rfile.read(int(self.headers.get("content-length") or 0)).decode()

    def _api(self, raw: str) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, body, more = self.api.answer(self.command, self.path.removeprefix("/v1/"), raw, headers)
        text = "" if body is None else json.dumps(body)
        self._send(status, text, {"content-type": "application/json", **more})


class Definer:
    """A tab on a page with the definer open; uses the panel with real clicks and keys."""

    def __init__(self, page: Page, site: Site, api: FakeApi) -> None:
        self.page, self.site, self.api = page, site, api
        self.errors: list[str] = []
        page.add_init_script(SEE_INSIDE)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, url: str) -> Definer:
        """Follows a link as `backsight define` gives it, until the panel stands."""
        self.page.goto(f"{url}#backsight-{TOKEN}")
        self.until("Point at something")
        return self

    def run(self, script: str, given: Any = None) -> Any:
        return self.page.evaluate(script, given)

    def text(self) -> str:
        """What the panel shows."""
        shown: str = self.run("() => window.__panel?.querySelector('.panel')?.innerText ?? ''")
        return shown

    def until(self, text: str) -> None:
        """Waits until the panel shows a text."""
        self.page.wait_for_function(
            "text => window.__panel?.querySelector('.panel')?.innerText.includes(text)",
            arg=text,
            timeout=15_000,
        )

    def until_gone(self, text: str) -> None:
        self.page.wait_for_function(
            "text => !window.__panel?.querySelector('.panel')?.innerText.includes(text)",
            arg=text,
            timeout=15_000,
        )

    def count(self, css: str) -> int:
        """How many elements of the panel, or drawn over the page, a selector finds and shows."""
        found: int = self.run(
            "css => [...__panel.querySelectorAll(css)].filter(e => e.checkVisibility({visibilityProperty: true})).length",
            css,
        )
        return found

    def until_count(self, css: str, count: int) -> None:
        self.page.wait_for_function(
            "([css, count]) => [...window.__panel.querySelectorAll(css)]"
            ".filter(e => e.checkVisibility({visibilityProperty: true})).length === count",
            arg=[css, count],
            timeout=15_000,
        )

    def press(self, text: str, css: str = "button,[role=radio],summary") -> None:
        """Clicks the first control of the panel that says a text (or is called so), with the mouse, once it
        stands still.
        """
        place = self.page.wait_for_function(
            """([text, css]) => {
              const all = [...window.__panel?.querySelectorAll(css) ?? []];
              const says = e => e.innerText.trim() === text || e.ariaLabel === text;
              const found = all.find(says) ?? all.find(e => e.innerText.includes(text));
              if (!found) return null;
              found.scrollIntoView({block: 'nearest'});
              const {x, y, width, height} = found.getBoundingClientRect();
              const place = [x + width / 2, y + height / 2], before = window.__place;
              window.__place = place;
              return width && before?.join() === place.join() ? place : null;
            }""",
            arg=[text, css],
            timeout=15_000,
        ).json_value()
        self.page.mouse.click(*place)

    def fill(self, label: str, text: str) -> None:
        """Types into the panel's control of that name."""
        self.run("label => __panel.querySelector(`[aria-label='${label}']`).select()", label)
        self.page.keyboard.type(text)

    def choose(self, label: str, option: str) -> None:
        """Chooses an option of a select as its user does, with an input event."""
        self.run(
            """([label, option]) => {
              const select = __panel.querySelector(`select[aria-label='${label}']`);
              select.selectedIndex = [...select.options].findIndex(e => e.text.includes(option));
              select.focus();
              select.dispatchEvent(new Event('input', {bubbles: true, composed: true}));
            }""",
            [label, option],
        )

    def point(self, css: str) -> None:
        """Moves the mouse to an element of the page."""
        self.page.mouse.move(*self.center(css))

    def hold(self, css: str) -> None:
        """Clicks an element of the page."""
        self.page.mouse.click(*self.center(css))

    def center(self, css: str) -> tuple[float, float]:
        """The middle of an element of the page, once it stands still."""
        element = self.page.locator(css).first.element_handle()
        self.page.wait_for_function(
            """element => {
              const {x, y, width, height} = element.getBoundingClientRect();
              const before = element.stood, now = [x, y, width, height, innerWidth, innerHeight].join();
              element.stood = now;
              return before === now;
            }""",
            arg=element,
        )
        box = element.bounding_box()
        assert box
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def style_of(self, part: str, name: str) -> str:
        """A computed style of a part of the panel."""
        style: str = self.run(
            "([part, name]) => getComputedStyle(__panel.querySelector('.' + part))[name]", [part, name]
        )
        return style

    def frame(self, kind: str) -> tuple[str, list[int]]:
        """The words at a frame, and its place: left, top, width, height; once it is drawn."""
        self.until_count(f".frame.{kind}", 1)
        words, place = self.run(
            """kind => { const box = __panel.querySelector(`.frame.${kind}`), r = box.getBoundingClientRect();
              return [box.innerText, [r.left, r.top, r.width, r.height].map(Math.round)] }""",
            kind,
        )
        return words, place


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def site(api: FakeApi) -> Iterator[Site]:
    site = Site()
    site._server.RequestHandlerClass = type("SiteHandler", (ApiHandler,), {"site": site, "api": api})
    yield site
    for hold in api.holds.values():
        hold.set()
    site.close()


@pytest.fixture
def definer(site: Site, api: FakeApi, browsing: BrowserContext) -> Iterator[Definer]:
    definer = Definer(browsing.new_page(), site, api)
    yield definer
    assert definer.errors == []


@pytest.fixture
def shop(definer: Definer, site: Site) -> Callable[[], Definer]:
    """Opens the definer on the shop."""
    return lambda: definer.open(site.put(SHOP, "/shop"))
