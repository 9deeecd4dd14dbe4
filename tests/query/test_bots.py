"""Bots: told by their user agents, kept, and left out only where somebody asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

import backsight as bs
import shop_site
from backsight.rules.user_agents import read_user_agent
from backsight.site import Site

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/131.0.0.0 Safari/537.36"
HEADLESS = CHROME.replace("Chrome/", "HeadlessChrome/")
GPTBOT = f"Mozilla/5.0 {WEBKIT}; compatible; GPTBot/1.2; +https://openai.com/gptbot)"


@pytest.mark.parametrize(
    ("user_agent", "kind"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "search-engine"),
        (GPTBOT, "ai-crawler"),
        (HEADLESS, "browser-automation"),
        ("Mozilla/5.0 (compatible; NeverListedBot/1.0; +http://x.example)", "other"),
        (CHROME, None),
        (f"Mozilla/5.0 (Linux; Android 5.0; Cubot Note) {WEBKIT} Chrome/131.0 Mobile Safari/537.36", None),
        ("analytics-python/2.3.4", None),
        ("python-requests/2.31", None),
        ("curl/8.1", None),
        ("", None),
        ("x " * 20_000, None),
    ],
)
def test_which_user_agents_are_bots(user_agent: str, kind: str | None) -> None:
    """Crawlers, monitors and automated browsers are, each of a kind; others and servers are not."""
    assert read_user_agent(user_agent).bot_kind == kind


def test_every_listed_bot_is_one() -> None:
    """What the list says of its own examples holds, but for HTTP libraries, which are no bots here."""
    for entry in CRAWLER_USER_AGENTS_DATA:
        for example in entry["instances"][:1]:
            is_bot = read_user_agent(example).bot == "true"
            assert is_bot or entry["tags"] == ["http-library"], example


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The shop's 13 events without a user agent, and one of each of four visitors that have one."""
    agents = {"crawler": GPTBOT, "test": HEADLESS, "person": CHROME, "server": "analytics-python/2.3.4"}
    for name, user_agent in agents.items():
        facts = {"type": "pageview", "path": "/visited", "user_agent": user_agent}
        monkeypatch.setitem(shop_site.FACTS, name, facts)
    shop_site.write_data(tmp_path)
    for name in agents:
        shop_site.write_more(tmp_path, name, f"05 10:00 {name}")
    with bs.open(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("where", "events"),
    [
        ({"property": "bot", "op": "is", "value": False}, 15),
        ({"property": "bot", "op": "is", "value": True}, 2),
        ({"property": "bot", "op": "is_not", "value": True}, 15),
        ({"property": "bot", "op": "in", "value": [True, False]}, 17),
        ({"property": "bot", "op": "is_set"}, 17),
        ({"property": "bot", "op": "matches", "value": "^t"}, 2),
        ({"property": "bot_kind", "op": "is", "value": "ai-crawler"}, 1),
        ({"property": "bot_kind", "op": "is_not_set"}, 15),
        ({"property": "props.bot", "op": "is_set"}, 0),
    ],
)
def test_bots_are_kept_and_left_out_on_demand(site: Site, where: dict[str, object], events: int) -> None:
    """`bot` is true or false of every event, also of one without a user agent, in any report's `where`."""
    assert site.preview(rules=[{"on": "any", "where": [where]}]).answer["events"] == events
    trend = site.trend({"on": "any"}, where=[where], from_="2026-10-01", to="2026-10-31", interval="month")
    assert trend.answer["series"][0]["total"] == events


@pytest.mark.parametrize("value", ["true", 1, [True, "no"]])
def test_what_is_neither_true_nor_false_is_refused(site: Site, value: object) -> None:
    """`bot` is nothing else, so nothing could ever match."""
    op = "in" if isinstance(value, list) else "is"
    with pytest.raises(bs.InvalidRequest, match=r"'bot' is true or false, and .* is neither"):
        site.preview(rules=[{"on": "any", "where": [{"property": "bot", "op": op, "value": value}]}])


def test_reports_are_broken_down_by_bots(site: Site) -> None:
    """`bot` and `bot_kind` are values of a breakdown like any other."""
    asked = {
        "from_": "2026-10-05",
        "to": "2026-10-05",
        "where": [{"property": "path", "op": "is", "value": "/visited"}],
    }
    trend = site.trend({"on": "pageview"}, breakdown=["bot", "bot_kind"], **asked)
    told = {tuple(series["group"]): series["total"] for series in trend.answer["series"]}
    assert told == {
        ("false", None): 2, ("true", "ai-crawler"): 1, ("true", "browser-automation"): 1,
    }  # fmt: skip
