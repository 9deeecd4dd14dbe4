"""How a deletion looks for a person: wherever named, and never for long at a time."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from backsight.contract import id64
from backsight_collector.committer import Committer, CommitterSettings
from backsight_collector.deletion import mentions
from backsight_collector.deletion.extent import Extent
from backsight_collector.deletion.rows import marker, read_columns
from backsight_collector.journal import erasing
from backsight_collector.journal.records import Capture, encode_record
from backsight_collector.lake.lake import Lake
from captures import NOW, SITE, batch, capture, click, identities, identity, write_journal
from deleting import ADA, THEN, ask, fold_all, of_bob, said


def test_a_body_of_escaped_marks_holds_up_no_deletion() -> None:
    """Whoever knows the public write key may send such a body: it is searched in no more than its length's
    time, not for seconds."""
    extent = Extent(SITE, THEN, frozenset({id64("device", "d")}), frozenset({ADA}), frozenset(), frozenset())
    hostile = Capture(NOW, SITE, None, b'{"text":"' + b'\\"' * 100_000 + b'"}')
    started = time.process_time()
    assert not mentions.is_unwanted(extent, encode_record(hostile))
    assert time.process_time() - started < 1.5


@pytest.mark.parametrize(
    "text",
    [
        b'{"user":"ada@shop.example"}',
        b'{"user":"\\u0061da@shop.example"}',
        b'{"said":"{\\"user\\":\\"ada@shop.example\\"}"}',
        b'm":1,"user":"ada@shop.example","tex',
        b'\\"ada@shop.example"',
        b"1;ada@shop.example;x",
    ],
)
def test_a_person_is_found_wherever_named(text: bytes) -> None:
    """As JSON, escaped, as JSON in a text, cut, behind damage, and as a word."""
    extent = Extent(SITE, THEN, frozenset(), frozenset({ADA}), frozenset(), frozenset())
    assert mentions.names_any(extent, text)
    assert not mentions.names_any(extent, text.replace(b"shop", b"ship"))


def test_an_id_of_several_words_and_marks_is_found() -> None:
    """Where it is a whole text: words alone would not tell."""
    name = 'Ada "the first" Lovelace'
    extent = Extent(SITE, THEN, frozenset(), frozenset({id64("user", name)}), frozenset(), frozenset())
    assert mentions.names_any(extent, json.dumps({"n": 1, "user": name, "x": "y"}).encode())


def test_looking_through_a_long_journal_lets_folds_go_on(tmp_path: Path) -> None:
    """A deletion rests between any two records: a segment of them may take longer than a hanging committer
    is given."""
    write_journal(tmp_path, [*of_bob(), *of_bob("c"), *of_bob("d")])
    journal = tmp_path / "journal" / "collector"
    looked_at: list[bytes] = []

    def look(position: int, payload: bytes) -> bool:
        looked_at.append(payload)
        return False

    steps = erasing.erase(journal, 0, 2**62, look)
    assert [len(looked_at) for _ in steps] == [1, 2, 3]


def test_an_import_that_goes_on_holds_up_neither_a_deletion_nor_folds(tmp_path: Path) -> None:
    """It appends for hours, faster than is folded: only what was there before is folded first."""
    bodies = [batch(page, [click(0)], device=page, batch=page) for page in "abcdefgh"]
    moments = [NOW, NOW, *range(THEN + 1, THEN + 7)]
    records = [
        Capture(at, SITE, None, json.dumps(body).encode()) for at, body in zip(moments, bodies, strict=True)
    ]
    write_journal(tmp_path, records, "import")
    ask(tmp_path, ADA)
    committer = Committer(tmp_path, CommitterSettings(fold_bytes=1))
    committer.step()
    assert committer.status.batches == 3  # and one more in its own turn
    while committer.step().more:
        pass
    committer.close()
    assert committer.status.deletions == 1
    assert identities(tmp_path) == sorted(identity(page, 0) for page in "abcdefgh")


def test_a_segment_that_is_let_go_meanwhile_is_passed_over(tmp_path: Path) -> None:
    """Folds go on between two records, and delete what they have folded."""
    write_journal(tmp_path, of_bob())
    write_journal(tmp_path, of_bob("c"))
    journal = tmp_path / "journal" / "collector"
    steps = erasing.erase(journal, 0, 2**62, lambda *_: True)
    assert next(steps) == 1
    max(journal.glob("*.segment")).unlink()
    assert list(steps) == []


def test_looking_through_many_rejected_events_is_a_sign_of_life(tmp_path: Path) -> None:
    """A file of a million takes minutes: else the committer would be taken for hanging, again and again."""
    write_journal(tmp_path, [capture(batch("x", [said("click", -at) for at in range(1, 51)], batch="x"))])
    fold_all(tmp_path)
    lake = Lake(tmp_path / "lake", None)
    (file,) = lake["dead_letters"].files()
    rows = read_columns(lake["dead_letters"].directory / file.path, "dead_letters")
    signs: list[None] = []
    extent = Extent(SITE, THEN, frozenset(), frozenset({ADA}), frozenset(), frozenset())
    marker("dead_letters", extent, alive=lambda: signs.append(None))(rows)
    lake.close()
    assert rows.num_rows == 50
    assert len(signs) >= 50
