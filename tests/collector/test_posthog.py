"""PostHog's routes: in which forms events are taken in, what is answered, and what nobody is bothered with."""

# ruff: noqa: E501  (bodies stand in whole lines)

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backsight.contract import MAX_BODY_BYTES, WriteKey
from backsight_collector.dialects import read
from backsight_collector.dialects.posthog import decode
from backsight_collector.dialects.posthog_elements import parse_chain
from backsight_collector.http import posthog
from backsight_collector.http.posthog import PATHS, unpack
from backsight_collector.http.posthog_answers import CONFIG, LISTS
from backsight_collector.http.problems import Problem
from backsight_collector.http.settings import CollectorSettings
from backsight_collector.wire import MalformedBatch

Serve = Callable[..., Any]

SENT = 1_795_300_000_000
EVENT = {"uuid": "u1", "event": "Looked", "properties": {"distinct_id": "d1", "token": "wk_test"}}
BATCH = {"api_key": "wk_test", "sent_at": SENT, "batch": [EVENT]}


def post(server: Any, body: Any, path: str = "/e/", **headers: str) -> Any:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {name.replace("_", "-"): value for name, value in headers.items()}
    return server.request("POST", path, {"content-length": str(len(sent)), **lines}, [sent])


def names(server: Any) -> list[str | None]:
    """What the journalled requests say, as the committer reads it."""
    batches = [decoded for capture in server.captures() for decoded in read(capture)]
    return [event.name for decoded in batches for _, event in decoded.events]


@pytest.mark.parametrize(
    "pack",
    [gzip.compress, lambda sent: base64.b64encode(gzip.compress(sent))],
    ids=["gzip", "gzip in base64"],
)
def test_what_unpacks_to_much_is_read_beside_the_event_loop(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    """Nobody holds others up with a small body that is a large one when it is unpacked."""
    threads: list[bool] = []

    def told(body: bytes, received_at: int) -> Any:
        threads.append(threading.current_thread().name.startswith("reader"))
        return decode(body, received_at)

    monkeypatch.setattr(posthog, "decode", told)
    server = serve()
    for filling in ("", "a" * 100_000):
        body = pack(json.dumps({**BATCH, "filling": filling}).encode())
        assert len(body) < 5_000
        assert post(server, body).status == 200
    assert threads == [False, True]


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("path", PATHS)
def test_every_path(serve: Serve, path: str, slash: str) -> None:
    """All take events in, below the root and below the script's folder, and answer as the libraries expect."""
    server = serve(CollectorSettings(script_path="/static-files/b.js"))
    for base in ("/", "/static-files/"):
        answer = post(server, BATCH, f"{base}{path}{slash}")
        assert (answer.status, answer.json["status"]) == (200, 1)
        assert answer.headers["access-control-allow-origin"] == "*"
    assert [capture.site for capture in server.captures()] == ["shop", "shop"]
    assert names(server) == ["Looked", "Looked"]


_TEXT = json.dumps(BATCH).encode()
_BASE64 = base64.b64encode(_TEXT)
FORMS: dict[str, tuple[bytes, dict[str, str]]] = {
    "JSON": (_TEXT, {"content_type": "application/json"}),
    "gzip, and the address says so": (gzip.compress(_TEXT), {"content_type": "text/plain"}),
    "gzip, and a header says so": (gzip.compress(_TEXT), {"content_encoding": "gzip"}),
    "a form, base64": (
        b"data=" + quote(_BASE64, safe="").encode(),
        {"content_type": "application/x-www-form-urlencoded"},
    ),
    "a form, base64, unescaped": (b"data=" + _BASE64 + b"&compression=base64", {}),
    "a form, JSON": (b"data=" + quote(_TEXT, safe="").encode(), {}),
    "base64": (_BASE64, {"content_type": "text/plain"}),
    "base64 without its end": (_BASE64.rstrip(b"="), {}),
    "gzip in base64": (base64.b64encode(gzip.compress(_TEXT)), {}),
    "space around": (b"\n " + _TEXT + b"\n", {}),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form(serve: Serve, form: str) -> None:
    """However a body is packed, the journal holds its JSON."""
    server = serve()
    body, headers = FORMS[form]
    answer = post(server, body, "/e/?compression=gzip-js&ip=0&_=1&ver=1.449.2", **headers)
    assert answer.status == 200, answer.body
    (capture,) = server.captures()
    assert (json.loads(capture.body), capture.dialect) == (BATCH, "posthog")


@pytest.mark.parametrize("query", [f"_={SENT}", f"sent_at={SENT}&_=7", f"ip=1&_={SENT}"])
@pytest.mark.parametrize(
    "body", [[EVENT], EVENT, {"api_key": "wk_test", "batch": [EVENT]}], ids=["list", "event", "batch"]
)
def test_when_only_the_address_says_it(serve: Serve, body: Any, query: str) -> None:
    """Older libraries say in the address when they sent; the journal then says it too."""
    server = serve()
    assert post(server, body, f"/e/?{query}").status == 200
    (capture,) = server.captures()
    (decoded,) = read(capture)
    assert decoded.events[0][1].time == SENT


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"nonsense!", 400),
        (b"{", 400),
        (b"7", 400),
        (b"data=%7B", 400),
        (gzip.compress(b"{}", mtime=0)[:-4], 400),
        (b'{"batch":{}}', 400),
        (b"[]", 401),
        (b'{"event":"x","distinct_id":"a"}', 401),
        (b'{"api_key":"wk_other","event":"x","distinct_id":"a"}', 401),
        (b"x" * (MAX_BODY_BYTES + 1), 413),
        (gzip.compress(b" " * 6_000_000, mtime=0), 413),
    ],
)
def test_what_is_refused(serve: Serve, body: bytes, status: int) -> None:
    """With a problem that says why, which pages may read; nothing of it is journalled."""
    server = serve()
    answer = post(server, body, origin="https://shop.example")
    assert (answer.status, answer.json["status"]) == (status, status)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert server.captures() == []


