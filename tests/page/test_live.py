"""What is captured right now: from the first start to the first click, with the server as it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from backsight.demo.backend import Backend, backend
from backsight.demo.serving import free_port
from page.conftest import Screen
from snippet.conftest import Site

PAGE = """<main id="shop"><form id="order" action="javascript:0">
  <button class="buy" id="buy" type="button"><span>Buy <b>now</b></span></button></form></main>"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A server on an empty folder, as `backsight up` makes it."""
    with backend(tmp_path_factory.mktemp("live") / "data", free_port(0)) as started:
        yield started


def test_from_the_first_start_to_the_first_click_and_on(
    screens: Callable[..., Screen], running: Backend, site: Site
) -> None:
    """An empty site shows the line for its pages; where that is put, a click is listed by itself; while
    somebody reads, what comes is held back; an event that is opened says its element, and how to name it.
    """
    screen = screens(at=running.url).open(key=running.secret_key)
    screen.until("Waiting for the first event")
    line = screen.page.get_by_label("The line for your pages").inner_text()
    shop = screen.page.context.browser.new_context().new_page()  # type: ignore[union-attr]
    shop.goto(site.put_raw(f"<!doctype html><html lang=en><title>Kettles</title>{line}<body>{PAGE}"))
    shop.wait_for_function("() => !!window.backsight?.flush")

    def buy() -> None:
        shop.click("#buy")
        shop.evaluate("() => backsight.flush()")

    buy()
    row = screen.page.locator(".rows li").filter(has_text="Click on “Buy now”").first
    row.wait_for()
    assert "View of “Kettles”" in screen.until("View of", ".rows")
    assert screen.page.get_by_text("Waiting for the first event").count() == 0

    row.hover()
    before = screen.page.locator(".rows li").count()
    buy()
    held = screen.page.locator(".fresh")
    held.wait_for()
    assert screen.page.locator(".rows li").count() == before
    held.click()
    screen.page.wait_for_function(
        "before => document.querySelectorAll('.rows li').length > before", arg=before
    )

    row.locator("summary").click()
    crumbs = row.locator(".ancestry")
    screen.page.wait_for_function("() => document.querySelectorAll('.ancestry li').length > 3")
    said = crumbs.inner_text()
    assert [
        part for part in ("html", "body", "main#shop", "form#order", "button#buy") if part not in said
    ] == []
    row.get_by_role("button", name="Name this").click()
    screen.until("So far this rule holds of", ".naming")
    row.get_by_role("button", name="Make a link").click()
    link = row.get_by_role("link", name="Open the definer on that page")
    assert "#backsight-dt_" in (link.get_attribute("href") or "")
    shop.context.close()


def test_what_is_told_can_be_narrowed_and_paused(
    screens: Callable[..., Screen], url: str, reading: str
) -> None:
    """Named events alone, or actions; a name is a link to what it means. The oldest data are listed, too."""
    screen = screens().open("#live", reading).settle()
    page = screen.page
    every = page.locator(".rows li").count()
    page.get_by_role("radio", name="Named").check()
    named = page.locator(".rows li").count()
    assert 0 < named < every
    assert page.locator(".rows li", has=page.locator(".chip")).count() == named
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").wait_for()
    row = page.locator(".rows li").filter(has_text="Viewed pricing").first
    row.locator("summary").press("Enter")
    row.get_by_role("link", name="Viewed pricing").click()
    assert screen.until("What it means").startswith("Events")
