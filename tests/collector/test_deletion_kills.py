"""Deletions through kills at any moment, and what is read after them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backsight_collector.committer import Committer, folding
from backsight_collector.committer.pending import Journals, Pending
from backsight_collector.deletion import document as documents
from backsight_collector.deletion import work
from backsight_collector.deletion.document import read_document
from backsight_collector.dialects.imported import IMPORT, Entry, Part
from backsight_collector.imports.progress import Imports, Progress
from backsight_collector.journal import erasing
from backsight_collector.journal.reader import JournalReader
from backsight_collector.journal.records import Capture, Erased, decode_record
from backsight_collector.lake.compaction import compact
from backsight_collector.lake.table import Table
from captures import NOW, SITE, batch, click, identities, identity, write_journal
from deleting import ADA, THEN, ask, delete, fold_all, found_below, of_ada, of_bob


class Crash(BaseException):
    """What stands for a kill at this point: nothing catches it."""


def crashing(method: Callable[..., Any], before: bool, at: list[int]) -> Callable[..., Any]:
    """Calls count down; the one that comes to 0 ends in a crash, before its work or after it."""

    def wrapped(*arguments: Any, **options: Any) -> Any:
        at[0] -= 1
        if before and at[0] == 0:
            raise Crash
        answer = method(*arguments, **options)
        if at[0] == 0:
            raise Crash
        return answer

    return wrapped


POINTS: list[tuple[Any, str, bool]] = [
    (documents.Document, "write", True),
    (Table, "replace", True),
    (Table, "replace", False),
    (work, "_unlink", False),
    (erasing, "_overwrite", True),
    (erasing, "_overwrite", False),
    (Table, "append", False),
    (Journals, "let_go", True),
]


@pytest.mark.parametrize(
    ("owner", "name", "before"),
    POINTS,
    ids=[f"{'before' if first else 'after'} {name}" for _, name, first in POINTS],
)
def test_a_kill_at_any_point_is_made_good_by_the_next_committer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, before: bool
) -> None:
    """Whenever the committer is killed, however often, the next one ends the deletion; nothing is counted
    twice."""
    base = tmp_path / "base"
    for each in of_ada()[:2]:
        write_journal(base, [each])
        fold_all(base)
    write_journal(base, [*of_ada()[2:], *of_bob()])
    ask(base, ADA)
    for crash in range(1, 40):
        data = tmp_path / f"{crash}"
        shutil.copytree(base, data)
        left = [crash]
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, crashing(getattr(owner, name), before, left))
            crashed = False
            try:
                fold_all(data)
            except Crash:
                crashed = True
        fold_all(data)
        done = read_document(data / "lake", "del_1")
        assert done is not None
        assert found_below(data) == set()
        assert identities(data) == sorted([identity("b", 0), identity("b", 1)])
        assert {table: each.rows for table, each in done.tables.items()} == {
            "events": 4, "dead_letters": 1, "statements": 2,
        }  # fmt: skip
        assert (done.is_done, done.rows_left, done.pending) == (True, 0, None)
        shutil.rmtree(data)
        if not crashed:
            break
    assert crash > 1
    assert not crashed


@pytest.mark.parametrize("before", [True, False], ids=["before the commit", "after it"])
def test_a_merge_between_a_kill_and_the_next_committer_counts_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    """`backsight compact` replaces the files by which the commit might have been told."""
    for each in [*of_ada(), *of_bob()]:
        write_journal(tmp_path, [each])
        fold_all(tmp_path)
    ask(tmp_path, ADA)
    with monkeypatch.context() as patch:
        patch.setattr(Table, "replace", crashing(Table.replace, before, [1]))
        with pytest.raises(Crash):
            fold_all(tmp_path)
    compact(tmp_path, vacuum_hours=None)
    fold_all(tmp_path)
    done = read_document(tmp_path / "lake", "del_1")
    assert done is not None
    assert done.is_done
    assert {table: each.rows for table, each in done.tables.items()} == {
        "events": 4, "dead_letters": 1, "statements": 2,
    }  # fmt: skip
    assert found_below(tmp_path) == set()


def test_an_import_knows_how_far_it_was_though_its_last_part_was_erased(tmp_path: Path) -> None:
    """Killed before that was noted, and its person deleted since: what it says of others would come in again
    days later, when nobody remembers it."""
    imports = Imports(tmp_path)
    imports.save(Progress("shop-1", "a.json", SITE, "plain", {}, began=NOW, rows=1_000))
    body = batch("a3", [click(0), click(1)], device="device-of-ada", user="ada@shop.example")
    entry = Entry("backsight", [1_000, 1_001], ["a:1", "a:2"], msgspec.Raw(json.dumps(body).encode()))
    parts = [encode_part_of("shop-1", 1_000, part, entry) for part in range(3)]
    write_journal(tmp_path, [Capture(NOW, SITE, None, part, IMPORT) for part in parts], "import")
    delete(tmp_path, ADA)
    assert found_below(tmp_path / "journal") == set()
    delete(tmp_path, ADA, at=THEN + 1, name="del_2")
    imports.catch_up()
    found = imports.find("shop-1")
    assert found is not None
    assert (found.rows, found.parts) == (1_000, 3)


def encode_part_of(key: str, row: int, part: int, entry: Entry) -> bytes:
    return msgspec.json.encode(Part(key, row, part, [entry], []))


def test_what_was_erased_makes_no_committer_read_the_whole_lake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After recovery it may stand among what is read again: it bears no time, so it is not of 1970."""
    write_journal(tmp_path, of_ada())
    delete(tmp_path, ADA)
    asked: list[int] = []
    monkeypatch.setattr(folding, "Memory", lambda lake, oldest, *_: asked.append(oldest))
    committer = Committer(tmp_path)
    held = JournalReader(tmp_path / "journal" / "collector").read(0, 2**30)
    records = [(record.position, decode_record(record.payload)) for record in held]
    assert {type(record) for _, record in records} == {Erased}
    pending = Pending("collector", [*records, (1, of_bob()[0])], 1, False)
    committer._opened().remember(pending)
    committer.close()
    assert asked == [of_bob()[0].received_at]


def test_a_record_half_overwritten_is_finished(tmp_path: Path) -> None:
    """Its header is new and its payload partly old: the next committer knows it by its beginning."""
    write_journal(tmp_path, [*of_ada(), *of_bob()])
    ask(tmp_path, ADA)
    (segment,) = (tmp_path / "journal" / "collector").glob("*.segment")
    whole = segment.read_bytes()
    fold_all(tmp_path)
    erased = segment.read_bytes()
    first = next(at for at, (old, new) in enumerate(zip(whole, erased, strict=True)) if old != new)
    torn = erased[: first + 60] + whole[first + 60 :]
    segment.write_bytes(torn)
    assert b"ada-broken" in torn
    delete(tmp_path, ADA, at=THEN + 1, name="del_2")
    assert found_below(tmp_path) == set()
    held = JournalReader(tmp_path / "journal" / "collector").read(0, 2**30)
    assert [type(decode_record(record.payload)) for record in held] == [Erased] * 3 + [Capture]
