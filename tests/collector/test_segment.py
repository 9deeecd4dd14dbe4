"""The routes of the Segment HTTP spec: who is let in, what is answered, and what a library does about it."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from backsight.contract import MAX_BODY_BYTES, WriteKey
from backsight_collector.dialects import read
from backsight_collector.http.problems import Problem
from backsight_collector.http.segment import PATHS, credentials
from backsight_collector.http.settings import CollectorSettings

Serve = Callable[..., Any]

ORDER = {"type": "track", "userId": "ada", "event": "Order Completed", "messageId": "m-1"}


def basic(key: str, password: str = "") -> str:
    return "Basic " + base64.b64encode(f"{key}:{password}".encode()).decode()


def post(server: Any, body: Any, path: str = "/v1/batch", **headers: str) -> Any:
    """A message or batch; headers by their names with underscores."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {name.replace("_", "-"): value for name, value in headers.items()}
    return server.request("POST", path, {"content-length": str(len(sent)), **lines}, [sent])


def names(server: Any) -> list[str | None]:
    """What the journalled requests say, as the committer reads it."""
    batches = [decoded for capture in server.captures() for decoded in read(capture)]
    return [event.name or event.type for decoded in batches for _, event in decoded.events]


# ── Let in ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("path", PATHS)
def test_every_path(serve: Serve, path: str, slash: str) -> None:
    """Each takes what its libraries send there; the journal has it as it was sent, and reads it back."""
    server, kind = serve(), PATHS[path]
    message = ORDER | {"type": kind or "track", "groupId": "g", "previousId": "p"}
    body = message if kind else {"batch": [message]}
    answer = post(server, body, f"/{path}{slash}", authorization=basic("wk_test"))
    assert (answer.status, answer.json) == (
        200,
        {"success": True, "accepted": 1, "duplicates": 0, "rejected": []},
    )
    (capture,) = server.captures()
    assert (json.loads(capture.body), capture.site) == (body, "shop")
    expected = {"track": "Order Completed", "alias": "identify", "page": "pageview"}
    expected |= {"identify": "identify", "screen": "$screen", "group": "$group"}
    assert names(server) == [expected[kind or "track"]]


def test_the_folder_of_the_script_has_them_too(serve: Serve) -> None:
    """So a proxy passes on one folder, and a library's host is its address."""
    server = serve(CollectorSettings(script_path="/st/site.js"))
    for path in ("/st/v1/batch", "/v1/batch"):
        assert post(server, {"batch": []}, path, authorization=basic("wk_test")).status == 200


@pytest.mark.parametrize(
    ("authorization", "fields"),
    [
        (basic("wk_test"), {}),
        (basic("wk_test", "ignored"), {"writeKey": "wk_nobody"}),
        (basic("wk_test").rstrip("="), {}),
        (basic("wk_test").replace("Basic", "basic "), {}),
        ("", {"writeKey": "wk_test"}),
        ("Bearer a-token-of-an-oauth-server", {"writeKey": "wk_test"}),
        ("Bearer wk_test", {}),
    ],
)
def test_where_the_write_key_stands(serve: Serve, authorization: str, fields: dict[str, str]) -> None:
    """As the user name of Basic, in the body (as the libraries that use OAuth tokens do), or as the token."""
    server = serve()
    headers = {"authorization": authorization} if authorization else {}
    assert post(server, {"batch": [ORDER], **fields}, **headers).status == 200
    assert post(server, ORDER | {"messageId": 2, **fields}, "/v1/track", **headers).status == 200
    assert len(server.captures()) == 2


def test_a_messages_own_write_key(serve: Serve) -> None:
    """Browsers' batches have it in each message."""
    server = serve()
    assert post(server, {"batch": [ORDER | {"writeKey": "wk_test"}, ORDER | {"messageId": 2}]}).status == 200
    assert len(names(server)) == 2


