"""What the definer asks for: activity and repairs, elements without a name, rules for a page's element."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import backsight as bs
from backsight.api.examples import REQUESTS
from backsight.results import RESULTS, Activity, Elements
from query.api.asking import ARROW, CSV, check, client, problem
from shop_site import definer_token, secret_key, served, write_data, write_more

PAGE = "https://shop.example"
CANDIDATES = REQUESTS["CandidatesRequest"]


@pytest.fixture(scope="module")
def clicked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop in which people also click, with two named events."""
    folder = tmp_path_factory.mktemp("clicked")
    write_data(folder)
    write_more(folder, "gus", "07 09:00 click", "07 09:01 click")
    write_more(folder, "hal", "08 09:00 click")
    with bs.open(folder) as site:
        site.define("Signed up", css="form#signup", on="submit")
        site.define("Never", css="a.nowhere")
    return folder


@pytest.fixture(scope="module")
def shop(clicked: Path) -> Iterator[httpx.Client]:
    """The API over it, asked with a key that may read."""
    with served(clicked) as url, client(url, secret_key(clicked, "read")) as opened:
        yield opened


def told(response: httpx.Response) -> dict[str, Any]:
    """The answer without what differs from one time to the next."""
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return {**answer, "meta": {key: answer["meta"][key] for key in ("site", "snapshot", "events")}}


# ── Activity ────────────────────────────────────────────────────────────────────────────────────────────────


def test_events_come_with_their_activity(shop: httpx.Client) -> None:
    """On demand each named event tells its days, and what would repair it; else nothing is counted."""
    answer = shop.get("/v1/events", params={"activity": 200})
    check("NamedEvents", answer.json())
    never, signed_up = answer.json()["events"]
    assert (signed_up["name"], signed_up["activity"]["events"], signed_up["activity"]["persons"]) == (
        "Signed up", 4, 4,
    )  # fmt: skip
    assert sum(signed_up["activity"]["daily"]) == 4
    assert (len(signed_up["activity"]["daily"]), signed_up["activity"]["last"]) == (200, "2026-10-06")
    assert (never["activity"]["events"], never["activity"]["last"], never["repair"]) == (0, None, None)
    assert signed_up["rules"] == [{"on": "submit", "css": "form#signup"}]
    assert answer.json()["meta"]["site"] == "shop"
    bare = shop.get("/v1/events").json()
    assert bare.keys() == {"site", "events"}
    assert "activity" not in bare["events"][0]


def test_activity_is_a_report_too(shop: httpx.Client) -> None:
    """The report says of each name what the list does, and has a table, and SQL."""
    listed = shop.get("/v1/events", params={"activity": 200, "timezone": "Asia/Tokyo"}).json()["events"]
    request = {"days": 200, "timezone": "Asia/Tokyo"}
    report = shop.post("/v1/reports/activity", json=request)
    check("Activity", report.json())
    assert report.json()["events"] == [
        {key: each[key] for key in ("name", "activity", "repair")} for each in listed
    ]
    rows = shop.post("/v1/reports/activity", json=request, headers={"Accept": CSV}).text.splitlines()
    assert rows[0] == "name,date,events"
    assert "Signed up,2026-10-06,1" in rows
    assert "select" in shop.post("/v1/reports/activity/sql", json=request).json()["sql"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("activity=0", "days"),
        ("activity=731", "days"),
        ("activity=many", "days"),
        ("activity=", "days"),
        ("activity=-1", "days"),
        ("activity=99999999999999999999", "days"),
        ("activity=9&activity=9", "activity"),
        ("activity=9&timezone=Vienna", "timezone"),
        ("activities=9", "activities"),
    ],
)
def test_activity_at_fault(shop: httpx.Client, query: str, field: str) -> None:
    """Days that can't be counted, and parameters that there are not, are refused by name."""
    assert problem(shop.get(f"/v1/events?{query}"), 400)["field"] == field


# ── Elements ────────────────────────────────────────────────────────────────────────────────────────────────


def test_elements_without_a_name(shop: httpx.Client) -> None:
    """What is clicked most is listed with a rule that finds it, by either door, as a table too."""
    listed = shop.get("/v1/elements", params={"limit": 5, "days": 300})
    check("Elements", listed.json())
    (button,) = listed.json()["elements"]
    assert (button["tag"], button["events"], button["persons"]) == ("button", 3, 2)
    previewed = shop.post("/v1/events/preview", json={"rules": [button["rule"]]}).json()
    assert previewed["events"] == 3
    again = shop.post("/v1/reports/elements", json={"limit": 5, "days": 300})
    assert told(again) == told(listed)
    table = shop.get("/v1/elements", params={"days": 300}, headers={"Accept": CSV}).text.splitlines()
    assert table[0] == "name,words,rule,tag,events,persons,stability"
    assert len(table) == 2
    arrow = shop.get("/v1/elements", params={"days": 300}, headers={"Accept": ARROW})
    assert arrow.headers["content-type"] == ARROW


