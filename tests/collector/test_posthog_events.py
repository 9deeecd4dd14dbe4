"""What PostHog's events mean in our wire: payloads as its libraries send them and its documentation shows them."""

# ruff: noqa: E501  (payloads stand in whole lines)

from __future__ import annotations

import json
from typing import Any

import pytest

from backsight.contract import EventType, Reason
from backsight_collector.dialects.posthog import NO_KEY, decode
from backsight_collector.wire import Decoded, Event

SENT = 1_795_300_000_000
RECEIVED = (SENT + 40) * 1_000
IN_BROWSER = {
    "token": "wk_test", "distinct_id": "d1", "$device_id": "d1", "$is_identified": False, "$lib": "web",
    "$session_id": "s1", "$window_id": "w1", "$pageview_id": "v1", "$raw_user_agent": "Mozilla/5.0", "$os": "Linux",
    "$current_url": "https://ada:secret@shop.example/p/12?utm_source=mail#top", "$host": "shop.example",
    "$referrer": "$direct", "$viewport_width": 1280, "$viewport_height": 720, "$browser_language": "de-AT",
    "$insert_id": "abc", "$time": (SENT - 2_500) / 1000, "$ip": "203.0.113.7", "utm_source": None, "theme": "dark",
    "$sdk_debug_retry_queue_size": 0, "$feature/new-nav": "b",
}  # fmt: skip
CHAIN = (
    'span.label:attr__class="label"nth-child="2"nth-of-type="1"text="Buy";'
    'button.btn.buy:attr__class="buy  btn"attr__data-note="say \\"hi\\"; C:\\"attr__id="buy"attr__style="x"attr__value="7"'
    'nth-child="3"nth-of-type="2"text="Buy now";'
    'body:attr__class="md:flex"nth-child="2"nth-of-type="1"'
)


def event(name: str = "Looked", **changes: Any) -> dict[str, Any]:
    """An event as posthog-js sends it, with properties of its own."""
    return {"uuid": "u1", "event": name, "properties": IN_BROWSER | changes, "offset": 2_500}


def request(*events: Any, **changes: Any) -> bytes:
    return json.dumps({"api_key": "wk_test", "sent_at": SENT, "batch": list(events), **changes}).encode()


def read(*events: Any, **changes: Any) -> list[Decoded]:
    return decode(request(*events, **changes), RECEIVED)


def one(sent: dict[str, Any], **changes: Any) -> tuple[Decoded, Event]:
    """What a single event means, where that is one event."""
    (decoded,) = read(sent, **changes)
    ((index, found),) = decoded.events
    assert (index, decoded.rejections) == (0, [])
    return decoded, found


def refusal(sent: Any) -> tuple[Reason, str]:
    (decoded,) = read(sent)
    ((index, reason, detail, _),) = decoded.rejections
    assert (index, decoded.events) == (0, [])
    return reason, detail


# ── Of any event ────────────────────────────────────────────────────────────────────────────────────────────


def test_what_every_event_says() -> None:
    """Who, when, where and which go to their places; of `$…` properties only some are kept, and no address of a
    machine; what is null says nothing."""
    decoded, found = one(event())
    batch = decoded.batch
    assert (batch.device, batch.user, batch.session, batch.sent_at) == ("d1", None, "s1", SENT)
    assert (batch.key, batch.user_agent, found.type, found.name) == (
        "wk_test",
        "Mozilla/5.0",
        EventType.TRACK,
        "Looked",
    )
    assert found.props == {"theme": "dark", "$lib": "web", "$feature/new-nav": "b"}
    (page,) = batch.pages
    assert (page.id, page.url) == ("u1", "https://shop.example/p/12?utm_source=mail#top")
    assert (page.referrer, page.viewport, page.language, page.title) == (None, (1280, 720), "de-AT", None)
    assert "203.0.113.7" not in repr(decoded)


