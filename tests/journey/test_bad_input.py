"""What is wrong or hostile gets a clear error through the real doors, and costs nothing but itself."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any, NamedTuple

import pytest

from captures import batch, click
from journey.running import SECRET_KEY, WRITE_KEY, Deployment, await_true, deployment
from journey.test_journey import read

Parts = Iterator[Deployment]


class Answer(NamedTuple):
    status: int
    kind: str
    body: Any


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    """A collector, a committer and a query API; one good click is stored."""
    with deployment(tmp_path_factory.mktemp("bad-input")) as made:
        made.start("collector", "committer", "query")
        assert capture(made, good("first")).status == 200
        await_true("the first click", lambda: stored(made)["events"] == 1)
        yield made


def ask(port: int, path: str, body: bytes, headers: dict[str, str]) -> Answer:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.getheader("content-type", ""), json.loads(answer.read()))
    finally:
        connection.close()


def capture(parts: Deployment, body: object, **headers: str) -> Answer:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ask(parts.collector_port, "/v1/capture", sent, {"Content-Type": "text/plain", **headers})


def question(parts: Deployment, path: str, body: object) -> Answer:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ask(parts.query_port, path, sent, {"Authorization": f"Bearer {SECRET_KEY}"})


def good(page: str, events: int = 1, **fields: Any) -> dict[str, Any]:
    return batch(page, [click(seq) for seq in range(events)], key=WRITE_KEY, **fields)


def stored(parts: Deployment) -> Counter[str]:
    """Rows of `events`, and of `dead_letters` by reason."""
    counts = Counter(row["reason"] for row in read(parts.data, "dead_letters", ["reason"]))
    return counts + Counter(events=len(read(parts.data, "events", ["type"])))


BOMB = gzip.compress(b" " * 50_000_000)
WHOLE_BATCHES = {
    "unknown key": (json.dumps(good("k") | {"key": "wk_nobody"}).encode(), {}, 401, "key"),
    "malformed JSON": (b'{"v": 1, "key": ', {}, 400, "JSON"),
    "bad UTF-8": (b'{"v": 1, "key": "\xff"}', {}, 400, "UTF-8"),
    "not a batch": (b"[1, 2, 3]", {}, 400, "object"),
    "another version": (json.dumps(good("v") | {"v": 9}).encode(), {}, 400, "v"),
    "nesting 100,000 deep": (b"[" * 100_000 + b"]" * 100_000, {}, 400, ""),
    "a gzip bomb": (BOMB, {"Content-Encoding": "gzip"}, 413, "5"),
    "not gzip": (b"hello", {"Content-Encoding": "gzip"}, 400, "gzip"),
    "an unknown encoding": (b"hello", {"Content-Encoding": "br"}, 415, "gzip"),
    "too large": (b" " * 1_000_001, {}, 413, "1"),
}


@pytest.mark.parametrize("name", WHOLE_BATCHES)
def test_unusable_batch_is_refused_with_the_reason(parts: Deployment, name: str) -> None:
    """A batch that can't be read is answered by a problem document that says why; nothing of it is kept."""
    body, headers, status, mentions = WHOLE_BATCHES[name]
    answer = capture(parts, body, **headers)
    assert (answer.status, answer.kind.split(";")[0]) == (status, "application/problem+json")
    assert mentions in json.dumps(answer.body)


def deep(levels: int) -> Any:
    """A list in a list in a list …"""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


POISON = {
    "an unknown type": ({"type": "teleport"}, "unknown_type"),
    "a number of 2^70": ({"x": 2**70}, "bad_event"),
    "a sequence below 0": ({"seq": -1}, "bad_event"),
    "a text as time": ({"time": "noon"}, "bad_event"),
    "a node that is not there": ({"node": 999}, "bad_node"),
    "a page that is not there": ({"page": 7}, "bad_page"),
    "a lone surrogate": ({"text": "\ud800"}, "bad_event"),
    "properties that nest too deep": (
        {"type": "track", "name": "Deep", "node": None, "props": {"a": deep(40)}},
        "too_deep",
    ),
    "an event too large": ({"type": "track", "name": "Big", "props": {"a": "x" * 40_000}}, "too_large"),
}


