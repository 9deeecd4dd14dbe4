"""What rows of each product's export become: samples written after the products' own documents."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backsight_collector import dialects
from backsight_collector.dialects.imported import IMPORT
from backsight_collector.imports.errors import ImportProblem
from backsight_collector.imports.formats import FORMATS, Options, detect
from backsight_collector.imports.formats.amplitude import UNKNOWN
from backsight_collector.imports.parts import cut_parts, encode_part, judge
from backsight_collector.imports.rows import Row
from importing import HOUR, NOW, iso, kept, ndjson, seconds

DEVICE = "1893c26c46a1b9d-0a9ff4c8ed8eb9-26031c51-1fa400-1893c26c46b23e0"
"""As Mixpanel's browser library makes them."""
UUID = "5d9c2a1e-6f0b-4a51-9c0e-8d0a4a0f2b11"


def mixpanel(event: str, seconds: int, **props: Any) -> dict[str, Any]:
    """A row of the raw export API."""
    insert = f"{event}{seconds}"
    return {"event": event, "properties": {"time": seconds, "$insert_id": insert, "mp_lib": "web", **props}}


SECONDS = NOW // 1_000 - 86_400


@pytest.mark.parametrize(
    ("props", "device", "user"),
    [
        ({"distinct_id": "$device:d1", "$device_id": "d1"}, "d1", None),
        ({"distinct_id": "ada", "$device_id": "d1", "$user_id": "ada"}, "d1", "ada"),
        ({"distinct_id": "ada", "$device_id": "d1"}, "d1", "ada"),
        ({"distinct_id": "d1", "$device_id": "d1"}, "d1", None),
        ({"distinct_id": DEVICE}, DEVICE, None),
        ({"distinct_id": UUID}, UUID, None),
        ({"distinct_id": "ada@example.com"}, "ada@example.com", "ada@example.com"),
        ({"distinct_id": 12}, "12", "12"),
    ],
    ids=["anonymous", "identified", "no $user_id", "anonymous, original merge", "legacy browser",
         "legacy uuid", "from a server", "a number"],
)  # fmt: skip
def test_mixpanels_ids_say_who_did_it(
    tmp_path: Path, props: dict[str, Any], device: str, user: str | None
) -> None:
    """An id that a library made is a device; any other is a user, on the device where one is named."""
    row = mixpanel("Viewed", SECONDS, **props)
    said = kept(ndjson(tmp_path / "a.json", [row])).said[0]
    assert (said["device"], said.get("user")) == (device, user)


def test_mixpanels_events_become_ours(tmp_path: Path) -> None:
    """Names and properties are kept, page views become page views, and $identify and $create_alias say who is
    who."""
    who = {"distinct_id": "$device:d1", "$device_id": "d1"}
    rows = [
        mixpanel("$mp_web_page_view", SECONDS, **who, **{"$current_url": "https://shop.example/a?b=1"}),
        mixpanel(
            "Added",
            SECONDS + 1,
            **who,
            sku=12,
            **{"$browser": "Chrome", "$current_url": "https://shop.example/c"},
        ),
        mixpanel(
            "$identify", SECONDS + 2, distinct_id="ada", **{"$identified_id": "ada", "$anon_id": "$device:d1"}
        ),
        mixpanel("$create_alias", SECONDS + 3, distinct_id=DEVICE, alias="bob"),
        {"$distinct_id": "ada", "$properties": {"plan": "pro", "$last_seen": iso(SECONDS + 4)}},
    ]
    view, added, identify, alias, profile = kept(ndjson(tmp_path / "a.json", rows)).said
    assert (view["type"], view["url"]) == ("pageview", "https://shop.example/a?b=1")
    assert (added["type"], added["name"], added["time"]) == ("track", "Added", (SECONDS + 1) * 1_000)
    assert added["props"] == {"sku": 12, "$browser": "Chrome", "mp_lib": "web"}
    assert (identify["type"], identify["device"], identify["identified"]) == ("identify", "d1", "ada")
    assert (alias["type"], alias["device"], alias["identified"]) == ("identify", DEVICE, "bob")
    assert (profile["type"], profile["user"], profile["traits"]["plan"]) == ("traits", "ada", "pro")


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("UTC", "2026-07-01 12:00:00", "2026-07-01 12:00:00"),
        ("America/Los_Angeles", "2026-07-01 12:00:00", "2026-07-01 19:00:00"),
        ("America/Los_Angeles", "2026-01-15 12:00:00", "2026-01-15 20:00:00"),
        ("Asia/Kolkata", "2026-03-01 00:15:00", "2026-02-28 18:45:00"),
    ],
)
def test_mixpanels_seconds_are_those_of_the_projects_clocks(
    tmp_path: Path, zone: str, local: str, utc: str
) -> None:
    """As `--timezone` says: summer time included, and days change with it."""
    row = mixpanel("Viewed", seconds(local), distinct_id="ada")
    assert (
        kept(ndjson(tmp_path / "a.json", [row]), zone=ZoneInfo(zone)).said[0]["time"] == seconds(utc) * 1_000
    )


