"""The live feed: every stored event once, whenever it happened, whatever compaction does meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
from click.testing import CliRunner
from deltalake import DeltaTable, write_deltalake

import backsight as bs
from backsight.cli import main
from backsight.contract import PARTITIONS, TABLES, id64
from backsight.errors import InvalidRequest
from backsight.questions import Questions
from backsight.reports.live import commits
from backsight_collector.lake.compaction import compact
from backsight_collector.lake.lake import Lake as WrittenLake
from shop_site import secret_key, served, write_data

NOW = datetime.now(UTC).replace(microsecond=0)
AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
    "Safari/537.36"
)


def stored(folder: Path, *numbers: int, **columns: Any) -> None:
    """Events of these numbers, in a commit of their own; each happened a day before the one before it."""
    rows = []
    for number in numbers:
        time = NOW - timedelta(days=number % 3)
        rows.append(
            {
                "site": "shop", "date": time.date(), "time": time, "client_time": time,
                "received_at": NOW - timedelta(minutes=40) + timedelta(seconds=number), "type": "track",
                "name": f"n{number}", "device": 1, "page": id64("page", number), "sequence": 0,
                "user_agent": AGENT, **columns,
            }
        )  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=TABLES["events"])
    write_deltalake(str(folder / "lake" / "events"), table, mode="append", partition_by=PARTITIONS["events"])


def names(events: list[dict[str, Any]]) -> list[str]:
    """What they are called, as they were stored."""
    return [each.get("name", each["type"]) for each in reversed(events)]


def followed(site: Questions, after: str, limit: int = 200) -> tuple[list[str], str]:
    """What is told from a cursor on, until there is no more, and the cursor then."""
    found: list[str] = []
    while True:
        told = site.live(after, limit=limit)
        assert not told.gap
        found += names(told.events)
        after = told.next
        if not told.more:
            return found, after


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shop's data directory."""
    write_data(tmp_path)
    return tmp_path


@pytest.fixture
def site(folder: Path) -> Iterator[Questions]:
    with bs.open(folder, threads=1) as opened:
        yield opened


def test_the_newest_come_first_and_then_what_was_stored_since(folder: Path, site: Questions) -> None:
    """Whenever it happened: late events are told, each once."""
    stored(folder, 1, 2, 3)
    told = site.live(limit=3)
    assert names(told.events) == ["n1", "n2", "n3"]
    assert (told.more, told.gap) == (False, False)
    assert site.live(told.next).events == []
    stored(folder, 5, 4)
    found, after = followed(site, told.next)
    assert sorted(found) == ["n4", "n5"]
    assert followed(site, after) == ([], after)


def test_the_newest_are_as_many_as_asked_for_in_whatever_files(folder: Path, site: Questions) -> None:
    """Also where each file holds one event, as those of quick folds do; of fewer events, it is all."""
    for number in range(12):
        stored(folder, number)
    assert names(site.live(limit=10).events) == [f"n{number}" for number in range(2, 12)]
    every = site.sql("select count(*) from raw_events").rows[0][0]
    assert len(site.live(limit=200).events) == every > 12


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
def test_pages_of_any_size_tell_every_event_once(folder: Path, site: Questions, limit: int) -> None:
    """Over commits of one file and of several, and of other sites."""
    after = site.live().next
    stored(folder, *range(1, 6))
    stored(folder, 77, site="other")
    stored(folder, 6)
    stored(folder, *range(7, 10))
    found, _ = followed(site, after, limit)
    assert sorted(found) == sorted(f"n{number}" for number in range(1, 10))


def test_a_cursor_outlives_compaction_and_a_restart(folder: Path, site: Questions) -> None:
    """What was merged meanwhile is neither told again nor left out."""
    stored(folder, 1, 2)
    after = site.live(limit=1).next
    stored(folder, 3)
    for number in range(4, 8):
        stored(folder, number)
    WrittenLake(folder / "lake").close()
    compact(folder)
    stored(folder, 8)
    with bs.open(folder, threads=1) as again:
        found, after = followed(again, after, limit=2)
        assert found == [f"n{number}" for number in range(3, 9)]
        assert again.live(after).events == []


