"""The HTTP API: keys, forms, preconditions, problem documents, and a document that tells the truth about
them.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from copy import deepcopy
from itertools import islice
from pathlib import Path
from typing import Any, cast

import httpx
import jsonschema  # type: ignore[import-untyped]
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import backsight as bs
from backsight.api import create_api
from backsight.api.bodies import MAX_BODY_BYTES
from backsight.api.examples import PROBLEM, REQUESTS
from backsight.api.headers import preferred
from backsight.api.operations import OPERATIONS, Answer, Operation
from backsight.api.schemas import SCHEMAS
from backsight.keys import Principal
from backsight.requests import REPORT_PATHS
from backsight.site import Site
from shop_site import secret_key, serve, served, write_data

FUNNEL = {"steps": ["Viewed pricing", "Signed up"], "from": "2026-10-01", "to": "2026-10-31"}
JSON, ARROW, CSV = "application/json", "application/vnd.apache.arrow.stream", "text/csv"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's data directory, with two named events."""
    folder = tmp_path_factory.mktemp("shop")
    write_data(folder)
    with bs.open(folder) as site:
        site.define("Viewed pricing", on="pageview", page="/pricing")
        site.define("Signed up", css="form#signup", on="submit")
    return folder


@pytest.fixture(scope="module")
def url(data: Path) -> Iterator[str]:
    """Where the shop's API is served."""
    with served(data) as address:
        yield address


@pytest.fixture(scope="module")
def api(data: Path, url: str) -> Iterator[httpx.Client]:
    """A client whose key may define."""
    with client(url, secret_key(data, "define")) as opened:
        yield opened


def client(url: str, key: str) -> httpx.Client:
    """A client with that key."""
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30)


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem document of an answer, which has to be one, of that status."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    check("Problem", document)
    assert document["status"] in {status, 409}
    return document


def schema(name: str) -> dict[str, Any]:
    """One of the document's schemas, with those that it refers to."""
    return {"$ref": f"#/components/schemas/{name}", "components": {"schemas": SCHEMAS}}


def check(name: str, value: object) -> None:
    """Holds a value against one of the document's schemas."""
    jsonschema.Draft202012Validator(schema(name)).validate(value)


# ── Keys ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": ""}, {"Authorization": "Basic c2s6"}, {"Authorization": "Bearer"}]
)
def test_no_key(url: str, header: dict[str, str]) -> None:
    """Without a key the answer is 401 with a challenge, whatever is asked."""
    for operation in OPERATIONS:
        response = httpx.request(operation.method, url + operation.path, headers=header)
        assert problem(response, 401)["field"] == "Authorization"
        assert response.headers["www-authenticate"] == 'Bearer realm="backsight"'


@pytest.mark.parametrize("key", ["sk_" + "0" * 40, "wk_" + "0" * 40, "nonsense", "x" * 5_000, "sk_\u00e9"])
def test_unknown_key(url: str, key: str) -> None:
    """An unknown key is 401 and not given back."""
    response = httpx.get(f"{url}/v1/events", headers={b"Authorization": f"Bearer {key}".encode()})
    problem(response, 401)
    assert 'error="invalid_token"' in response.headers["www-authenticate"]
    assert key not in response.text


def test_revoked_key(data: Path, url: str) -> None:
    """A key that is revoked is refused from then on."""
    from backsight.keys import Keys
    from backsight.store.sqlite import SQLiteStore

    with client(url, secret_key(data, "read")) as reader, SQLiteStore(data / "backsight.sqlite") as store:
        assert reader.get("/v1/events").status_code == 200
        Keys(store).revoke(Keys(store).list()[-1].key_id, "test")
        problem(reader.get("/v1/events"), 401)


def test_scope(data: Path, url: str) -> None:
    """A key without the scope is 403, and the scope that is needed is named; nothing changes."""
    with client(url, secret_key(data, "read")) as reader:
        for operation in OPERATIONS:
            if operation.scope == "read":
                continue
            document = problem(
                reader.request(operation.method, "/v1/events/New", json={"rules": [{"on": "any"}]}), 403
            )
            assert "scope 'define'" in document["detail"]
        assert reader.get("/v1/events/New").status_code == 404


