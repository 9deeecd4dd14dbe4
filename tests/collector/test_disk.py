from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backsight_collector.disk import LOOK_SECONDS, DiskSpace, measure

MB = 1_000_000


class Disk:
    """A disk of which a test says how full it is, and a clock."""

    def __init__(self, free: int, size: int) -> None:
        self.free, self.size, self.looks, self.now = free, size, 0, 100.0

    def measure(self, folder: Path) -> tuple[int, int]:
        self.looks += 1
        return self.free, self.size

    def watch(self, least_free: int) -> DiskSpace:
        return DiskSpace(Path(), least_free, measure=self.measure, clock=lambda: self.now)


@pytest.mark.parametrize(
    ("free", "size", "is_short"),
    [
        (600 * MB, 100_000 * MB, False),
        (500 * MB, 100_000 * MB, False),
        (499 * MB, 100_000 * MB, True),
        (60 * MB, 1_000 * MB, False),
        (49 * MB, 1_000 * MB, True),
        (0, 1_000 * MB, True),
    ],
    ids=["room", "just enough", "short", "small disk with room", "small disk, short", "full"],
)
def test_the_door_closes_before_the_disk_is_full(free: int, size: int, is_short: bool) -> None:
    """So many bytes stay free, or a twentieth of a disk that is smaller than twenty times that."""
    assert (Disk(free, size).watch(500 * MB).shortage() is not None) is is_short


def test_the_words_say_how_much_is_left() -> None:
    """An operator sees what there is and what is needed."""
    said = Disk(3 * MB, 100_000 * MB).watch(500 * MB).shortage()
    assert said == "the disk is full but for 3 MB, and 500 MB are kept free"


def test_the_disk_is_looked_at_once_a_second() -> None:
    """Each request asks; and when there is room again, the door opens by itself."""
    disk = Disk(0, 1_000 * MB)
    watch = disk.watch(50 * MB)
    assert all(watch.shortage() for _ in range(1_000))
    assert disk.looks == 1
    disk.free = 900 * MB
    disk.now += LOOK_SECONDS
    assert watch.shortage() is None
    assert watch.free == 900 * MB


def test_a_disk_that_tells_nothing_is_no_full_one(tmp_path: Path) -> None:
    """Whether it takes anything shows when it is written to; a real one tells."""
    gone = DiskSpace(tmp_path / "gone")
    assert (gone.shortage(), gone.free) == (None, None)
    free, size = measure(tmp_path)
    assert 0 < free <= size


def test_a_full_disk_refuses_batches_until_there_is_room(
    serve: Callable[..., Any], make_batch: Callable[..., dict[str, Any]]
) -> None:
    """503 says when to come back, nothing is kept, and readiness says why; with room, batches are kept."""
    server = serve()
    space: DiskSpace = server.collector._space
    for free, status in ((0, 503), (10**12, 200)):
        space._measure = lambda _, free=free: (free, 10**12)
        space._look_at = 0.0
        answer = server.post(make_batch())
        assert answer.status == status
        assert server.request("GET", "/readyz").status == status
        if status == 503:
            assert answer.headers["retry-after"] == "30"
            assert "the disk is full but for 0 MB" in answer.json["detail"]
            assert server.captures() == []
    assert len(server.captures()) == 1
