"""Retention over HTTP: groups and values beside the table, and who is in a cell of it."""

from __future__ import annotations

from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]
import pytest

from query.api.asking import check, problem, schema

ASKED: dict[str, Any] = {
    "start": "Viewed pricing",
    "return": "Signed up",
    "from": "2026-10-01",
    "to": "2026-10-05",
}


def test_a_table_with_groups_and_values(api: httpx.Client) -> None:
    """The answer of every option is of the documented shape."""
    asked = {"breakdown": {"by": ["path"]}, "measure": {"measure": "sum", "property": "viewport_width"}}
    answer = api.post("/v1/reports/retention", json={**ASKED, **asked, "brackets": [1, 3]}).json()
    check("Retention", answer)
    assert answer["labels"] == ["Day 0", "Day 1", "Day 2-4"]
    assert all(len(row["values"]) == 3 for row in answer["rows"])
    assert answer["groups"]


def test_the_cells_of_a_row_are_its_persons(api: httpx.Client) -> None:
    """Those who returned in a column and those who did not are the cohort, page by page."""
    row = api.post("/v1/reports/retention", json=ASKED).json()["rows"][0]
    found = [_persons(api, {"start": row["start"], **cell}) for cell in ({}, _CAME, _STAYED_AWAY)]
    every, came, away = found
    assert (len(every), len(came)) == (row["size"], row["returned"][0])
    assert sorted([*came, *away]) == sorted(every)


_CAME = {"period": 0}
_STAYED_AWAY = {"period": 0, "returned": False}


def _persons(api: httpx.Client, cell: dict[str, Any]) -> list[str]:
    """Everybody in a cell, asked for one by one."""
    persons: list[str] = []
    after = None
    while True:
        request = {**ASKED, "cell": cell, "limit": 1, "after": after}
        answer = api.post("/v1/reports/retention/persons", json=request).json()
        check("RetentionPersons", answer)
        persons += [each["person"] for each in answer["persons"]]
        after = answer["next"]
        if after is None:
            assert answer["total"] == len(persons)
            return persons


@pytest.mark.parametrize(
    ("more", "field"),
    [
        pytest.param({}, "cell", id="no cell"),
        pytest.param({"cell": {}}, "cell.start", id="no row"),
        pytest.param({"cell": {"start": "2026-10-01", "period": -1}}, "cell.period", id="before all columns"),
        pytest.param({"cell": {"start": "2026-10-01"}, "limit": 0}, "limit", id="an empty page"),
    ],
)
def test_a_cell_that_is_none(api: httpx.Client, more: dict[str, Any], field: str) -> None:
    """What is no cell is refused with its field, and is none by the document either."""
    request = {**ASKED, **more}
    answer = problem(api.post("/v1/reports/retention/persons", json=request), 400)
    assert answer["field"] == field
    assert not jsonschema.Draft202012Validator(schema("RetentionPersonsRequest")).is_valid(request)
