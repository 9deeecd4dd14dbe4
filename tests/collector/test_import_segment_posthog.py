"""What rows of Segment's and PostHog's exports become: what the same events become that come by the door."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backsight_collector import dialects
from importing import HOUR, NOW, SECONDS, iso, kept, ndjson

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