def test_the_same_event_has_the_same_identity_in_any_file(tmp_path: Path) -> None:
    """Two exports that overlap say their common events twice, and these are dropped as any repetition is."""
    rows = [mixpanel("Viewed", SECONDS + n, distinct_id="ada") for n in range(3)]
    first, second = (
        ndjson(tmp_path / name, part) for name, part in (("a.json", rows[:2]), ("b.json", rows[1:]))
    )
    one, other = ([said["identity"] for said in kept(path).said] for path in (first, second))
    assert one[1] == other[0]
    assert len({*one, *other}) == 3


# ── Amplitude ───────────────────────────────────────────────────────────────────────────────────────────────


def amplitude(event: str, minutes: int, **fields: Any) -> dict[str, Any]:
    """A row of the export API."""
    return {
        "$insert_id": f"{event}{minutes}", "amplitude_id": 1, "app": 2, "device_id": "d1R", "user_id": None,
        "event_type": event, "event_time": iso(NOW / 1_000 - 86_400 + minutes * 60).replace("T", " "),
        "session_id": 1_700_000_000_000, "platform": "Web", "os_name": "Chrome", "event_properties": {},
        "user_properties": {}, "language": "English", "uuid": f"u-{event}-{minutes}", **fields,
    }  # fmt: skip


def test_amplitudes_events_become_ours(tmp_path: Path) -> None:
    """A session is one of its device; user properties are traits whenever they have changed."""
    plan = {"plan": "pro"}
    rows = [
        amplitude("Added", 0, event_properties={"sku": 12}, session_id=-1),
        amplitude("Added", 1, user_id="ada", user_properties=plan),
        amplitude("Added", 2, user_id="ada", user_properties=plan),
        amplitude("Added", 3, user_id="ada", user_properties={"plan": "free"}),
    ]
    said = kept(ndjson(tmp_path / "a.json", rows)).said
    tracked = [each for each in said if each["type"] == "track"]
    assert [each.get("session") for each in tracked] == [None, *["d1R 1700000000000"] * 3]
    assert [each.get("user") for each in tracked] == [None, "ada", "ada", "ada"]
    assert tracked[0]["props"] == {"sku": 12, "platform": "Web", "os_name": "Chrome", "language": "English"}
    assert [each["traits"] for each in said if each["type"] == "traits"] == [plan, {"plan": "free"}]


