"""What the doctor finds of bots among the visitors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from backsight import doctor
from query.conftest import ContextOf
from query.planted import NOW
from query.rows import event

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)
GOOGLE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
HEADLESS = CHROME.replace("Chrome/", "HeadlessChrome/")


def found(context_of: ContextOf, agents: dict[str | None, int], days_ago: float = 1) -> dict[str, Any]:
    rows = [
        event("A", NOW - timedelta(days=days_ago), user_agent=agent)
        for agent, events in agents.items()
        for _ in range(events)
    ]
    answer = doctor.run({}, context_of(rows, names={}, now=NOW))
    (bots,) = (each for each in answer["findings"] if each["check"] == "bots")
    return dict(bots)


def test_bots_are_told_by_kind_and_share(context_of: ContextOf) -> None:
    """Of the events with a user agent, those of bots; and how a report leaves them out."""
    bots = found(context_of, {CHROME: 6, GOOGLE: 3, HEADLESS: 1, None: 5})
    assert bots["state"] == "know"
    assert bots["facts"]["share"] == 0.4
    assert bots["facts"]["events"] == 4
    assert sum(bots["facts"]["kinds"].values()) == 4
    assert max(bots["facts"]["kinds"], key=bots["facts"]["kinds"].get) in bots["words"]
    assert "40.00%" in bots["words"]


def test_where_no_bot_says_that_it_is_one(context_of: ContextOf) -> None:
    """Visitors, servers without a user agent, and bots of long ago are no matter."""
    assert found(context_of, {CHROME: 6, None: 5})["state"] == "fine"
    assert found(context_of, {GOOGLE: 6}, days_ago=60)["state"] == "fine"
    assert found(context_of, {})["state"] == "fine"
