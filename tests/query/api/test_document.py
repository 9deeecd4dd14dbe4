"""The OpenAPI document tells the truth."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import jsonschema  # type: ignore[import-untyped]
import pytest

from backsight.api import create_api
from backsight.api.examples import REQUESTS
from backsight.api.operations import OPERATIONS, Answer, Operation
from backsight.keys import Principal
from backsight.requests import REPORT_PATHS
from backsight.site import Site
from query.api.asking import JSON, Broken, broken_api, check, client, schema
from shop_site import secret_key, serve


@pytest.fixture(scope="module")
def document(url: str) -> dict[str, Any]:
    """The OpenAPI document, as anyone may read it."""
    response = httpx.get(f"{url}/v1/openapi.json")
    assert response.status_code == 200
    read: dict[str, Any] = response.json()
    return read


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and operation of each."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_document_is_complete(document: dict[str, Any]) -> None:
    """Every operation is in the document, with its key, its responses and its own id; nothing else is."""
    listed = list(operations(document))
    assert {(method, path) for method, path, _ in listed} == {(each.method, each.path) for each in OPERATIONS}
    assert len({operation["operationId"] for *_, operation in listed}) == len(OPERATIONS)
    assert document["openapi"] == "3.1.0"
    assert document["security"] == [{"secretKey": []}]
    assert document["components"]["securitySchemes"]["secretKey"]["scheme"] == "bearer"
    for _, path, operation in listed:
        assert {"401", "403", "406", "500", "503"} <= operation["responses"].keys()
        named = {
            parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "path"
        }
        assert named == set(re.findall(r"{(\w+)}", path))


def test_references(document: dict[str, Any]) -> None:
    """Every reference leads to a schema, every schema is referred to, and each is a valid schema."""
    text = json.dumps(document)
    used = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert used == document["components"]["schemas"].keys()
    for each in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(each)


def test_examples_run(data: Path, url: str, document: dict[str, Any]) -> None:
    """Every example in the document fits its schema, and is answered as the document says."""
    with client(url, secret_key(data, "admin")) as api:
        key_id = api.post("/v1/keys", json={"label": "example"}).json()["key_id"]
        run_examples(api, document, {"{name}": "Example", "{key_id}": key_id})
        api.delete("/v1/events/Example")


def run_examples(api: httpx.Client, document: dict[str, Any], named: dict[str, str]) -> None:
    ran = 0
    for method, path, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get(JSON)
        if content is None:
            continue
        name = content["schema"]["$ref"].rsplit("/", 1)[1]
        check(name, content["example"])
        for place, value in named.items():
            path = path.replace(place, value)
        response = api.request(method, path, json=content["example"])
        (done,) = {"200", "202"} & operation["responses"].keys()
        assert str(response.status_code) == done, response.text
        check(
            operation["responses"][done]["content"][JSON]["schema"]["$ref"].rsplit("/", 1)[1],
            response.json(),
        )
        ran += 1
    assert ran == len([each for each in OPERATIONS if each.request])


ANY = {"on": "any"}
NUMBER = {"property": "props.n", "op": "in", "value": [1, "b"]}
FITS: list[tuple[str, dict[str, Any], bool]] = [
    ("Funnel", {"steps": [ANY]}, True),
    ("Funnel", {"steps": [{"any": [{"on": "click"}, {"css": "a"}], "label": "x"}]}, True),
    ("Funnel", {"steps": [{"on": ["click", "submit"]}], "range": "all"}, True),
    ("Funnel", {}, False),
    ("Funnel", {"steps": []}, False),
    ("Funnel", {"steps": [ANY] * 21}, False),
    ("Funnel", {"steps": [{"on": "clik"}]}, False),
    ("Funnel", {"steps": [ANY], "window": "1y"}, False),
    ("Funnel", {"steps": [ANY], "order": "random"}, False),
    ("Funnel", {"steps": [ANY], "breakdown": {"by": ["path"], "attribution": "step", "step": 1}}, True),
    ("Funnel", {"steps": [ANY], "breakdown": {"by": ["path"], "attribution": "middle"}}, False),
    ("Funnel", {"steps": [ANY, ANY], "interval": "week", "histogram": {"from": 1, "to": 2}}, True),
    ("Funnel", {"steps": [ANY, ANY], "histogram": {"bins": 0}}, False),
    ("Funnel", {"steps": [ANY, ANY], "order": "strict", "exclude": [{"event": ANY}], "hold": ["path"]}, True),
    ("Funnel", {"steps": [ANY, {**ANY, "optional": True, "first_ever": False}, ANY], "entry": "first"}, True),
    (
        "Funnel",
        {
            "steps": [ANY, ANY],
            "exclude": [{"event": ANY, "after": 1, "before": 2}],
            "exclude_mode": "person",
            "count": "totals",
        },
        True,
    ),
    ("Funnel", {"steps": [ANY], "order": "any", "count": "sessions", "session": {"gap": "1h"}}, True),
    ("Funnel", {"steps": [ANY, ANY], "exclude": [ANY]}, False),
    ("Funnel", {"steps": [ANY, ANY], "exclude": [{"event": ANY}] * 11}, False),
    ("Funnel", {"steps": [ANY, ANY], "exclude": [{"event": ANY, "after": 0}]}, False),
    ("Funnel", {"steps": [ANY], "exclude_mode": "session"}, False),
    ("Funnel", {"steps": [ANY], "hold": ["a", "b", "c", "d"]}, False),
    ("Funnel", {"steps": [{**ANY, "optional": "yes"}]}, False),
    ("Funnel", {"steps": [ANY], "count": "events"}, False),
    ("Signals", {"funnel": {"steps": [ANY, ANY]}, "step": 2, "confidence": 0.9}, True),
    ("Signals", {"retention": {"start": ANY, "return": ANY}, "period": 3, "at_least": 5}, True),
    ("Signals", {"funnel": {"steps": []}}, False),
    ("Signals", {"funnel": {"steps": [ANY, ANY]}, "step": 1}, False),
    ("Signals", {"funnel": {"steps": [ANY, ANY]}, "at_least": 4}, False),
    ("Signals", {"funnel": {"steps": [ANY, ANY]}, "confidence": 1}, False),
    ("Funnel", {"steps": [{"on": "any", "lable": "x"}]}, False),
    ("Retention", {"start": ANY, "return": ANY, "periods": 1}, True),
    ("Retention", {"start": ANY}, False),
    ("Retention", {"start": ANY, "return": ANY, "periods": 0}, False),
    ("Retention", {"start": ANY, "return": ANY, "mode": "rolling", "minimum": 2}, True),
    ("Retention", {"start": ANY, "return": ANY, "mode": "sliding"}, False),
    ("Retention", {"start": ANY, "return": ANY, "returned": "streak", "brackets": [1, 3, 7]}, True),
    ("Retention", {"start": ANY, "return": ANY, "brackets": [1, 0]}, False),
    ("Retention", {"start": ANY, "return": ANY, "brackets": [1], "periods": 2}, False),
    ("Retention", {"start": ANY, "return": ANY, "minimum": 0}, False),
    ("Retention", {"start": ANY, "return": ANY, "breakdown": {"by": ["path"], "limit": 3}}, True),
    ("Retention", {"start": ANY, "return": ANY, "measure": {"measure": "p90", "property": "props.n"}}, True),
    ("Retention", {"start": ANY, "return": ANY, "measure": {"measure": "events"}}, False),
    ("Trend", {"series": [{"on": "any", "measure": "sessions"}]}, True),
    ("Trend", {"series": [{"on": "any", "measure": "median", "property": "x"}]}, True),
    ("Trend", {"series": [{"on": "any", "measure": "mode", "property": "x"}]}, False),
    ("Trend", {"series": [{"on": "any", "measure": "active_persons", "over": "4w"}]}, True),
    ("Trend", {"series": [{"on": "any", "measure": "active_persons", "over": "7h"}]}, False),
    ("Trend", {"series": [ANY], "breakdown": {"by": ["path"]}, "formulas": [{"formula": "A"}]}, True),
    ("Trend", {"series": [ANY], "breakdown": {"by": []}}, False),
    ("Trend", {"series": [ANY], "interval": "all", "cumulative": True, "compare": "previous"}, True),
    ("Trend", {"series": [ANY], "smooth": 0}, False),
    ("Lifecycle", {"event": ANY, "interval": "month"}, True),
    ("Lifecycle", {"interval": "month"}, False),
    ("Stickiness", {"event": ANY}, True),
    ("Stickiness", {"event": ANY, "interval": "all"}, False),
    ("Trend", {"series": [ANY], "interval": "year"}, False),
    ("Trend", {"series": [{"on": "any", "measure": "sessions"}], "session": {"gap": "5m"}}, True),
    ("Trend", {"series": [{"on": "any", "measure": "sessions"}], "session": {}}, False),
    ("Paths", {}, True),
    ("Paths", {"start": ANY, "end": ANY, "exclude": [ANY], "repeats": "last", "steps": 20}, True),
    ("Paths", {"nodes": [{"on": "pageview", "each": "path"}], "groups": ["/a*", {"like": "/b"}]}, True),
    ("Paths", {"rewrite": [{"matches": "a+", "as": ""}], "session": {"gap": "1h", "starts": ANY}}, True),
    ("Paths", {"nodes": []}, False),
    ("Paths", {"groups": [{"as": "x"}]}, False),
    ("Paths", {"rewrite": ["a"]}, False),
    ("Paths", {"steps": 1}, False),
    ("Paths", {"limit": 1_001}, False),
    ("Paths", {"session": {"gap": 30}}, False),
    ("Attribution", {"conversion": ANY, "by": ["utm_source", "path"], "touches": ANY}, True),
    ("Attribution", {"conversion": ANY, "by": ["path"], "per": "session", "touch": "linear"}, True),
    ("Attribution", {"conversion": ANY, "by": ["path"], "count": "first", "property": "x"}, True),
    ("Attribution", {"conversion": ANY}, False),
    ("Attribution", {"conversion": ANY, "by": []}, False),
    ("Attribution", {"conversion": ANY, "by": ["path"], "touch": "middle"}, False),
    ("Preview", {"rules": [{"css": "a"}], "description": "x"}, True),
    ("Preview", {"rules": []}, False),
    ("Preview", {"rules": [{"css": "a", "text": {"op": "contains", "value": "x"}}]}, True),
    ("Preview", {"rules": [{"css": "a", "text": [{"op": "is_set"}]}]}, True),
    ("Preview", {"rules": [{"css": "a", "text": "x"}]}, False),
    ("Preview", {"rules": [{"on": "any", "where": [{"any": [NUMBER]}]}]}, True),
    ("Preview", {"rules": [ANY], "against": [ANY], "from": "2026-10-01", "to": "2026-10-02"}, True),
    ("Preview", {"rules": [ANY], "against": []}, False),
    ("Preview", {"rules": [ANY], "against": ["Signed up"]}, False),
    ("Activity", {}, True),
    ("Activity", {"days": 730, "timezone": "Asia/Tokyo"}, True),
    ("Activity", {"days": 731}, False),
    ("Activity", {"where": []}, False),
    ("Elements", {"limit": 100, "days": 3_660}, True),
    ("Elements", {"limit": 101}, False),
    ("Elements", {"days": 0}, False),
]


@pytest.mark.parametrize(("report", "body", "fits"), FITS, ids=[json.dumps(each[1])[:60] for each in FITS])
def test_schemas_tell_the_truth(api: httpx.Client, report: str, body: dict[str, Any], fits: bool) -> None:
    """What a schema takes the API answers, what it refuses the API refuses."""
    taken = jsonschema.Draft202012Validator(schema(f"{report}Request")).is_valid(body)
    response = api.post(REPORT_PATHS[report.lower()], json=body)
    assert (taken, response.status_code) == ((True, 200) if fits else (False, 400))


TABLES = {"elements": [{"tag": "html"}, {"tag": "a", "ns": "svg", "attrs": {"id": "x", "title": None}}],
          "nodes": [[-1, 0, 1, 1, 1, 1], [0, 1, 1, 2, 1, 2, 1]]}  # fmt: skip
OTHERS: list[tuple[str, str, dict[str, Any], bool]] = [
    ("/v1/definer/links", "LinkRequest", {"url": "https://shop.example/"}, True),
    ("/v1/definer/links", "LinkRequest", {"url": "https://shop.example/", "minutes": 1_440}, True),
    ("/v1/definer/links", "LinkRequest", {"url": "https://shop.example/", "minutes": 0}, False),
    ("/v1/definer/links", "LinkRequest", {"url": ""}, False),
    ("/v1/definer/links", "LinkRequest", {"url": "https://shop.example/" + "a" * 2_048}, False),
    ("/v1/definer/links", "LinkRequest", {"minutes": 5}, False),
    ("/v1/definer/links", "LinkRequest", {"url": "https://shop.example/", "site": "blog"}, False),
    ("/v1/elements/candidates", "CandidatesRequest", {**TABLES, "node": 1, "on": "submit"}, True),
    ("/v1/elements/candidates", "CandidatesRequest", {**TABLES, "node": 1, "texts": [[0, "Buy"]]}, True),
    ("/v1/elements/candidates", "CandidatesRequest", {**TABLES, "node": 1, "texts": [[0]]}, False),
    ("/v1/elements/candidates", "CandidatesRequest", {**TABLES, "node": -1}, False),
    ("/v1/elements/candidates", "CandidatesRequest", {**TABLES, "node": 1, "on": "pageview"}, False),
    ("/v1/elements/candidates", "CandidatesRequest", {**TABLES, "node": 1, "text": "a" * 256}, False),
    ("/v1/elements/candidates", "CandidatesRequest", {**TABLES, "node": 0, "nodes": [[-1, 0, 1]]}, False),
    ("/v1/elements/candidates", "CandidatesRequest", {**TABLES, "node": 0, "nodes": []}, False),
    ("/v1/elements/candidates", "CandidatesRequest", {"node": 0}, False),
]


@pytest.mark.parametrize(
    ("path", "name", "body", "fits"), OTHERS, ids=[str(each[2])[-60:] for each in OTHERS]
)
def test_other_schemas_tell_the_truth(
    api: httpx.Client, path: str, name: str, body: dict[str, Any], fits: bool
) -> None:
    """So do the schemas of what is no report."""
    taken = jsonschema.Draft202012Validator(schema(name)).is_valid(body)
    assert (taken, api.post(path, json=body).status_code) == ((True, 200) if fits else (False, 400))


EVERY_OPTION: list[tuple[str, dict[str, Any]]] = [
    ("Funnel", {"histogram": {"bins": 2}, "curve": True, "interval": "week",
                "exclude": [{"event": "Signed up"}],
                "breakdown": {"by": ["path", "person.plan"], "limit": 1, "attribution": "all"}}),
    ("Funnel", {"count": "totals", "hold": ["host"], "order": "strict"}),
    ("Funnel", {"count": "sessions", "session": {"gap": "9d"}, "order": "any", "curve": True}),
    ("FunnelPersons", {"step": 2, "dropped": True, "limit": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("report", "more"), EVERY_OPTION)
def test_every_option_answers_as_the_document_says(
    api: httpx.Client, report: str, more: dict[str, Any]
) -> None:
    """Whatever is asked for besides, the answer fits its schema, and some of it is there."""
    path = {"Funnel": "funnel", "FunnelPersons": "funnel/persons"}[report]
    body = {"steps": [{"on": "pageview"}, {"event": "Signed up", "optional": True}, ANY], **more}
    if more.get("order") == "any":
        body["steps"] = [{"on": "pageview"}, "Signed up", ANY]
    response = api.post(f"/v1/reports/{path}", json=body)
    assert response.status_code == 200, response.text
    check(report, response.json())
    wanted = {"breakdown": "groups", "interval": "trend", "count": "count", "histogram": "histogram",
              "curve": "curve", "dropped": "persons"}  # fmt: skip
    assert all(response.json()[key] for asked, key in wanted.items() if asked in more)


def test_more_operations() -> None:
    """Operations that a composition adds are served and documented like the API's own."""
    everyone = Principal("broken", frozenset({"read", "define", "admin"}), "k_1")
    said, word = Answer({"word": "b"}), {"type": "object", "required": ["word"]}
    extra = Operation("extra", "POST", "/v1/extra", "admin", "More", lambda _: said, "Word", "Word")
    app = create_api(
        lambda _: cast("Site", Broken()), lambda _: everyone, operations=[extra], schemas={"Word": word}
    )
    assert app.openapi()["paths"]["/v1/extra"]["post"]["operationId"] == "extra"
    assert app.openapi()["components"]["schemas"]["Word"] == word
    with serve(app) as address, client(address, "sk_" + "a" * 40) as api:
        assert api.post("/v1/extra", json={}).json() == {"word": "b"}


def test_application_gives_the_document(document: dict[str, Any]) -> None:
    """FastAPI's own `openapi()` gives the same document."""
    assert broken_api(Broken()).openapi() == document
    assert REQUESTS.keys() <= document["components"]["schemas"].keys()
