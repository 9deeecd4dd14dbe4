"""One person over HTTP: the same answer by GET and by POST, and who may ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import polars
import pytest

from query.api.asking import check, client
from shop_site import secret_key

ADA = "device:ada"


def settled(response: httpx.Response) -> dict[str, Any]:
    """An answer without what differs from one time to the next."""
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    check("Persons", answer)
    for name in ("ms", "now"):
        del answer["meta"][name]
    return answer


def test_a_person_can_be_fetched(api: httpx.Client) -> None:
    """By what the site calls them or by their number; the same is answered to a POST."""
    fetched = settled(api.get(f"/v1/persons/{ADA}"))
    number = fetched["person"]["person"]
    assert fetched == settled(api.get(f"/v1/persons/{number}"))
    assert fetched == settled(api.get("/v1/persons/device%3Aada"))
    assert fetched == settled(api.post("/v1/reports/persons", json={"person": {"device": "ada"}}))
    assert [each["page"]["path"] for each in fetched["events"]] == ["/thanks", "/join", "/pricing"]


def test_the_address_says_which_page(api: httpx.Client) -> None:
    """`order`, `limit` and `after` stand behind the question mark."""
    first = settled(api.get(f"/v1/persons/{ADA}?order=oldest&limit=1"))
    rest = settled(api.get(f"/v1/persons/{ADA}", params={"order": "oldest", "after": first["next"]}))
    assert [each["page"]["path"] for each in first["events"] + rest["events"]] == [
        "/pricing",
        "/join",
        "/thanks",
    ]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("device:nobody", 404, "person"),
        ("ada", 400, "person"),
        (f"{ADA}?limit=0", 400, "limit"),
        (f"{ADA}?limit=ten", 400, "limit"),
        (f"{ADA}?order=best", 400, "order"),
        (f"{ADA}?after=1", 400, "after"),
        (f"{ADA}?report=funnel", 400, "report"),
        (f"{ADA}?limit=1&limit=2", 400, "limit"),
    ],
)
def test_what_is_wrong_is_named(api: httpx.Client, query: str, status: int, field: str) -> None:
    """A person who does not exist is not found; all else names the parameter."""
    response = api.get(f"/v1/persons/{query}")
    assert (response.status_code, response.json()["field"]) == (status, field)


def test_it_needs_a_key_that_may_read(data: Path, url: str) -> None:
    """No key, no answer; a key that may read gets one."""
    assert httpx.get(f"{url}/v1/persons/{ADA}").status_code == 401
    with client(url, secret_key(data, "read")) as reading:
        assert reading.get(f"/v1/persons/{ADA}").status_code == 200


def test_the_events_come_as_a_table(api: httpx.Client) -> None:
    """CSV has a row an event, with its outcome where a report is explained."""
    asked = {"person": ADA, "report": "funnel", "request": {"steps": ["Viewed pricing", "Signed up"]}}
    response = api.post("/v1/reports/persons", json=asked, headers={"Accept": "text/csv"})
    rows = polars.read_csv(response.content).select("path", "outcome").rows()
    assert rows == [("/thanks", "ignored"), ("/join", "chosen"), ("/pricing", "chosen")]
    assert len(api.get(f"/v1/persons/{ADA}", headers={"Accept": "text/csv"}).text.splitlines()) == 4


def test_what_a_report_can_not_be_asked_is_told_within_it(api: httpx.Client) -> None:
    """A field of the report's own request is named by where it stands."""
    asked = {"person": ADA, "report": "retention", "request": {"start": "Viewed pricing"}}
    response = api.post("/v1/reports/persons", json=asked)
    assert (response.status_code, response.json()["field"]) == (400, "request.return")
    sql = api.post("/v1/reports/persons/sql", json=asked)
    assert (sql.status_code, sql.json()["field"]) == (400, "request.return")
