"""Saved reports, and links that share one."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from page.conftest import FUNNEL, HOSTILE, Screen, built


def test_a_report_is_saved_and_shared_with_somebody_without_a_key(
    screens: Callable[..., Screen], defining: str
) -> None:
    """From the builder to a browser that never had a key: the same figures, and nothing else of the site."""
    screen = screens().open(built("funnel", FUNNEL), defining).settle()
    page = screen.page
    page.get_by_role("button", name="Save").click()
    page.get_by_label("Name", exact=True).fill("Prices to sign-ups")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Prices to sign-ups").click()
    screen.until("Computed", ".answered")
    figures = screen.settle().table()
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_label("The link", exact=True).input_value()
    other = screens()
    other.page.goto(link)
    other.until("Computed", ".answered")
    assert other.read("h1") == "Prices to sign-ups"
    assert other.table() == figures
    assert other.page.get_by_role("navigation").count() == 0
    other.page.reload()
    other.until("Computed", ".answered")


def test_a_link_that_has_ended_says_so(screens: Callable[..., Screen], url: str, api: httpx.Client) -> None:
    """Who has an old link, or half of one, is told to ask for another."""
    screen = screens()
    screen.expected = ["401", "410"]
    saved = {"report": "funnel", "request": {"steps": ["Signed up"]}}
    assert api.put("saved/Ended", json=saved).status_code == 200
    link = api.post("saved/Ended/links", json={}).json()
    assert api.delete(f"saved/Ended/links/{link['link_id']}").status_code == 200
    screen.page.goto(f"{url}/shared#{link['url'].partition('#')[2]}")
    screen.until("opens nothing any more")
    screen.page.goto(f"{url}/shared#rt_{'0' * 40}")
    screen.until("opens nothing any more")
    screen.page.goto(f"{url}/shared")
    screen.until("not whole")


def test_a_name_that_is_taken_is_replaced_only_on_request(
    screen: Screen, defining: str, api: httpx.Client
) -> None:
    """The first save says that there is one already; the second is a new version of it."""
    name = HOSTILE[0]
    saved = {"report": "funnel", "request": {"steps": ["Signed up"]}}
    assert api.put("saved/Taken", json=saved).status_code == 200
    screen.expected = ["412"]
    page = screen.open(built("funnel", FUNNEL), defining).settle().page
    page.get_by_role("button", name="Save").click()
    page.get_by_label("Name", exact=True).fill("Taken")
    page.get_by_label("What it is for").fill(f"about {name}")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Replace it").click()
    screen.until("Saved as", ".saving")
    told = api.get("saved/Taken").json()
    assert (told["version"], told["request"], told["description"]) == (2, FUNNEL, f"about {name}")


def test_a_saved_report_is_changed_in_the_builder_and_deleted(
    screen: Screen, defining: str, api: httpx.Client
) -> None:
    """Its question is in the builder as it was saved; a deletion is asked about, and done."""
    api.put("saved/Short%20lived", json={"report": "funnel", "request": FUNNEL})
    page = screen.open("#reports/Short%20lived", defining).settle().page
    page.get_by_role("link", name="Change").click()
    page.get_by_role("button", name="Move Signed up up").wait_for()
    page.go_back()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    page.wait_for_url("**#reports")
    assert api.get("saved/Short%20lived").status_code == 404


def test_every_report_that_can_be_saved_is_drawn(screen: Screen, reading: str, api: httpx.Client) -> None:
    """Each kind has its chart, drawn without code that is made of texts, and its table."""
    step, to = "Viewed pricing", "Signed up"
    span = {"from": "2026-10-01", "to": "2026-10-07"}
    requests = {
        "funnel": {"steps": [step, to], "breakdown": {"by": ["path"]}, "interval": "day", "curve": True,
                   "histogram": {"bins": 4}, **span},
        "retention": {"start": step, "return": to, "breakdown": {"by": ["path"]}, **span},
        "trend": {"series": [step, to], "compare": "previous", **span},
        "lifecycle": {"event": step, **span},
        "stickiness": {"event": step, **span},
        "paths": {"start": step, **span},
        "attribution": {"conversion": to, "by": ["path"], **span},
    }  # fmt: skip
    for report, request in requests.items():
        assert (
            api.put(f"saved/Drawn%20{report}", json={"report": report, "request": request}).status_code == 200
        )
    screen.open("#reports", reading).settle()
    for report in requests:
        screen.page.evaluate("name => { location.hash = '#reports/' + name }", f"Drawn%20{report}")
        screen.page.wait_for_function(
            "n => document.querySelector('h1')?.innerText === n && document.querySelector('.chart svg')",
            arg=f"Drawn {report}",
        )
        screen.settle()
        assert screen.page.locator(".chart svg [role='graphics-symbol'], .chart svg path").count() > 0, report
        assert len(screen.table()) > 0, report