@pytest.mark.parametrize(
    ("fields", "props", "time"),
    [
        ({"offset": 2_500}, {}, SENT - 2_500),
        ({"offset": 900}, {}, SENT - 2_500),  # sent again: the offset is the first attempt's
        ({"offset": 900}, {"$time": None}, SENT - 900),
        ({"offset": 900}, {"$event_time_override_provided": True}, SENT - 900),
        ({"offset": None, "timestamp": "2026-11-21T12:00:00.250Z"}, {}, 1_795_262_400_250),
        ({"offset": None, "timestamp": "2026-11-21T14:00:00+02:00"}, {}, 1_795_262_400_000),
        ({"offset": None, "timestamp": "2026-11-21T12:00:00"}, {}, 1_795_262_400_000),
        ({"offset": None, "timestamp": 1_795_262_400_000}, {}, 1_795_262_400_000),
        ({"offset": None}, {"$time": None}, SENT),
    ],
)
def test_when_it_happened(fields: dict[str, Any], props: dict[str, Any], time: float) -> None:
    """A timestamp counts as it is; an offset is before the sending, but the clock that was read is better."""
    _, found = one({**event(**props), **fields})
    assert found.time == pytest.approx(time)


@pytest.mark.parametrize(
    ("props", "changes", "sent_at"),
    [
        ({}, {}, SENT),
        ({"$ignore_sent_at": True}, {}, None),
        ({}, {"historical_migration": True}, None),
        ({}, {"sent_at": None}, None),
        ({"$lib": "posthog-python", "$raw_user_agent": None}, {}, SENT),
    ],
)
def test_whose_clock_counts(props: dict[str, Any], changes: dict[str, Any], sent_at: float | None) -> None:
    """Times are corrected by the clock that sent them, but where they are history."""
    (decoded,) = read(event(**props), **changes)
    assert decoded.batch.sent_at == sent_at


def test_a_servers_clock_is_right_within_a_minute() -> None:
    """What a network takes is no clock's error; a clock that is wrong by more is corrected."""
    props = {"distinct_id": "ada", "$lib": "posthog-python"}
    sent = {"event": "Paid", "uuid": "u1", "timestamp": "2026-11-21T12:00:00Z", "properties": props}
    (decoded,) = read(sent)
    assert (decoded.batch.sent_at, decoded.batch.user_agent) == (None, "")
    (decoded,) = read(sent, sent_at=SENT - 3_600_000)
    assert decoded.batch.sent_at == SENT - 3_600_000


def test_the_same_event_has_the_same_identity() -> None:
    """By its uuid; else by what its library made one; else by all that it says with its time. Without any time of its
    own it is another each time."""
    again = SENT * 1_000 + 9_000_000

    def identity(sent: dict[str, Any], received: int = RECEIVED) -> str:
        (decoded,) = decode(request(sent), received)
        return decoded.batch.pages[0].id

    assert identity(event()) == identity(event(x=1), again) == "u1"
    no_uuid = {**event(), "uuid": None}
    assert (
        identity(no_uuid)
        == identity({**no_uuid, "offset": 9}, again)
        != identity({**no_uuid, "event": "Other"})
    )
    bare = {"event": "Paid", "distinct_id": "ada", "timestamp": "2026-11-21T12:00:00Z"}
    assert identity(bare) == identity(bare, again) != identity(bare | {"timestamp": "2026-11-21T12:00:01Z"})
    timeless = {"event": "Paid", "distinct_id": "ada"}
    assert identity(timeless) != identity(timeless, again)


# ── Who ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("props", "who"),
    [
        ({"distinct_id": "d1", "$device_id": "d1"}, ("d1", None)),
        ({"distinct_id": "ada", "$device_id": "d1", "$is_identified": True}, ("d1", "ada")),
        ({"distinct_id": "d2", "$device_id": "d1", "$is_identified": False}, ("d2", None)),  # after reset()
        ({"distinct_id": "ada", "$device_id": "d1"}, ("d1", "ada")),  # a library that doesn't say
        ({"distinct_id": "ada"}, ("user:ada", "ada")),  # a server
        ({"distinct_id": 42}, ("user:42", "42")),
        ({"distinct_id": "r4nd0m", "$process_person_profile": False}, ("r4nd0m", None)),
        ({"distinct_id": "null", "$device_id": "d1", "$is_identified": True}, ("null", None)),
        ({"distinct_id": "$posthog_cookieless", "$pageview_id": "v1"}, ("page v1", None)),
        ({"distinct_id": "$posthog_cookieless"}, ("page u1", None)),
    ],
)  # fmt: skip
def test_whose_event_it_is(props: dict[str, Any], who: tuple[str, str | None]) -> None:
    """A browser's id is a device until somebody is identified; a server's is a user, unless it makes no person."""
    (decoded,) = read({"uuid": "u1", "event": "Looked", "properties": props})
    assert (decoded.batch.device, decoded.batch.user) == who