def test_key_of_another_site(tmp_path: Path) -> None:
    """A key sees its own site only."""
    write_data(tmp_path, "blog", "shop")
    with served(tmp_path) as url:
        with client(url, secret_key(tmp_path, "define", "blog")) as blog:
            assert blog.put("/v1/events/Read", json={"rules": [{"on": "any"}]}).status_code == 200
        with client(url, secret_key(tmp_path, "define", "shop")) as shop:
            assert shop.get("/v1/events").json() == {"site": "shop", "events": []}
            problem(shop.delete("/v1/events/Read"), 404)
            answer = shop.post("/v1/events/preview", json={"rules": [{"on": "any"}]}).json()
            assert (answer["events"], answer["meta"]["site"]) == (13, "shop")


# ── Forms of an answer ──────────────────────────────────────────────────────────────────────────────────────


def test_json(api: httpx.Client) -> None:
    """A report answers JSON of the documented shape."""
    response = api.post("/v1/reports/funnel", json=FUNNEL)
    assert response.headers["content-type"] == JSON
    check("Funnel", response.json())
    assert [step["count"] for step in response.json()["steps"]] == [5, 3]


def test_arrow(api: httpx.Client) -> None:
    """Arrow holds the same figures, and meta in the schema's metadata."""
    response = api.post("/v1/reports/funnel", json=FUNNEL, headers={"Accept": ARROW})
    assert response.headers["content-type"] == ARROW
    table = pa.ipc.open_stream(response.content).read_all()
    assert table["count"].to_pylist() == [5, 3]
    assert json.loads(table.schema.metadata[b"backsight"])["site"] == "shop"


def test_csv(api: httpx.Client) -> None:
    """CSV holds the same figures; a label that is a formula stays text."""
    steps = [{"on": "pageview", "label": '=HYPERLINK("https://x.example")'}, "Signed up"]
    response = api.post("/v1/reports/funnel", json={**FUNNEL, "steps": steps}, headers={"Accept": CSV})
    assert response.headers["content-type"].startswith(CSV)
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [row["count"] for row in rows] == ["5", "3"]
    assert [row["label"] for row in rows] == ["'" + steps[0]["label"], "Signed up"]  # type: ignore[index]


@pytest.mark.parametrize("path", ["/v1/reports/retention", "/v1/reports/trend", "/v1/events/preview"])
@pytest.mark.parametrize("media", [ARROW, CSV])
def test_every_report_has_tables(api: httpx.Client, path: str, media: str) -> None:
    """Every report can be had as a table."""
    step = {"on": "pageview"}
    body = {
        "/v1/reports/retention": {"start": step, "return": step},
        "/v1/reports/trend": {"series": [step]},
        "/v1/events/preview": {"rules": [step]},
    }[path]
    response = api.post(path, json=body, headers={"Accept": media})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(media)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, JSON), ("", JSON), ("*/*", JSON), ("application/*", JSON), ("text/*", CSV), (CSV, CSV),
        ("TEXT/CSV", CSV),
        (f"{CSV};q=0.5, {ARROW}", ARROW), (f"{JSON};q=0, */*", ARROW), (f"{JSON};q=0.1, */*;q=0.2", ARROW),
        ("text/html, */*;q=0.1", JSON), ("image/png", None), (f"{CSV};q=0", None), ("nonsense", None),
        (f"{CSV};header=present", CSV), (f"{ARROW};q=nonsense", ARROW),
    ],
)  # fmt: skip
def test_preferred(accept: str | None, media: str | None) -> None:
    """The Accept header chooses by weight, then by our order; the most specific range counts."""
    assert preferred(accept, (JSON, ARROW, CSV)) == media


def test_not_acceptable(api: httpx.Client) -> None:
    """A form that there is not is 406, naming those there are."""
    assert (
        ARROW
        in problem(api.post("/v1/reports/funnel", json=FUNNEL, headers={"Accept": "image/png"}), 406)["valid"]
    )
    assert problem(api.get("/v1/events", headers={"Accept": CSV}), 406)["valid"] == JSON


def test_sql(api: httpx.Client) -> None:
    """The SQL of a report is told without running it."""
    answer = api.post("/v1/reports/funnel/sql", json=FUNNEL).json()
    check("Sql", answer)
    assert "select" in answer["sql"]


def test_security_headers(api: httpx.Client) -> None:
    """Every answer, errors too, is not stored, not sniffed, not framed, and not for other origins."""
    origin = {"Origin": "https://evil.example"}
    for response in (
        api.get("/v1/events", headers=origin),
        api.get("/v1/nothing", headers=origin),
        api.delete("/v1/events/Nothing", headers=origin),
        api.get("/v1/openapi.json", headers=origin),
    ):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
        assert not [name for name in response.headers if name.startswith("access-control-")]


