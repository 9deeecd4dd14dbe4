"""The demo's shop: that it is a site like others, and works whether or not anybody listens."""

from __future__ import annotations

import re
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from backsight.demo.shop import ROUTED, TAG_HOST, TAG_KEY, folder, read_files

PATHS = (
    "/ /shop /shop/tea /products/oak-board /basket /checkout /thanks /join /delivery /account /account/orders"
).split()
NO_PATHS = "/no-such-page /assets/../../../pyproject.toml /assets/%2e%2e/index.html //etc/passwd".split()
PAGES = sorted(path.name for path in folder().glob("*.html"))


def get(origin: str, path: str) -> tuple[int, str, bytes]:
    connection = HTTPConnection(urlsplit(origin).netloc, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.getheader("content-type") or "", answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("page", PAGES)
def test_page_carries_the_documented_line_and_nothing_else_for_analytics(page: str) -> None:
    """Each page has the one-line tag once, no other data- attribute, and nothing from another host."""
    html = (folder() / page).read_text()
    assert html.count(f'<script async src="{TAG_HOST}/backsight.js" data-key="{TAG_KEY}"></script>') == 1
    assert re.findall(r"\sdata-[\w-]+", html) == [" data-key"]
    assert re.findall(r"https?://[^\"'\s<]+", html) == [f"{TAG_HOST}/backsight.js"]


def test_scripts_and_styles_carry_nothing_for_analytics() -> None:
    """No script writes data- attributes or reaches another host; three calls are all that it has to say."""
    sources = "".join(path.read_text() for path in (folder() / "assets").glob("*.js"))
    assert not re.search(r"\bdata-|\.dataset\b|https?://", sources)
    assert sorted(re.findall(r"backsight\?\.(\w+)", sources)) == ["identify", "reset", "track"]


@pytest.mark.parametrize("path", PATHS)
def test_page_is_served_with_the_running_collector_in_its_tag(silent_shop: str, path: str) -> None:
    """Every path, client-routed ones too, answers 200 with a page whose tag names this collector."""
    status, kind, body = get(silent_shop, path)
    assert (status, kind) == (200, "text/html; charset=utf-8")
    assert b'src="http://127.0.0.1:9/backsight.js"' in body


@pytest.mark.parametrize("path", NO_PATHS)
def test_unknown_path_is_not_found(silent_shop: str, path: str) -> None:
    """A path that names no page, or tries to leave the folder, gets the shop's own 404 page."""
    status, _kind, body = get(silent_shop, path)
    assert status == 404
    assert b"<h1>Not here</h1>" in body


def test_routed_pages_exist() -> None:
    """Every client-routed part names a page that is there."""
    assert set(ROUTED.values()) <= read_files(folder(), "", "").keys()


@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
@pytest.mark.parametrize("path", PATHS)
def test_page_fits_its_window_and_raises_nothing(chromium, silent_shop: str, path: str, width: int) -> None:
    """At desktop and phone width no page throws or scrolls sideways, with no collector to be reached."""
    page = chromium.new_page(viewport={"width": width, "height": 800})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(silent_shop + path, wait_until="load")
    page.wait_for_function("document.querySelector('basket-button').shadowRoot")
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    page.close()
    assert errors == []
    assert overflow <= 0


def test_links_lead_somewhere(chromium, silent_shop: str) -> None:
    """Every link that any page shows, in shadow roots too, answers 200."""
    page = chromium.new_page()
    links: set[str] = set()
    for path in PATHS:
        page.goto(silent_shop + path, wait_until="load")
        links |= set(page.locator("a[href]").evaluate_all("links => links.map((link) => link.href)"))
    page.close()
    ours = {urlsplit(link).path for link in links if link.startswith(silent_shop)}
    assert len(ours) > 15
    assert {path: get(silent_shop, path)[0] for path in ours} == dict.fromkeys(ours, 200)


def test_somebody_can_buy_without_a_collector(chromium, silent_shop: str) -> None:
    """Adding from a row, checking out of the shadow root and paying works when no snippet has loaded."""
    page = chromium.new_page()
    page.goto(f"{silent_shop}/shop", wait_until="load")
    page.locator("button.add svg").first.click()
    page.locator("basket-button .toggle").click()
    page.locator("button.checkout").click()
    for name in ("name", "email", "address"):
        page.locator(f"input[name={name}]").fill("a@example.com")
    page.locator("form button[type=submit]").click()
    page.wait_for_url("**/thanks")
    assert page.locator("basket-button .tally").inner_text() == "0"
    page.close()
