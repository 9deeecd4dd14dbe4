"""What the doctor finds of the server: committer, collector, disk, and the lake's files."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from backsight import doctor
from backsight.contract import COLLECTOR_STATUS, COMMITTER_STATUS
from backsight.doctor import lake_files
from backsight.lake import Lake
from backsight_collector.status import Status
from query.conftest import ContextOf
from query.planted import NOW
from query.rows import event

COLLECTOR: dict[str, Any] = {"accepted": 10, "requests": 10, "refused": {}}


@pytest.fixture
def examined(context_of: ContextOf, tmp_path: Path) -> Any:
    """Gives the findings, by check, of a data folder in which these files stand."""
    (tmp_path / "lake").mkdir()

    def examine(
        committer: Status | None = None,
        collector: Mapping[str, Any] | None = None,
        *,
        is_shared: bool = False,
    ) -> Any:
        now = time.time()
        if committer is not None:
            committer.updated_at = committer.updated_at or now
            committer.write(tmp_path)
        if collector is not None:
            told = {"started_at": now, "updated_at": now, "last_accepted_at": now, **COLLECTOR, **collector}
            (tmp_path / COLLECTOR_STATUS).write_text(json.dumps(told))
        context = context_of([event("A", NOW - timedelta(hours=1))], names={}, now=NOW)
        here = replace(context.snapshot, lake=Lake(tmp_path / "lake"))
        answer = doctor.run({}, replace(context, snapshot=here, shares_server=is_shared))
        return {each["check"]: each for each in answer["findings"]}

    return examine


def refused(requests: int, ago: float = 0, detail: str | None = None) -> dict[str, object]:
    return {"requests": requests, "last": time.time() - ago, "detail": detail}


def test_a_lake_without_a_server_tells_of_none(examined: Any) -> None:
    """Where neither collector nor committer ever ran, there is nothing to say of them."""
    assert not {"storing", "door", "disk", "damage", "contexts"} & examined().keys()


def test_a_server_that_is_well(examined: Any) -> None:
    """Every check says so."""
    found = examined(Status(events=1_200), {})
    assert [found[check]["state"] for check in ("storing", "door", "lake")] == ["fine"] * 3
    assert "1,200 events" in found["storing"]["words"]


def test_events_wait_for_a_committer_that_never_ran(examined: Any) -> None:
    """A collector alone keeps events, but no report has them."""
    assert examined(None, {})["storing"]["state"] == "act"
    assert "storing" not in examined(None, {"accepted": 0})


@pytest.mark.parametrize(("accepted_ago", "state"), [(60, "act"), (7_200, "know")])
def test_a_committer_that_is_silent(examined: Any, accepted_ago: float, state: str) -> None:
    """It is to be started where something came since it last said something."""
    now = time.time()
    found = examined(Status(updated_at=now - 3_600), {"last_accepted_at": now - accepted_ago})["storing"]
    assert found["state"] == state
    assert "1 h" in found["words"]
    assert bool(found["do"]) is (state == "act")


def test_a_committer_that_fails_or_is_behind(examined: Any) -> None:
    """The last error is told while it lasts; a lag is told from a minute on."""
    failing = Status(errors=3, last_error="OSError: no space", last_error_at=time.time() - 5)
    found = examined(failing, {})["storing"]
    assert (found["state"], "OSError: no space" in found["words"]) == ("act", True)
    over = Status(errors=3, last_error="OSError: no space", last_error_at=time.time() - 7_200)
    assert examined(over, {})["storing"]["state"] == "fine"
    assert examined(Status(lag_seconds=59), {})["storing"]["state"] == "fine"
    behind = examined(Status(lag_seconds=600), {})["storing"]
    assert (behind["state"], "10 min" in behind["words"]) == ("act", True)


def test_damage_is_told_with_its_extent(examined: Any) -> None:
    """What can't be read calls for a look at the disk; a torn tail is what every kill leaves."""
    found = examined(Status(damaged_stretches=2, unreadable_records=1, torn_records=9), {})["damage"]
    assert found["state"] == "act"
    assert "1 record of the journal" in found["words"]
    assert "2 stretches of the journal" in found["words"]
    assert "damage" not in examined(Status(torn_records=9), {})
    assert examined(Status(deduplication_cut_short=1), {})["damage"]["state"] == "know"