# ── Bodies ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b'{"steps": NaN}', "not JSON"),
        (b'{"steps": 1e999}', "not JSON"),
        (b'{"steps": ["\\ud800"]}', "not JSON"),
        (b'{"steps": []} {}', "not JSON"),
        (b"[]", "not an object"),
        (b"null", "not an object"),
        (b'{"steps": [], "steps": []}', "'steps' stands twice"),
        (b"[" * 100_000, "too deeply"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "too deeply"),
        (b'{"steps": [{"css": ' + b"[" * 500 + b"]" * 500 + b"}]}", "too deeply"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_not_a_body(api: httpx.Client, body: bytes, said: str) -> None:
    """What parsers would take in different ways, or not at all, is refused with 400."""
    assert said in problem(api.post("/v1/reports/funnel", content=body), 400)["detail"]


def test_large_body(api: httpx.Client) -> None:
    """A body above the limit is 413, its length given or not; one at the limit is read."""
    padding = b" " * (MAX_BODY_BYTES - len(json.dumps(FUNNEL)))
    body = json.dumps(FUNNEL).encode() + padding
    assert api.post("/v1/reports/funnel", content=body).status_code == 200
    problem(api.post("/v1/reports/funnel", content=body + b" "), 413)
    problem(api.post("/v1/reports/funnel", content=iter([body, b" "])), 413)


def test_encoded_body(api: httpx.Client) -> None:
    """A compressed body is 415, not a riddle about JSON."""
    response = api.post("/v1/reports/funnel", content=b"x", headers={"Content-Encoding": "gzip"})
    assert problem(response, 415)["value"] == "gzip"


def test_question_at_fault(api: httpx.Client) -> None:
    """A wrong question is 400, with the field, the value and what would be valid."""
    document = problem(
        api.post("/v1/reports/funnel", json={**FUNNEL, "steps": ["Viewed pricing", "Signd up"]}), 400
    )
    assert document == {**PROBLEM}
    document = problem(api.post("/v1/reports/funnel", json={**FUNNEL, "windw": "7d"}), 400)
    assert (document["field"], document["value"], document["valid"]) == (
        "windw",
        "7d",
        "did you mean 'window'",
    )
    document = problem(api.post("/v1/events/preview", json={"rules": [{"css": "a:hover"}]}), 400)
    assert document["type"] == "urn:backsight:problem:unsupported-selector"
    assert document["field"] == "rules[0].css"


def test_long_value(api: httpx.Client) -> None:
    """A long value at fault is given back cut."""
    document = problem(api.post("/v1/reports/funnel", json={**FUNNEL, "timezone": "x" * 10_000}), 400)
    assert len(document["value"]) < 100


HOSTILE: list[Any] = [
    None, True, -1, 2**31, 2**63, 2**70, 1e308, 0.5, "", " ", "\0", "a\0b", "' or 1=1 --", "$p0", "{matched}",
    "\U0001f600", "%", "\\", "(", "a" * 300, "2026-13-40", "0001-01-01", "9999-12-31", "2026-10-01T00:00:00",
    "-5d", "0s", "999999999w", "any", [], {}, [[]], [None], {"a": 1}, {"op": "is", "value": "x"},
    {"property": "props.", "op": "is", "value": 1}, {"property": "person.x", "op": "gt", "value": "z"},
    {"property": "x", "op": "matches", "value": "(a*)+$"},
    {"property": "user_agent", "op": "contains", "value": "\0"},
    {"css": ":nth-child(99999999999999999999n+1)"},
    {"css": "[data-x='\0']"}, {"css": "\\0"}, {"css": "a:not(:is(b,:where(c)))"},
]  # fmt: skip


def spots(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place within a JSON value."""
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield (*path, key)
        yield from spots(child, (*path, key))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.data())
def test_no_body_makes_a_fault(api: httpx.Client, drawn: st.DataObject) -> None:
    """Whatever stands in whichever place of a question, the answer is figures or a refusal, never a fault."""
    report = drawn.draw(st.sampled_from(sorted(REPORT_PATHS)))
    body = json.loads(json.dumps(REQUESTS[f"{report.capitalize()}Request"]))
    for _ in range(drawn.draw(st.integers(1, 3))):
        *way, last = drawn.draw(st.sampled_from(list(spots(body)) or [("steps",)]))
        place = body
        for key in way:
            place = place[key]
        place[last] = deepcopy(drawn.draw(st.sampled_from(HOSTILE)))
    response = api.post(REPORT_PATHS[report], json=body)
    assert response.status_code in {200, 400}, response.text


# ── Named events ────────────────────────────────────────────────────────────────────────────────────────────


def test_etags(api: httpx.Client) -> None:
    """A change may name the version it means: by ETag, or none at all; another one there is 412 and stays."""
    body = {"rules": [{"on": "any"}], "description": "one"}
    path = "/v1/events/Tagged"
    first = api.put(path, json=body, headers={"If-None-Match": "*"})
    check("NamedEvent", first.json())
    assert (first.status_code, first.headers["etag"]) == (200, '"1"')
    second = api.put(path, json={**body, "description": "two"}, headers={"If-Match": first.headers["etag"]})
    assert second.headers["etag"] == '"2"' == api.get(path).headers["etag"]
    for headers in ({"If-Match": '"1"'}, {"If-None-Match": "*"}):
        assert problem(api.put(path, json=body, headers=headers), 412)["type"].endswith(":conflict")
        problem(api.delete(path, headers=headers), 412)
    for headers in ({"If-Match": "1"}, {"If-Match": 'W/"2"'}, {"If-None-Match": '"2"'}):
        problem(api.put(path, json=body, headers=headers), 400)
    assert api.get(path).json()["description"] == "two"
    gone = api.delete(path, headers={"If-Match": '"2"'})
    assert (gone.status_code, gone.content) == (204, b"")
    history = api.get(f"{path}/history").json()
    check("History", history)
    assert [(each["version"], each["deleted"]) for each in history["versions"]] == [
        (3, True),
        (2, False),
        (1, False),
    ]


def test_same_definition(api: httpx.Client) -> None:
    """Saying the same again makes no new version."""
    body = {"rules": [{"on": "any"}]}
    tags = [api.put("/v1/events/Same", json=body).headers["etag"] for _ in range(2)]
    assert tags == ['"1"', '"1"']
    api.delete("/v1/events/Same")


@pytest.mark.parametrize(
    "path", ["/v1/events/%FF", "/v1/events/%00", "/v1/events/%20", "/v1/events/" + "a" * 300]
)
def test_bad_name(api: httpx.Client, path: str) -> None:
    """A name that can't be one is refused."""
    assert problem(api.put(path, json={"rules": [{"on": "any"}]}), 400)["field"] == "name"


def test_definition_at_fault(api: httpx.Client) -> None:
    """A definition without rules, or with fields that there are not, changes nothing."""
    assert problem(api.put("/v1/events/Wrong", json={}), 400)["field"] == "rules"
    assert (
        problem(api.put("/v1/events/Wrong", json={"rules": [{"on": "any"}], "rule": 1}), 400)["field"]
        == "rule"
    )
    problem(api.get("/v1/events/Wrong"), 404)


# ── What is not there ───────────────────────────────────────────────────────────────────────────────────────


def test_not_found(api: httpx.Client) -> None:
    """A path that there is not is 404, and the nearest are named."""
    document = problem(api.post("/v1/report/funnel", json={}), 404)
    assert "'/v1/reports/funnel'" in document["valid"]
    problem(api.get("/v1/events/a/b"), 404)
    problem(api.get("/v1/events/"), 404)
    problem(api.get("/"), 404)


def test_method_not_allowed(api: httpx.Client) -> None:
    """A method that a path does not take is 405, and those that it does are named."""
    response = api.patch("/v1/events/Signed%20up")
    problem(response, 405)
    assert response.headers["allow"] == "DELETE, GET, HEAD, PUT"
    assert api.get("/v1/reports/funnel").headers["allow"] == "POST"


# ── Faults and load ─────────────────────────────────────────────────────────────────────────────────────────


class Broken:
    """A site whose every report fails inside, or waits until it may go on."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def answer(self, report: str, request: dict[str, Any]) -> Any:
        """Fails, or waits."""
        if request.get("wait"):
            assert self.go_on.wait(30)
        raise RuntimeError("the database is at /srv/secret")

    def events(self) -> list[Any]:
        """Answers at once."""
        return []

    site = "broken"


def broken_api(site: Any) -> Any:
    """An API over that site, at which one report may run and one wait."""
    everyone = Principal("broken", frozenset({"read"}), "k_1")
    return create_api(lambda _: site, lambda _: everyone, threads=1, waiting=1)


def test_fault(caplog: pytest.LogCaptureFixture) -> None:
    """A bug is 500 and tells nothing of the inside, but an id under which the log has all of it."""
    with (
        serve(broken_api(Broken())) as url,
        client(url, "sk_" + "a" * 40) as api,
        caplog.at_level(logging.ERROR),
    ):
        document = problem(api.post("/v1/reports/funnel", json={}), 500)
    assert "secret" not in json.dumps(document)
    number = document["instance"].removeprefix("urn:backsight:fault:")
    record = next(record for record in caplog.records if number in record.getMessage())
    assert record.exc_info is not None
    assert "/srv/secret" in str(record.exc_info[1])


def test_busy() -> None:
    """While reports run the API still answers; past the reports that may wait it says 503 and when to come
    again.
    """
    site = Broken()
    with serve(broken_api(site)) as url, client(url, "sk_" + "a" * 40) as api, ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(api.post, "/v1/reports/funnel", json={"wait": True}) for _ in range(6)]
        answered = [future.result() for future in islice(as_completed(asked, timeout=30), 4)]
        assert api.get("/v1/events").json() == {"site": "broken", "events": []}
        site.go_on.set()
        statuses = sorted(future.result().status_code for future in asked)
    assert statuses == [500, 500, 503, 503, 503, 503]
    for response in answered:
        assert problem(response, 503)["type"].endswith(":busy")
        assert response.headers["retry-after"].isdigit()


# ── The OpenAPI document ────────────────────────────────────────────────────────────────────────────────────


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
        assert named == ({"name"} if "{name}" in path else set())


def test_references(document: dict[str, Any]) -> None:
    """Every reference leads to a schema, every schema is referred to, and each is a valid schema."""
    text = json.dumps(document)
    used = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert used == document["components"]["schemas"].keys()
    for each in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(each)


def test_examples_run(api: httpx.Client, document: dict[str, Any]) -> None:
    """Every example in the document fits its schema, and is answered as the document says."""
    ran = 0
    for method, path, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get(JSON)
        if content is None:
            continue
        name = content["schema"]["$ref"].rsplit("/", 1)[1]
        check(name, content["example"])
        response = api.request(method, path.replace("{name}", "Example"), json=content["example"])
        assert response.status_code == 200, response.text
        check(
            operation["responses"]["200"]["content"][JSON]["schema"]["$ref"].rsplit("/", 1)[1],
            response.json(),
        )
        ran += 1
    assert ran == 9
    api.delete("/v1/events/Example")


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
    ("Funnel", {"steps": [ANY], "order": "strict"}, False),
    ("Funnel", {"steps": [ANY], "breakdown": {"by": ["path"]}}, False),
    ("Funnel", {"steps": [{"on": "any", "lable": "x"}]}, False),
    ("Retention", {"start": ANY, "return": ANY, "periods": 1}, True),
    ("Retention", {"start": ANY}, False),
    ("Retention", {"start": ANY, "return": ANY, "periods": 0}, False),
    ("Retention", {"start": ANY, "return": ANY, "mode": "rolling"}, False),
    ("Trend", {"series": [{"on": "any", "measure": "sessions"}]}, True),
    ("Trend", {"series": [{"on": "any", "measure": "median"}]}, False),
    ("Trend", {"series": [ANY], "interval": "year"}, False),
    ("Preview", {"rules": [{"css": "a"}], "description": "x"}, True),
    ("Preview", {"rules": []}, False),
    ("Preview", {"rules": [{"css": "a", "text": {"op": "contains", "value": "x"}}]}, True),
    ("Preview", {"rules": [{"css": "a", "text": [{"op": "is_set"}]}]}, True),
    ("Preview", {"rules": [{"css": "a", "text": "x"}]}, False),
    ("Preview", {"rules": [{"on": "any", "where": [{"any": [NUMBER]}]}]}, True),
]


@pytest.mark.parametrize(("report", "body", "fits"), FITS, ids=[json.dumps(each[1])[:60] for each in FITS])
def test_schemas_tell_the_truth(api: httpx.Client, report: str, body: dict[str, Any], fits: bool) -> None:
    """What a schema takes the API answers, what it refuses the API refuses."""
    taken = jsonschema.Draft202012Validator(schema(f"{report}Request")).is_valid(body)
    response = api.post(REPORT_PATHS[report.lower()], json=body)
    assert (taken, response.status_code) == ((True, 200) if fits else (False, 400))


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
