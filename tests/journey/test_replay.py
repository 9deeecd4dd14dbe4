"""The demo's recording and how it is moved: real batches, other devices, other times."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from backsight.demo import recording
from backsight.demo.replay import Replay
from backsight.demo.schedule import Appearance, first_monday, schedule
from backsight_collector.wire import decode

NOW = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
KEY, SITE = "wk_juniper-rye", "http://127.0.0.1:9999"


@pytest.fixture(scope="module")
def made() -> recording.Recording:
    return recording.read()


@pytest.fixture(scope="module")
def shown(made: recording.Recording) -> list[Appearance]:
    return schedule(made.by_visitor(), 500, NOW)


def test_recording_is_small_and_of_some_substance(made: recording.Recording) -> None:
    """The file stays under 500 kB and holds at least 40 visitors and 1,500 events of every captured type."""
    types = Counter(event.type for visit in made.visits for event in visit.identities())
    assert recording.PATH.stat().st_size < 500_000
    assert len(made.by_visitor()) >= 40
    assert types.total() >= 1_500
    assert set(types) == {"pageview", "leave", "click", "change", "submit", "track", "identify"}


def test_collector_takes_every_recorded_batch_whole(made: recording.Recording) -> None:
    """The batches as the snippet sent them decode without one rejection."""
    decoded = [decode(batch.body.encode()) for visit in made.visits for batch in visit.batches]
    assert [one.rejections for one in decoded if one.rejections] == []


def test_recording_has_nothing_that_visitors_typed(made: recording.Recording) -> None:
    """What the scripts typed stands in no batch; an email only where the shop's code gave it as the user."""
    for visit in made.visits:
        sent = "".join(batch.body for batch in visit.batches)
        assert not [typed for typed in ("A. Visitor", "1 Quay Street", "correct horse") if typed in sent]
        assert sent.count(visit.email) == sent.count(f'"user":"{visit.email}"')


def test_every_visit_is_complete(made: recording.Recording) -> None:
    """Sequence numbers of each page instance run from 0 to its leave event without a gap."""
    for visit in made.visits:
        pages: dict[str, set[int]] = {}
        for event in visit.identities():
            pages.setdefault(event.page, set()).add(event.sequence)
        assert all(numbers == set(range(len(numbers))) for numbers in pages.values()), visit.name


def test_writing_and_reading_gives_the_same_recording(made: recording.Recording, tmp_path) -> None:
    """A recording survives its file, byte for byte."""
    recording.write(made, tmp_path / "again.gz")
    assert recording.read(tmp_path / "again.gz") == made


def test_schedule_is_eight_weeks_in_order_and_not_in_the_future(shown: list[Appearance]) -> None:
    """Visits are sorted, begin on the Monday seven weeks back and end before now."""
    starts = [one.start for one in shown]
    assert starts == sorted(starts)
    assert first_monday(NOW) == datetime(2026, 9, 28, tzinfo=UTC)
    assert first_monday(NOW) <= starts[0] < starts[-1] < NOW
    assert {(start - first_monday(NOW)).days // 7 for start in starts} == set(range(8))


def test_schedule_repeats_itself_for_a_seed(made: recording.Recording, shown: list[Appearance]) -> None:
    """The same recording, number of devices, time and seed give the same schedule; another seed another."""
    assert schedule(made.by_visitor(), 500, NOW) == shown
    assert schedule(made.by_visitor(), 500, NOW, seed=2) != shown


def test_people_come_back_in_later_weeks(shown: list[Appearance]) -> None:
    """A good part of the devices visits in several weeks; each follows one recorded visitor."""
    weeks: dict[int, set[int]] = {}
    for one in shown:
        weeks.setdefault(one.device, set()).add((one.start - first_monday(NOW)).days // 7)
    assert sum(len(seen) > 1 for seen in weeks.values()) > 0.25 * len(weeks)
    assert all(
        len({one.visit.visitor for one in shown if one.device == device}) == 1 for device in list(weeks)[:20]
    )


def test_moved_batches_keep_what_happened_and_change_who_and_when(made, shown) -> None:
    """A replayed visit has the recorded nodes and events, in order and spaced alike, and new ids."""
    one = next(one for one in shown if one.visit.name == "join")
    moved = [json.loads(post.body) for post in Replay(made, SITE, KEY).posts([one])]
    sent = [json.loads(batch.body.replace(made.origin, SITE)) for batch in one.visit.batches]
    for before, after in zip(sent, moved, strict=True):
        assert "sent_at" not in after
        assert (after["nodes"], after["elements"], after["key"]) == (before["nodes"], before["elements"], KEY)
        assert after["device"] != before["device"]
        assert not {page["id"] for page in before["pages"]} & {page["id"] for page in after["pages"]}
        assert [_kept(event) for event in after["events"]] == [_kept(event) for event in before["events"]]
    first = min(event["time"] for batch in sent for event in batch["events"])
    for before, after in ((b, a) for old, new in zip(sent, moved, strict=True)
                          for b, a in zip(old["events"], new["events"], strict=True)):  # fmt: skip
        expected = one.start + timedelta(milliseconds=(before["time"] - first) * one.pace)
        assert abs(datetime.fromtimestamp(after["time"] / 1000, UTC) - expected) < timedelta(milliseconds=1)


def test_replayed_devices_share_nothing(made, shown) -> None:
    """No two devices share a page instance, a session or a user; a device keeps its id."""
    owners: dict[tuple[str, str], set[str]] = {}
    for post in Replay(made, SITE, KEY).posts(shown):
        body = json.loads(post.body)
        ids = [("session", body["session"]), *(("page", page["id"]) for page in body["pages"])]
        for each in [*ids, *([("user", body["user"])] if body.get("user") else [])]:
            owners.setdefault(each, set()).add(body["device"])
    assert {len(devices) for devices in owners.values()} == {1}
    assert len({device for devices in owners.values() for device in devices}) == len(
        {one.device for one in shown}
    )


def _kept(event: dict) -> dict:
    return {name: value for name, value in event.items() if name not in {"time", "duration_ms", "user"}}
