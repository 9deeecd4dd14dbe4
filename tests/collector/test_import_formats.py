"""What rows of every format become, and how a format is told."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backsight_collector import dialects
from backsight_collector.dialects.imported import IMPORT
from backsight_collector.imports.errors import ImportProblem
from backsight_collector.imports.formats import FORMATS, Options, detect
from backsight_collector.imports.parts import cut_parts, encode_part, judge
from backsight_collector.imports.rows import Row
from importing import NOW, SECONDS, iso, kept, ndjson

SAMPLES: dict[str, dict[str, Any]] = {
    "mixpanel": {"event": "Viewed", "properties": {
        "time": SECONDS, "$insert_id": "1", "mp_lib": "web", "distinct_id": "ada"}},
    "amplitude": {
        "$insert_id": "1", "amplitude_id": 1, "app": 2, "device_id": "d1R", "user_id": "ada",
        "event_type": "Viewed", "event_time": iso(SECONDS).replace("T", " "),
        "session_id": 1_700_000_000_000, "platform": "Web", "os_name": "Chrome", "event_properties": {},
        "user_properties": {}, "language": "English", "uuid": "u"},
    "segment": {"type": "track", "event": "Viewed", "userId": "ada", "messageId": "m",
                "timestamp": iso(SECONDS)},
    "posthog": {"uuid": "0192", "event": "Viewed", "distinct_id": "ada", "properties": {},
                "timestamp": iso(SECONDS)},
    "backsight": {"type": "track", "time": iso(SECONDS), "name": "Viewed", "device": 1, "page": 2,
                  "sequence": 0, "received_at": iso(SECONDS), "path": "/"},
    "plain": {"timestamp": iso(SECONDS), "event": "Viewed", "user_id": "ada"},
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_told_by_the_first_rows(name: str) -> None:
    """Also where some of them are of no format at all."""
    assert detect([SAMPLES[name]] * 2 + [{"odd": 1}], "a.json") == name


def test_a_format_that_is_not_clear_is_asked_for() -> None:
    """The fields that were found are named, and what to say."""
    with pytest.raises(ImportProblem, match=r"these fields: a, b\. Valid: --format backsight \| segment"):
        detect([{"a": 1}, {"b": 2}], "x.csv")


def test_what_is_no_text_is_not_repeated() -> None:
    """Of bytes taken for a table, only names that can be shown are."""
    with pytest.raises(ImportProblem, match=r"these fields: none that can be read\. Valid"):
        detect([{"\udcf5\x1b[2J": "1"}], "x.bin")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_hostile_row_is_an_event_or_a_dead_letter(name: str, data: st.DataObject) -> None:
    """Whatever stands in whichever field: nothing is raised, and the row is counted exactly once."""
    sample = SAMPLES[name]
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(sample)), JSON, max_size=3))
    nested = data.draw(
        st.dictionaries(
            st.sampled_from(["time", "distinct_id", "$elements", "url", "$set"]), JSON, max_size=2
        )
    )
    fields = {**sample, **changed}
    for key in ("properties", "event_properties"):
        if isinstance(fields.get(key), dict):
            fields[key] = {**fields[key], **nested}
    format_ = FORMATS[name](Options())
    numbered = judge(7, Row("a.json:8", fields, 100), format_, "import x 7", NOW * 1_000)
    (part,) = cut_parts([numbered])
    batches = dialects.DIALECTS[IMPORT](encode_part("key", 0, 0, part), NOW * 1_000)
    events = sum(len(each.events) + each.duplicates for each in batches)
    rejections = [rejection for each in batches for rejection in each.rejections]
    assert events + len(rejections) >= 1
    assert not rejections or {rejection[0] for rejection in rejections} == {7}
    assert events == 0 or numbered.refusal is None


@pytest.mark.parametrize(
    ("days", "why"), [(2, "a time in the future"), (-3_700, "a time more than ten years ago")]
)
def test_times_that_no_history_has_are_refused(tmp_path: Path, days: int, why: str) -> None:
    """Rather than moved to where the lake would take them."""
    row = {**SAMPLES["plain"], "timestamp": iso(NOW / 1_000 + days * 86_400)}
    assert kept(ndjson(tmp_path / "a.json", [row])).refused == [(0, "bad_event", f"a.json:1: {why}")]


AGENTS: Final[dict[str, tuple[str, ...]]] = {
    "segment": ("context", "userAgent"),
    "posthog": ("properties", "$raw_user_agent"),
    "mixpanel": ("properties", "$user_agent"),
    "amplitude": ("user_agent",),
    "plain": ("user_agent",),
    "backsight": ("user_agent",),
}
"""Where each format has a browser's user agent."""


@pytest.mark.parametrize("name", FORMATS)
def test_a_long_user_agent_is_cut(tmp_path: Path, name: str) -> None:
    """And takes neither its own row nor its neighbours' away."""
    row: dict[str, Any] = copy.deepcopy(SAMPLES[name])
    *parents, last = AGENTS[name]
    inner = row
    for parent in parents:
        inner = inner.setdefault(parent, {})
    inner[last] = "Mozilla " + "x" * 5_000
    done = kept(ndjson(tmp_path / "a.json", [row]), name)
    assert done.refused == []
    assert [len(said["agent"]) for said in done.said] == [1_024]


def test_what_is_too_large_or_too_deep_is_refused_alone(tmp_path: Path) -> None:
    """By the wire's own limits, with the line of the file where it stands."""
    deep: Any = "x"
    for _ in range(40):
        deep = {"a": deep}
    plain = SAMPLES["plain"]
    rows = [
        plain,
        {**plain, "big": "x" * 40_000},
        {**plain, "deep": deep},
        {**plain, "event": "n" * 300},
        plain,
    ]
    found = kept(ndjson(tmp_path / "a.json", rows))
    assert [(row, reason) for row, reason, _ in found.refused] == [
        (1, "too_large"),
        (2, "too_deep"),
        (3, "bad_event"),
    ]
    assert [detail.split(": ")[0] for _, _, detail in found.refused] == ["a.json:2", "a.json:3", "a.json:4"]
    assert len(found.events) == 2
    assert json.loads(json.dumps(found.progress.counts.refused)) == {
        "too_large": 1,
        "too_deep": 1,
        "bad_event": 1,
    }
