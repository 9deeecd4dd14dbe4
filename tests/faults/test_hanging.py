"""Who hangs is replaced, who comes second is refused, and clocks may say what they like."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import psutil
import pytest

from faults.checks import stored_events
from faults.conftest import Built
from faults.house import House
from faults.plan import Moment
from faults.processes import await_true

IMPATIENT = {"backsight.cli.supervisor": {"FIRST_WAIT": 0.05, "LONGEST_WAIT": 0.4, "SILENT_SECONDS": 4.0}}


def committer(house: House) -> psutil.Process:
    """The one that runs by now."""
    await_true("a committer", lambda: bool(house.backsight.committers()))
    return house.backsight.committers()[0]


def stop(house: House) -> None:
    os.kill(committer(house).pid, signal.SIGSTOP)


def get_stuck(house: House) -> None:
    """In a call that never returns, as on a disk that does not answer, in the midst of a commit."""
    house.plan.arm(Moment("committer", "fsync", r"/nodes/_delta_log/\d+\.json$", deed="hang"))
    await_true("a call that hangs", lambda: house.plan.has_fired or house.crowd.ended)


@pytest.mark.parametrize(
    "hang", [stop, pytest.param(get_stuck, marks=pytest.mark.long)], ids=["stopped", "stuck"]
)
def test_a_committer_that_hangs_is_replaced(built: Built, hang: Callable[[House], None]) -> None:
    """Meanwhile batches are acknowledged; afterwards they are stored, and nobody had to do anything."""
    house = built(IMPATIENT)
    with house.crowd.visiting():
        house.await_events(200)
        first = committer(house)
        hang(house)
        house.await_events(200)
        await_true("its end", lambda: not first.is_running())
    assert house.settled() == []
    assert "gave no sign of life for 4 s and is killed" in house.backsight.output()


def test_a_second_committer_is_refused(built: Built) -> None:
    """It names the first one and ends, whatever the first is doing; after a kill -9 no lock is left."""
    house = built()
    with house.crowd.visiting():
        await_true("the first one's work", lambda: stored_events(house.data) > 0)
        first = committer(house)
        refused = house.backsight.command("committer")
        assert refused.returncode == 1
        assert f"is being written by process {first.pid} on" in refused.stderr
        house.kill("committer")
        house.await_events(200)
    assert house.settled() == []
