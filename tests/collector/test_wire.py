"""Reading batches: what is sound is kept, what is not is named, nothing but MalformedBatch is raised."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.contract import (
    MAX_BATCH_EVENTS,
    MAX_DEPTH,
    MAX_EVENT_BYTES,
    MAX_NESTING,
    MAX_UNSURE,
    EventType,
    Reason,
)
from backsight_collector.wire import Decoded, KnownElements, MalformedBatch, decode
from backsight_collector.wire import salvage as salvaging
from backsight_collector.wire.salvage import salvage

Make = Callable[..., dict[str, Any]]
WIRE_PAGE = Path(__file__).parents[2] / "docs" / "reference" / "wire.md"
FAST = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

DROP = object()


def packed(batch: Any) -> bytes:
    return json.dumps(batch).encode()


def changed(batch: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """The batch with the value at a dotted path replaced, or dropped."""
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    target: Any = batch
    for part in way:
        target = target[part]
    if value is DROP:
        del target[last]
    else:
        target[last] = value
    return batch


def only_rejection(decoded: Decoded) -> tuple[int, Reason, str]:
    ((index, reason, detail, _),) = decoded.rejections
    return index, reason, detail


# ── Sound batches ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_documented_batch_is_read_whole() -> None:
    """The example of docs/reference/wire.md is accepted event by event, with every field where it belongs."""
    found = re.search(r"```json\n(.*?)```", WIRE_PAGE.read_text(), re.DOTALL)
    assert found
    sent = json.loads(found[1])
    decoded = decode(found[1].encode())
    assert (decoded.rejections, decoded.duplicates, len(decoded.events)) == ([], 0, len(sent["events"]))
    for (index, event), expected in zip(decoded.events, sent["events"], strict=True):
        assert sent["events"][index] is expected
        assert {name: getattr(event, name) for name in expected} == expected
    assert [[node.parent, node.element, node.child_index] for node in decoded.batch.nodes] == [
        node[:3] for node in sent["nodes"]
    ]
    assert [element.attrs for element in decoded.batch.elements] == [
        element.get("attrs", {}) for element in sent["elements"]
    ]
    assert decoded.batch.dropped == {"queue": 3}


def test_unknown_fields_are_ignored(make_batch: Make) -> None:
    """A newer snippet's extra fields cost nothing, wherever they stand."""
    batch = make_batch(future={"a": [1]})
    for part in (batch["events"][0], batch["pages"][0], batch["elements"][0]):
        part["future"] = [None]
    batch["nodes"][0].append(7)
    assert len(decode(packed(batch)).events) == 3


@pytest.mark.parametrize(
    "value", [2**70, -(2**70), 1e308, "a\0b", "😀", "\\ud800", [[{}]], None, True, {"": 1}], ids=repr
)
def test_odd_values_in_props_are_kept(make_batch: Make, value: object) -> None:
    """Huge numbers, NUL, astral characters and a spelt-out escape are values like any other."""
    decoded = decode(packed(changed(make_batch(), "events.2.props", {"odd": value})))
    assert decoded.rejections == []
    assert decoded.events[2][1].props == {"odd": value}


def test_a_batch_read_entry_by_entry_is_the_same(make_batch: Make) -> None:
    """The slow way and the fast way agree on a sound batch."""
    body = packed(make_batch(dropped={"queue": 2}, user="ada"))
    assert salvage(body) == decode(body)


# ── Single events ───────────────────────────────────────────────────────────────────────────────────────────

