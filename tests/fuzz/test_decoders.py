"""Every dialect given what it was not made for: it is read or refused, alike at the door and later, and what
is accepted can be stored and asked about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fuzz import hostile
from fuzz.hostile import finite, to_json
from fuzz.judge import Judge

SINGLE = ("track", "identify", "page", "screen", "group", "alias")
DIALECTS = ("backsight", "segment", "segment/track", "segment/identify", "posthog", "import")
SOUND = {
    "backsight": to_json({
        "v": 1, "key": "wk_test", "batch": "b", "device": "d", "sent_at": 1_794_999_999_000,
        "pages": [{"id": "p", "url": "https://a/"}],
        "elements": [{"tag": "a"}],
        "nodes": [[-1, 0, 1, 1, 1, 1, 0]],
        "events": [
            {"type": "click", "page": 0, "seq": 0, "time": 1_794_999_998_000, "node": 0, "text": "ü💥"},
            {"type": "track", "page": 0, "seq": 1, "time": 0, "name": "n", "props": {"a": [1.5, None, "c"]}},
        ],
    }),
    "segment": to_json({
        "writeKey": "wk_test",
        "sentAt": "2026-11-18T00:00:00Z",
        "batch": [
            {"type": "track", "userId": "ada", "event": "e", "properties": {"a": ["\ud83d", "c"]}},
            {"type": "page", "anonymousId": "d", "properties": {"url": "/"}, "timestamp": "2024-05-01"},
        ],
    }),
    "segment/track": to_json({"userId": "ada", "event": "e", "properties": {"a": {"b": "c"}}}),
    "segment/identify": to_json({"userId": "ada", "traits": {"a": {"b": "c"}}}),
    "posthog": to_json({
        "api_key": "wk_test",
        "batch": [
            {"event": "$pageview", "distinct_id": "ada", "properties": {"$current_url": "/", "a": "c"}},
            {"event": "$autocapture", "distinct_id": "ada", "properties": {"$elements": [{}]}},
        ],
    }),
    "import": to_json({
        "import": "k", "row": 0, "part": 0, "refused": [[1, "a:2", "bad_event", "why", "raw"]],
        "entries": [{
            "dialect": "segment", "rows": [0], "places": ["a:1"],
            "body": {"batch": [{"type": "track", "userId": "ada", "event": "e", "properties": {"a": "c"}}]},
        }],
    }),
}  # fmt: skip
quick = settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
"""Without shrinking, which would take minutes; what failed is printed."""


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """One over an empty lake."""
    made = Judge(tmp_path_factory.mktemp("fuzz"))
    yield made
    made.close()


@quick
@given(sent=hostile.batches)
def test_batches_of_our_wire(judge: Judge, sent: dict[str, Any]) -> None:
    """Events sent are accepted, rejected or repeated; none is anything else."""
    listed = sent["events"]
    judge.examine(to_json(finite(sent)), "backsight", len(listed))


@quick
@given(sent=hostile.segment_batches)
def test_batches_of_segments(judge: Judge, sent: dict[str, Any]) -> None:
    """Messages sent are accepted, rejected or repeated; none is anything else."""
    judge.examine(to_json(sent), "segment", len(sent["batch"]))


@quick
@given(sent=hostile.messages, kind=st.sampled_from(SINGLE))
def test_single_messages_of_segments(judge: Judge, sent: dict[str, Any], kind: str) -> None:
    """One message is one event, or one rejection."""
    judge.examine(to_json(sent), f"segment/{kind}", 1)


@quick
@given(sent=hostile.posthog_bodies)
def test_bodies_of_posthogs(judge: Judge, sent: Any) -> None:
    """Events sent are accepted, rejected or repeated; none is anything else."""
    listed = sent if isinstance(sent, list) else sent.get("batch", [sent])
    judge.examine(to_json(sent), "posthog", len(listed))


@quick
@given(body=hostile.values.map(to_json), dialect=st.sampled_from(DIALECTS))
def test_any_json(judge: Judge, body: bytes, dialect: str) -> None:
    """Whatever JSON it is, every dialect reads or refuses it."""
    judge.examine(body, dialect, None)


@quick
@given(data=st.data(), dialect=st.sampled_from(sorted(SOUND)))
def test_damaged_bodies(judge: Judge, data: st.DataObject, dialect: str) -> None:
    """Bytes changed anywhere in a sound body do no more than cost what they touch."""
    judge.examine(data.draw(hostile.changed(SOUND[dialect])), dialect, None)


@quick
@given(body=st.binary(max_size=200), dialect=st.sampled_from(DIALECTS))
def test_any_bytes(judge: Judge, body: bytes, dialect: str) -> None:
    """Bytes that are nothing are refused."""
    judge.examine(body, dialect, None)


@pytest.mark.parametrize("dialect", SOUND)
def test_sound_bodies_are_sound(judge: Judge, dialect: str) -> None:
    """What is damaged above was accepted before."""
    batches = judge.examine(SOUND[dialect], dialect, None)
    assert batches
    assert sum(len(each.events) for each in batches) >= 1


@pytest.mark.parametrize("dialect", SOUND)
def test_nesting(judge: Judge, dialect: str) -> None:
    """However deep, and however much of the stack is used already: the same is read, or refused."""
    assert b'"c"' in SOUND[dialect]
    near = [*range(470, 520, 5), *range(950, 1_010, 5)]
    for depth in (31, 32, 33, 100, 300, *near, 5_000, 100_000):
        for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
            deep = hostile.nested(depth, opening, b"") + b"1" + closing * depth
            judge.read(SOUND[dialect].replace(b'"c"', deep), dialect)
