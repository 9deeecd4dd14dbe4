"""How the page is met: on phones, by screen readers, in both themes, with names that nobody should trust."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from page.conftest import DESK, FUNNEL, HOSTILE, PHONE, RETENTION, Screen, built

AXE = Path(__file__).parents[2] / "page" / "node_modules" / "axe-core" / "axe.min.js"
PLACES = [
    "#live", "#events", "#events/Signed%20up", "#reports", "#reports/Looked%20at", "#build",
    built("funnel", FUNNEL), built("retention", RETENTION),
]  # fmt: skip
SMALL = """() => [...document.querySelectorAll('a, button, input, select, summary, [role=option]')]
  .filter(e => e.checkVisibility({ visibilityProperty: true }))
  .filter(e => !e.closest('p, .skip') && e.type !== 'checkbox')
  .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
  .filter(([, { width, height }]) => width < 40 || height < 40)
  .map(([html, { width, height }]) => `${width} x ${height}: ${html}`)"""
FAULTS = """() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice'] })
  .then(({ violations }) => violations)
  .then(all => all.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`)))"""


@pytest.fixture(scope="module", autouse=True)
def saved(api: httpx.Client) -> None:
    """A report to look at, and those with names that nobody should trust."""
    for name in ("Looked at", *HOSTILE):
        request = {"steps": [HOSTILE[0], *FUNNEL["steps"]]}
        answer = api.put(
            f"saved/{quote(name, safe='')}",
            json={"report": "funnel", "request": request, "description": f"about {name}"},
        )
        assert answer.status_code == 200, answer.text


def go(screen: Screen, place: str) -> None:
    """Another place of the page that is open."""
    screen.page.evaluate("place => { location.hash = place }", place)
    title = {"#build": "Build a report"}.get(place.split("/")[0], "")
    screen.until(title)
    screen.settle()


def test_phones_need_not_scroll_sideways_and_find_what_they_tap(
    screens: Callable[..., Screen], defining: str
) -> None:
    """At 390 by 844 no view is wider than the screen, and what is tapped is at least 40 pixels each way."""
    screen = screens(PHONE, has_touch=True, is_mobile=True).open("#live", defining).settle()
    for place in PLACES:
        go(screen, place)
        assert screen.page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0, place
        assert screen.page.evaluate(SMALL) == [], place


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_view_is_readable_and_usable_without_a_mouse_or_eyes(
    screens: Callable[..., Screen], defining: str, theme: str
) -> None:
    """axe-core finds nothing against WCAG 2.1 AA: contrast, names, roles, landmarks."""
    screen = screens(DESK, color_scheme=theme).open("#live", defining).settle()
    screen.page.evaluate(AXE.read_text())
    for place in PLACES:
        go(screen, place)
        assert screen.page.evaluate(FAULTS) == [], place


def test_the_theme_is_the_systems_until_another_is_chosen(
    screens: Callable[..., Screen], reading: str
) -> None:
    """The button takes the other one, charts included, and the choice outlasts the tab."""
    screen = screens(color_scheme="dark").open(built("funnel", FUNNEL), reading).settle()
    page = screen.page
    page.locator(".chart svg text").first.wait_for()
    ink = """() => [getComputedStyle(document.body).color,
      document.querySelector('.chart svg text').getAttribute('fill')]"""
    dark = page.evaluate(ink)
    drawn = page.locator(".chart svg").element_handle()
    page.get_by_role("button", name="Switch to light").click()
    page.wait_for_function("svg => !svg.isConnected", arg=drawn)
    light = page.evaluate(ink)
    assert all(one != other for one, other in zip(dark, light, strict=True))
    page.reload()
    page.locator(".chart svg text").first.wait_for()
    assert page.evaluate(ink)[0] == light[0]


def test_names_from_anywhere_stay_text(screens: Callable[..., Screen], reading: str, url: str) -> None:
    """Markup in names and descriptions is shown as it is: no script runs, and nothing leaves the origin."""
    screen = screens().open("#events", reading).settle()
    shown = screen.read(".names")
    assert all(name in shown for name in (HOSTILE[0], HOSTILE[1], HOSTILE[4]))
    for name, view in zip(HOSTILE, ("events", "reports", "events", "reports", "reports"), strict=True):
        go(screen, f"#{view}/{quote(name, safe='')}")
        assert screen.page.locator("h1").inner_text().strip() == name
    go(screen, built("funnel", {"steps": [HOSTILE[0], "Signed up"]}))
    assert HOSTILE[0] in screen.read(".steps")
    assert screen.page.locator("main img, main script").count() == 0


def test_charts_say_what_is_pointed_at(screens: Callable[..., Screen], reading: str) -> None:
    """A mark shows its figures beside the pointer, as text."""
    screen = screens().open(built("funnel", FUNNEL), reading).settle()
    page = screen.page
    page.wait_for_function("() => document.querySelector('.chart svg .mark-rect path')")
    box: dict[str, Any] = page.evaluate(
        """() => [...document.querySelectorAll('.chart svg .mark-rect path')]
          .map(e => e.getBoundingClientRect())
          .sort((a, b) => b.width - a.width)[0].toJSON()"""
    )
    for step in (20, 30):
        page.mouse.move(box["x"] + step, box["y"] + box["height"] / 2)
    page.locator(".backsight-tooltip").wait_for()
    assert "Viewed pricing" in page.locator(".backsight-tooltip").inner_text()
