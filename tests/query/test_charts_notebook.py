"""Charts in a notebook's output, in Chromium: in the reader's theme, on a phone, and harmless."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache

import pytest
import vl_convert
from playwright.sync_api import Browser, Page, Route

from backsight import charts
from backsight.charts import notebook
from backsight.charts.themes import DARK, LIGHT
from query.chart_answers import spec

PAGE = """<!doctype html><meta name=viewport content="width=device-width"><style>{style}</style>
<script>{script}</script><body {body}><div class=output>{shown}</div></body>"""
JUPYTER = """.output { color: #222 } body[data-jp-theme-light=false] .output { color: #e0e0e0 }
body[data-jp-theme-light=false] { background: #111 }"""
FIRST_INK = "document.querySelector('.output svg text').getAttribute('fill')"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A tab whose page brings Vega-Embed itself: nothing is fetched."""
    page = chromium.new_page(viewport={"width": 900, "height": 900})
    page.set_default_timeout(10_000)
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.route("**", lambda route: route.abort() if "http" in route.request.url else route.continue_())
    yield page
    page.close()
    assert failed == []


@cache
def embed() -> str:
    """Vega-Embed, as a page may bring it."""
    return vl_convert.javascript_bundle(vl_version="6.4") + "; vegaLite = {version: '6.4'}"


def show(page: Page, *specs: charts.Spec, style: str = JUPYTER, body: str = "") -> None:
    shown = "".join(notebook.html(each) for each in specs)
    page.set_content(PAGE.format(style=style, body=body, shown=shown, script=embed()))
    page.wait_for_function(f"document.querySelectorAll('.output svg').length >= {len(specs)}")


def test_a_chart_follows_the_readers_theme(page: Page) -> None:
    """Its ink is the dark theme's where the page's text is light, and changes when the page does."""
    show(page, spec("funnel"), body="data-jp-theme-light=false")
    assert page.evaluate(FIRST_INK) == DARK["title"]["color"]
    page.evaluate("document.body.dataset.jpThemeLight = 'true'")
    page.wait_for_function(f"{FIRST_INK} === '{LIGHT['title']['color']}'")


def test_a_page_without_themes_follows_the_system(page: Page) -> None:
    """A saved page that takes the system's colours: so does the chart, at once when they change."""
    page.emulate_media(color_scheme="dark")
    show(page, spec("trend"), style=":root { color-scheme: light dark }")
    assert page.evaluate(FIRST_INK) == DARK["title"]["color"]
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"{FIRST_INK} === '{LIGHT['title']['color']}'")


@pytest.mark.parametrize(
    "chart", ["funnel with all", "retention by group", "trend of many", "signals", "elements"]
)
def test_a_chart_shrinks_on_a_phone(page: Page, chart: str) -> None:
    """No picture makes the page wider than the phone is, with names of any length."""
    page.set_viewport_size({"width": 360, "height": 640})
    show(page, spec(chart, "a long name of something " * 20))
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    widths = page.evaluate(
        "[...document.querySelectorAll('.output svg.marks')].map(each => each.clientWidth)"
    )
    assert all(150 < width <= 360 for width in widths)


def test_the_same_chart_twice(page: Page) -> None:
    """Two outputs that are alike are two charts."""
    show(page, spec("elements"), spec("elements"))
    assert page.evaluate("document.querySelectorAll('.output svg.marks').length") == 2
    assert notebook.html(spec("elements")) == notebook.html(spec("elements"))


def test_no_name_runs(page: Page) -> None:
    """Names are text in a chart, in its tooltip and in the script that brings it."""
    hostile = "</script><img src=x onerror=\"document.title='run'\"><b>bold</b>"
    show(page, spec("elements", hostile))
    page.hover(".output svg .mark-rect path[aria-label]")
    page.wait_for_selector("#vg-tooltip-element.visible")
    told = page.inner_text("#vg-tooltip-element")
    assert "onerror" in told
    assert "1,204" in told
    assert page.title() == ""
    assert page.query_selector("#vg-tooltip-element img, #vg-tooltip-element b, .output img") is None


LIBRARY = (
    "!function (page, make) {{ 'object' == typeof exports ? make(exports, {needs})"
    " : 'function' == typeof define && define.amd ? define(make) : make(page) }}"
    "(this, function (own, needed) {{ {body} }})"
)


def offered(chromium: Browser, monkeypatch: pytest.MonkeyPatch, *, forged: bool) -> Page:
    """A page with require.js's `define`, and what serves it the libraries: a forged one is not as pinned."""
    sources = {
        "vega": LIBRARY.format(needs="null", body="own.version = 'V'"),
        "vega-lite": LIBRARY.format(needs="require('vega')", body="own.version = needed.version + 'L'"),
        "vega-embed": (
            "module.exports = async (at) => {"
            " at.textContent = require('vega-lite').version; return {finalize() {}} }"
        ),
    }

    def digest(text: str) -> str:
        return f"sha384-{base64.b64encode(hashlib.sha384(text.encode()).digest()).decode()}"

    pinned = [(name, f"https://cdn.test/{name}.js", digest(text)) for name, text in sources.items()]
    monkeypatch.setattr(notebook, "LIBRARIES", pinned)

    def serve(route: Route) -> None:
        name = route.request.url.rpartition("/")[2].removesuffix(".js")
        text = sources[name] + (" " if forged and name == "vega-lite" else "")
        route.fulfill(body=text, headers={"access-control-allow-origin": "*"}, content_type="text/javascript")

    script = "window.defined = 0; window.define = () => { window.defined++ }; window.define.amd = {}"
    page = chromium.new_page()
    page.set_default_timeout(10_000)
    page.route("https://cdn.test/**", serve)
    page.set_content(PAGE.format(style="", body="", script=script, shown=notebook.html(spec("elements"))))
    return page


def test_libraries_are_fetched_once_checked_and_stay_apart(
    chromium: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that are pinned draw, without a global and without a word to the page's require.js."""
    page = offered(chromium, monkeypatch, forged=False)
    page.wait_for_function("document.querySelector('.output').innerText.trim() === 'VL'")
    assert page.evaluate("[window.defined, typeof vega, typeof vegaEmbed]") == [0, "undefined", "undefined"]
    page.close()


def test_another_library_does_not_run(chromium: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not what was pinned is not run; the reader is told where the figures are."""
    page = offered(chromium, monkeypatch, forged=True)
    page.wait_for_function("document.querySelector('.output').innerText.includes('figures are in the table')")
    page.close()


def test_what_is_pinned_is_named_in_full() -> None:
    """Addresses name a version to the last number, and each has a digest of its own."""
    addresses = [address for _, address, _ in notebook.LIBRARIES]
    assert all(
        "@" in address and address.rpartition("@")[2].split("/")[0].count(".") == 2 for address in addresses
    )
    assert len({digest for _, _, digest in notebook.LIBRARIES}) == 3