def test_what_amplitude_captured_by_itself_has_its_elements(tmp_path: Path) -> None:
    """A click's hierarchy becomes nodes, from the target up; of positions from the end, nothing is
    claimed."""
    hierarchy = [
        {"index": 1, "indexOfType": 0, "tag": "button", "id": "buy", "classes": ["btn", "primary"],
         "attrs": {"data-sku": "12"}},
        {"index": 3, "indexOfType": 2, "tag": "div"},
        {"index": 1, "indexOfType": 0, "tag": "body"},
    ]  # fmt: skip
    props = {
        "[Amplitude] Element Hierarchy": hierarchy, "[Amplitude] Element Text": "Buy now",
        "[Amplitude] Element Tag": "button", "[Amplitude] Page URL": "https://shop.example/p/12",
        "[Amplitude] Page Title": "Kettle", "[Amplitude] Viewport Width": 1280,
        "[Amplitude] Viewport Height": 720, "campaign": "spring",
    }  # fmt: skip
    decoded, event = kept(
        ndjson(tmp_path / "a.json", [amplitude("[Amplitude] Element Clicked", 0, event_properties=props)])
    ).events[0]
    batch = decoded.batch
    assert (event.type, event.text, batch.pages[0].viewport) == ("click", "Buy now", (1280, 720))
    assert event.props is not None
    assert event.props["campaign"] == "spring"
    chain, at = [], event.node
    while at is not None and at >= 0:
        node = batch.nodes[at]
        element = batch.elements[node.element]
        chain.append((element.tag, element.attrs, node.child_index, node.type_index, node.child_last))
        at = node.parent
    assert chain == [
        ("button", {"data-sku": "12", "id": "buy", "class": "btn primary"}, 2, 1, UNKNOWN),
        ("div", {}, 4, 3, UNKNOWN),
        ("body", {}, 2, 1, UNKNOWN),
    ]


def test_amplitudes_page_views_are_page_views(tmp_path: Path) -> None:
    """With the address that has its query; an event of the same name that somebody else tracks stays as it
    is."""
    own = {
        "[Amplitude] Page Location": "https://shop.example/p?q=1",
        "[Amplitude] Page URL": "https://shop.example/p",
    }
    rows = [
        amplitude("[Amplitude] Page Viewed", 0, event_properties=own),
        amplitude("Page Viewed", 1, event_properties={"path": "/p"}),
    ]
    view, tracked = kept(ndjson(tmp_path / "a.json", rows)).said
    assert (view["type"], view["url"]) == ("pageview", "https://shop.example/p?q=1")
    assert (tracked["type"], tracked["name"]) == ("track", "Page Viewed")


# ── Segment ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_segments_messages_mean_what_they_mean_at_the_door(tmp_path: Path) -> None:
    """The times that Segment has corrected are kept, whatever `sentAt` says; contexts tell page and
    browser."""
    context = {
        "userAgent": "Mozilla/5.0",
        "page": {"url": "https://shop.example/a", "title": "A"},
        "locale": "de-DE",
    }
    at = [iso(SECONDS + n) + "Z" for n in range(3)]
    late = iso(SECONDS + HOUR) + "Z"
    shared = {
        "anonymousId": "a1",
        "context": context,
        "sentAt": late,
        "receivedAt": late,
        "originalTimestamp": late,
    }
    rows = [
        {
            "type": "page",
            "messageId": "m1",
            "timestamp": at[0],
            "properties": {"url": "https://shop.example/a"},
            **shared,
        },
        {
            "type": "track",
            "messageId": "m2",
            "timestamp": at[1],
            "event": "Added",
            "properties": {"sku": 1},
            **shared,
        },
        {
            "type": "identify",
            "messageId": "m3",
            "timestamp": at[2],
            "userId": "ada",
            "traits": {"plan": "pro"},
            **shared,
        },
    ]
    page, added, identify = kept(ndjson(tmp_path / "a.json", rows)).said
    assert [each["time"] for each in (page, added, identify)] == [(SECONDS + n) * 1_000 for n in range(3)]
    assert (page["type"], page["url"], page["agent"]) == ("pageview", "https://shop.example/a", "Mozilla/5.0")
    assert (added["type"], added["name"], added["device"]) == ("track", "Added", "a1")
    assert (identify["identified"], identify["traits"]) == ("ada", {"plan": "pro"})