@pytest.mark.parametrize(
    ("name", "props", "device", "user"),
    [
        ("$identify", {"distinct_id": "ada", "$anon_distinct_id": "d1", "$device_id": "d0"}, "d1", "ada"),
        ("$identify", {"distinct_id": "ada", "$device_id": "d1"}, "d1", "ada"),
        ("$identify", {"distinct_id": "ada"}, "user:ada", "ada"),
        ("$create_alias", {"distinct_id": "d1", "alias": "ada"}, "d1", "ada"),
        ("$merge_dangerously", {"distinct_id": "ada", "alias": "d1"}, "d1", "ada"),
    ],
)
def test_who_is_who(name: str, props: dict[str, Any], device: str, user: str) -> None:
    """Identifying, aliasing and merging all say that a device and a user belong together."""
    decoded, found = one({"uuid": "u1", "event": name, "properties": props})
    assert (decoded.batch.device, found.type, found.user) == (device, EventType.IDENTIFY, user)


def test_what_is_said_of_a_person() -> None:
    """`$set` and `$set_once`, beside the event or in it, are traits, but not what PostHog's libraries add of
    themselves; an event that says something else besides is two."""
    set_, once = {"plan": "pro", "$browser": "Chrome"}, {"first": 1, "$initial_referrer": "x", "gclid": None}
    traits = {"plan": "pro", "$set_once": {"first": 1}}
    identify = {
        **event("$identify", distinct_id="ada", **{"$anon_distinct_id": "d1"}),
        "$set": set_,
        "$set_once": once,
    }
    assert one(identify)[1].traits == traits
    for name in ("$set", "$set_once"):
        _, found = one(event(name, **{"$set": set_, "$set_once": once}))
        assert (found.type, found.traits) == (EventType.TRAITS, traits)
    _, gone = one({**event("$set"), "$unset": ["plan"]})
    assert gone.traits == {"plan": None}
    (decoded,) = read({**event(), "$set": {"plan": "pro"}})
    assert [(index, each.type, each.seq, each.traits) for index, each in decoded.events] == [
        (0, EventType.TRACK, 0, None), (0, EventType.TRAITS, 1, {"plan": "pro"}),
    ]  # fmt: skip
    (decoded,) = read({"$set": {"plan": "pro"}, "$distinct_id": "ada", "$token": "wk_test"})
    assert decoded.events[0][1].traits == {"plan": "pro"}


# ── What ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("form", ["string", "list", "exported"])
def test_an_element(form: str) -> None:
    """A click's chain becomes nodes up to the document's root, with the attributes that we keep and the places that
    are known, whatever the form that the chain came in."""
    props: dict[str, Any] = {"$event_type": "click"}
    if form == "string":
        props["$elements_chain"] = CHAIN
    elif form == "list":
        props["$elements"] = LISTED
        props["$elements_chain"] = "nonsense"
    sent = event("$autocapture", **props)
    if form == "exported":
        sent["elements"] = EXPORTED
    decoded, found = one(sent)
    batch = decoded.batch
    assert (found.type, found.text, found.label) == (EventType.CLICK, "Buy now", "Buy now")
    assert (found.target_text, found.target_label, found.href) == ("Buy", None, None)
    assert found.props == {"theme": "dark", "$lib": "web", "$feature/new-nav": "b"}
    chain = []
    place = found.node
    while place is not None and place >= 0:
        node = batch.nodes[place]
        element = batch.elements[node.element]
        at = (node.child_index, node.child_last, node.type_index, node.type_last, node.flags)
        chain.append((element.tag, element.ns, element.attrs, at))
        place = node.parent
    assert chain == [
        ("span", "html", {"class": "label"}, (2, 0, 1, 0, 0)),
        (
            "button",
            "html",
            {"class": "buy  btn", "data-note": 'say "hi"; C:\\', "id": "buy"},
            (3, 0, 2, 0, 0),
        ),
        ("body", "html", {"class": "md:flex"}, (2, 0, 1, 0, 0)),
        ("html", "html", {}, (1, 1, 1, 1, 0)),
    ]