@pytest.mark.parametrize("lost", ["files", "log", "commits", "later"])
def test_a_cursor_that_is_of_no_use_any_more_begins_anew(
    folder: Path, site: Questions, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """It is said that there is a gap, and the newest events are told."""
    after = site.live().next
    stored(folder, 1)
    events = folder / "lake" / "events"
    if lost == "files":
        stored(folder, 4, name="n1")  # of the same day: they are merged, and vacuumed
        table = DeltaTable(str(events))
        table.optimize.compact()
        table.vacuum(0, dry_run=False, enforce_retention_duration=False)
    elif lost == "log":
        DeltaTable(str(events)).create_checkpoint()
        (events / "_delta_log" / f"{1:020d}.json").unlink()
    elif lost == "commits":
        monkeypatch.setattr(commits, "MOST_COMMITS", 0)
    else:
        after = "v99"
    with bs.open(folder, threads=1) as again:
        told = again.live(after, limit=1)
    assert told.gap
    assert names(told.events) == ["n1"]


def test_a_deletion_begins_anew(folder: Path, site: Questions) -> None:
    """Who holds what somebody did has to let go of it."""
    stored(folder, 1)
    after = site.live().next
    DeltaTable(str(folder / "lake" / "events")).delete("name = 'n1'")
    told = site.live(after)
    assert told.gap
    assert "n1" not in names(told.events)


def test_an_event_says_what_it_is(folder: Path, site: Questions) -> None:
    """Its page, element, names and browser; and how many there were by the minute."""
    site.define("Signed up", on="submit", css="form#signup")
    after = site.live().next
    stored(folder, 2_400, type="submit", node_id=3, path="/join", text="Sign up", props='{"plan": "pro"}')
    (event,) = site.live(after).events
    assert event["element"] == "form#signup.card.md\\:flex"
    assert event["names"] == ["Signed up"]
    assert (event["browser"], event["os"], event["device_type"]) == ("Chrome", "Windows", "desktop")
    assert (event["path"], event["text"], event["props"]) == ("/join", "Sign up", {"plan": "pro"})
    minutes = site.live().minutes
    assert len(minutes) == 30
    assert sum(each["events"] for each in minutes) == 1


def test_markup_is_shown_as_text(folder: Path, site: Questions) -> None:
    """In a notebook, of the live feed and of the rows behind a figure."""
    stored(folder, 1, name="<script>alert(1)</script>", path='/"><img src=x>', text="<b>buy</b>")
    rows = site.trend([{"on": "track"}], since="7d").events()
    for html in (site.live(limit=1)._repr_html_(), rows._repr_html_()):
        assert "&lt;script&gt;" in html
        assert "&lt;b&gt;buy" in html
        assert not any(tag in html for tag in ("<script", "<img", "<b>"))


def test_the_same_is_told_over_http(folder: Path, site: Questions) -> None:
    """Of both doors, with a key that may read; without one nothing is."""
    stored(folder, 1, 2)
    with served(folder) as url, bs.connect(url, secret_key(folder, "read")) as remote:
        here, there = site.live(limit=2), remote.live(limit=2)
        assert here.events == there.events
        assert here.next == there.next
        stored(folder, 3)
        assert names(remote.live(there.next).events) == ["n3"]
        assert httpx.get(f"{url}/v1/live").status_code == 401


@pytest.mark.parametrize("after", ["", "v", "v1.", "vv1", "-1", "v1.2.3", "v9999999999999999999"])
def test_what_is_no_cursor_is_refused(site: Questions, after: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        site.live(after)
    assert refused.value.field == "after"


def test_a_site_without_events_has_none(tmp_path: Path) -> None:
    """And tells the first that comes."""
    from backsight.sites import ensure_site
    from backsight.store.sqlite import SQLiteStore

    with SQLiteStore(tmp_path / "backsight.sqlite") as store:
        ensure_site(store, "shop", "test")
    with bs.open(tmp_path, threads=1) as site:
        told = site.live()
        assert told.events == []
        stored(tmp_path, 1)
        assert names(site.live(told.next).events) == ["n1"]


# ── backsight tail ──────────────────────────────────────────────────────────────────────────────────────────


def test_tail_prints_a_line_an_event(folder: Path) -> None:
    """The oldest first; what would move a terminal's cursor is shown escaped, and a line stays a line."""
    stored(folder, 1)
    stored(folder, 2, name="\x1b[2Jgone\nnext", path="/\u202egnp.exe", text="\x07")
    found = CliRunner().invoke(main, ["tail", "--once", "--limit", "2", "--data", str(folder)])
    assert found.exit_code == 0
    first, second = found.output.splitlines()
    assert "n1" in first
    assert "\\x1b[2Jgone\\nnext" in second
    assert "\\u202egnp.exe" in second
    assert not {"\x1b", "\x07", "\u202e"} & set(found.output)


def test_tail_prints_json_lines(folder: Path) -> None:
    """With --json each is an object, as the API gives it."""
    stored(folder, 1, 2)
    found = CliRunner().invoke(main, ["tail", "--once", "--limit", "2", "--json", "--data", str(folder)])
    import json

    assert [json.loads(line)["name"] for line in found.output.splitlines()] == ["n1", "n2"]


def test_tail_follows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is stored while it waits comes next; Ctrl-C ends it quietly."""
    from backsight.cli import tail as tailing

    waits = iter([lambda: stored(folder, 1), lambda: stored(folder, 2)])

    def wait(_: float) -> None:
        try:
            next(waits)()
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(tailing, "sleep", wait)
    found = CliRunner().invoke(main, ["tail", "--limit", "1", "--data", str(folder)])
    assert found.exit_code == 0
    assert [line.split()[3] for line in found.output.splitlines()[1:]] == ["n1", "n2"]
