"""What Segment's messages become: the table of docs/how-to/server-side-events.md, row by row."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backsight_collector.dialects import read, segment
from backsight_collector.journal.records import Capture
from backsight_collector.wire import Batch, Decoded, Event, MalformedBatch, Page

NOW = 1_795_000_000_000_000
"""When the collector received it, in microseconds."""
NOW_MS = NOW / 1000
ORDER = {"type": "track", "userId": "ada", "event": "Order Completed", "messageId": "m-1"}


def iso(milliseconds: float) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()


def body(*messages: Any, **fields: Any) -> bytes:
    return json.dumps({"batch": messages, **fields}).encode()


def decode(*messages: Any, **fields: Any) -> list[Decoded]:
    return segment.decode(body(*messages, **fields), NOW)


def said(message: dict[str, Any], **fields: Any) -> tuple[Batch, Page, Event]:
    """What a sound message of its own becomes."""
    (decoded,) = decode(message, **fields)
    ((_, event),) = decoded.events
    assert not decoded.rejections
    return decoded.batch, decoded.batch.pages[event.page], event


def refused(*messages: Any, **fields: Any) -> list[tuple[int, str, str]]:
    """Index, reason and detail of the messages that can't be events."""
    found = [rejection for each in decode(*messages, **fields) for rejection in each.rejections]
    return [(index, reason.value, detail) for index, reason, detail, _ in sorted(found)]


# ── Who ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("ids", "device", "user"),
    [
        ({"userId": "ada"}, "user:ada", "ada"),
        ({"anonymousId": "b1d4"}, "b1d4", None),
        ({"userId": "ada", "anonymousId": "b1d4"}, "b1d4", "ada"),
        ({"userId": 12, "anonymousId": 7}, "7", "12"),
        ({"userId": "", "anonymousId": "b1d4"}, "b1d4", None),
        ({"userId": "ünï💥", "anonymousId": None}, "user:ünï💥", "ünï💥"),
    ],
)
def test_who_sent_it(ids: dict[str, Any], device: str, user: str | None) -> None:
    """The anonymous id is the device, as it is; a user without one has a device made of the user's id."""
    batch, _, _ = said({"type": "track", "event": "Seen", **ids})
    assert (batch.device, batch.user, batch.session) == (device, user, None)


def test_a_user_id_of_any_length_that_is_allowed_has_a_device() -> None:
    """Devices of long user ids are told apart by a digest; past 256 characters an id is refused."""
    first, second = "a" * 255 + "1", "a" * 255 + "2"
    one, other = (said(ORDER | {"userId": user})[0] for user in (first, second))
    assert (one.user, other.user) == (first, second)
    assert one.device != other.device
    ((_, reason, detail),) = refused({"type": "track", "event": "e", "userId": "a" * 257})
    assert (reason, detail) == ("bad_event", "userId: 257 characters; an id has up to 256")


# ── Identity ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_message_id_is_the_identity() -> None:
    """Whatever else changes, and in whichever batch it stands, a message is the same by its id."""
    _, first, event = said(ORDER, sentAt=iso(NOW_MS))
    _, again, _ = said(ORDER | {"properties": {"total": 3}}, sentAt=iso(NOW_MS + 9))
    _, other, _ = said(ORDER | {"messageId": "m-2"})
    assert first.id == again.id != other.id
    assert event.seq == 0


def test_an_id_of_any_length_or_kind_is_one() -> None:
    """Long ids are told apart by a digest, and numbers are ids."""
    ids = ["x" * 400, "x" * 399, 12, "13", "12 "]
    pages = [said(ORDER | {"messageId": each})[1].id for each in ids]
    assert len(set(pages)) == len(ids)


