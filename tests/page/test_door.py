"""Who opens the page: by which key, where it is kept, and what it may."""

from __future__ import annotations

from collections.abc import Callable

from page.conftest import FUNNEL, Screen, built

STORED = "() => [sessionStorage.getItem('backsight-key'), localStorage.getItem('backsight-key')]"


def test_a_key_in_the_link_is_taken_out_of_the_address_and_lasts_as_long_as_the_tab(
    screen: Screen, reading: str
) -> None:
    """It stands neither in the address bar nor in the history, and only in the tab's storage."""
    screen.open(key=reading)
    assert reading not in screen.page.url
    assert screen.page.evaluate(STORED) == [reading, None]
    screen.page.reload()
    screen.page.get_by_role("navigation").wait_for()
    screen.page.go_back()
    assert reading not in screen.page.url


def test_a_key_is_asked_for_and_kept_on_the_device_only_on_request(screen: Screen, reading: str) -> None:
    """What can't be a key is told in words; a tick keeps it, and forgetting it forgets it everywhere."""
    page = screen.open().page
    field = page.get_by_label("Secret key")
    field.fill("wk_0123456789")
    page.keyboard.press("Enter")
    assert "write key" in screen.until("can only send", ".wrong")
    field.fill(reading)
    page.get_by_label("Keep it on this device").check()
    page.get_by_role("button", name="Open").click()
    page.get_by_role("navigation").wait_for()
    assert page.evaluate(STORED) == [None, reading]
    page.get_by_role("button", name="Forget the key").click()
    field.wait_for()
    assert page.evaluate(STORED) == [None, None]


def test_a_key_that_opens_nothing_is_told_and_forgotten(screen: Screen) -> None:
    """A revoked or mistyped key leads back to the door, which says what to do."""
    screen.expected = ["401"]
    screen.page.goto(f"{screen.url}/#sk_{'0' * 40}")
    assert "Ask whoever runs Backsight" in screen.until("This key opens nothing")
    assert screen.page.evaluate(STORED) == [None, None]


def test_what_the_key_may_not_do_is_not_offered(
    screens: Callable[..., Screen], reading: str, defining: str
) -> None:
    """A key that reads sees no button to save; one that defines does."""
    offered = []
    for key in (reading, defining):
        screen = screens().open(built("funnel", FUNNEL), key).settle()
        offered.append(screen.page.get_by_role("button", name="Save").count())
    assert offered == [0, 1]


def test_a_server_that_is_gone_is_told_and_asked_again(screen: Screen, reading: str) -> None:
    """Without a connection the page says so, and goes on by the button when there is one again."""
    screen.expected = ["ERR_", "503"]
    page = screen.open("#reports", reading).settle().page
    page.context.set_offline(True)
    page.get_by_role("link", name="Events").click()
    screen.until("can't be reached")
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").nth(1).click()
    screen.until("Viewed pricing")


def test_too_many_questions_are_told_with_the_wait(screen: Screen, reading: str) -> None:
    """A 503 with Retry-After says after how long to try again."""
    screen.expected = ["503"]
    problem = {"detail": "too many questions at once", "valid": "later"}
    screen.page.route(
        "**/v1/saved", lambda route: route.fulfill(status=503, json=problem, headers={"Retry-After": "7"})
    )
    screen.open("#reports", reading)
    assert "Try again in 7 seconds" in screen.until("Too much at once")
