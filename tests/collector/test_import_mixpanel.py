"""What rows of Mixpanel's export become: samples written after its own documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from importing import SECONDS, iso, kept, ndjson, seconds

DEVICE = "1893c26c46a1b9d-0a9ff4c8ed8eb9-26031c51-1fa400-1893c26c46b23e0"
"""As Mixpanel's browser library makes them."""
UUID = "5d9c2a1e-6f0b-4a51-9c0e-8d0a4a0f2b11"


def mixpanel(event: str, seconds: int, **props: Any) -> dict[str, Any]:
    """A row of the raw export API."""
    insert = f"{event}{seconds}"
    return {"event": event, "properties": {"time": seconds, "$insert_id": insert, "mp_lib": "web", **props}}


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