# ── PostHog ─────────────────────────────────────────────────────────────────────────────────────────────────

CHAIN = (
    'button.btn.primary:attr__class="btn primary"attr__id="buy"nth-child="2"nth-of-type="1"text="Buy";'
    'body:nth-child="2"nth-of-type="1"'
)


def posthog(uuid: str, event: str, distinct: str, at: int, chain: str = "", **props: Any) -> dict[str, Any]:
    """A row of a batch export of events, as JSON lines have it."""
    return {
        "uuid": uuid, "event": event, "distinct_id": distinct, "person_id": "p", "elements_chain": chain,
        "timestamp": f"{iso(SECONDS + at)}.123000Z", "created_at": f"{iso(SECONDS + at + 9)}Z",
        "properties": {"$device_id": "anon", "$current_url": "https://shop.example/a", **props},
        "person_properties": {"plan": "pro"} if at < 2 else {"plan": "pro", "email": "ada@example.com"},
    }  # fmt: skip


POSTHOG = [
    posthog("e0", "$pageview", "anon", 0, **{"$session_id": "s1", "$raw_user_agent": "Mozilla/5.0"}),
    posthog("e1", "$autocapture", "anon", 1, CHAIN, **{"$event_type": "click"}),
    posthog("e2", "$identify", "ada", 2, **{"$anon_distinct_id": "anon"}),
    posthog("e3", "Added", "ada", 3, sku=12),
]


