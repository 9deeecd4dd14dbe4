"""Saved reports over HTTP: versions and preconditions, forms of the answer, and charts of any report."""

from __future__ import annotations

from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]
import pyarrow as pa
import pytest

from backsight.api.examples import REQUESTS
from backsight.api.saved_operations import DRAWN
from backsight.api.schemas.parts import schema_name
from backsight.requests import REPORT_PATHS
from query.api.asking import ARROW, CSV, FUNNEL, check, problem, schema

BODY = {"report": "funnel", "request": FUNNEL}


def test_etags(api: httpx.Client) -> None:
    """A change may name the version it means: by ETag, or none at all; another one there is 412 and stays."""
    path = "/v1/saved/Tagged"
    first = api.put(path, json=BODY, headers={"If-None-Match": "*"})
    check("SavedReport", first.json())
    assert (first.status_code, first.headers["etag"]) == (200, '"1"')
    second = api.put(path, json={**BODY, "description": "two"}, headers={"If-Match": '"1"'})
    assert second.headers["etag"] == '"2"' == api.get(path).headers["etag"]
    for headers in ({"If-Match": '"1"'}, {"If-None-Match": "*"}):
        assert problem(api.put(path, json=BODY, headers=headers), 412)["type"].endswith(":conflict")
        problem(api.delete(path, headers=headers), 412)
    listed = api.get("/v1/saved").json()
    check("SavedReports", listed)
    assert [(each["name"], each["description"]) for each in listed["saved"]] == [("Tagged", "two")]
    assert api.delete(path, headers={"If-Match": '"2"'}).status_code == 204
    history = api.get(f"{path}/history").json()
    check("SavedHistory", history)
    assert [(each["version"], each["deleted"]) for each in history["versions"]] == [
        (3, True), (2, False), (1, False),
    ]  # fmt: skip
    for gone in (path, f"{path}/answer"):
        assert problem(api.get(gone), 404)["field"] == "name"
    problem(api.post(f"{path}/links", json={}), 404)


def test_answers_have_the_forms_of_their_report(api: httpx.Client) -> None:
    """A saved report's answer is had as the report's own: as a table too, for spreadsheets."""
    path = "/v1/saved/a%2Flinks"
    api.put(path, json=BODY)
    asked = api.post("/v1/reports/funnel", json=FUNNEL)
    answer = api.get(f"{path}/answer").json()
    check("SavedAnswer", answer)
    assert answer["answer"]["steps"] == asked.json()["steps"]
    assert answer["request"] == FUNNEL
    table = api.get(f"{path}/answer", headers={"Accept": CSV})
    assert table.text == api.post("/v1/reports/funnel", json=FUNNEL, headers={"Accept": CSV}).text
    arrow = api.get(f"{path}/answer", headers={"Accept": ARROW})
    assert pa.ipc.open_stream(arrow.content).read_all().num_rows == 2
    problem(api.get(f"{path}/answer", headers={"Accept": "image/png"}), 406)
    api.delete(path)


@pytest.mark.parametrize("report", DRAWN)
def test_every_answer_can_be_drawn(api: httpx.Client, report: str) -> None:
    """The specification comes with the answer from which it is drawn; a bad request is refused as ever."""
    request = REQUESTS[f"{schema_name(report)}Request"]
    drawn = api.post(f"{REPORT_PATHS[report]}/spec", json=request)
    assert drawn.status_code == 200, drawn.text
    check(f"{schema_name(report)}Drawn", drawn.json())
    asked = api.post(REPORT_PATHS[report], json=request).json()
    assert {**drawn.json()["answer"], "meta": None} == {**asked, "meta": None}
    assert "vega-lite" in drawn.json()["spec"]["$schema"]
    problem(api.post(f"{REPORT_PATHS[report]}/spec", json={"nothing": 1}), 400)


DEFINITIONS: list[tuple[dict[str, Any], bool]] = [
    (BODY, True),
    ({**BODY, "description": "x"}, True),
    ({"report": "trend", "request": {"series": ["Signed up"]}}, True),
    ({"report": "funnel"}, False),
    ({"report": "trend", "request": FUNNEL}, False),
    ({"report": "preview", "request": {"rules": []}}, False),
    ({**BODY, "description": "x" * 2_001}, False),
    ({**BODY, "rules": []}, False),
]


@pytest.mark.parametrize(("body", "fits"), DEFINITIONS, ids=[str(each[0])[:70] for each in DEFINITIONS])
def test_the_schema_tells_the_truth(api: httpx.Client, body: dict[str, Any], fits: bool) -> None:
    """What the schema takes is saved, what it refuses is refused and changes nothing."""
    taken = jsonschema.Draft202012Validator(schema("SavedDefinition")).is_valid(body)
    response = api.put("/v1/saved/Truth", json=body)
    assert (taken, response.status_code) == ((True, 200) if fits else (False, 400)), response.text
    assert api.get("/v1/saved/Truth").status_code == (200 if fits else 404)
    if fits:
        api.delete("/v1/saved/Truth")