def test_whoever_is_to_come_back_is_told_so_with_503(serve: Serve) -> None:
    """posthog-js lets go of what got a 429, and comes back after a 503."""
    server = serve(
        CollectorSettings(burst_seconds=1), keys={"wk_test": WriteKey("shop", events_per_second=1)}.get
    )
    many = BATCH | {"batch": [EVENT | {"uuid": f"u{n}"} for n in range(5)]}
    answers = [post(server, many) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 503]
    assert (answers[1].json["status"], int(answers[1].headers["retry-after"]) >= 1) == (503, True)


def test_origins_that_may_not_send(serve: Serve) -> None:
    """A key's origins and the settings' hold here, too; servers, which send none, may."""
    server = serve(keys={"wk_test": WriteKey("shop", frozenset({"https://shop.example"}))}.get)
    assert post(server, BATCH, origin="https://shop.example").status == 200
    assert post(server, BATCH, origin="https://other.example").status == 403
    assert post(server, BATCH).status == 200


def test_the_agent_of_a_page_is_the_visitors(serve: Serve) -> None:
    """Without one in the event, a page's request has the visitor's; a server's says nothing of anybody."""
    server = serve()
    post(server, BATCH, user_agent="Mozilla/5.0", origin="https://shop.example")
    post(server, BATCH, user_agent="posthog-python/7.91.1")
    assert [capture.user_agent for capture in server.captures()] == ["Mozilla/5.0", None]


def test_preflights(serve: Serve) -> None:
    """JSON from another origin may be sent."""
    asked = {"origin": "https://shop.example", "access-control-request-headers": "content-type"}
    answer = serve().request("OPTIONS", "/e/", asked)
    assert answer.status == 204
    assert "POST" in answer.headers["access-control-allow-methods"]


