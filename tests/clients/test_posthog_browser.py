"""posthog-js itself in Chromium, its `api_host` a running Backsight, beside our own snippet on the same page."""

# ruff: noqa: E501  (selectors and scripts stand in whole lines)

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

import backsight as bs
from backsight.contract import id64
from backsight.demo.backend import Backend, backend
from backsight.demo.serving import free_port
from backsight.demo.shop import TAG_KEY
from captures import stored
from clients.posthog_site import site
from journey.running import await_true


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A `backsight up` of the module's own."""
    with backend(tmp_path_factory.mktemp("posthog"), free_port(0)) as started:
        yield started


class Visit:
    """A tab on the page, both libraries loaded, and what its console said."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.said: list[str] = []
        self.calls: list[tuple[str, int]] = []
        page.on(
            "console",
            lambda line: self.said.append(f"{line.type}: {line.text}") if line.type != "log" else None,
        )
        page.on("pageerror", lambda error: self.said.append(f"thrown: {error}"))
        page.on("response", lambda got: self.calls.append((got.url.split("?")[0], got.status)))
        page.goto(url)
        page.wait_for_function("() => window.posthog?.__loaded && window.backsight?.flush")
        page.wait_for_function("() => posthog.get_property('$autocapture_disabled_server_side') === false")

    def leave(self) -> None:
        """Both send the rest as the page ends."""
        self.page.goto("about:blank")


def rows(data: Path) -> list[dict[str, Any]]:
    is_there = any((data / "lake" / "events" / "_delta_log").glob("*.json"))
    return stored(data, "events") if is_there else []


def of_posthog(row: dict[str, Any]) -> bool:
    return '"$lib":"web"' in (row["props"] or "")


CLICKS = {
    ".buy": 3, "#order": 2, "a.home span": 2, "path.cup": 1, "[aria-label='Buy pot']": 2, ".later": 1, "#gift": 1, "p.plain": 1,
}  # fmt: skip
SELECTORS = {
    "button": 9, ".btn": 7, ".buy": 6, "main .btn": 7, "#shop > ul > li > button": 7, "ul.goods.list .later": 1,
    "#order": 2, "form > button[type=submit]": 2, "a.home.link": 2, "nav a[href^='/home']": 2, "a > span": 2,
    "button[data-sku='12']": 4, "button[data-sku]": 6, "li:nth-child(2) > .buy": 2,
    "li:first-child button": 4, "body.md\\:flex button": 9, "html body .btn": 7, "[data-note*='\"hi\";']": 1,
    "[data-note$='\\\\']": 1, "input#gift": 1, "li:nth-of-type(3) .btn": 1, ".btn:not(.buy)": 1,
}  # fmt: skip


def test_one_rule_holds_of_both(running: Backend, chromium: Browser) -> None:
    """Clicks, changes and submits are told by both libraries: every selector counts as many of each; texts, labels
    and addresses of links are the same, and so are pageviews and persons. The console stays clean."""
    context = chromium.new_context()
    with site(running.url, TAG_KEY) as url:
        visit = Visit(context.new_page(), f"{url}/list?utm_source=mail#top")
        page = visit.page
        for selector, times in CLICKS.items():
            for _ in range(times):
                page.eval_on_selector(
                    selector,
                    "e => e.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }))",
                )
        page.select_option("select", "2")
        page.evaluate("posthog.capture('Looked', { deep: { a: [1] }, none: null })")
        page.evaluate(
            "posthog.identify('ada', { plan: 'pro' }, { first: 1 }); backsight.identify('ada', { plan: 'pro' })"
        )
        page.eval_on_selector("#order", "e => e.click()")
        visit.leave()
        await_true(
            "both pages' ends",
            lambda: Counter(map(of_posthog, of_type(rows(running.data), "leave"))) == {True: 1, False: 1},
        )
    assert visit.said == []
    assert {status for called, status in visit.calls if called.startswith(running.url)} == {200}
    context.close()
    compare(running, rows(running.data), url)


def of_type(events: list[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    return [row for row in events if row["type"] in kinds]


def compare(running: Backend, events: list[dict[str, Any]], url: str) -> None:
    ours = [row for row in events if not of_posthog(row)]
    theirs = [row for row in events if of_posthog(row)]
    wanted = dict(SELECTORS)
    wanted |= {
        css: count + 1
        for css, count in wanted.items()
        if css in {"button", "#order", "form > button[type=submit]", "body.md\\:flex button"}
    }  # the one that submits
    with bs.open(running.data) as asked:
        for css, count in wanted.items():
            found = counts(asked, {"css": css})
            assert found == {"ours": count, "posthog": count}, css
        others = {
            ("change", "select"): 1,
            ("change", "#gift"): 1,
            ("submit", "main form"): 3,
            ("pageview", None): 1,
            ("leave", None): 1,
        }
        for (on, css), count in others.items():
            found = counts(asked, {"on": on, **({"css": css} if css else {})})
            assert found == {"ours": count, "posthog": count}, (on, css)
        for unseen in (
            "svg",
            "p.plain",
        ):  # posthog-js tells the button for its icon, and nothing of plain text
            assert counts(asked, {"css": unseen}) == {"ours": 1, "posthog": 0}, unseen
        for unsure in (
            ".btn:last-child",
            ".btn:not(:last-child)",
            "li:nth-last-child(3) button",
            "html.theme-dark .btn",
        ):
            assert counts(asked, {"css": unsure})["posthog"] == 0, unsure
        person = asked.person("user:ada", limit=1_000).answer
        assert person["person"]["traits"] == {"plan": "pro", "first": 1, "utm_source": "mail"}
        assert len(person["events"]) == len(events)
    clicks = [[row for row in of_type(half, "click") if row["text"] != "Nothing"] for half in (ours, theirs)]
    for (
        name
    ) in "text href host path query fragment referrer user_agent viewport_width language session".split():
        said = [Counter(row[name] or "" for row in half) for half in clicks]
        assert name == "session" or said[0] == said[1], name
        assert len(said[0]) == len(said[1]), name
    # The name of a form's control is told by its label, which posthog-js does not look at.
    labels = [Counter(row["label"] for row in half if row["text"]) for half in clicks]
    assert labels[0] == labels[1]
    assert labels[0]["Buy pot"] == 2
    (viewed,) = of_type(theirs, "pageview")
    assert (viewed["title"], viewed["host"]) == ("Kettles & pots", url.removeprefix("http://"))
    assert {row["user"] for row in of_type(theirs, "identify")} == {id64("user", "ada")}


def counts(asked: Any, rule: dict[str, Any]) -> dict[str, int]:
    """How often the rule holds of what each library told."""
    told = {
        "ours": {"property": "props.$lib", "op": "is_not_set"},
        "posthog": {"property": "props.$lib", "op": "is", "value": "web"},
    }
    series = [{**rule, "where": [where]} for where in told.values()]
    answer = asked.trend(series, "all", since="2d").answer
    return {name: sum(each["values"]) for name, each in zip(told, answer["series"], strict=True)}
