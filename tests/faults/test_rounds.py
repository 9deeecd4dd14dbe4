"""A few rounds of what `make faults` does forty times."""

from __future__ import annotations

from pathlib import Path

from faults.rounds import run


def test_whoever_is_killed_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    """After kills and a power cut under load everything acknowledged is stored once, and reports agree."""
    told: list[str] = []
    tally = run(tmp_path, seed=3, kills=2, cuts=1, tell=told.append)
    assert tally.violations == []
    assert tally.deeds.total() == 3, told