FAULTS: list[tuple[str, object, int, Reason, str]] = [
    ("events.1.type", "teleport", 1, Reason.UNKNOWN_TYPE, "valid: click, change, submit"),
    ("events.1.type", 5, 1, Reason.BAD_EVENT, "type: expected `str`"),
    ("events.1.type", DROP, 1, Reason.BAD_EVENT, "type: missing"),
    ("events.1", 17, 1, Reason.BAD_EVENT, "expected `object`, got `int`"),
    ("events.1.seq", -1, 1, Reason.BAD_EVENT, "seq: expected `int` >= 0"),
    ("events.1.seq", 2**31, 1, Reason.BAD_EVENT, "seq: expected `int` <= 2147483647"),
    ("events.1.seq", 2**70, 1, Reason.BAD_EVENT, "seq: "),
    ("events.1.seq", DROP, 1, Reason.BAD_EVENT, "seq: missing"),
    ("events.1.time", -1, 1, Reason.BAD_EVENT, "time: expected `float` >= 0"),
    ("events.1.time", 7_258_118_400_000, 1, Reason.BAD_EVENT, "time: expected `float` < 7258118400000"),
    ("events.1.time", "now", 1, Reason.BAD_EVENT, "time: expected `float`, got `str`"),
    ("events.1.text", "x" * 256, 1, Reason.BAD_EVENT, "text: expected `str` of length <= 255"),
    ("events.1.href", "x" * 2049, 1, Reason.BAD_EVENT, "href: "),
    ("events.1.x", 2**40, 1, Reason.BAD_EVENT, "x: "),
    ("events.1.dom_ms", -1, 1, Reason.BAD_EVENT, "dom_ms: expected `int` >= 0"),
    ("events.1.watched_ms", 2**31, 1, Reason.BAD_EVENT, "watched_ms: expected `int` <= 2147483647"),
    ("events.1.focus_ms", 1.5, 1, Reason.BAD_EVENT, "focus_ms: expected `int | null`, got `float`"),
    ("events.1.label", "\ud800", 1, Reason.BAD_EVENT, "a lone surrogate is not text"),
    ("events.2.name", DROP, 2, Reason.BAD_EVENT, "name: missing; a track event needs it"),
    ("events.2.name", "", 2, Reason.BAD_EVENT, "name: expected `str` of length >= 1"),
    ("events.2.name", "x" * 201, 2, Reason.BAD_EVENT, "name: "),
    ("events.2.props", [1], 2, Reason.BAD_EVENT, "props: expected `object | null`"),
    ("events.2.props", {"x" * 201: 1}, 2, Reason.BAD_EVENT, "props"),
    ("events.2.props", {"a": "\udfff"}, 2, Reason.BAD_EVENT, "a lone surrogate is not text"),
    ("events.2.props", {"a": "x" * MAX_EVENT_BYTES}, 2, Reason.TOO_LARGE, "an event has up to 32768"),
    ("events.1.node", DROP, 1, Reason.BAD_EVENT, "node: missing; a click event needs it"),
    ("events.1.node", 3, 1, Reason.BAD_NODE, "there is no node 3, the batch has 3"),
    ("events.1.page", 1, 1, Reason.BAD_PAGE, "there is no page 1, the batch has 1"),
    ("nodes.2.0", 2, 1, Reason.BAD_NODE, "node 2: node 2 does not come before it"),
    ("nodes.1.0", 5, 1, Reason.BAD_NODE, "node 2: node 1: there is no node 5"),
    ("nodes.0.2", -1, 1, Reason.BAD_NODE, "expected `int` >= 0"),
    ("nodes.0", "html", 1, Reason.BAD_NODE, "expected `array`"),
    ("nodes.2.1", 3, 1, Reason.BAD_NODE, "there is no element 3"),
    ("elements.1.tag", DROP, 1, Reason.BAD_NODE, "element 1: tag: missing"),
    ("elements.2.attrs", {"id": "\ud800"}, 1, Reason.BAD_NODE, "element 2: a lone surrogate"),
    ("elements.0.ns", "xul", 1, Reason.BAD_NODE, "element 0: ns: invalid enum value 'xul'"),
]


