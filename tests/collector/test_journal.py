"""The journal: what it acknowledged is read back, whatever happens to the process, the disk and the bytes."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight_collector.journal import writer as journal_module
from backsight_collector.journal.frames import frame_header, payload_checksum
from backsight_collector.journal.segments import PREAMBLE, DiskFile, list_segments
from backsight_collector.journal.writer import (
    Journal,
    JournalClosed,
    JournalFull,
    JournalLocked,
    JournalReader,
    JournalUnavailable,
)

SLOW_DISK = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def payloads(directory: Path, after: int = 0) -> list[bytes]:
    return [record.payload for record in JournalReader(directory).read(after, 2**30)]


def written(directory: Path, *records: bytes) -> list[int]:
    """Writes the records in one life of a journal; their positions."""
    journal = Journal(directory)
    positions = [journal.append_now(record) for record in records]
    journal.close()
    return positions


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        threading.Event().wait(0.002)
    return condition()


class FaultyDisk:
    """Opens files of which the test can make a write or a sync fail, or wait."""

    def __init__(self) -> None:
        self.write_fault: Exception | None = None
        self.sync_fault: OSError | None = None
        self.may_sync = threading.Event()
        self.may_sync.set()
        self.syncs = 0
        self.opened: list[Path] = []

    def __call__(self, path: Path) -> FaultyFile:
        self.opened.append(path)
        return FaultyFile(self, path)


class FaultyFile(DiskFile):
    def __init__(self, disk: FaultyDisk, path: Path) -> None:
        super().__init__(path)
        self.disk = disk

    def write(self, data: bytes) -> None:
        if self.disk.write_fault:
            super().write(data[: len(data) // 2])  # a disk that fills up takes a part
            raise self.disk.write_fault
        super().write(data)

    def sync(self) -> None:
        assert self.disk.may_sync.wait(30)
        self.disk.syncs += 1
        if self.disk.sync_fault:
            raise self.disk.sync_fault
        super().sync()


DISK_FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
IO_ERROR = OSError(errno.EIO, os.strerror(errno.EIO))


# ── Writing ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_records_come_back_in_order_with_the_positions_that_append_gave(tmp_path: Path) -> None:
    """Concurrent appends read back in order, under strictly increasing positions, from any of them on."""
    records = [b"%d" % number * number for number in range(200)]

    async def append_all() -> list[int]:
        journal = Journal(tmp_path / "j")
        positions = await asyncio.gather(*map(journal.append, records))
        journal.close()
        return positions

    positions = asyncio.run(append_all())
    read = JournalReader(tmp_path / "j").read(0, 2**30)
    assert [record.payload for record in read] == records
    assert [record.position for record in read] == positions == sorted(set(positions))
    assert payloads(tmp_path / "j", after=positions[99]) == records[100:]


def test_the_folders_of_a_new_journal_are_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every folder that a first start makes is synced into the one above it."""
    synced, fsync = set(), os.fsync

    def noting(descriptor: int) -> None:
        synced.add(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    written(tmp_path / "data" / "journal" / "collector", b"a")
    assert synced >= {tmp_path, tmp_path / "data", tmp_path / "data" / "journal"}


def test_append_waits_for_the_sync(tmp_path: Path) -> None:
    """Nothing is acknowledged before its bytes are synced; one sync serves all that gathered meanwhile."""
    disk = FaultyDisk()

    async def scenario() -> None:
        journal = Journal(tmp_path / "j", opener=disk)
        disk.may_sync.clear()
        before = disk.syncs
        first = asyncio.ensure_future(journal.append(b"first"))
        await asyncio.to_thread(eventually, lambda: (tmp_path / "j" / disk.opened[0]).stat().st_size > 32)
        others = [asyncio.ensure_future(journal.append(b"other")) for _ in range(50)]
        done, _ = await asyncio.wait([first, *others], timeout=0.02)
        assert not done
        disk.may_sync.set()
        await asyncio.gather(first, *others)
        assert disk.syncs - before == 2
        journal.close()

    asyncio.run(scenario())


def test_segments_roll_and_positions_still_grow(tmp_path: Path) -> None:
    """A full segment is followed by the next number, and reading goes across."""
    journal = Journal(tmp_path / "j", segment_bytes=200)
    records = [bytes([65 + number]) * 90 for number in range(10)]
    positions = [journal.append_now(record) for record in records]
    journal.close()
    assert len(list_segments(tmp_path / "j")) == 5
    assert positions == sorted(set(positions))
    assert payloads(tmp_path / "j") == records


def test_read_stops_past_the_bytes_asked_for(tmp_path: Path) -> None:
    """A read gives at least one record, and stops once it has as many bytes as were asked for."""
    positions = written(tmp_path / "j", b"a" * 100, b"b" * 100, b"c" * 100)
    reader = JournalReader(tmp_path / "j")
    assert [record.position for record in reader.read(0, 1)] == positions[:1]
    assert [record.position for record in reader.read(0, 101)] == positions[:2]


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    """Only one process may write; the error names the directory and the way out."""
    journal = Journal(tmp_path / "j")
    with pytest.raises(JournalLocked, match=r"j is being written by another process: stop"):
        Journal(tmp_path / "j")
    journal.close()
    Journal(tmp_path / "j").close()


def test_a_full_queue_refuses_instead_of_growing(tmp_path: Path) -> None:
    """While the disk stalls, appends past the bound raise JournalFull; what was taken in is still written."""
    disk = FaultyDisk()

    async def scenario() -> None:
        journal = Journal(tmp_path / "j", opener=disk, max_pending_bytes=1_000)
        disk.may_sync.clear()
        taken = [asyncio.ensure_future(journal.append(b"x" * 400)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(JournalFull, match="800 bytes wait"):
            await journal.append(b"x" * 400)
        disk.may_sync.set()
        await asyncio.gather(*taken)
        journal.close()

    asyncio.run(scenario())
    assert payloads(tmp_path / "j") == [b"x" * 400] * 2


def test_close_writes_what_is_pending_and_then_refuses(tmp_path: Path) -> None:
    """Records taken in before close are on disk after it; later ones raise JournalClosed."""

    async def scenario() -> None:
        journal = Journal(tmp_path / "j")
        waiting = [asyncio.ensure_future(journal.append(b"%d" % number)) for number in range(20)]
        await asyncio.sleep(0)
        await asyncio.to_thread(journal.close)
        assert len(set(await asyncio.gather(*waiting))) == 20
        with pytest.raises(JournalClosed):
            await journal.append(b"late")

    asyncio.run(scenario())
    assert len(payloads(tmp_path / "j")) == 20


@pytest.mark.parametrize(
    ("fault", "error"),
    [("write", DISK_FULL), ("sync", IO_ERROR), ("write", MemoryError("no memory"))],
    ids=["disk full", "sync", "no memory"],
)
def test_a_failed_disk_is_never_acknowledged_and_its_segment_is_given_up(
    tmp_path: Path, fault: str, error: Exception
) -> None:
    """After a failed write or sync the append fails, `failure` says why; what follows is in a new segment."""
    disk = FaultyDisk()
    journal = Journal(tmp_path / "j", opener=disk)
    before = journal.append_now(b"before")
    setattr(disk, f"{fault}_fault", error)
    with pytest.raises(JournalUnavailable, match=r"No space left|Input/output|no memory"):
        journal.append_now(b"lost")
    assert journal.failure is not None
    size = disk.opened[0].stat().st_size
    setattr(disk, f"{fault}_fault", None)
    after = journal.append_now(b"after")
    assert journal.failure is None
    journal.close()
    assert after >> 32 > before >> 32
    assert disk.opened[0].stat().st_size == size
    read = payloads(tmp_path / "j")
    assert (read[0], read[-1]) == (b"before", b"after")
    assert set(read) <= {b"before", b"lost", b"after"}


def test_a_journal_that_failed_heals_without_being_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk has room again, `failure` goes by itself, so that a load balancer sends traffic again."""
    monkeypatch.setattr(journal_module, "RETRY_SECONDS", 0.01)
    disk = FaultyDisk()
    journal = Journal(tmp_path / "j", opener=disk)
    disk.write_fault = DISK_FULL
    with pytest.raises(JournalUnavailable):
        journal.append_now(b"lost")
    tries = len(disk.opened)
    assert eventually(lambda: len(disk.opened) > tries + 2)
    assert journal.failure is not None
    disk.write_fault = None
    assert eventually(lambda: journal.failure is None)
    journal.append_now(b"kept")
    journal.close()
    assert payloads(tmp_path / "j") == [b"kept"]
    assert len(list_segments(tmp_path / "j")) == 2  # what could not be begun has left no file behind


# ── Trimming ────────────────────────────────────────────────────────────────────────────────────────────────


def test_trim_deletes_what_is_wholly_read_but_never_the_newest(tmp_path: Path) -> None:
    """Segments wholly at or before the position go; one with a later record stays, and so does the newest."""
    directory = tmp_path / "j"
    first = written(directory, b"a", b"b")
    second = written(directory, b"c", b"d")
    reader = JournalReader(directory)
    assert reader.trim(first[0]) == 0
    assert reader.trim(first[1]) == 1
    assert payloads(directory) == [b"c", b"d"]
    assert reader.trim(second[1]) == 0
    assert payloads(directory, after=second[0]) == [b"d"]


def test_numbers_are_never_used_twice(tmp_path: Path) -> None:
    """A journal that was trimmed and started again goes on above every position that it ever gave."""
    positions: list[int] = []
    for _ in range(4):
        positions += written(tmp_path / "j", b"record")
        JournalReader(tmp_path / "j").trim(positions[-1])
    assert positions == sorted(set(positions))
    assert len(list_segments(tmp_path / "j")) == 1


def test_a_journal_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    """A reader may come before the writer."""
    reader = JournalReader(tmp_path / "none")
    assert reader.read(0, 1) == []
    assert reader.trim(2**40) == 0


# ── Damage ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_incomplete_end_of_the_newest_segment_is_not_yet(tmp_path: Path) -> None:
    """While a writer may still be at it, an incomplete frame is neither a record nor damage."""
    directory = tmp_path / "j"
    written(directory, b"whole", b"partial")
    path = list_segments(directory)[0].path
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    reader = JournalReader(directory)
    assert [record.payload for record in reader.read(0, 2**30)] == [b"whole"]
    assert (reader.damaged, reader.torn) == ([], 0)
    path.write_bytes(whole)
    assert [record.payload for record in reader.read(0, 2**30)] == [b"whole", b"partial"]


@pytest.mark.parametrize("tail", ["cut", "zeros", "zeros from inside a frame"])
def test_an_incomplete_end_of_an_older_segment_is_torn(tmp_path: Path, tail: str) -> None:
    """Once a newer segment exists the end is final: counted once, skipped, and zeros are not set aside."""
    directory = tmp_path / "j"
    written(directory, b"whole", b"partial" * 10)
    path = list_segments(directory)[0].path
    data = path.read_bytes()
    path.write_bytes(data[:-3] if tail == "cut" else data + bytes(4096) if tail == "zeros" else data[:-70])
    written(directory, b"next")
    reader = JournalReader(directory)
    for _ in range(2):
        read = [record.payload for record in reader.read(0, 2**30)]
        assert read == [b"whole", *([b"partial" * 10] if tail == "zeros" else []), b"next"]
    assert (reader.torn, reader.damaged) == (1, [])


def test_damage_in_the_middle_is_set_aside_and_counted_once(tmp_path: Path) -> None:
    """The records around an unsound one are read, its bytes are kept, and its position is known."""
    directory = tmp_path / "j"
    positions = written(directory, b"first", b"second", b"third")
    path = list_segments(directory)[0].path
    data = path.read_bytes()
    path.write_bytes(data.replace(b"second", b"sEcond"))
    reader = JournalReader(directory)
    for _ in range(2):
        assert [record.payload for record in reader.read(0, 2**30)] == [b"first", b"third"]
    assert [damage.position for damage in reader.damaged] == [positions[1]]
    assert reader.damaged[0].path.read_bytes().endswith(b"sEcond")
    assert reader.damaged[0].length == len(reader.damaged[0].path.read_bytes())


def test_bytes_that_look_like_a_frame_are_not_a_record(tmp_path: Path) -> None:
    """A payload may hold a frame, even one copied from this very journal; damage does not set it free."""
    directory = tmp_path / "j"
    written(directory, b"forged")
    segment = list_segments(directory)[0]
    copied = segment.path.read_bytes()[len(PREAMBLE) :]
    guessed = frame_header(6, payload_checksum(b"forged"), 0, 2, len(PREAMBLE) + 16) + b"forged"
    written(directory, copied + guessed, b"sound")
    path = list_segments(directory)[1].path
    data = bytearray(path.read_bytes())
    data[len(PREAMBLE)] ^= 1
    path.write_bytes(data)
    assert payloads(directory) == [b"forged", b"sound"]


records = st.lists(st.binary(max_size=60) | st.binary(min_size=200, max_size=400), min_size=1, max_size=8)


@SLOW_DISK
@given(records=records, data=st.data())
def test_truncation_loses_only_what_it_cuts(
    tmp_path_factory: pytest.TempPathFactory, records: list[bytes], data: st.DataObject
) -> None:
    """Cut anywhere, a segment gives exactly the records that end before the cut, also in an old one."""
    directory = tmp_path_factory.mktemp("journal")
    positions = written(directory, *records)
    path = list_segments(directory)[0].path
    cut = data.draw(st.integers(0, path.stat().st_size))
    os.truncate(path, cut)
    left = [record for record, at in zip(records, positions, strict=True) if at & (2**32 - 1) <= cut]
    assert payloads(directory) == left
    written(directory, b"next")
    assert payloads(directory) == [*left, b"next"]


@SLOW_DISK
@given(records=records, data=st.data())
def test_a_flipped_bit_loses_only_the_record_that_holds_it(
    tmp_path_factory: pytest.TempPathFactory, records: list[bytes], data: st.DataObject
) -> None:
    """Every other record comes back, none is invented, and a lost one is set aside."""
    directory = tmp_path_factory.mktemp("journal")
    ends = [position & (2**32 - 1) for position in written(directory, *records)]
    path = list_segments(directory)[0].path
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    written(directory, b"next")
    starts = [len(PREAMBLE), *ends]
    sound = [
        record for record, start, end in zip(records, starts, ends, strict=False) if not start <= at < end
    ]
    reader = JournalReader(directory)
    assert [record.payload for record in reader.read(0, 2**30)] == [*sound, b"next"]
    assert len(reader.damaged) == len(records) - len(sound)


# ── Other processes ─────────────────────────────────────────────────────────────────────────────────────────

WRITER = """
import asyncio, sys
from pathlib import Path
from backsight_collector.journal.writer import Journal

async def write(journal, number):
    while True:
        payload = b"%d " % number * 50
        position = await journal.append(payload)
        sys.stdout.write(f"{position} {number}\\n")
        sys.stdout.flush()
        number += 10

async def main():
    journal = Journal(Path(sys.argv[1]), segment_bytes=20_000)
    await asyncio.gather(*(write(journal, number) for number in range(10)))

asyncio.run(main())
"""


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    """A writer killed at any moment, three times over, leaves every acknowledged record in its place."""
    acknowledged: dict[int, bytes] = {}
    reader = JournalReader(tmp_path / "j")
    seen: dict[int, bytes] = {}
    for life in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "j")], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for _ in range(150 + 70 * life):
            position, number = process.stdout.readline().split()
            acknowledged[int(position)] = b"%d " % int(number) * 50
            seen |= {record.position: record.payload for record in reader.read(max(seen, default=0), 10_000)}
        process.kill()
        rest, _ = process.communicate()
        for line in rest.splitlines(keepends=True):
            if line.endswith("\n"):
                position, number = line.split()
                acknowledged[int(position)] = b"%d " % int(number) * 50
    while new := reader.read(max(seen), 10_000):
        seen |= {record.position: record.payload for record in new}
    assert len(acknowledged) >= 660
    assert {position: seen.get(position) for position in acknowledged} == acknowledged
    assert reader.damaged == []
