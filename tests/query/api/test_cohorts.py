"""Cohorts over HTTP: versions, preconditions, lists, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]
import pytest

from query.api.asking import check, client, problem, schema
from shop_site import secret_key

SEEN = {"person_where": [{"did": "Viewed pricing", "at_least": 1, "within": "520w"}]}


def test_etags(api: httpx.Client) -> None:
    """A change may name the version it means: by ETag, or none at all; another one there is 412 and stays."""
    path = "/v1/cohorts/Tagged"
    first = api.put(path, json=SEEN, headers={"If-None-Match": "*"})
    check("Cohort", first.json())
    assert (first.status_code, first.headers["etag"]) == (200, '"1"')
    second = api.put(path, json={**SEEN, "description": "two"}, headers={"If-Match": '"1"'})
    assert second.headers["etag"] == '"2"' == api.get(path).headers["etag"]
    for headers in ({"If-Match": '"1"'}, {"If-None-Match": "*"}):
        assert problem(api.put(path, json=SEEN, headers=headers), 412)["type"].endswith(":conflict")
        problem(api.post(f"{path}/freeze", json={}, headers=headers), 412)
        problem(api.delete(path, headers=headers), 412)
    assert api.get(path).json()["description"] == "two"
    assert api.delete(path, headers={"If-Match": '"2"'}).status_code == 204
    history = api.get(f"{path}/history").json()
    check("CohortHistory", history)
    assert [(each["version"], each["deleted"]) for each in history["versions"]] == [
        (3, True), (2, False), (1, False),
    ]  # fmt: skip


def test_a_list_is_taken_from_an_answer(api: httpx.Client) -> None:
    """Persons of one answer, page by page, make the list of a cohort; freezing makes the same one."""
    persons: list[str] = []
    after: str | None = None
    while True:
        page = api.post("/v1/cohorts/preview", json={**SEEN, "limit": 2, "after": after}).json()
        check("CohortPreview", page)
        persons += [each["person"] for each in page["persons"]]
        if (after := page["next"]) is None:
            break
    assert len(persons) == page["total"] == 5
    listed = api.put("/v1/cohorts/Listed", json={"static": {"persons": persons}}).json()
    api.put("/v1/cohorts/Seen", json=SEEN)
    frozen = api.post("/v1/cohorts/Seen/freeze", json={"as": "Frozen", "description": "then"}).json()
    for each in (listed, frozen):
        check("Cohort", each)
        assert (each["members"], each["person_where"]) == (5, None)
    every = api.get("/v1/cohorts").json()
    check("Cohorts", every)
    assert [each["name"] for each in every["cohorts"]] == ["Frozen", "Listed", "Seen"]
    both = {"person_where": [{"cohort": "Frozen"}, {"cohort": "Listed"}]}
    assert api.post("/v1/cohorts/preview", json=both).json()["total"] == 5
    for name in ("Frozen", "Listed", "Seen"):
        assert api.delete(f"/v1/cohorts/{name}").status_code == 204


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/cohorts/%00", SEEN, "name"),
        ("/v1/cohorts/Wrong", {}, "person_where"),
        ("/v1/cohorts/Wrong", {"person_where": [{"did": "Viewd pricing"}]}, "person_where"),
        ("/v1/cohorts/Wrong", {"rules": []}, "rules"),
        ("/v1/cohorts/Wrong", {**SEEN, "description": 7}, "description"),
        ("/v1/cohorts/Wrong", {"static": {"persons": [12]}}, "static.persons[0]"),
    ],
)
def test_definition_at_fault(api: httpx.Client, path: str, body: dict[str, Any], field: str) -> None:
    """What can't be understood is refused by its field, and changes nothing."""
    assert problem(api.put(path, json=body), 400)["field"] == field
    assert problem(api.get("/v1/cohorts/Wrong"), 404)["field"] == "name"


@pytest.mark.parametrize("body", [{"as": "a\nb"}, {"timezone": "Mars"}, {"until": "now"}])
def test_freezing_at_fault(api: httpx.Client, body: dict[str, Any]) -> None:
    """A name, timezone or field that there can't be is refused before anything is listed."""
    api.put("/v1/cohorts/Seen", json=SEEN)
    problem(api.post("/v1/cohorts/Seen/freeze", json=body), 400)
    assert api.get("/v1/cohorts/Seen").json()["members"] is None
    api.delete("/v1/cohorts/Seen")


def test_only_who_may_define_changes_cohorts(data: Path, url: str) -> None:
    """A key that may only read sees cohorts and previews them, and no more."""
    with client(url, secret_key(data, "read")) as reader:
        assert reader.get("/v1/cohorts").status_code == 200
        assert reader.post("/v1/cohorts/preview", json=SEEN).status_code == 200
        problem(reader.put("/v1/cohorts/Mine", json=SEEN), 403)
        problem(reader.post("/v1/cohorts/Mine/freeze", json={}), 403)
        problem(reader.delete("/v1/cohorts/Mine"), 403)


STEP = {"on": "any"}
CONDITIONS: list[tuple[Any, bool]] = [
    ({"property": "plan", "op": "is", "value": "pro"}, True),
    ({"not": {"all": [{"any": [{"did": STEP}]}]}}, True),
    ({"did": STEP, "at_least": 2, "at_most": 3, "within": "30d"}, True),
    ({"did": {"css": "a", "label": "x"}, "exactly": 0, "from": "2026-10-01", "to": "2026-10-31"}, True),
    ({"did": STEP, "at_most": 0}, True),
    ({"did_first": STEP, "within": "30d"}, True),
    ({"did_first": STEP, "to": "2026-10-31"}, True),
    ({"did_in_periods": STEP, "period": "week", "periods": 4, "at_least": 3, "times": 2}, True),
    ({"did": STEP, "at_least": 0}, False),
    ({"did": STEP, "exactly": 1, "at_most": 2}, False),
    ({"did": STEP, "within": "30d", "to": "2026-10-31"}, False),
    ({"did": STEP, "within": "a month"}, False),
    ({"did_first": STEP}, False),
    ({"did_first": STEP, "at_least": 2, "within": "30d"}, False),
    ({"did_in_periods": STEP}, False),
    ({"did_in_periods": STEP, "periods": 367}, False),
    ({"cohort": ""}, False),
    ({"not": [{"did": STEP}]}, False),
    ({"dd": STEP}, False),
]


@pytest.mark.parametrize(("condition", "fits"), CONDITIONS, ids=[str(each[0])[:60] for each in CONDITIONS])
def test_schemas_tell_the_truth(api: httpx.Client, condition: Any, fits: bool) -> None:
    """What the schema of a condition takes every report answers, what it refuses is refused."""
    body = {"series": [STEP], "person_where": [condition]}
    taken = jsonschema.Draft202012Validator(schema("TrendRequest")).is_valid(body)
    response = api.post("/v1/reports/trend", json=body)
    assert (taken, response.status_code) == ((True, 200) if fits else (False, 400)), response.text
