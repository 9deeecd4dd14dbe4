"""What the web may send: values, messages and bytes that were meant to break something."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any, Final

from hypothesis import strategies as st

NOW: Final = 1_795_000_000_000_000
"""When the collector received it, in microseconds."""

TEXTS: Final = [
    "", " ", "\0", "\x1f\x7f\x80", "\ud800", "a\udfff", "\ude00\ud83d", "💥", "é", "e\u0301", "\u202e",
    "\ufeff", "\uffff", "'", '"', "\\", "\\ud800", "NaN", "null", "<script>", "$.a[0]", "%00", "../..",
    "x" * 255, "x" * 256, "x" * 257, "ü" * 3_000,
]  # fmt: skip
NUMBERS: Final = [
    0, -0.0, 1, -1, 2**31, 2**31 - 1, -(2**31) - 1, 2**53 + 1, 2**63, -(2**63) - 1, 2**64, 2**70, 10**400,
    0.1, 1e-400, 5e-324, 1e308, -1e308, float("nan"), float("inf"), float("-inf"),
]  # fmt: skip
PUT: Final = [
    b"", b'"', b"\\", b"\\u", b"\\ud800", b"{", b"]", b",", b"\0", b"\xff", b"\xef\xbb\xbf", b"NaN", b"1e999"
]  # fmt: skip
"""What is put into sound bytes."""
TIMES: Final = [
    None, "", "2024-05-01T12:00:00Z", "2026-11-18T10:00:00.123456789+05:30", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999-14:00", "2016-12-31T23:59:60Z", "1969-12-31T23:59:59Z", "2200-01-01", "soon",
    "2026-W47-6", 0, -1, 1e300, 10**30, NOW / 1_000, NOW // 1_000 - 5, NOW // 1_000 + 10**9,
    4_102_444_800_000, True, [], {},
]  # fmt: skip


def _nesting(leaves: st.SearchStrategy[Any], keys: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=8,
    )


texts = st.sampled_from(TEXTS) | st.text(max_size=20)
scalars = st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.integers() | st.floats() | texts
values: st.SearchStrategy[Any] = _nesting(scalars, texts)
_ODD: Final = [text for text in TEXTS if len(text) < 200 and text == text.encode(errors="replace").decode()]
odd_texts = st.sampled_from(_ODD)
odd_names = st.sampled_from([text for text in _ODD if text])
odd_values = _nesting(
    st.none() | st.sampled_from([number for number in NUMBERS if number != 10**400]) | odd_texts, odd_texts
)
objects = st.dictionaries(odd_texts, odd_values, max_size=5)
"""What may well be stored, and then read by every engine."""
times = st.sampled_from(TIMES)


@st.composite
def either(draw: st.DrawFn, sound: st.SearchStrategy[Any]) -> Any:
    """Mostly that, and once in a while anything at all."""
    return draw(values if draw(st.integers(0, 24)) == 13 else sound)


def to_json(value: object) -> bytes:
    """As Python's `json` writes it: with NaN, and with lone surrogates as escapes."""
    return json.dumps(value).encode()


