from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backsight.contract import TABLES
from backsight_collector.committer import Committer, CommitterSettings
from backsight_collector.lake import table as table_module
from backsight_collector.lake.errors import LakeDamaged
from backsight_collector.lake.lake import Lake
from backsight_collector.lake.table import Table
from captures import assert_sound, batch, capture, click, identities, identity, stored, write_journal


def fold(data_dir: Path, *pages: str) -> Committer:
    """Folds batches that put rows into all five tables."""
    fields = [{"user": f"user of {page}", "elements": elements(page)} for page in pages]
    sent = [batch(page, [click(0), {"type": "?"}], **more) for page, more in zip(pages, fields, strict=True)]
    write_journal(data_dir, map(capture, sent))
    committer = Committer(data_dir)
    while committer.step().batches:
        pass
    committer.close()
    return committer


def elements(page: str) -> list[dict[str, Any]]:
    return [{"tag": tag, "attrs": {"class": page}} for tag in ("html", "body", "button")]


def last_entry(data_dir: Path, table: str) -> Path:
    return max((data_dir / "lake" / table / "_delta_log").glob("*.json"))


TEARS: dict[str, Callable[[str], str]] = {
    "empty": lambda text: "",
    "half a line": lambda text: text[: len(text) // 2],
    "cut at the end of a line": lambda text: text.splitlines()[0] + "\n",
    "without its last line": lambda text: "\n".join(text.splitlines()[:-1]),
    "zeros": lambda text: "\0" * len(text),
}


@pytest.mark.parametrize("tear", TEARS)
@pytest.mark.parametrize("table", list(TABLES))
def test_a_torn_last_entry_is_replayed_from_the_journal(tmp_path: Path, table: str, tear: str) -> None:
    """Whatever a power cut left of a commit, after a restart its rows are there once."""
    fold(tmp_path, "a")
    fold(tmp_path, "b", "c")
    expected = {name: sorted(map(repr, stored(tmp_path, name))) for name in TABLES}
    entry = last_entry(tmp_path, table)
    entry.write_text(TEARS[tear](entry.read_text()))
    committer = fold(tmp_path)
    assert committer.status.set_aside == 1
    assert {name: sorted(map(repr, stored(tmp_path, name))) for name in TABLES} == expected
    assert_sound(tmp_path)
    (kept,) = (tmp_path / "lake" / table / "_set_aside").iterdir()
    assert kept.name.endswith(entry.name)


def test_a_torn_first_entry_makes_a_new_table(tmp_path: Path) -> None:
    """A crash while the table was being created leaves nothing that stops the next start."""
    Lake(tmp_path / "lake").close()
    last_entry(tmp_path, "nodes").write_text("")
    fold(tmp_path, "a")
    assert identities(tmp_path) == [identity("a", 0)]
    assert_sound(tmp_path)


def test_a_retry_stays_a_retry_through_recovery(tmp_path: Path) -> None:
    """When another table's entry is lost, what is read again is neither doubled nor said again."""
    identify = {"type": "identify", "page": 0, "seq": 1, "time": 0, "user": "ada"}
    first = capture(batch("a", [click(0), identify]))
    write_journal(tmp_path, [first])
    fold(tmp_path)
    write_journal(tmp_path, [first, capture(batch("b", [click(0)], user="bob"))])
    committer = Committer(tmp_path, CommitterSettings(fold_bytes=1))
    assert [committer.step().duplicates for _ in range(2)] == [2, 0]
    committer.close()
    last_entry(tmp_path, "statements").write_text("")
    fold(tmp_path)
    assert identities(tmp_path) == sorted([identity("a", 0), identity("a", 1), identity("b", 0)])
    assert sorted(row["user_id"] for row in stored(tmp_path, "statements")) == ["ada", "bob"]
    assert_sound(tmp_path)


def test_recovery_outlives_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the first fold after a recovery fails, the next one still restores what was set aside."""
    fold(tmp_path, "a")
    last_entry(tmp_path, "statements").write_text("")
    committer = Committer(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Table, "append", failing)
        with pytest.raises(OSError, match="disk full"):
            committer.step()
    committer.step()
    committer.close()
    assert [row["user_id"] for row in stored(tmp_path, "statements")] == ["user of a"]
    assert_sound(tmp_path)


def failing(*arguments: object) -> None:
    raise OSError("disk full")


def checkpointed(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake whose events have several checkpoints; the last of them."""
    with monkeypatch.context() as patch:
        patch.setattr(table_module, "CHECKPOINT_EVERY", 2)
        for page in "abcde":
            fold_within_one_process(data_dir, page)
    return max((data_dir / "lake/events/_delta_log").glob("*.checkpoint.parquet"))


def fold_within_one_process(data_dir: Path, page: str) -> None:
    write_journal(data_dir, [capture(batch(f"{page}{n}", [click(0)], batch=f"{page}{n}")) for n in range(2)])
    committer = Committer(data_dir, CommitterSettings(fold_bytes=1))
    while committer.step().batches:
        pass
    committer.close()


HOLE = b"zeros from near its beginning to its middle"
"""What a power cut leaves where the end reached the disk first."""


@pytest.mark.parametrize("hint", ["{", "", '{"version": 99}', None], ids=["torn", "empty", "wrong", "sound"])
@pytest.mark.parametrize(
    "torn", [b"", b"PAR1 and no more", HOLE, None], ids=["empty", "torn", "hole", "sound"]
)
def test_torn_checkpoints_cost_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, torn: bytes | None, hint: str | None
) -> None:
    """What a checkpoint sums up is still in the log: without it the table reads the same."""
    checkpoint = checkpointed(tmp_path, monkeypatch)
    expected = identities(tmp_path)
    if torn is HOLE:
        whole = checkpoint.read_bytes()
        checkpoint.write_bytes(whole[:64] + bytes(len(whole) // 2) + whole[64 + len(whole) // 2 :])
    elif torn is not None:
        checkpoint.write_bytes(torn)
    if hint is not None:
        (checkpoint.parent / "_last_checkpoint").write_text(hint)
    fold(tmp_path, "f")
    assert identities(tmp_path) == sorted([*expected, identity("f", 0)])


def test_drafts_of_log_entries_are_removed(tmp_path: Path) -> None:
    """What was being written when the process died does not stay for ever."""
    fold(tmp_path, "a")
    draft = tmp_path / "lake/events/_delta_log/00000000000000000007.json#1"
    draft.write_text("half")
    fold(tmp_path, "b")
    assert not draft.exists()


@pytest.mark.parametrize("damage", ["hole", "broken"])
def test_what_no_crash_can_leave_stops_the_start(tmp_path: Path, damage: str) -> None:
    """A hole in the log, or a broken entry with others behind it, is reported and not guessed at."""
    fold(tmp_path, "a")
    fold(tmp_path, "b")
    entry = tmp_path / "lake/events/_delta_log/00000000000000000001.json"
    if damage == "hole":
        entry.unlink()
    else:
        entry.write_text("{")
    with pytest.raises(LakeDamaged, match=rf"{entry.name}.*restore the directory from a backup"):
        Committer(tmp_path)
    assert stored_entries(tmp_path) >= {"00000000000000000000.json", "00000000000000000002.json"}


def stored_entries(data_dir: Path) -> set[str]:
    return {path.name for path in (data_dir / "lake/events/_delta_log").iterdir()}


def test_a_commit_names_its_number_of_actions(tmp_path: Path) -> None:
    """Without it, an entry cut at the end of a line would pass for a commit that did nothing."""
    fold(tmp_path, "a")
    lines = [json.loads(line) for line in last_entry(tmp_path, "events").read_text().splitlines()]
    assert lines[0]["commitInfo"]["backsight.actions"] == len(lines) - 1