def test_gzip(serve: Serve) -> None:
    """A packed body is kept as the JSON that it holds."""
    server = serve()
    packed = gzip.compress(json.dumps({"batch": [ORDER]}).encode())
    assert post(server, packed, authorization=basic("wk_test"), content_encoding="gzip").status == 200
    assert names(server) == ["Order Completed"]


def test_only_a_pages_user_agent_is_its_visitors(serve: Serve) -> None:
    """A server's is that of its library, and says nothing of the user."""
    server = serve()
    post(server, ORDER, "/v1/track", authorization=basic("wk_test"), user_agent="analytics-python/2.4.0")
    post(server, ORDER, "/v1/t", authorization=basic("wk_test"), user_agent="Firefox/144", origin="https://a")
    assert [capture.user_agent for capture in server.captures()] == [None, "Firefox/144"]


def test_a_bad_message_costs_itself_alone(serve: Serve) -> None:
    """The answer says which, by their places, and why; nothing is sent again."""
    server = serve()
    messages = [{"type": "track", "event": "x"}, ORDER, ORDER, {"type": "nope", "userId": "bob"}, 5]
    answer = post(server, {"batch": messages, "writeKey": "wk_test"})
    assert answer.status == 200
    told = answer.json
    assert (told["success"], told["accepted"], told["duplicates"]) == (True, 1, 1)
    assert [(each["index"], each["reason"]) for each in told["rejected"]] == [
        (0, "bad_event"), (3, "unknown_type"), (4, "bad_event")
    ]  # fmt: skip


def test_an_empty_batch_is_not_kept(serve: Serve) -> None:
    """It is fine, and there is nothing to write."""
    server = serve()
    assert post(server, {"batch": [], "writeKey": "wk_test"}).json["success"] is True
    assert server.captures() == []


def test_metrics_count_them(serve: Serve) -> None:
    """Messages count as events, and the body once, whatever number of senders it has."""
    server = serve()
    body = {"batch": [ORDER, ORDER | {"userId": "bob", "messageId": 2}, {"type": "x"}], "writeKey": "wk_test"}
    post(server, body)
    post(server, body | {"writeKey": "wk_nobody"})
    text = server.request("GET", "/metrics").body.decode()
    assert 'backsight_events_total{outcome="accepted"} 2' in text
    assert 'backsight_events_total{outcome="rejected"} 1' in text
    assert f"backsight_capture_bytes_total {len(json.dumps(body))}" in text
    assert 'backsight_capture_requests_total{status="401"} 1' in text


# ── Turned away ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        ({}, {}),
        ({}, {"writeKey": "wk_nobody"}),
        ({}, {"writeKey": 5}),
        ({"authorization": basic("wk_nobody")}, {"writeKey": "wk_test"}),
        ({"authorization": "Basic ~~~"}, {"writeKey": "wk_test"}),
        ({"authorization": "Basic /w=="}, {"writeKey": "wk_test"}),
        ({"authorization": "Digest x"}, {"writeKey": "wk_test"}),
        ({"authorization": basic("")}, {}),
    ],
)
def test_no_key_no_entrance(serve: Serve, headers: dict[str, str], fields: dict[str, Any]) -> None:
    """401: a library drops the batch, and logs `code` and `message`; nothing is kept."""
    server = serve()
    answer = post(server, {"batch": [ORDER], **fields}, **headers)
    assert answer.status == 401
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json
    assert (told["success"], told["code"]) == (False, "invalid_write_key")
    assert told["message"] == told["error"] == told["detail"]
    assert server.captures() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"batch": 1}', b"\xff"])
def test_what_can_not_be_read_is_dropped(serve: Serve, body: bytes) -> None:
    """400: no library sends it again."""
    server = serve()
    answer = post(server, body, authorization=basic("wk_test"))
    assert (answer.status, answer.json["code"]) == (400, "invalid_request")