LISTED = [
    {"tag_name": "span", "classes": ["label"], "attr__class": "label", "nth_child": 2, "nth_of_type": 1, "$el_text": "Buy"},
    {"tag_name": "button", "attr__class": "buy  btn", "attr__data-note": 'say "hi"; C:\\', "attr__id": "buy",
     "attr__style": "x", "attr__value": "7", "nth_child": 3, "nth_of_type": 2, "$el_text": "Buy now"},
    {"tag_name": "body", "classes": ["md:flex"], "nth_child": 2, "nth_of_type": 1},
]  # fmt: skip
EXPORTED = [
    {"text": "Buy", "tag_name": "span", "attr_class": ["label"], "nth_child": 2, "nth_of_type": 1, "attributes": {}},
    {"text": "Buy now", "tag_name": "button", "attr_class": ["buy", "btn"], "attr_id": "buy", "nth_child": 3,
     "nth_of_type": 2, "attributes": {"attr__class": "buy  btn", "attr__data-note": 'say "hi"; C:\\', "attr__style": "x"}},
    {"text": None, "tag_name": "body", "attr_class": ["md:flex"], "nth_child": 2, "nth_of_type": 1, "attributes": None},
]  # fmt: skip


def test_a_link() -> None:
    """Its address is resolved against the page's; on an element inside of it, posthog-js writes it too, and there
    it is no attribute."""
    chain = 'b:attr__href="/x?y#z"nth-child="1"nth-of-type="1"text="Go";a:attr__href="/x?y#z"href="/x?y#z"nth-child="1"nth-of-type="1"'
    decoded, found = one(event("$autocapture", **{"$event_type": "click", "$elements_chain": chain}))
    assert found.href == "https://shop.example/x?y#z"
    assert [element.attrs for element in decoded.batch.elements] == [{"href": "/x?y#z"}, {}]
    assert [node.flags for node in decoded.batch.nodes] == [4, 0]  # the chain does not end at `body`


def test_what_svg_is() -> None:
    """Elements inside an `svg` are SVG, and spelled so, those inside a foreign object HTML again."""
    chain = ";".join(
        f'{tag}:nth-child="1"nth-of-type="1"' for tag in ("p", "foreignobject", "g", "svg", "body")
    )
    decoded, _ = one(event("$autocapture", **{"$event_type": "click", "$elements_chain": chain}))
    found = [(element.tag, element.ns) for element in decoded.batch.elements]
    assert found == [
        ("html", "html"),
        ("body", "html"),
        ("svg", "svg"),
        ("g", "svg"),
        ("foreignObject", "svg"),
        ("p", "html"),
    ]


