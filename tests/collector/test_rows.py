from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from backsight.contract import PARTITIONS, TABLES, id64
from backsight_collector.committer import Committer
from backsight_collector.fold.rows import Address, split_url
from backsight_collector.journal.records import Capture, Revocation
from captures import NOW, SITE, batch, capture, click, stored, write_journal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def fold(data_dir: Path, *records: Capture | Revocation) -> None:
    write_journal(data_dir, records)
    committer = Committer(data_dir)
    committer.step()
    committer.close()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://Shop.Example/p/12?a=1&b#top", ("shop.example", "/p/12", "a=1&b", "top")),
        ("http://me:secret@localhost:3000", ("localhost:3000", "/", None, None)),
        ("https://x.example/?#", ("x.example", "/", None, None)),
        ("about:blank", (None, "blank", None, None)),
        ("https://[::1/p", (None, "https://[::1/p", None, None)),
        ("", (None, None, None, None)),
    ],
)
def test_a_url_is_split_and_a_bad_one_is_kept(url: str, expected: tuple[str | None, ...]) -> None:
    """Host without credentials, path, query, fragment; what can't be split stands in `path`."""
    assert split_url(url) == Address(*expected)


def test_every_fact_of_an_event_has_its_column(tmp_path: Path) -> None:
    """A batch's, a page's and an event's facts stand side by side in one row of the contract's schema."""
    page = {
        "id": "p1", "url": "https://shop.example/p?q=1#f", "referrer": "https://r.example/",
        "title": "Kettle", "viewport": [1280, 720], "language": "en-GB",
    }  # fmt: skip
    facts = {
        "x": 3, "y": -4, "text": "Save", "label": "Save it", "target_text": "", "target_label": "icon",
        "href": "https://shop.example/next", "watched_ms": 2_500, "dom_ms": 12, "navigation_ms": 340,
        "scroll_ms": 0, "focus_ms": 5, "error_ms": 41,
    }  # fmt: skip
    events = [click(0, **facts)]
    events += [
        {"type": "track", "page": 0, "seq": 1, "time": 5.25, "name": "Added", "props": {"é": [1, None]}}
    ]
    events += [{"type": "leave", "page": 0, "seq": 2, "time": 0, "duration_ms": 8_200, "scroll_percent": 64}]
    fold(tmp_path, capture(batch("p1", events, pages=[page], user="ada")))
    first, second, third = sorted(stored(tmp_path, "events"), key=lambda row: row["sequence"])
    button = id64("element", "button", "html", "class", "btn", "data-sku", "12")
    assert first == {
        **facts,
        "site": SITE,
        "date": at(NOW).date(),
        "time": at(NOW - 4_000_000),
        "client_time": at(NOW - 5_000_000),
        "sent_at": at(NOW - 1_000_000),
        "received_at": at(NOW),
        "type": "click",
        "name": None,
        "node_id": next(row["node_id"] for row in stored(tmp_path, "nodes") if row["element_id"] == button),
        "device": id64("device", "device-1"),
        "user": id64("user", "ada"),
        "session": id64("session", "session-1"),
        "page": id64("page", "p1"),
        "sequence": 0,
        "host": "shop.example",
        "path": "/p",
        "query": "q=1",
        "fragment": "f",
        "title": "Kettle",
        "referrer": "https://r.example/",
        "viewport_width": 1280,
        "viewport_height": 720,
        "language": "en-GB",
        "user_agent": "Agent/1.0",
        **dict.fromkeys(["duration_ms", "scroll_percent", "props", "target_attributes"]),
    }
    assert (second["name"], json.loads(second["props"])) == ("Added", {"é": [1, None]})
    assert second["client_time"] == at(5_250)
    assert (third["duration_ms"], third["scroll_percent"], third["watched_ms"]) == (8_200, 64, None)


MS = NOW // 1000
YEARS = 3_653 * 86_400_000_000
"""Ten, in microseconds."""