def test_a_body_that_is_too_large(serve: Serve) -> None:
    """413 with an answer to read."""
    answer = post(serve(), b" " * (MAX_BODY_BYTES + 1), authorization=basic("wk_test"))
    assert (answer.status, answer.json["code"]) == (413, "too_large")


def test_a_key_past_its_rate_comes_back(serve: Serve) -> None:
    """429 and Retry-After: a library waits for so long, and sends the same again."""
    server = serve(CollectorSettings(events_per_second=1, burst_seconds=1))
    body = {"batch": [ORDER | {"messageId": i} for i in range(10)], "writeKey": "wk_test"}
    assert post(server, body).status == 200
    answer = post(server, body)
    assert (answer.status, answer.json["code"]) == (429, "rate_limited")
    assert 1 <= int(answer.headers["retry-after"]) <= 10


def test_while_nothing_can_be_kept(serve: Serve) -> None:
    """503 and Retry-After, and a library sends the same again."""
    server = serve()
    intake = server.collector._intake
    journal = intake.journal
    intake.shut()
    body = {"batch": [ORDER], "writeKey": "wk_test"}
    answer = post(server, body)
    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0

    async def reopen() -> None:
        intake.open(journal)

    server.runner.run(reopen())
    assert post(server, body).status == 200


def test_other_methods(serve: Serve) -> None:
    """405 says which there are."""
    answer = serve().request("GET", "/v1/track")
    assert (answer.status, answer.headers["allow"]) == (405, "POST, OPTIONS")


# ── Browsers ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_page_may_ask_first(serve: Serve) -> None:
    """A preflight is answered for the headers that analytics.js sets, Authorization by its name."""
    answer = serve().request(
        "OPTIONS", "/v1/t", {"origin": "https://a", "access-control-request-method": "POST"}
    )
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "authorization" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers


def test_a_page_reads_the_answer_and_when_to_come_back(serve: Serve) -> None:
    """It would take an answer that it can't read for a failure, and send the same for ever."""
    server = serve(CollectorSettings(events_per_second=1, burst_seconds=1))
    body = ORDER | {"writeKey": "wk_test"}
    for status in (200, 200, 429):
        answer = post(server, body, "/v1/t", origin="https://a")
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-expose-headers"] == "retry-after"


def test_pages_of_other_origins(serve: Serve) -> None:
    """403 where the settings list others, or the key does; servers, which have none, are let in."""
    keys = {"wk_test": WriteKey("shop"), "wk_a": WriteKey("shop", frozenset({"https://a"}))}
    server = serve(CollectorSettings(origins=frozenset({"https://a", "https://b"})), keys=keys.get)
    tried = [("wk_test", "https://b"), ("wk_test", "https://c"), ("wk_a", "https://a"), ("wk_a", "https://b")]
    answers = [post(server, ORDER | {"writeKey": key}, "/v1/t", origin=origin) for key, origin in tried]
    assert [answer.status for answer in answers] == [200, 403, 200, 403]
    assert [answer.headers.get("access-control-allow-origin") for answer in answers[:2]] == [
        "https://b",
        None,
    ]
    assert post(server, ORDER | {"writeKey": "wk_a"}, "/v1/t").status == 200


@pytest.mark.parametrize(
    ("header", "expected"),
    [(b"", {}), (b"Basic", {"basic": ""}), (b"Basic Og==", {"basic": ""}), (b"bearer", {"bearer": ""})],
)
def test_headers_without_a_key(header: bytes, expected: dict[str, str]) -> None:
    """Of the right form, but empty."""
    assert credentials(header) == expected


@pytest.mark.parametrize(
    "header", [b"Basic \xff", b"Basic =", b"Basic " + b"A" * 9_997, b"Basic /w==", b"\x00", b"wk_test"]
)
def test_headers_of_no_form(header: bytes) -> None:
    """They are refused, and nothing worse comes of them."""
    with pytest.raises(Problem) as raised:
        credentials(header)
    assert raised.value.status == 401