def test_contexts_that_were_cut(examined: Any) -> None:
    """Only of the site that is examined; with how many events it concerns."""
    assert "contexts" not in examined(Status(cut={"other": (9, "new ones are cut")}), {})
    found = examined(Status(cut={"shop": (9, "new ones are cut: 5 are in use")}), {})["contexts"]
    assert found["state"] == "act"
    assert "new ones are cut: 5 are in use" in found["words"]
    assert "9 events" in found["words"]


def test_a_collector_that_is_silent(examined: Any) -> None:
    """Nothing is captured until it runs again, whatever it refused before."""
    stopped = {"updated_at": time.time() - 600, "refused": {"method": refused(1)}}
    found = examined(Status(), stopped)["door"]
    assert found["state"] == "act"
    assert found["words"].startswith("The collector does not run: it last said something 10 min ago.")
    assert "backsight collector" in found["do"][0]


def test_what_the_door_refused(examined: Any) -> None:
    """By reason, the most frequent first, each with what to do; what strangers try is only told."""
    found = examined(
        Status(),
        {
            "requests": 200,
            "refused": {
                "rate": refused(2),
                "unknown_key": refused(8, detail="wk_old"),
                "method": refused(10),
            },
        },
    )["door"]
    assert found["state"] == "act"
    assert "10.00%" in found["words"]
    assert "method 10; unknown_key 8 (wk_old); rate 2" in found["words"]
    assert [("keys list" in each, "EVENTS_PER_SECOND" in each) for each in found["do"]] == [
        (True, False),
        (False, True),
    ]
    assert examined(Status(), {"refused": {"method": refused(10)}})["door"]["state"] == "know"
    assert examined(Status(), {"refused": {"rate": refused(10, ago=90_000)}})["door"]["state"] == "fine"


def test_nothing_is_quoted_where_sites_share_a_server(examined: Any) -> None:
    """What was refused or went wrong may be another site's: it is counted, and no word of it told."""
    status = Status(last_error="site=blog/date=2026-10-01 is gone", last_error_at=time.time(), errors=3)
    told = {"requests": 10, "refused": {"unknown_key": refused(4, detail="wk_of_blog"), "rate": refused(1)}}
    for is_shared in (False, True):
        found = examined(status, told, is_shared=is_shared)
        quoted = json.dumps([found["door"], found["storing"]])
        assert ("wk_of_blog" not in quoted, "site=blog" not in quoted) == (is_shared, is_shared)
        assert (found["door"]["state"], found["storing"]["state"]) == ("act", "act")
        assert "unknown_key 4" in found["door"]["words"]


def test_a_disk_that_fills_up(examined: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is time to act from a tenth of it on."""
    usage = shutil.disk_usage(Path.cwd())
    for free, state in ((20, "fine"), (9, "act")):
        monkeypatch.setattr(
            shutil, "disk_usage", lambda folder, free=free: usage._make((100, 100 - free, free))
        )
        assert examined(Status(), {})["disk"]["state"] == state


def test_days_of_too_many_files(examined: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fullest day is named, and so is a log that is not cleaned up."""
    monkeypatch.setattr(lake_files, "MANY_FILES", 0)
    found = examined(Status(), {})["lake"]
    assert (found["state"], "2026" in found["words"]) == ("act", True)
    monkeypatch.undo()
    monkeypatch.setattr(lake_files, "MANY_ENTRIES", -1)
    assert "is not cleaned up" in examined(Status(), {})["lake"]["words"]


def test_a_status_that_is_being_replaced_or_is_none(examined: Any, tmp_path: Path) -> None:
    """A file that can't be read is as good as none."""
    (tmp_path / COMMITTER_STATUS).write_text("[")
    assert "storing" not in examined()
