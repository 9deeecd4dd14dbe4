from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from backsight.contract import MAX_EVENT_BYTES
from backsight_collector.committer import Committer
from backsight_collector.fold import fold as fold_module
from backsight_collector.fold.attributes import AttributeBound, captured
from backsight_collector.journal.records import Capture, Record, Revocation
from captures import (
    NOW,
    SITE,
    assert_sound,
    batch,
    capture,
    click,
    identities,
    identity,
    stored,
    write_journal,
)

LONG_URL = "https://shop.example/" + "a" * 2_000


def repeating(number: int, events: int = 100) -> dict[str, Any]:
    """A small batch whose long address stands in the row of each of its events."""
    page = {"id": f"page {number}", "url": LONG_URL}
    return batch("", [click(seq) for seq in range(events)], batch=f"{number}", pages=[page])


def fold_all(data_dir: Path) -> list[tuple[int, int]]:
    """Batches and events of each step, until one says that there is no more."""
    committer, steps = Committer(data_dir), []
    while True:
        counts = committer.step()
        steps.append((counts.batches, counts.events))
        if not counts.more:
            committer.close()
            return steps


def test_what_is_sent_once_and_stored_often_fills_a_fold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fold stops before its rows take too much memory; the next goes on there, nothing lost or doubled."""
    monkeypatch.setattr(fold_module, "FULL_CHARACTERS", 3 * 100 * len(LONG_URL) - 1)
    write_journal(tmp_path, [capture(repeating(number)) for number in range(8)])
    assert fold_all(tmp_path) == [(3, 300), (3, 300), (2, 200)]
    assert identities(tmp_path) == sorted(
        identity(f"page {number}", seq) for number in range(8) for seq in range(100)
    )
    assert_sound(tmp_path)


def test_a_full_fold_leaves_every_kind_of_record_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read ahead and not taken leaves no trace: it is folded once, by the next."""
    monkeypatch.setattr(fold_module, "FULL_CHARACTERS", 0)
    unreadable = Capture(NOW, SITE, None, b"{}")
    late: list[Record] = [unreadable, Revocation(NOW, SITE, "st_1", "st_0"), capture(repeating(2))]
    write_journal(tmp_path, [capture(repeating(1)), *late])
    assert fold_all(tmp_path) == [(1, 100), (2, 100)]
    assert [row["reason"] for row in stored(tmp_path, "dead_letters")] == ["unreadable"]
    assert [row["revokes"] for row in stored(tmp_path, "statements")] == ["st_0"]


def test_one_record_is_always_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much it makes, so that it never holds up the journal."""
    monkeypatch.setattr(fold_module, "FULL_CHARACTERS", 10)
    write_journal(tmp_path, [capture(repeating(1, events=500))])
    assert fold_all(tmp_path) == [(1, 500)]
    assert len(stored(tmp_path, "events")) == 500


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([1] * 3, [3]),
        ([1] * 20, [8, 8, 4]),
        ([400, 700, 100, 100, 2_000, 10], [1, 3, 1, 1]),
        ([], []),
    ],
    ids=["few", "many", "large ones", "none"],
)
def test_few_large_records_are_read_ahead(
    sizes: list[int], expected: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a body may become thirty times its size, they are read by their bytes, not by their number."""
    monkeypatch.setattr(fold_module, "CHUNK_BYTES", 1_000)
    records = [(place, Capture(NOW, SITE, None, b" " * size)) for place, size in enumerate(sizes)]
    chunks = list(fold_module._chunks(records))
    assert [len(chunk) for chunk in chunks] == expected
    assert [record for chunk in chunks for record in chunk] == records


def test_an_event_keeps_no_more_attributes_than_an_event_may_have() -> None:
    """An element is sent once for a thousand events, each of whose rows would hold all that it lost."""
    sent: dict[str, str | None] = {f"data-{number:03}": f"{number:01000}" for number in range(200)}
    kept = captured(sent)
    assert 31 <= len(kept) <= 33
    assert len(json.dumps(kept)) < MAX_EVENT_BYTES * 1.1
    bound = AttributeBound(SITE, 0)
    bound.describe(sent)
    assert bound.describe(sent).withheld == kept