def test_personal_data_is_masked() -> None:
    """As our own snippet masks it: in texts, names and addresses of links; an attribute that holds it is withheld."""
    chain = (
        'a:attr__aria-label="Mail ada@example.com"attr__class="ada@example.com"attr__data-to="ada@example.com"'
        'attr__href="mailto:ada@example.com"nth-child="1"nth-of-type="1"text="4111 1111 1111 1111"'
    )
    decoded, found = one(event("$autocapture", **{"$event_type": "click", "$elements_chain": chain}))
    assert (found.text, found.label, found.href) == ("[card]", "Mail [email]", "mailto:[email]")
    assert decoded.batch.elements[0].attrs == {
        "aria-label": None, "class": "ada@example.com", "data-to": None, "href": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "props", "said"),
    [
        ("$pageview", {"title": "Kettles"}, {"type": "pageview"}),
        ("$pageleave", {"$prev_pageview_duration": 8.2, "$prev_pageview_max_content_percentage": 0.64},
         {"type": "leave", "duration_ms": 8_200, "scroll_percent": 64}),
        ("$autocapture", {"$event_type": "change", "$elements_chain": CHAIN}, {"type": "change"}),
        ("$autocapture", {"$event_type": "submit", "$elements_chain": CHAIN}, {"type": "submit"}),
        ("$autocapture", {"$event_type": "swipe", "$elements_chain": CHAIN}, {"type": "track", "name": "$autocapture"}),
        ("$copy_autocapture", {"$selected_content": "secret", "$elements_chain": CHAIN}, {"type": "copy"}),
        ("$rageclick", {"$event_type": "click", "$elements_chain": CHAIN}, {"type": "track", "name": "$rageclick"}),
        ("$dead_click", {"$event_type": "click", "$elements_chain": CHAIN}, {"type": "track", "name": "$dead_click"}),
        ("$groupidentify", {"$group_type": "company", "$group_key": "acme"}, {"type": "track", "name": "$groupidentify"}),
        ("$feature_flag_called", {"$feature_flag": "f"}, {"type": "track", "name": "$feature_flag_called"}),
        ("$exception", {"$exception_list": [{"type": "TypeError", "value": "x of ada@example.com",
            "mechanism": {"handled": False, "type": "onunhandledrejection"},
            "stacktrace": {"frames": [{}, {"filename": "https://a.b/x.js", "lineno": 7, "colno": 12}]}}]}, {"type": "error"}),
        ("$exception", {"$exception_list": [{"type": "E", "mechanism": {"handled": True}}]},
         {"type": "track", "name": "$exception"}),
    ],
)  # fmt: skip
def test_kinds_of_events(name: str, props: dict[str, Any], said: dict[str, Any]) -> None:
    """Each of PostHog's own events becomes what it is here; what there is no word for is a tracked event."""
    decoded, found = one(event(name, **props))
    assert {field: getattr(found, field) for field in said} == said
    assert (found.node is not None) == ("$elements_chain" in props)
    assert "secret" not in repr(decoded)
    if name == "$pageview":
        assert (decoded.batch.pages[0].title, "title" in (found.props or {})) == ("Kettles", False)
    if found.type is EventType.ERROR:
        told = {key: value for key, value in (found.props or {}).items() if key in _ERROR}
        assert told == _ERROR


_ERROR = {
    "message": "TypeError: x of [email]", "source": "https://a.b/x.js", "line": 7, "column": 12, "kind": "rejection",
}  # fmt: skip


def test_measures_of_a_page() -> None:
    """One event of PostHog's holds several; each is one of ours."""
    (decoded,) = read(event("$web_vitals", **{
        "$web_vitals_LCP_value": 812.4, "$web_vitals_LCP_event": {"rating": "good"}, "$web_vitals_CLS_value": 0,
    }))  # fmt: skip
    found = [(each.seq, each.type, each.name, (each.props or {}).get("value"), (each.props or {}).get("rating"))
             for _, each in decoded.events]  # fmt: skip
    assert found == [(0, EventType.VITAL, "LCP", 812.4, "good"), (1, EventType.VITAL, "CLS", 0, None)]