@pytest.mark.parametrize("name", POISON)
def test_poisoned_event_costs_only_itself(parts: Deployment, name: str) -> None:
    """Of three events the middle one is rejected and kept with its reason; the others are stored."""
    fields, reason = POISON[name]
    before = stored(parts)
    sent = good(f"poison {name}", events=3)
    sent["events"][1] |= fields
    answer = capture(parts, sent)
    assert answer.status == 200
    assert answer.body["accepted"] == 2
    assert [(entry["index"], entry["reason"]) for entry in answer.body["rejected"]] == [(1, reason)]
    expected = before + Counter({"events": 2, reason: 1})
    await_true(f"the others and a letter: {expected}", lambda: stored(parts) == expected)


def test_duplicate_identities_are_stored_once(parts: Deployment) -> None:
    """The same batch three times, and one event twice within it, make one row of each event."""
    before = stored(parts)
    sent = good("twice", events=2)
    sent["events"].append(dict(sent["events"][0]))
    assert [capture(parts, sent).status for _ in range(3)] == [200] * 3
    assert capture(parts, good("after twice")).status == 200
    await_true("three more events", lambda: stored(parts)["events"] >= before["events"] + 3)
    assert stored(parts) == before + Counter(events=3)


CLICKS = {"on": "click"}
QUESTIONS = {
    "an unknown named event": ({"steps": ["Singed up"]}, "steps[0]", "Singed up"),
    "an unsupported selector": ({"steps": [{"on": "click", "css": "a:hover"}]}, "steps[0].css", ":hover"),
    "a sibling combinator": ({"steps": [{"on": "click", "css": "a + b"}]}, "steps[0].css", "+"),
    "broken CSS": ({"steps": [{"on": "click", "css": "a["}]}, "steps[0].css", "a["),
    "an attribute not captured": (
        {"steps": [{"on": "click", "css": "input[value=x]"}]},
        "steps[0].css",
        "value",
    ),
    "an unknown property": (
        {"steps": [CLICKS], "where": [{"property": "browserr", "op": "is", "value": "x"}]},
        "where",
        "browser",
    ),
    "an unknown operator": (
        {"steps": [CLICKS], "where": [{"property": "path", "op": "like", "value": "x"}]},
        "where[0].op",
        "contains",
    ),
    "a broken regular expression": (
        {"steps": [CLICKS], "where": [{"property": "path", "op": "matches", "value": "("}]},
        "where[0].value",
        "(",
    ),
    "to before from": ({"steps": [CLICKS], "from": "2026-10-02", "to": "2026-10-01"}, "to", "2026-10-01"),
    "no date": ({"steps": [CLICKS], "from": "soon"}, "from", "soon"),
    "an unknown time zone": ({"steps": [CLICKS], "timezone": "Europe/Berlim"}, "timezone", "Europe/Berlin"),
    "an unknown field": ({"steps": [CLICKS], "windw": "1d"}, "windw", "window"),
    "no steps": ({"steps": []}, "steps", ""),
    "a window of nothing": ({"steps": [CLICKS], "window": "fast"}, "window", "fast"),
    "not an object": ([1], "", "object"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_wrong_question_names_the_field_and_what_is_valid(parts: Deployment, name: str) -> None:
    """A question that can't be understood is a 400 problem with the field, and words that help."""
    body, field, mentions = QUESTIONS[name]
    answer = question(parts, "/v1/reports/funnel", body)
    assert answer.status == 400, answer.body
    assert answer.kind.split(";")[0] == "application/problem+json"
    assert answer.body.get("field", "").startswith(field), answer.body
    assert mentions in json.dumps(answer.body, ensure_ascii=False)


HOSTILE_BODIES = {
    "malformed": b"{",
    "deep": b'{"steps": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "bad UTF-8": b'{"steps": ["\xff"]}',
    "a lone surrogate": b'{"steps": ["\\ud800"]}',
    "not a number": b'{"steps": [NaN]}',
    "2^70": b'{"steps": [1180591620717411303424]}',
}


@pytest.mark.parametrize("name", HOSTILE_BODIES)
def test_hostile_question_is_a_problem_not_a_crash(parts: Deployment, name: str) -> None:
    """Whatever the body holds, the query API answers 400 in the form of a problem document."""
    answer = question(parts, "/v1/reports/funnel", HOSTILE_BODIES[name])
    assert (answer.status, answer.kind.split(";")[0]) == (400, "application/problem+json")


def test_everything_still_works_afterwards(parts: Deployment) -> None:
    """After all of that, a new click is stored, and counted by a funnel."""
    before = stored(parts)["events"]
    assert capture(parts, good("last", device="somebody new")).status == 200
    await_true("the last click", lambda: stored(parts)["events"] == before + 1)
    answer = question(parts, "/v1/reports/funnel", {"steps": [CLICKS]})
    assert answer.body["steps"][0]["count"] >= 2
