"""What rows of Amplitude's export become: samples written after its own documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from backsight_collector.imports.formats.amplitude import UNKNOWN
from importing import NOW, iso, kept, ndjson


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