@pytest.mark.parametrize(
    ("sent", "reason", "detail"),
    [
        (7, Reason.BAD_EVENT, "expected an object"),
        ({"event": "x"}, Reason.BAD_EVENT, "distinct_id: missing"),
        ({"distinct_id": "a"}, Reason.BAD_EVENT, "event: missing"),
        ({"event": "x", "distinct_id": "a" * 201}, Reason.BAD_EVENT, "an id of more than 200"),
        ({"event": "x" * 201, "distinct_id": "a"}, Reason.BAD_EVENT, "name: "),
        ({"event": "x", "distinct_id": "a", "timestamp": "yesterday"}, Reason.BAD_EVENT, "timestamp: 'yesterday'"),
        ({"event": "x", "distinct_id": "a", "token": "wk_other"}, Reason.BAD_EVENT, "token: "),
        ({"event": "$identify", "distinct_id": "undefined"}, Reason.BAD_EVENT, "'undefined' identifies nobody"),
        ({"event": "$create_alias", "distinct_id": "a"}, Reason.BAD_EVENT, "properties.alias: missing"),
        ({"event": "$snapshot", "distinct_id": "a"}, Reason.UNKNOWN_TYPE, "$snapshot: recordings"),
        (event("$autocapture", **{"$event_type": "click"}), Reason.BAD_EVENT, "node: missing"),
        (event(big="x" * 40_000), Reason.TOO_LARGE, ""),
        (event("$autocapture", **{"$event_type": "click", "$elements_chain": 'div:nth-child="1";' * 600}), Reason.BAD_NODE, ""),
    ],
)  # fmt: skip
def test_what_says_nothing_is_set_aside(sent: Any, reason: Reason, detail: str) -> None:
    """With a reason, and without the others in its batch."""
    found = refusal(sent)
    assert found[0] is reason
    assert found[1].startswith(detail)


def test_nesting_is_bounded() -> None:
    """An event that nests too deep is set aside before anything is made of it."""
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    assert refusal(event(deep=deep))[0] is Reason.TOO_DEEP


# ── Requests ────────────────────────────────────────────────────────────────────────────────────────────────


def test_forms_of_a_request() -> None:
    """A batch, a list and a single event say the same; each may name the key in one of several places."""
    named = event()
    bodies: list[Any] = [
        {"api_key": "wk_test", "batch": [named], "sent_at": SENT},
        {"token": "wk_test", "data": [named], "sent_at": "2026-11-21T22:26:40Z"},
        [named | {"sent_at": SENT}],
        named | {"sent_at": SENT},
    ]
    found = [decode(json.dumps(body).encode(), RECEIVED) for body in bodies]
    assert found[1:] == found[:-1]
    keyless = {"event": "x", "distinct_id": "a"}
    keys = [{"api_key": "k"}, {"token": "k"}, {"$token": "k"}, {"properties": {"token": "k"}}]
    assert {decode(json.dumps(keyless | key).encode(), RECEIVED)[0].batch.key for key in keys} == {"k"}
    assert decode(json.dumps(keyless).encode(), RECEIVED)[0].batch.key == NO_KEY


def test_senders_are_told_apart() -> None:
    """Each device, user and session is a batch of its own; places are those in the request."""
    events = [event(distinct_id=who, uuid=who, **{"$device_id": who}) | {"uuid": f"{who}{n}"}
              for n in range(2) for who in "ab"]  # fmt: skip
    found = read(*events, 5)
    assert [(each.batch.device, [index for index, _ in each.events]) for each in found] == [
        ("a", [0, 2]), ("b", [1, 3]), ("posthog", []),
    ]  # fmt: skip
    assert found[2].rejections[0].index == 4


def test_many_events_and_a_repeated_one() -> None:
    """A request of thousands is several batches of ours, none past its limits; what it repeats is counted."""
    events = [event(n=n) | {"uuid": f"u{n}"} for n in range(1_100)]
    found = read(*events, events[0], events[-1])
    # The first one's repetition is met when it is stored; the last one's stands in the same batch.
    assert sum(len(each.events) for each in found) == 1_101
    assert sum(each.duplicates for each in found) == 1
    assert all(not each.rejections and len(each.batch.pages) <= 200 for each in found)
    assert len({each.batch.batch for each in found}) == len(found)


def test_broken_characters_and_numbers() -> None:
    """Half of a character, as JavaScript leaves where it cuts a text, and Python's NaN cost nothing else."""
    body = request(event(note="a\ud83d", n=float("nan")))
    ((_, found),) = decode(body, RECEIVED)[0].events
    assert found.props is not None
    assert (found.props["note"], "n" in found.props) == ("a\ufffd", False)
