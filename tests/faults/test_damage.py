"""Journals that were torn or whose bits were flipped while nothing ran."""

from __future__ import annotations

import random
from pathlib import Path
from typing import NamedTuple

import pytest

from backsight.contract import COMMITTER_STATUS
from backsight_collector.committer import Committer
from backsight_collector.journal.records import encode_record
from backsight_collector.journal.segments import list_segments
from backsight_collector.journal.writer import Journal
from backsight_collector.status import read_status
from captures import assert_sound, batch, capture, click, identities, identity
from faults.scale import IS_LONG

SEEDS = range(200 if IS_LONG else 12)


class Kept(NamedTuple):
    """Where a page's record lies, its header included."""

    page: str
    segment: int
    start: int
    end: int


def write(data: Path, chance: random.Random) -> list[Kept]:
    """A journal of some segments, and where it has what."""
    kept, last = [], (0, 0)
    journal = Journal(data / "journal/collector", segment_bytes=chance.randrange(2_000, 9_000))
    for number in range(20):
        page = f"page {number}"
        record = capture(batch(page, [click(0)], session="s" * chance.randrange(1, 200)))
        position = journal.append_now(encode_record(record))
        segment, end = position >> 32, position & 0xFFFFFFFF
        kept.append(Kept(page, segment, last[1] if last[0] == segment else 32, end))
        last = segment, end
    journal.close()
    return kept


def flip(path: Path, at: int, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << bit
    path.write_bytes(content)


@pytest.mark.parametrize("seed", SEEDS)
def test_only_what_was_damaged_is_missing(tmp_path: Path, seed: int) -> None:
    """Records before and behind flipped bits and torn ends are stored; the damage is counted and kept."""
    chance = random.Random(seed)
    kept = write(tmp_path, chance)
    segments = {each.number: each.path for each in list_segments(tmp_path / "journal/collector")}
    hit: set[str] = set()
    for _ in range(chance.randrange(1, 4)):
        one = chance.choice(kept)
        flip(segments[one.segment], chance.randrange(one.start, one.end), chance.randrange(8))
        hit.add(one.page)
    torn = chance.choice(kept)
    size = chance.randrange(torn.start, torn.end)
    with segments[torn.segment].open("r+b") as file:
        file.truncate(size)
    cut = {each.page for each in kept if each.segment == torn.segment and each.end > size}
    Journal(tmp_path / "journal/collector").close()  # as the next start does
    assert_stored(tmp_path, [each.page for each in kept if each.page not in hit | cut])
    damaged = b"".join(path.read_bytes() for path in (tmp_path / "journal/collector/set-aside").glob("*"))
    whole = [each for each in kept if each.page in hit - cut]
    assert len(damaged) >= sum(each.end - each.start for each in whole)


def assert_stored(data: Path, pages: list[str]) -> None:
    committer = Committer(data)
    while committer.step().batches:
        pass
    committer._write_status()
    committer.close()
    assert identities(data) == sorted(identity(page, 0) for page in pages)
    assert committer.status.damaged_stretches + committer.status.torn_records > 0
    assert_sound(data)


@pytest.mark.parametrize("left", [b"", b'{"folds": 1', bytes(40)], ids=["nothing", "half", "zeros"])
def test_a_status_that_a_power_cut_left_is_none(tmp_path: Path, left: bytes) -> None:
    """It is never synced; whoever reads it does as if the committer had not run yet."""
    (tmp_path / COMMITTER_STATUS).write_bytes(left)
    assert read_status(tmp_path) is None
