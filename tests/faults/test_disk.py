"""A full disk: everybody is told to come back, nothing that was acknowledged is lost, it heals by itself."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from faults.conftest import Built
from faults.disk import await_refusals, fill, limit_files, small_disk
from faults.house import House


@pytest.mark.long
def test_files_that_may_not_grow(built: Built) -> None:
    """Where every write fails, visitors get 503 with Retry-After; once writes succeed again, all goes on."""
    house = built()
    with house.crowd.visiting():
        house.await_events(300)
        limit_files(house, 0)
        await_refusals(house)
        limit_files(house, resource.RLIM_INFINITY)
        house.await_events(300)
    assert house.settled() == []


def test_a_full_disk(built: Built, tmp_path: Path) -> None:
    """The same on a small disk that somebody has filled; without leave to mount one, on limited files."""
    with small_disk(tmp_path / "disk", megabytes=48) as is_mounted:
        house = built(folder=tmp_path / "disk" / "house") if is_mounted else built()
        with house.crowd.visiting():
            house.await_events(300)
            overfill(house, tmp_path / "disk", is_mounted=is_mounted)
            house.await_events(300)
        assert house.settled() == []
        house.backsight.stop()


def overfill(house: House, disk: Path, *, is_mounted: bool) -> None:
    if not is_mounted:
        limit_files(house, 1_000)  # not even another batch
        await_refusals(house)
        limit_files(house, resource.RLIM_INFINITY)
        return
    ballast = fill(disk)
    await_refusals(house)
    ballast.unlink()


@pytest.mark.long
def test_a_disk_that_is_full_when_it_starts(built: Built) -> None:
    """A server that is killed on a full disk starts there when there is room again, and has lost nothing."""
    house = built()
    with house.crowd.visiting():
        house.await_events(300)
        limit_files(house, 0)
        await_refusals(house)
        house.kill("committer", "up")
        house.await_events(300)
    assert house.settled() == []