def test_without_an_id_what_it_says_is_its_identity_if_it_says_when() -> None:
    """The same message with the same time, sent again, is the same; of several alike, each is one."""
    timed = {"type": "track", "userId": "ada", "event": "Seen", "timestamp": iso(NOW_MS - 5_000)}
    sent, again = (segment.decode(body(timed, timed), NOW + late) for late in (0, 1_000_000))
    ids = [[page.id for page in each.batch.pages] for (each,) in (sent, again)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2


def test_without_an_id_and_a_time_every_request_counts() -> None:
    """Nobody can know whether two such messages are one: none is lost."""
    untimed = {"type": "track", "userId": "ada", "event": "Seen"}
    pages = {
        each.batch.pages[0].id
        for (each,) in (segment.decode(body(untimed), NOW + late) for late in (0, 1_000))
    }
    assert len(pages) == 2


def test_the_same_message_twice_in_a_request_is_one_duplicate() -> None:
    """The first is kept, also where the two name other users; all that were sent are accounted for."""
    decoded = decode(ORDER, ORDER | {"userId": "bob"}, ORDER | {"messageId": "m-2"})
    assert sum(len(each.events) for each in decoded) == 2
    assert sum(each.duplicates for each in decoded) == 1


# ── When ────────────────────────────────────────────────────────────────────────────────────────────────────

HOUR, DAY = 3_600_000, 86_400_000


@pytest.mark.parametrize(
    ("times", "time", "sent_at"),
    [
        pytest.param({}, 0, None, id="no time: when it arrived"),
        pytest.param({"timestamp": -5_000, "sentAt": -300}, -5_000, None, id="clocks agree: as it was sent"),
        pytest.param({"timestamp": -HOUR, "sentAt": -300}, -HOUR, None, id="so is what happened earlier"),
        pytest.param({"timestamp": -900 * DAY, "sentAt": -2 * DAY}, -900 * DAY, None, id="history"),
        pytest.param({"timestamp": -900 * DAY}, -900 * DAY, None, id="history without a clock"),
        pytest.param({"timestamp": -2 * DAY, "sentAt": -2 * DAY}, -2 * DAY, -2 * DAY, id="a clock is late"),
        pytest.param({"timestamp": HOUR - 5, "sentAt": HOUR}, HOUR - 5, HOUR, id="a clock is early"),
        pytest.param({"originalTimestamp": -9 * DAY, "sentAt": -HOUR}, -9 * DAY, -HOUR, id="by that clock"),
        pytest.param(
            {"timestamp": -7, "originalTimestamp": -9 * DAY, "sentAt": -9 * DAY}, -7, None, id="corrected"
        ),
        pytest.param({"timestamp": -5_000, "sentAt": "soon"}, -5_000, None, id="a clock that says nothing"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["batch", "message"])
def test_when(times: dict[str, Any], time: float, sent_at: float | None, place: str) -> None:
    """An explicit time is kept as it was sent; only what a clock said that is off by more than a minute is
    corrected by it."""
    given = {key: iso(NOW_MS + at) if at != "soon" else at for key, at in times.items()}
    sent = {"sentAt": given.pop("sentAt")} if "sentAt" in given else {}
    message = ORDER | given | (sent if place == "message" else {})
    batch, _, event = said(message, **(sent if place == "batch" else {}))
    assert event.time == NOW_MS + time
    assert batch.sent_at == (None if sent_at is None else NOW_MS + sent_at)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-01T12:00:00Z", datetime(2024, 5, 1, 12, tzinfo=UTC)),
        ("2024-05-01T14:00:00.5+02:00", datetime(2024, 5, 1, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2024-05-01T12:00:00.123456789Z", datetime(2024, 5, 1, 12, 0, 0, 123_456, tzinfo=UTC)),  # Go
        ("2024-05-01T12:00:00+0000", datetime(2024, 5, 1, 12, tzinfo=UTC)),
        ("2024-05-01T12:00:00", datetime(2024, 5, 1, 12, tzinfo=UTC)),
        ("2024-05-01", datetime(2024, 5, 1, tzinfo=UTC)),
        (1_714_564_800_000, datetime(2024, 5, 1, 12, tzinfo=UTC)),
        (1_714_564_800_000.5, datetime(2024, 5, 1, 12, 0, 0, 500, tzinfo=UTC)),
    ],
)
def test_forms_of_time(text: object, expected: datetime) -> None:
    """ISO 8601 to the microsecond, UTC where it names no zone; or milliseconds since 1970."""
    _, _, event = said(ORDER | {"timestamp": text})
    assert timedelta(milliseconds=event.time) == expected - datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "time",
    ["yesterday", "1/5/2024", 1_714_564_800, -1, 1e300, 10**200, "0001-01-01T00:00:00+14:00", "9999-12-31",
     True],
)  # fmt: skip
def test_no_time_is_guessed(time: object) -> None:
    """What is no such time, or none that can be stored, costs its message, which is told why."""
    ((index, reason, detail),) = refused(ORDER | {"timestamp": time})
    assert (index, reason) == (0, "bad_event")
    assert detail.startswith("timestamp: ")


# ── What ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_track() -> None:
    """The event's name and properties; `integrations` say nothing to us."""
    _, _, event = said(ORDER | {"properties": {"total": 12.5, "é": None}, "integrations": {"All": True}})
    assert (event.type, event.name, event.props) == ("track", "Order Completed", {"total": 12.5, "é": None})


def test_identify() -> None:
    """Device and user belong together, and what is said of the user."""
    batch, _, event = said(
        {"type": "identify", "userId": "ada", "anonymousId": "b1", "traits": {"plan": "pro"}}
    )
    assert (event.type, event.user, event.traits) == ("identify", "ada", {"plan": "pro"})
    assert (batch.device, batch.user) == ("b1", "ada")


def test_identify_of_nobody_tells_of_the_device() -> None:
    """Without a user, the traits are the device's."""
    batch, _, event = said({"type": "identify", "anonymousId": "b1", "traits": {"plan": "pro"}})
    assert (event.type, event.traits, batch.device, batch.user) == ("traits", {"plan": "pro"}, "b1", None)


def test_page() -> None:
    """A pageview: where it was is the page's, its name and category are properties."""
    properties = {
        "url": "https://shop.example/p?a=1",
        "title": "Kettle",
        "path": "/p",
        "referrer": "https://a/",
    }
    properties |= {"n": 1}
    _, page, event = said(
        {"type": "page", "userId": "ada", "name": "Kettle page", "category": "Docs", "properties": properties}
    )
    assert (page.url, page.title, page.referrer) == ("https://shop.example/p?a=1", "Kettle", "https://a/")
    assert (event.type, event.name) == ("pageview", None)
    assert event.props == {"n": 1, "name": "Kettle page", "category": "Docs"}


def test_screen() -> None:
    """A screen is no page: it is tracked, by a name of its own."""
    _, _, event = said({"type": "screen", "userId": "ada", "name": "Home", "properties": {"tab": 2}})
    assert (event.type, event.name, event.props) == ("track", "$screen", {"tab": 2, "name": "Home"})


def test_group() -> None:
    """There are no groups: that somebody joined one is tracked, with what was said of it."""
    _, _, event = said({"type": "group", "userId": "ada", "groupId": 42, "traits": {"name": "Initech"}})
    assert (event.type, event.name, event.props) == ("track", "$group", {"name": "Initech", "group_id": "42"})


def test_alias() -> None:
    """The former id is taken for a device's, and belongs to the user from then on."""
    batch, _, event = said({"type": "alias", "previousId": "b1d4", "userId": "ada"})
    assert (batch.device, batch.user, event.type, event.user) == ("b1d4", "ada", "identify", "ada")


def test_context() -> None:
    """What has a column goes there; of the rest, what says who somebody is or where is left out."""
    context = {
        "page": {"path": "/p/12", "search": "?a=1", "title": "Kettle", "referrer": "https://a.example/"},
        "userAgent": "Mozilla/5.0",
        "locale": "en-GB",
        "campaign": {"name": "spring & co", "source": "mail", "custom": "x"},
        "ip": "203.0.113.7",
        "location": {"latitude": 1.5},
        "traits": {"email": "ada@example.com"},
        "library": {"name": "analytics-python", "version": "2.4.0"},
        "device": {"id": "7", "advertisingId": "8", "token": "9", "name": "Ada's phone", "type": "ios"},
        "app": {"version": "1.2"},
        "tenant": "acme",
    }
    batch, page, event = said(ORDER | {"context": context, "properties": {"total": 3}})
    assert page.url == "/p/12?a=1&utm_campaign=spring+%26+co&utm_source=mail"
    assert (page.title, page.referrer, page.language) == ("Kettle", "https://a.example/", "en-GB")
    assert batch.user_agent == "Mozilla/5.0"
    kept = {
        "library": {"name": "analytics-python", "version": "2.4.0"},
        "device": {"type": "ios"},
        "app": {"version": "1.2"},
        "tenant": "acme",
    }
    assert event.props == {"total": 3, "context": kept}


def test_a_property_called_context_comes_first() -> None:
    """Properties are never overwritten by what a library adds."""
    _, _, event = said(ORDER | {"context": {"app": {}}, "properties": {"context": "mine"}})
    assert event.props == {"context": "mine"}


def test_the_batch_has_a_context_for_all() -> None:
    """Each message's own comes first, part by part."""
    _, page, event = said(
        ORDER | {"context": {"app": {"build": 2}}},
        context={"app": {"version": 1}, "page": {"url": "https://a/"}, "os": "Linux"},
    )
    assert page.url == "https://a/"
    assert event.props == {"context": {"app": {"build": 2}, "os": "Linux"}}


@pytest.mark.parametrize(
    ("campaign", "url", "expected"),
    [
        ({"source": "mail"}, "", "?utm_source=mail"),
        ({"source": "mail"}, "https://a/?b=1#c", "https://a/?b=1&utm_source=mail#c"),
        ({"source": "mail", "term": "x"}, "https://a/?utm_source=ad", "https://a/?utm_source=ad&utm_term=x"),
        ({"source": 5}, "https://a/", "https://a/"),
        ("mail", "https://a/", "https://a/"),
    ],
)
def test_a_campaign_stands_in_the_address(campaign: object, url: str, expected: str) -> None:
    """Where `utm_source` and its like are looked for; what the address says itself comes first."""
    _, page, _ = said(ORDER | {"context": {"campaign": campaign, "page": {"url": url}}})
    assert page.url == expected


@pytest.mark.parametrize(
    "context",
    [None, [], 5, "x",
     {"page": 5, "locale": {}, "userAgent": 7, "device": [], "campaign": None, "referrer": []},
     {"page": {"url": "x" * 9_000, "title": "t" * 9_000, "referrer": ["r"]}, "locale": "l" * 999}],
)  # fmt: skip
def test_no_context_costs_a_message(context: object) -> None:
    """What can't be stored of it is cut, or left out."""
    _, page, _ = said(ORDER | {"context": context})
    assert len(page.url) <= 2_048
    assert page.language is None


# ── What can't be kept ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("change", "reason", "detail"),
    [
        ({"event": None}, "bad_event", "event: missing; a track message needs it"),
        ({"event": ""}, "bad_event", "event: missing; a track message needs it"),
        ({"event": "x" * 201}, "bad_event", "event: expected `str` of length <= 200"),
        ({"userId": None}, "bad_event",
         "userId: missing, and so is anonymousId; a message needs one of them"),
        ({"userId": 1.5}, "bad_event", "userId: expected `int | str | null`, got `float`"),
        ({"type": None}, "unknown_type",
         "type: '' is unknown; valid: track, identify, page, screen, group, alias"),
        ({"type": "delete"}, "unknown_type",
         "type: 'delete' is unknown; valid: track, identify, page, screen, group, alias"),
        ({"type": "alias"}, "bad_event", "previousId: missing; an alias message needs it"),
        ({"type": "group"}, "bad_event", "groupId: missing; a group message needs it"),
        ({"properties": [1]}, "bad_event", "properties: expected an object, got an array"),
        ({"properties": "x"}, "bad_event", "properties: expected `object | array | null`, got `str`"),
        ({"properties": {"x" * 201: 1}}, "bad_event",
         "expected `str` of length <= 200 - at `key` in `$.properties`"),
        ({"properties": {"x": "y" * 33_000}}, "too_large", None),
        ({"properties": {"x": json.loads("[" * 40 + "]" * 40)}}, "too_deep",
         "properties, traits or context: nest more than 32 deep"),
    ],
)  # fmt: skip
def test_rejections(change: dict[str, Any], reason: str, detail: str | None) -> None:
    """Only the message itself is rejected, by its place as sent and in its own words; its JSON is kept."""
    decoded = decode(ORDER | {"messageId": 1}, ORDER | change, ORDER | {"messageId": 2})
    found = [each for batch in decoded for each in batch.rejections]
    assert [(each.index, each.reason) for each in found] == [(1, reason)]
    assert detail is None or found[0].detail == detail
    assert found[0].raw.startswith('{"type":')
    assert sorted(place for batch in decoded for place, _ in batch.events) == [0, 2]


def test_what_is_rejected_is_known_to_be_of_its_person() -> None:
    """The rejection stands with the batch of whoever sent it."""
    (decoded,) = decode(ORDER | {"event": None})
    assert (decoded.batch.device, decoded.batch.user, len(decoded.rejections)) == ("user:ada", "ada", 1)


def test_php_writes_empty_objects_as_arrays() -> None:
    """Which are as good as none."""
    _, _, event = said(ORDER | {"properties": [], "context": [], "traits": []})
    assert event.props is None


def test_python_writes_what_is_no_json() -> None:
    """NaN and the infinities become null, but not where they are text; the batch is not lost."""
    sent = body(ORDER | {"properties": {"a": float("nan"), "b": [float("-inf")], "c": 'NaN "\\" Infinity'}})
    assert b'"a": NaN' in sent
    ((_, event),) = segment.decode(sent, NOW)[0].events
    assert event.props == {"a": None, "b": [None], "c": 'NaN "\\" Infinity'}


def test_javascript_cuts_characters_in_two() -> None:
    """A lone half becomes U+FFFD; whole pairs, and what only looks like one, stay."""
    sent = body(ORDER | {"properties": {"a": "cut \ud83d", "b": "\ude00", "c": "💥", "d": r"\ud83d"}})
    ((_, event),) = segment.decode(sent, NOW)[0].events
    assert event.props == {"a": "cut \ufffd", "b": "\ufffd", "c": "💥", "d": r"\ud83d"}


@pytest.mark.parametrize(
    "sent",
    [b"", b"{", b"[]", b"5", b"{}", b'{"batch": 5}', b'{"batch": [1', b"\xff",
     b'{"batch": [{"event": "\xff"}]}',
     b'{"batch": [], "sentAt": {}}', b'{"batch": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
     b'{"batch": [' + b",".join([b"{}"] * 10_001) + b"]}", b'{"batch": ["' + b'\\"' * 100_000],
)  # fmt: skip
def test_what_is_no_batch(sent: bytes) -> None:
    """It is refused as a whole, and by nothing but MalformedBatch."""
    with pytest.raises(MalformedBatch):
        segment.decode(sent, NOW)


def test_a_single_message_has_the_type_of_its_path() -> None:
    """Which need not stand in it, and comes first where another does."""
    single = json.dumps({"userId": "ada", "event": "Seen", "type": "page"}).encode()
    (decoded,) = read(Capture(NOW, "shop", None, single, "segment/track"))
    assert [event.type for _, event in decoded.events] == ["track"]
    with pytest.raises(MalformedBatch):
        segment.decode(b"[]", NOW, "track")


def test_many_messages_of_many_senders() -> None:
    """More than one wire batch has pages for: all are kept, each with its place, its user and its own id."""
    messages = [ORDER | {"event": f"e{i}", "userId": f"u{i % 3}", "messageId": i} for i in range(2_500)]
    decoded = decode(*messages)
    kept = {place: (each.batch.user, event.name) for each in decoded for place, event in each.events}
    assert kept == {i: (f"u{i % 3}", f"e{i}") for i in range(2_500)}
    assert len({page.id for each in decoded for page in each.batch.pages}) == 2_500
    assert not any(each.rejections or each.duplicates for each in decoded)