@pytest.mark.parametrize(
    ("query", "field"), [("limit=0", "limit"), ("limit=x", "limit"), ("days=0", "days"), ("page=1", "page")]
)
def test_elements_at_fault(shop: httpx.Client, query: str, field: str) -> None:
    """Bounds and parameters that there are not are refused by name."""
    assert problem(shop.get(f"/v1/elements?{query}"), 400)["field"] == field


# ── Candidates ──────────────────────────────────────────────────────────────────────────────────────────────


def test_candidates_for_an_element(shop: httpx.Client) -> None:
    """For a held element there are rules, the best first, each of which matches the captured clicks."""
    answer = shop.post("/v1/elements/candidates", json=CANDIDATES)
    check("Candidates", answer.json())
    best = answer.json()["candidates"][0]
    assert best["on_page"] == 1
    assert shop.post("/v1/events/preview", json={"rules": [best["rule"]]}).json()["events"] == 3


def test_a_large_page_is_taken(shop: httpx.Client) -> None:
    """A page may be told of in 5 MB; any other body, and a larger one, is refused."""
    paragraphs = [{"tag": "p", "attrs": {"class": f"a{number} " + "b" * 90}} for number in range(15_000)]
    long = {**CANDIDATES, "elements": [*CANDIDATES["elements"], *paragraphs]}
    assert shop.post("/v1/elements/candidates", json=long).status_code == 200
    problem(shop.post("/v1/events/preview", json={"rules": [{"css": "a" * 1_500_000}]}), 413)
    too_long = {**CANDIDATES, "text": "a" * 5_000_000}
    assert (
        problem(shop.post("/v1/elements/candidates", json=too_long), 413)["valid"]
        == "at most 5,000,000 bytes"
    )


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"node": 4}, "node"),
        ({"node": None}, "node"),
        ({"nodes": [[0, 0, 1, 1, 1, 1]]}, "nodes[0]"),
        ({"on": "pageview"}, "on"),
        ({"elements": [{"tag": ""}]}, "elements[0].tag"),
        ({"value": "typed"}, "value"),
    ],
)
def test_a_page_that_does_not_hang_together(shop: httpx.Client, changed: dict[str, Any], field: str) -> None:
    """What is wrong with the page's tables is named."""
    assert (
        problem(shop.post("/v1/elements/candidates", json={**CANDIDATES, **changed}), 400)["field"] == field
    )


# ── On a page, and in Python ────────────────────────────────────────────────────────────────────────────────


def test_a_token_may_ask_for_all_of_it(clicked: Path) -> None:
    """The definer has what it needs: activity, elements and candidates, each readable by its page."""
    headers = {"Authorization": f"Bearer {definer_token(clicked, PAGE)}", "Origin": PAGE}
    with served(clicked) as url:
        asked = [
            httpx.get(f"{url}/v1/events?activity=90", headers=headers, timeout=30),
            httpx.get(f"{url}/v1/elements?limit=3", headers=headers, timeout=30),
            httpx.post(f"{url}/v1/elements/candidates", headers=headers, json=CANDIDATES, timeout=30),
        ]
        reports = [
            httpx.post(f"{url}/v1/reports/{name}", headers=headers, json={})
            for name in ("activity", "elements")
        ]
    for response in asked:
        assert (response.status_code, response.headers["access-control-allow-origin"]) == (200, PAGE)
    for response in reports:
        problem(response, 403)


def test_the_same_in_place_and_over_http(clicked: Path) -> None:
    """`bs.open` and `bs.connect` answer alike; a row of the table leads to a name."""
    with (
        served(clicked) as url,
        bs.open(clicked) as local,
        bs.connect(url, secret_key(clicked, "read")) as far,
    ):
        active = [site.activity(200, timezone="Asia/Tokyo") for site in (local, far)]
        unnamed = [site.elements(5, 300) for site in (local, far)]
    assert active[0].events == active[1].events
    assert unnamed[0].elements == unnamed[1].elements
    assert unnamed[0].rule(1) == unnamed[0].elements[0]["rule"]
    with pytest.raises(bs.InvalidRequest, match=r"there is no such element\. Valid: 1 to 1"):
        unnamed[0].rule(2)
    assert (RESULTS["activity"], RESULTS["elements"]) == (Activity, Elements)
    assert json.loads(unnamed[0].to_polars()["rule"][0]) == unnamed[0].rule()