def _as_parquet(path: Path) -> Path:
    """As batch exports write it: objects as JSON text, times as timestamps."""
    rows = [
        {
            **row,
            "properties": json.dumps(row["properties"]),
            "person_properties": json.dumps(row["person_properties"]),
            "timestamp": datetime.fromisoformat(row["timestamp"]),
        }
        for row in POSTHOG
    ]
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def _as_csv(path: Path) -> Path:
    """Every column as text, objects as JSON."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, POSTHOG[0])
        writer.writeheader()
        for row in POSTHOG:
            objects = {key: json.dumps(row[key]) for key in ("properties", "person_properties")}
            writer.writerow({**row, **objects})
    return path


@pytest.mark.parametrize(
    "write",
    [lambda path: ndjson(path, POSTHOG), _as_parquet, _as_csv],
    ids=["JSON lines", "Parquet", "CSV"],
)
def test_posthogs_events_mean_what_they_mean_at_the_door(
    tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    """Autocaptured clicks have their elements, who is who is told, and a person's properties whenever they
    change."""
    found = kept(write(tmp_path / "events"))
    assert not found.refused
    view, click, identify, added = (each for each in found.said if each["type"] != "traits")
    assert (view["type"], view["session"], view["agent"]) == ("pageview", "s1", "Mozilla/5.0")
    assert [each["device"] for each in (view, click, identify, added)] == ["anon"] * 4
    assert (identify["type"], identify["identified"]) == ("identify", "ada")
    assert (added["type"], added["name"], added["user"], added["props"]) == (
        "track",
        "Added",
        "ada",
        {"sku": 12},
    )
    assert [each["time"] for each in (view, added)] == [SECONDS * 1_000 + 123, (SECONDS + 3) * 1_000 + 123]
    told = [each["traits"] for each in found.said if each.get("traits")]
    assert told == [{"plan": "pro"}, {"plan": "pro", "email": "ada@example.com"}]
    decoded, event = next(pair for pair in found.events if pair[1].type == "click")
    target = decoded.batch.nodes[event.node or 0]
    element = decoded.batch.elements[target.element]
    assert (element.tag, element.attrs, target.child_index) == (
        "button",
        {"class": "btn primary", "id": "buy"},
        2,
    )
    assert event.text == "Buy"


def test_an_imported_event_is_the_one_that_came_by_the_door(tmp_path: Path) -> None:
    """Of PostHog's and Segment's clients: the same event, sent here and exported there, is one."""
    sent = {"api_key": "k", "batch": [{**POSTHOG[3], "sent_at": None}]}
    (live,) = dialects.DIALECTS["posthog"](json.dumps(sent).encode(), NOW * 1_000)
    imported = kept(ndjson(tmp_path / "events", POSTHOG[3:]), "posthog").events
    (event,) = (pair for pair in imported if pair[1].type == "track")
    assert event[0].batch.pages[event[1].page].id == live.batch.pages[0].id
    message = {
        "type": "track",
        "event": "Added",
        "userId": "ada",
        "messageId": "m1",
        "timestamp": iso(SECONDS),
    }
    (live,) = dialects.DIALECTS["segment"](json.dumps({"batch": [message]}).encode(), NOW * 1_000)
    ((decoded, _),) = kept(ndjson(tmp_path / "messages", [message])).events
    assert decoded.batch.pages[0].id == live.batch.pages[0].id


# ── Any table ───────────────────────────────────────────────────────────────────────────────────────────────


def test_columns_of_a_plain_table_are_guessed_by_their_names(tmp_path: Path) -> None:
    """What says nothing that is known is a property, numbers as numbers, what looks like text as text."""
    path = tmp_path / "events.csv"
    path.write_text(
        "Timestamp,event_name,user_id,anonymous_id,page_url,price,zip,vip,note\n"
        f"{iso(SECONDS)},Bought,ada,d1,https://shop.example/x,12.5,01234,true,\n"
    )
    assert kept(path).said == [
        {
            "type": "track", "name": "Bought", "time": SECONDS * 1_000.0, "device": "d1", "user": "ada",
            "url": "https://shop.example/x", "props": {"price": 12.5, "zip": "01234", "vip": True},
            "identity": (kept(path).said[0]["identity"][0], 0),
        }
    ]  # fmt: skip


def test_columns_of_a_plain_table_can_be_said(tmp_path: Path) -> None:
    """`--map` wins over what would be guessed; a column that was guessed and is not meant becomes a
    property."""
    path = tmp_path / "events.csv"
    path.write_text(f"time,when,what,who,event\nx,{NOW - HOUR},page_view,ada,E\n")
    columns = {"time": "when", "event": "what", "user": "who"}
    said = kept(path, "plain", columns=columns).said[0]
    assert (said["type"], said["user"], said["time"]) == ("pageview", "ada", NOW - HOUR)
    assert said["props"] == {"time": "x", "event": "E"}


def test_a_mapping_of_what_is_not_known_is_refused() -> None:
    """With what is."""
    with pytest.raises(ImportProblem, match=r"there is no 'tme'. Valid: time, event"):
        FORMATS["plain"](Options(columns={"tme": "x"}))


def test_identifies_and_traits_of_a_plain_table(tmp_path: Path) -> None:
    """By a column of types; traits beside an event are said besides it."""
    rows = [
        {
            "type": "identify",
            "time": NOW - HOUR,
            "device_id": "d1",
            "user_id": "ada",
            "traits": {"plan": "pro"},
        },
        {"type": "track", "time": NOW - HOUR + 1, "event": "E", "user_id": "ada", "traits": {"plan": "free"}},
        {"type": "click", "time": NOW - HOUR + 2, "user_id": "ada"},
    ]
    found = kept(ndjson(tmp_path / "a.json", rows), "plain", columns={"type": "type"})
    assert [(each["type"], each.get("traits")) for each in found.said] == [
        ("identify", {"plan": "pro"}), ("track", None), ("traits", {"plan": "free"}),
    ]  # fmt: skip
    assert found.refused == [
        (2, "bad_event", "a.json:3: type: 'click'. Valid: track, pageview, identify, traits")
    ]


# ── All ─────────────────────────────────────────────────────────────────────────────────────────────────────

SAMPLES: dict[str, dict[str, Any]] = {
    "mixpanel": mixpanel("Viewed", SECONDS, distinct_id="ada"),
    "amplitude": amplitude("Viewed", 0, user_id="ada"),
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