@pytest.mark.parametrize(
    ("client", "sent", "corrected"),
    [
        (MS - 9_000, MS, NOW - 9_000_000),
        (MS - 9_000 + 3_600_000, MS + 3_600_000, NOW - 9_000_000),
        (MS + 5_000, MS, NOW),
        (MS - 9_000, None, NOW - 9_000_000),
        (MS + 9_000, None, NOW),
        (MS - YEARS // 1000, None, NOW - YEARS),
        (MS - YEARS // 1000 - 9_000, None, NOW - YEARS),
        (0, 7_258_118_399_999, NOW - YEARS),
    ],
    ids=[
        "right clock",
        "an hour fast",
        "after it was sent",
        "history",
        "history to come",
        "ten years ago",
        "before",
        "nonsense",
    ],
)
def test_times_are_corrected_by_the_clients_error(
    tmp_path: Path, client: int, sent: int | None, corrected: int
) -> None:
    """By received_at - sent_at, never past the arrival nor ten years before it; the date is that of the
    corrected time, and the client's own time is kept."""
    fold(tmp_path, capture(batch("a", [click(0, time=client)], sent_at=sent)))
    (row,) = stored(tmp_path, "events")
    assert (row["time"], row["date"]) == (at(corrected), at(corrected).date())
    assert row["client_time"] == at(client * 1000)


def statements(data_dir: Path) -> list[tuple[Any, ...]]:
    rows = sorted(stored(data_dir, "statements"), key=lambda row: (row["received_at"], row["sequence"] or 0))
    return [(row["kind"], row["device_id"], row["user_id"], row["traits"]) for row in rows]


def test_identify_and_traits_become_statements(tmp_path: Path) -> None:
    """Each says it in the words of the event, with raw ids and their hashes."""
    identify = {"type": "identify", "page": 0, "seq": 1, "time": MS, "user": "ada", "traits": {"plan": "pro"}}
    traits = {"type": "traits", "page": 0, "seq": 2, "time": MS, "traits": {"seats": 3}}
    fold(tmp_path, capture(batch("a", [click(0), identify, traits])))
    assert statements(tmp_path) == [
        ("identify", "device-1", "ada", '{"plan":"pro"}'),
        ("traits", "device-1", None, '{"seats":3}'),
    ]
    row = min(stored(tmp_path, "statements"), key=lambda row: row["sequence"])
    assert (row["device"], row["user"]) == (id64("device", "device-1"), id64("user", "ada"))
    assert (row["page"], row["sequence"]) == (id64("page", "a"), 1)
    users = {row["type"]: row["user"] for row in stored(tmp_path, "events")}
    assert users == {"click": None, "identify": id64("user", "ada"), "traits": None}


def test_a_pair_is_observed_once(tmp_path: Path) -> None:
    """The first event of a device with a user says so; later ones, also after a restart, need not."""
    fold(tmp_path, capture(batch("a", [click(0), click(1)], user="ada")))
    again, other = batch("b", [click(0)], user="ada"), batch("c", [click(0)], user="bob")
    fold(tmp_path, capture(again), capture(other, NOW + 1))
    assert [row[:3] for row in statements(tmp_path)] == [
        ("observed", "device-1", "ada"),
        ("observed", "device-1", "bob"),
    ]


def test_what_was_revoked_is_not_observed_again(tmp_path: Path) -> None:
    """A revocation is a statement of its own, and events with the user do not bring the pair back."""
    fold(tmp_path, capture(batch("a", [click(0)], user="ada")))
    (observed,) = stored(tmp_path, "statements")
    fold(tmp_path, Revocation(NOW + 1, SITE, "st_x", observed["statement_id"]))
    fold(tmp_path, capture(batch("b", [click(0)], user="ada"), NOW + 2))
    assert [row[0] for row in statements(tmp_path)] == ["observed", "revoke"]
    revoked = max(stored(tmp_path, "statements"), key=lambda row: row["received_at"])
    assert (revoked["statement_id"], revoked["revokes"]) == ("st_x", observed["statement_id"])


def test_what_was_refused_is_kept_with_its_reason(tmp_path: Path) -> None:
    """A rejected event's dead letter holds the event as sent; the snippet's own losses are rows by cause."""
    bad = {"type": "click", "page": 0, "seq": "one", "time": 0}
    fold(tmp_path, capture(batch("a", [click(0), bad], dropped={"queue": 3, "size": 0})))
    rejected, dropped = sorted(stored(tmp_path, "dead_letters"), key=lambda row: row["reason"])
    assert (rejected["reason"], rejected["index"], json.loads(rejected["event"])) == ("bad_event", 1, bad)
    assert rejected["batch"] == "batch of a"
    assert rejected["date"] == at(NOW).date()
    assert (dropped["reason"], dropped["detail"], dropped["count"]) == ("client_dropped", "queue", 3)


def test_one_fold_may_spread_over_sites_and_days(tmp_path: Path) -> None:
    """Every row lands in the partition of its site and its own date."""
    days = [MS - day * 86_400_000 for day in range(40)]
    for site in ("shop", "blog"):
        events = [click(seq, time=day) for seq, day in enumerate(days)]
        write_journal(tmp_path, [capture(batch("a", events, sent_at=None), site=site)])
    fold(tmp_path)
    rows = stored(tmp_path, "events")
    assert len(rows) == 80
    assert all(row["time"].date() == row["date"] for row in rows)
    files = DeltaTable(str(tmp_path / "lake/events")).file_uris(
        file_pruning_predicate=[("site", "=", "blog")]
    )
    assert len(files) == 40


def test_tables_have_the_contracts_schemas(tmp_path: Path) -> None:
    """Names, types, nullability and partitions; no feature that other engines can't read."""
    fold(tmp_path)
    for name, schema in TABLES.items():
        table = DeltaTable(str(tmp_path / "lake" / name))
        found = table.to_pyarrow_dataset().schema
        assert {field.name: field.type for field in found} == {field.name: field.type for field in schema}
        assert {f.name: f.nullable for f in table.schema().fields} == {f.name: f.nullable for f in schema}
        assert table.metadata().partition_columns == PARTITIONS[name]
        assert (table.protocol().min_reader_version, table.protocol().min_writer_version) == (1, 2)
