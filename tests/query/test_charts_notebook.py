"""Charts in a notebook's output, in Chromium: in the reader's theme, on a phone, and harmless."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from backsight import charts
from backsight.charts import notebook
from backsight.charts.themes import DARK, LIGHT
from query.chart_answers import spec

PAGE = """<!doctype html><meta name=viewport content="width=device-width"><style>{style}</style>
<body {body}><div class=output>{shown}</div></body>"""
JUPYTER = """.output { color: #222 } body[data-jp-theme-light=false] .output { color: #e0e0e0 }
body[data-jp-theme-light=false] { background: #111 }"""
FIRST_INK = "document.querySelector('.output svg text').getAttribute('fill')"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A tab of a page that has nothing of its own, and asks nobody for anything."""
    page = chromium.new_page(viewport={"width": 900, "height": 900})
    page.set_default_timeout(10_000)
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.on("request", lambda request: failed.append(request.url))
    yield page
    page.close()
    assert failed == []


def show(page: Page, *specs: charts.Spec, style: str = JUPYTER, body: str = "") -> None:
    shown = "".join(notebook.html(each) for each in specs)
    page.set_content(PAGE.format(style=style, body=body, shown=shown))
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
    told = page.locator(".backsight-tooltip").inner_text()
    assert "onerror" in told
    assert "1,204" in told
    assert page.title() == ""
    assert page.query_selector(".backsight-tooltip img, .backsight-tooltip b, .output img") is None


def test_a_chart_can_be_saved(page: Page) -> None:
    """As a picture of its own, with the text that it shows."""
    show(page, spec("funnel"))
    with page.expect_download() as saved:
        page.click("text=Save as SVG")
    text = saved.value.path().read_text()
    assert saved.value.suggested_filename == "chart.svg"
    assert page.locator(".output svg text").first.text_content() in text


def test_a_page_that_cant_unpack_says_so(page: Page) -> None:
    """The reader is told where the figures are."""
    page.add_init_script("delete window.DecompressionStream")
    page.goto("about:blank")
    page.set_content(PAGE.format(style="", body="", shown=notebook.html(spec("funnel"))))
    page.wait_for_function("document.querySelector('.output').innerText.includes('figures are in the table')")