@pytest.mark.parametrize(
    ("path", "value", "index", "reason", "detail"),
    FAULTS,
    ids=[f"{path}={value!r:.20}" for path, value, *_ in FAULTS],
)
def test_one_bad_event_costs_only_itself(
    make_batch: Make, path: str, value: object, index: int, reason: Reason, detail: str
) -> None:
    """The event is rejected with its reason, the field named, and its JSON kept; the others are accepted."""
    batch = changed(make_batch(), path, value)
    decoded = decode(packed(batch))
    assert only_rejection(decoded)[:2] == (index, reason)
    assert detail in only_rejection(decoded)[2]
    assert [place for place, _ in decoded.events] == [place for place in range(3) if place != index]
    raw = decoded.rejections[0].raw
    assert raw == json.dumps(batch["events"][index])[:MAX_EVENT_BYTES]


@pytest.mark.parametrize("type_", list(EventType))
def test_each_type_needs_what_makes_it_one(make_batch: Make, type_: EventType) -> None:
    """Events of every type are accepted with the field that they need, and if they need one not without."""
    needs = {
        "click": {"node": 2}, "change": {"node": 2}, "submit": {"node": 0}, "track": {"name": "n"},
        "identify": {"user": "u"}, "traits": {"traits": {}}, "copy": {"node": 1}, "focus": {"node": 2},
        "expose": {"node": 2}, "vital": {"name": "LCP"}, "error": {"props": {"message": "no"}},
    }.get(type_, {})  # fmt: skip
    event = {"type": type_, "page": 0, "seq": 9, "time": 1.5}
    decoded = decode(packed(make_batch(events=[event | needs, event | {"seq": 10}])))
    assert [index for index, _ in decoded.events] == ([0] if needs else [0, 1])


def test_a_bad_page_costs_the_events_on_it(make_batch: Make) -> None:
    """Events on the sound pages are accepted, and their page is still the one they were sent with."""
    batch = make_batch()
    good = batch["pages"][0]
    batch["pages"] = [{"id": "no url"}, good | {"url": "x" * 2049}, good]
    for place, event in enumerate(batch["events"]):
        event["page"] = place
    decoded = decode(packed(batch))
    assert [rejection.reason for rejection in decoded.rejections] == [Reason.BAD_PAGE] * 2
    assert "url: missing" in decoded.rejections[0].detail
    assert "page 1: url: expected `str` of length <= 2048" in decoded.rejections[1].detail
    ((_, event),) = decoded.events
    assert decoded.batch.pages[event.page].id == "page-1"


def test_tables_hold_only_what_is_sound(make_batch: Make) -> None:
    """An unsound node takes its descendants along; the others keep their parents, elements and events."""
    batch = make_batch()
    batch["elements"].insert(1, {"tag": 1})
    batch["nodes"] = [
        [-1, 0, 1, 1, 1, 1, 0],
        [0, 1, 1, 1, 1, 1, 0],  # its element is unsound
        [1, 0, 1, 1, 1, 1, 0],  # its parent is
        [0, 2, 2, 1, 1, 1, 0],
        [3, 3, 1, 1, 1, 1, 0],
    ]
    batch["events"][1]["node"] = 4
    decoded = decode(packed(batch))
    assert decoded.rejections == []
    assert [(node.parent, node.element) for node in decoded.batch.nodes] == [(-1, 0), (0, 1), (1, 2)]
    assert [element.tag for element in decoded.batch.elements] == ["html", "body", "button"]
    assert decoded.events[1][1].node == 2


def test_contexts_end_where_a_parser_stops(make_batch: Make) -> None:
    """A chain of MAX_DEPTH elements is kept, an event below it is not."""
    chain = [[place - 1, 0, 1, 1, 1, 1, 0] for place in range(MAX_DEPTH + 1)]
    event = {"type": "click", "page": 0, "time": 0}
    events = [event | {"seq": 0, "node": MAX_DEPTH - 1}, event | {"seq": 1, "node": MAX_DEPTH}]
    decoded = decode(packed(make_batch(nodes=chain, events=events)))
    assert only_rejection(decoded) == (
        1, Reason.BAD_NODE, f"node {MAX_DEPTH}: it lies more than {MAX_DEPTH} elements deep"
    )  # fmt: skip


