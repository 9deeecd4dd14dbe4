"""What rows of any table become, by what its columns are called or said to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from backsight_collector.imports.errors import ImportProblem
from backsight_collector.imports.formats import FORMATS, Options
from importing import HOUR, NOW, SECONDS, iso, kept, ndjson


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