def test_what_the_libraries_ask_for_besides(serve: Serve) -> None:
    """Settings with autocapture on and all else off, no flags, no surveys, no scripts; recordings are let go of, and
    counted."""
    server = serve()
    assert server.request("GET", "/array/wk_test/config").json == CONFIG
    assert (CONFIG["autocapture_opt_out"], CONFIG["sessionRecording"]) == (False, False)
    script = server.request("GET", "/array/wk_test/config.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert b'window._POSTHOG_REMOTE_CONFIG["wk_test"] = { config: {' in script.body
    for path, content in LISTS.items():
        assert server.request("GET", f"/{path}/?token=wk_test").json == content
    for path in ("/flags/?v=2", "/flags", "/decide/?v=3"):
        flags = post(server, {"token": "wk_test"}, path).json
        assert (flags["featureFlags"], flags["flags"], flags["sessionRecording"]) == ({}, {}, False)
    assert server.request("GET", "/static/recorder.js").status == 404
    assert post(server, b"\x1f\x8bwhatever", "/s/?compression=gzip-js").json == {"status": 1}
    assert b"backsight_recordings_dropped_total 1" in server.request("GET", "/metrics").body
    assert server.captures() == []


@pytest.mark.parametrize("token", ['x"];alert(1);', "x'", "a" * 300, "x y"])
def test_a_token_can_write_no_script(serve: Serve, token: str) -> None:
    """What stands in the address is put into a script only where it can be a key."""
    answer = serve().request("GET", f"/array/{token}/config.js")
    assert (answer.status, b"alert" in answer.body) == (404, False)


# ── Hostile ─────────────────────────────────────────────────────────────────────────────────────────────────

_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
_NAMES = st.sampled_from(
    "$autocapture $pageview $pageleave $identify $set $create_alias $merge_dangerously $web_vitals $exception "
    "$copy_autocapture $rageclick $snapshot Bought".split()
)
_PROPS = st.dictionaries(
    st.sampled_from(
        "$elements $elements_chain $event_type $current_url $referrer $session_id $device_id distinct_id alias title "
        "$anon_distinct_id $raw_user_agent $viewport_width $viewport_height $browser_language $time $set $set_once "
        "$unset $exception_list $web_vitals_LCP_value $web_vitals_LCP_event $prev_pageview_duration $insert_id "
        "$prev_pageview_max_content_percentage $is_identified $process_person_profile $lib token $pageview_id".split()
    ),
    _ANYTHING,
    max_size=8,
)
_EVENTS = _ANYTHING | st.fixed_dictionaries(
    {"event": _NAMES | _ANYTHING, "properties": _PROPS | _ANYTHING},
    optional={
        "distinct_id": st.text(max_size=5) | _ANYTHING, "uuid": st.text(max_size=5) | _ANYTHING, "offset": _ANYTHING,
        "timestamp": _ANYTHING, "$set": _ANYTHING, "elements": _ANYTHING, "elements_chain": _ANYTHING,
    },
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries(
        {"batch": st.lists(_EVENTS, max_size=5)}, optional={"sent_at": _ANYTHING, "api_key": _ANYTHING}
    )
)
def test_nothing_that_is_sent_breaks_the_decoder(request: dict[str, Any]) -> None:
    """Every event of a readable request is kept or set aside with a reason, the same each time; never is anything raised
    but that there is no batch."""
    body = json.dumps(request).encode()
    try:
        found = decode(body, SENT * 1_000)
    except MalformedBatch:
        return
    assert found == decode(body, SENT * 1_000)
    told = {index for each in found for index, *_ in each.events} | {
        rejection.index for each in found for rejection in each.rejections
    }
    duplicates = sum(each.duplicates for each in found)
    assert told <= set(range(len(request["batch"])))
    assert len(told) + duplicates >= len(request["batch"])


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet='{}[]":,abc0\\', max_size=80).map(str.encode))
def test_no_bytes_break_the_door(body: bytes) -> None:
    """Bytes that are no request are refused as such."""
    with suppress(MalformedBatch, Problem):
        decode(unpack(body), SENT * 1_000)


_VALUES = st.text(alphabet='ab "\\;:=.\n', max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["div", "a", "my-el"]),
            st.dictionaries(st.sampled_from(["id", "data-x", "x-on:click", "title"]), _VALUES, max_size=3),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_a_chain_says_what_was_written_into_it(elements: list[tuple[str, dict[str, str]]]) -> None:
    """Whatever stands in attributes is read back, but for a backslash before a quote, which PostHog's own form writes
    like the quote alone."""
    chain = ";".join(
        f"{tag}:"
        + "".join(f'attr__{name}="{escaped(value)}"' for name, value in sorted(attrs.items()))
        + 'nth-child="1"'
        for tag, attrs in elements
    )
    found = [(raw.tag, raw.attrs) for raw in parse_chain(chain)]
    assert found == [
        (tag, {name: value.replace('\\"', '"') for name, value in attrs.items()}) for tag, attrs in elements
    ]


def escaped(value: str) -> str:
    """As posthog-js writes it: `replace(/"|\\\\"/g, '\\\\"')`."""
    return value.replace('\\"', '"').replace('"', '\\"')