def test_a_repeated_identity_is_a_duplicate(make_batch: Make) -> None:
    """Page id and sequence number make an event; the first is kept, also if two page entries share the id."""
    batch = make_batch()
    batch["pages"].append(batch["pages"][0] | {"title": "Kettle (1)"})
    batch["events"].append(batch["events"][1] | {"page": 1, "text": "again"})
    decoded = decode(packed(batch))
    assert (len(decoded.events), decoded.duplicates, decoded.rejections) == (3, 1, [])
    assert decoded.events[1][1].text == "Add to basket"


@pytest.mark.parametrize("field", ["props", "traits"])
def test_nesting_is_bounded(make_batch: Make, field: str) -> None:
    """Values nest up to MAX_NESTING, themselves counted; deeper ones are rejected as too deep."""

    def nested(levels: int) -> dict[str, Any]:
        value: Any = []
        for level in range(levels - 2):
            value = [value] if level % 2 else {"a": value}
        return {"a": value}

    batch = make_batch()
    batch["events"][0][field] = nested(MAX_NESTING)
    batch["events"][2][field] = nested(MAX_NESTING + 1)
    assert only_rejection(decode(packed(batch)))[:2] == (2, Reason.TOO_DEEP)


def test_events_past_the_limit_are_too_many(make_batch: Make) -> None:
    """The first MAX_BATCH_EVENTS are kept, each further one is rejected; ten times as many are no batch."""
    event = {"type": "pageview", "page": 0, "time": 0}
    events = [event | {"seq": seq} for seq in range(MAX_BATCH_EVENTS + 2)]
    decoded = decode(packed(make_batch(events=events)))
    assert len(decoded.events) == MAX_BATCH_EVENTS
    assert [rejection.reason for rejection in decoded.rejections] == [Reason.TOO_MANY] * 2
    with pytest.raises(MalformedBatch, match="events: 10001 events; a batch holds up to 1000"):
        decode(packed(make_batch(events=[0] * 10_001)))


def test_the_key_is_shown_before_anything_is_put_into_words(make_batch: Make) -> None:
    """Who is asked about the key of a broken batch may end its reading; a sound one needs no asking."""

    def refuse(key: str) -> None:
        raise LookupError(key)

    with pytest.raises(LookupError, match="wk_test"):
        decode(packed(make_batch(events=[0] * 10_001)), refuse)
    assert decode(packed(make_batch()), refuse).rejections == []


