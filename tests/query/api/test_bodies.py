"""Bodies: what is read, what is refused, and that none makes a fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.api.bodies import MAX_BODY_BYTES
from backsight.api.examples import PROBLEM, REQUESTS
from backsight.api.schemas.parts import schema_name
from backsight.requests import REPORT_PATHS
from query.api.asking import FUNNEL, problem


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


@settings(max_examples=75, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.data())
def test_no_body_makes_a_fault(api: httpx.Client, drawn: st.DataObject) -> None:
    """Whatever stands in whichever place of a question, the answer is figures or a refusal, never a fault."""
    report = drawn.draw(st.sampled_from(sorted(REPORT_PATHS)))
    body = json.loads(json.dumps(REQUESTS[f"{schema_name(report)}Request"]))
    for _ in range(drawn.draw(st.integers(1, 3))):
        *way, last = drawn.draw(st.sampled_from(list(spots(body)) or [("steps",)]))
        place = body
        for key in way:
            place = place[key]
        place[last] = deepcopy(drawn.draw(st.sampled_from(HOSTILE)))
    response = api.post(REPORT_PATHS[report], json=body)
    assert response.status_code in {200, 400}, response.text