def finite(value: Any) -> Any:
    """The value with null in place of what no JSON can say."""
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def nested(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    """JSON that nests so deep."""
    return opening * depth + closing * depth


# ── Our own wire ────────────────────────────────────────────────────────────────────────────────────────────

_places = st.sampled_from([0, 0, 0, 0, 0, 0, 0, 0, 1, 4])
_ordinals = st.sampled_from([1, 1, 1, 2, 0])
_lengths = either(st.integers(0, 9))
_urls = either(st.sampled_from(["https://a/b?c#d", "//[", "", "http://ä:b@c\0/?utm_source=%ff", "x" * 2_048]))
pages = st.fixed_dictionaries(
    {"id": either(st.sampled_from(["p1", "p2", "p1"])), "url": _urls},
    optional={
        "title": either(odd_texts), "referrer": _urls, "language": either(odd_texts),
        "viewport": either(st.tuples(_lengths, _lengths)),
    },
)  # fmt: skip
elements = st.fixed_dictionaries(
    {"tag": either(st.sampled_from(["html", "a", "İ"]))},
    optional={
        "ns": either(st.just("svg")),
        "attrs": either(st.dictionaries(odd_texts, odd_texts | st.none(), max_size=3)),
    },
)
nodes = st.tuples(
    st.sampled_from([-1, -1, 0, 1]), _places, _ordinals, _ordinals, _ordinals, _ordinals, _ordinals
)
events = st.fixed_dictionaries(
    {
        "type": either(st.sampled_from("click track identify traits pageview leave error".split())),
        "page": either(_places),
        "seq": either(st.integers(0, 5)),
        "time": either(st.sampled_from([0, 1_794_999_999_000, 7_258_118_399_999, 1_794_999_999_000.5])),
        "node": either(_places),
        "name": either(odd_names),
        "user": either(odd_names),
        "props": either(objects),
        "traits": either(objects),
    },
    optional={
        "text": either(odd_texts), "href": either(odd_texts), "x": _lengths, "duration_ms": _lengths,
        "scroll_percent": _lengths, "watched_ms": _lengths,
    },
)  # fmt: skip
batches = st.fixed_dictionaries(
    {
        "v": st.just(1),
        "key": st.just("wk_test"),
        "batch": either(st.just("b")),
        "device": either(st.sampled_from(["d1", "d2", "\0"])),
        "pages": st.lists(either(pages), min_size=1, max_size=3),
        "elements": st.lists(either(elements), min_size=1, max_size=3),
        "nodes": st.lists(either(nodes), min_size=1, max_size=3),
        "events": st.lists(either(events), max_size=6),
    },
    optional={
        "session": either(odd_names), "user": either(odd_names), "user_agent": either(odd_texts),
        "sent_at": either(st.sampled_from([0, NOW / 1_000, 7_258_118_399_999, None])),
        "dropped": either(st.dictionaries(odd_texts, st.integers(0, 3), max_size=3)),
        "unsure": either(st.lists(st.sampled_from(["b", "c"]))),
    },
)  # fmt: skip

# ── Segment ─────────────────────────────────────────────────────────────────────────────────────────────────

_ids = either(st.sampled_from(["ada", "b1", 7, 2**70, "x" * 256, "\0", "user:ada"]))
contexts = st.dictionaries(
    st.sampled_from("page campaign device locale userAgent referrer ip app os".split()),
    either(
        st.dictionaries(st.sampled_from("url path search title referrer name source id".split()), odd_values)
        | odd_texts
    ),
    max_size=5,
)
messages = st.fixed_dictionaries(
    {
        "type": either(st.sampled_from("track page screen identify group alias".split())),
        "userId": _ids,
        "event": either(odd_texts),
        "groupId": _ids,
        "previousId": _ids,
    },
    optional={
        "anonymousId": _ids, "messageId": _ids, "name": either(odd_texts), "category": either(odd_texts),
        "timestamp": times, "originalTimestamp": times, "sentAt": times, "properties": either(objects),
        "traits": either(objects), "context": either(contexts), "writeKey": values, "integrations": values,
    },
)  # fmt: skip
segment_batches = st.fixed_dictionaries(
    {"batch": st.lists(either(messages), max_size=6)},
    optional={"sentAt": st.sampled_from([time for time in TIMES if not isinstance(time, list | dict | bool)]),
              "context": either(contexts), "writeKey": values},
)  # fmt: skip

# ── PostHog ─────────────────────────────────────────────────────────────────────────────────────────────────

_element_fields = (
    "tag_name $el_text attr__class attr__id attr__x nth_child nth_of_type href attr_class attributes"
)
_chains = st.lists(
    st.dictionaries(
        st.sampled_from(_element_fields.split()), either(odd_texts | st.integers(1, 3)), max_size=5
    ),
    max_size=4,
)
_properties = (
    "$current_url $pathname $host $referrer $session_id $device_id $window_id $pageview_id $set $set_once "
    "$anon_distinct_id $event_type $elements_chain $viewport_width $viewport_height $raw_user_agent token "
    "title $browser_language $insert_id alias distinct_id $group_set $groups $web_vitals_LCP_value $lib "
    "$time $prev_pageview_duration $prev_pageview_max_scroll_percentage $user_id $is_identified"
).split()
_names = (
    "$pageview $pageleave $autocapture $identify $set $create_alias $screen $groupidentify $exception "
    "$web_vitals $rageclick $feature_flag_called $opt_in Bought"
).split()
captured = st.fixed_dictionaries(
    {
        "event": either(st.sampled_from(_names)),
        "distinct_id": _ids,
        "properties": either(
            st.builds(
                lambda props, chain: props | ({"$elements": chain} if chain else {}),
                st.dictionaries(st.sampled_from(_properties) | odd_texts, either(odd_values), max_size=6),
                _chains,
            )
        ),
    },
    optional={
        "uuid": either(st.sampled_from(["u1", "u2", "u3"])), "timestamp": times, "offset": _lengths,
        "sent_at": times, "$set": either(objects), "$set_once": either(objects), "type": odd_texts,
        "api_key": either(st.just("wk_test")),
    },
)  # fmt: skip
posthog_bodies = st.one_of(
    st.fixed_dictionaries(
        {"batch": st.lists(either(captured), max_size=6)},
        optional={
            "api_key": either(st.just("wk_test")), "sent_at": times, "historical_migration": st.booleans(),
        },
    ),
    st.lists(either(captured), max_size=5),
    captured,
)  # fmt: skip


def changed(sound: bytes) -> st.SearchStrategy[bytes]:
    """The bytes with a few of them replaced, left out, doubled or put in."""
    places = st.integers(0, len(sound))
    put = st.sampled_from(PUT)
    edits = st.lists(
        st.tuples(places, st.integers(0, 8), put | st.binary(max_size=4)), min_size=1, max_size=4
    )

    def apply(edits: list[tuple[int, int, bytes]]) -> bytes:
        body = sound
        for place, length, new in edits:
            body = body[:place] + new + body[place + length :]
        return body

    return edits.map(apply)