@pytest.mark.parametrize("table", ["pages", "elements", "nodes"])
def test_what_nobody_needs_is_not_put_into_words(
    make_batch: Make, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table full of rubbish costs no words, except for what an event asks of it."""
    explained: list[object] = []
    explain = salvaging.explain

    def counted(error: msgspec.DecodeError) -> str:
        explained.append(error)
        return explain(error)

    monkeypatch.setattr(salvaging, "explain", counted)
    batch = make_batch()
    batch[table] += [0] * 150
    batch["events"].append({"type": "click", "page": 0, "seq": 999, "time": 0, "node": 0})
    asks = {"pages": {"page": len(batch["pages"]) - 1}, "nodes": {"node": len(batch["nodes"]) - 1}}
    batch["events"][-1] |= asks.get(table, {})
    rejections = decode(packed(batch)).rejections
    assert len(explained) == len(rejections) == (table in asks)


# ── What is no batch ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "expected `object`, got `array`"),
        (b"null", "expected `object`"),
        (b"{} {}", "not JSON"),
        (b'{"v": NaN}', "not JSON"),
        (b'{"v": Infinity}', "not JSON"),
        (b'{"\xff": 1}', "not UTF-8: invalid start byte at byte 2"),
        (b"\xed\xa0\x80", "not UTF-8"),
        (b"[" * 100_000, "expected `object`, got `array`"),
        (b'{"events":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nests too deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nests too deep"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_what_is_not_json_is_malformed(body: bytes, detail: str) -> None:
    """Bytes that are no JSON object are refused as a whole, with what is wrong."""
    with pytest.raises(MalformedBatch, match=re.escape(detail)):
        decode(body)


@pytest.mark.parametrize(
    ("field", "value", "detail"),
    [
        ("v", 2, "v: invalid enum value 2"),
        ("v", "1", "v: expected `int`"),
        ("v", DROP, "v: missing"),
        ("key", DROP, "key: missing"),
        ("key", "k\ud800", "key: a lone surrogate is not text"),
        ("batch", 7, "batch: expected `str`, got `int`"),
        ("device", "", "device: expected `str` of length >= 1"),
        ("session", "x" * 257, "session: expected `str` of length <= 256"),
        ("user", {}, "user: expected `str | null`"),
        ("sent_at", 1e13, "sent_at: expected `float` < 7258118400000"),
        ("dropped", {"queue": -1}, "dropped"),
        ("dropped", {"\ud800": 1}, "dropped: a lone surrogate"),
        ("dropped", {str(cause): 1 for cause in range(17)}, "dropped: expected `object` of length <= 16"),
        ("unsure", ["b"] * (MAX_UNSURE + 1), f"unsure: expected `array` of length <= {MAX_UNSURE}"),
        ("unsure", ["x" * 257], "unsure[0]: expected `str` of length <= 256"),
        ("unsure", ["\ud800"], "unsure: a lone surrogate"),
        ("unsure", "b", "unsure: expected `array`"),
        ("pages", DROP, "pages: missing"),
        ("pages", {}, "pages: expected `array`"),
        ("events", None, "events: expected `array`, got `null`"),
        ("nodes", "x", "nodes: expected `array`"),
    ],
)
def test_a_bad_envelope_is_malformed(make_batch: Make, field: str, value: object, detail: str) -> None:
    """The field at fault is named, with its value as it was sent."""
    batch = changed(make_batch(), field, value)
    with pytest.raises(MalformedBatch) as caught:
        decode(packed(batch))
    assert detail in caught.value.detail
    assert re.split(r"[.\[]", caught.value.field)[0] == field
    assert caught.value.value == (None if value is DROP else json.dumps(value)[:80])


# ── Whatever comes ──────────────────────────────────────────────────────────────────────────────────────────

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(), max_size=8) | st.sampled_from(["\ud800", "\udc00x", "\\ud800", 2**70, -1])
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
places = st.sampled_from(
    "v key batch device dropped pages pages.0 pages.0.id elements elements.0 elements.2.attrs nodes nodes.0 "
    "nodes.1 nodes.1.0 nodes.2.1 events events.0 events.0.seq events.1.seq events.1.node events.1.page "
    "events.1.type events.1.text events.2.props events.2.time future".split()
)


def accounts_for(body: bytes, sent: int) -> None:
    decoded = decode(body)
    assert len(decoded.events) + len(decoded.rejections) + decoded.duplicates == sent
    assert decoded == decode(body)
    assert decoded[:3] == salvage(body)[:3]
    for place, node in enumerate(decoded.batch.nodes):
        assert node.parent < place
        assert node.element < len(decoded.batch.elements)
    for _, event in decoded.events:
        assert event.page < len(decoded.batch.pages)
        assert event.node is None or event.node < len(decoded.batch.nodes)


@FAST
@given(changes=st.lists(st.tuples(places, values), max_size=4))
def test_every_event_is_accounted_for(make_batch: Make, changes: list[tuple[str, Any]]) -> None:
    """Whatever is put into a batch: accepted, rejected and duplicates add up, or it is malformed."""
    batch = json.loads(json.dumps(make_batch()))
    for path, value in changes:
        try:
            changed(batch, path, value)
        except (TypeError, KeyError, IndexError):  # an earlier change took the place away
            continue
    with suppress(MalformedBatch):
        accounts_for(packed(batch), len(batch["events"]) if isinstance(batch["events"], list) else -1)


@FAST
@given(
    body=st.binary(max_size=200) | st.builds(packed, values),
    at=st.integers(0, 2_000),
    junk=st.binary(max_size=3),
)
def test_random_bytes_are_malformed_or_read(make_batch: Make, body: bytes, at: int, junk: bytes) -> None:
    """Neither noise, nor random JSON, nor a batch with junk in it raises anything but MalformedBatch."""
    sound = packed(make_batch())
    for attempt in (body, sound[:at] + junk + sound[at:], sound[:at]):
        with suppress(MalformedBatch):
            decode(attempt)


def outcome(body: bytes, known: KnownElements | None = None) -> object:
    """What reading comes to, in plain values."""
    try:
        decoded = decode(body, known=known)
    except MalformedBatch as malformed:
        return (malformed.detail, malformed.field, malformed.value)
    return (
        msgspec.to_builtins(decoded.batch), msgspec.to_builtins(decoded.events), decoded.rejections,
        decoded.duplicates,
    )  # fmt: skip


@FAST
@given(
    changes=st.lists(st.tuples(places, values), max_size=4),
    at=st.integers(0, 2_000),
    most=st.sampled_from([1, 10**6]),
)
def test_known_elements_change_nothing(
    make_batch: Make, changes: list[tuple[str, Any]], at: int, most: int
) -> None:
    """What a door has said yes to is what is folded: batches are read alike with elements that are known by
    their bytes, at first and again, whole and torn, and when the room for them is used up."""
    batch = json.loads(json.dumps(make_batch()))
    for path, value in changes:
        with suppress(TypeError, KeyError, IndexError):
            changed(batch, path, value)
    known = KnownElements(most)
    for body in (
        packed(make_batch()),
        packed(batch),
        packed(batch)[:at],
        packed(batch),
        packed(make_batch()),
    ):
        assert outcome(body, known) == outcome(body)


def test_the_same_bytes_are_the_same_element(make_batch: Make) -> None:
    """So that whoever keeps something by element needs not look into it."""
    known, body = KnownElements(), packed(make_batch())
    first, second = (decode(body, known=known).batch.elements for _ in range(2))
    assert first
    assert all(one is other for one, other in zip(first, second, strict=True))


@pytest.mark.parametrize("levels", [100, 800, 900, 950, 990, 1_100])
def test_the_outcome_does_not_depend_on_the_callers_stack(make_batch: Make, levels: int) -> None:
    """Nesting at the edge of what can be read is judged alike by the route and, higher up, the committer."""
    body = packed(make_batch()).replace(b'{"sku": 12}', b'{"sku":' + b"[" * levels + b"]" * levels + b"}")

    def outcome(depth: int) -> object:
        if depth:
            return outcome(depth - 1)
        try:
            return decode(body)[1:]
        except MalformedBatch as malformed:
            return malformed.detail

    assert outcome(0) == outcome(60) == outcome(300)


def test_a_rejected_event_is_shown_as_sent(make_batch: Make) -> None:
    """Its escapes are given back as they were, and what only looks like a mark stays."""
    batch = changed(make_batch(), "events.1.text", "<lone 0>\ud83d <lone 1> \\ud800")
    decoded = decode(packed(batch))
    assert decoded.rejections[0].raw == json.dumps(batch["events"][1])


def test_a_body_full_of_marks_is_read_in_a_moment(make_batch: Make) -> None:
    """However many marks a hostile body holds: looking for a free one would take minutes."""
    batch = make_batch(spare="".join(f"<lone {number}>" for number in range(80_000)))
    batch["events"][1]["text"] = "\ud800"
    started = time.process_time()
    assert len(decode(json.dumps(batch).encode()).rejections) == 1
    assert time.process_time() - started < 2
