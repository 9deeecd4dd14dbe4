"""How the definer comes, stays and goes: by a link's token, and with it."""

from __future__ import annotations

import threading
from contextlib import suppress

from playwright.sync_api import TimeoutError as NotInTime

from definer.conftest import SHOP
from definer.faked import TOKEN, problem

KEPT = "sessionStorage.getItem('backsight.definer')"


def test_a_link_opens_the_definer_and_leaves_no_trace_in_the_address(definer, site):
    """The token is asked about, and stands neither in the address nor in what is captured."""
    definer.open(site.put(SHOP, "/shop"))
    assert definer.page.url == site.url("/shop")
    asked = definer.api.requests("GET", "definer")[0]
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    definer.run("backsight.flush()")
    site.until_events("pageview")
    assert all(TOKEN not in request.raw for request in site.requests)


def test_without_a_token_nothing_is_loaded(definer, site):
    """A visitor's page asks neither for the definer nor for anything of the API."""
    loaded = []
    definer.page.on("request", lambda request: loaded.append(request.url))
    definer.page.goto(site.put(SHOP, "/shop"))
    definer.page.wait_for_function("() => !!window.backsight?.flush")
    definer.run("backsight.flush()")
    site.until_events("pageview")
    assert not any("definer" in url for url in loaded)
    assert definer.api.asked == []
    assert definer.page.locator("backsight-definer").count() == 0


def test_an_expired_link_says_how_to_get_a_new_one(definer, site, api):
    """A token that is no good shows a notice with the command, and is forgotten; the page is used as ever."""
    api.token = "dt_another"
    definer.page.goto(site.put(SHOP, "/shop") + f"#backsight-{TOKEN}")
    definer.until("no longer good")
    assert f"backsight define {site.url('/shop')}" in definer.text()
    assert "unknown, expired or revoked" in definer.text()
    assert "Names" not in definer.text()
    assert definer.run(KEPT) is None
    definer.hold("#red")
    definer.run("backsight.flush()")
    assert len(site.until_events("click")) == 1
    definer.press("Close")
    assert definer.page.locator("backsight-definer").count() == 0


def test_a_token_that_expires_meanwhile_ends_it(shop, api):
    """The first request that is refused takes the panel away, with its frames, and says why."""
    definer = shop()
    definer.hold("#red")
    definer.until("What should count?")
    api.token = "dt_another"
    with suppress(NotInTime):  # a request that was under way may be the first, and has taken the button away
        definer.press("Not named yet")
    definer.until("no longer good")
    assert definer.count(".frame") == 0
    assert definer.run("backsight.paused") is False


def test_a_server_that_cannot_be_reached_is_said_and_tried_again(definer, site, api):
    """The token is kept: what fails may work in a moment."""
    api.failing["definer"] = problem(500, "the store can't be read")
    definer.page.goto(site.put(SHOP, "/shop") + f"#backsight-{TOKEN}")
    definer.until("the store can't be read")
    assert definer.run(KEPT) == TOKEN
    api.failing.clear()
    definer.press("Try again")
    definer.until("Point at something")


def test_a_slow_link_says_that_it_is_checked(definer, site, api):
    """Before the answer there is nothing but a word."""
    api.holds["definer"] = threading.Event()
    definer.page.goto(site.put(SHOP, "/shop") + f"#backsight-{TOKEN}")
    definer.until("Checking the link")
    assert "Names" not in definer.text()
    api.holds["definer"].set()
    definer.until("Point at something")


def test_it_stays_from_page_to_page_as_it_was(shop, site):
    """The next page of the tab has the panel on the same side, with the same tab and mode."""
    definer = shop()
    site.put("<h1>Kettle 12</h1>", "/p/12")
    definer.press("Move to the other side")
    definer.press("Names")
    definer.press("Use the page")
    definer.hold("#away")
    definer.page.wait_for_url("**/p/12")
    definer.until("Nothing has a name yet")
    assert definer.count(".panel.left") == 1
    assert definer.run("__panel.querySelector('.mode [role=switch]').getAttribute('aria-checked')") == "true"


def test_a_route_inside_the_page_lets_go_and_stays(shop):
    """After a client-side route narrowing offers the new path."""
    definer = shop()
    definer.run("history.pushState(null, '', '/shop/42')")
    definer.hold("#red")
    definer.until("What should count?")
    options = definer.run("[...__panel.querySelector('select[aria-label=Page]').options].map(o => o.text)")
    assert options == ["any page", "this page, /shop/42", "pages like /shop/*"]


def test_closing_forgets_the_token(shop, site):
    """Closed, it is gone from the page and from the tab, and clicks are captured again."""
    definer = shop()
    definer.press("Close the definer")
    assert definer.page.locator("backsight-definer").count() == 0
    assert definer.run(KEPT) is None
    definer.hold("#red")
    definer.run("backsight.flush()")
    assert len(site.until_events("click")) == 1
    definer.page.reload()
    definer.page.wait_for_function("() => !!window.backsight?.flush")
    assert definer.page.locator("backsight-definer").count() == 0
