"""Deleting persons: what goes, what stays, what must not come back, and a kill at any moment."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.contract import DELETIONS, id64
from backsight_collector import committer as committer_module
from backsight_collector.committer import Committer, CommitterSettings
from backsight_collector.deletion import document as documents
from backsight_collector.deletion import mentions, work
from backsight_collector.deletion.document import read_document
from backsight_collector.deletion.extent import Extent
from backsight_collector.deletion.rows import marker, read_columns
from backsight_collector.dialects.imported import IMPORT, Entry, Part
from backsight_collector.imports.progress import Imports, Progress
from backsight_collector.journal import erasing
from backsight_collector.journal.reader import SET_ASIDE, JournalReader
from backsight_collector.journal.records import (
    Capture,
    Deletion,
    Erased,
    Record,
    Revocation,
    decode_record,
    encode_record,
)
from backsight_collector.lake.compaction import Compactor, compact
from backsight_collector.lake.lake import Lake
from backsight_collector.lake.table import Table
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

SECOND = 1_000_000
THEN = NOW + 60 * SECOND
"""When the deletion is asked for."""
ADA, BOB = id64("user", "ada@shop.example"), id64("user", "bob")
MARKERS = (
    b"ada@shop.example",
    b"device-of-ada",
    b"Ada's own words",
    b"ada-trait",
    b"ada-prop",
    b"ada-broken",
)


class Crash(BaseException):
    """What stands for a kill at this point: nothing catches it."""


def said(kind: str, seq: int, **fields: object) -> dict[str, object]:
    return {"type": kind, "page": 0, "seq": seq, "time": NOW // 1000 - 2_000 + seq, **fields}


def of_ada() -> list[Capture]:
    """What Ada does, in the order in which it arrives: everything bears a marker."""
    identify = said("identify", 3, user="ada@shop.example", traits={"mail": "ada-trait"})
    broken = {**said("click", -1), "text": "ada-broken"}
    ada: dict[str, Any] = {"device": "device-of-ada"}
    return [
        capture(batch("a1", [click(0, text="Ada's own words"), broken], **ada, batch="1")),
        capture(
            batch(
                "a2",
                [identify, said("track", 4, name="Bought", props={"what": "ada-prop"})],
                **ada,
                batch="2",
            )
        ),
        capture(
            batch("a3", [click(0)], device="device-of-ada-2", user="ada@shop.example", batch="3"), NOW + 3
        ),
    ]


def of_bob(page: str = "b", **fields: Any) -> list[Capture]:
    bad = said("click", -2)
    sent = batch(page, [click(0), click(1), bad], device="device-of-bob", user="bob", batch=page, **fields)
    return [capture(sent, NOW + 7)]


def fold_all(data_dir: Path, **options: Any) -> Committer:
    committer = Committer(data_dir, CommitterSettings(**options))
    while committer.step().more:
        pass
    committer.step()
    committer.close()
    return committer


def ask(data_dir: Path, *persons: int, at: int = THEN, name: str = "del_1", site: str = SITE) -> None:
    write_journal(data_dir, [Deletion(at, site, name, persons)], "admin")


def delete(data_dir: Path, *persons: int, at: int = THEN, name: str = "del_1") -> documents.Document:
    ask(data_dir, *persons, at=at, name=name)
    fold_all(data_dir)
    found = read_document(data_dir / "lake", name)
    assert found is not None
    assert found.is_done
    return found


def bytes_below(folder: Path) -> Iterable[tuple[Path, bytes]]:
    """Every file as it is, and of Parquet also what it says when it is read."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()
            if path.suffix == ".parquet":
                yield path, repr(pq.ParquetFile(path).read().to_pylist()).encode()


def found_below(folder: Path, markers: Iterable[bytes] = MARKERS) -> set[tuple[Path, bytes]]:
    return {(path, marker) for path, text in bytes_below(folder) for marker in markers if marker in text}


def rows(data_dir: Path) -> dict[str, list[str]]:
    """All rows of the tables that hold persons, in an order of their own."""
    return {
        name: sorted(repr(sorted(row.items(), key=str)) for row in stored(data_dir, name))
        for name in ("events", "statements", "dead_letters")
    }


def test_nothing_of_a_deleted_person_stands_in_any_file(tmp_path: Path) -> None:
    """No file below the data folder holds a marker, raw or decompressed; others' rows are as they were."""
    write_journal(tmp_path / "without", of_bob())
    fold_all(tmp_path / "without")
    data = tmp_path / "data"
    write_journal(data, [*of_ada()[:1], *of_bob()])
    fold_all(data)
    write_journal(data, of_ada()[1:])
    assert {marker for _, marker in found_below(data)} == set(MARKERS)
    done = delete(data, ADA)
    assert found_below(data) == set()
    assert rows(data) == rows(tmp_path / "without")
    assert_sound(data)
    counts = {name: (each.rows, each.blanked) for name, each in done.tables.items()}
    assert counts == {"events": (4, 0), "dead_letters": (1, 0), "statements": (2, 0)}
    assert (done.rows_left, done.journal_records) == (0, 2)  # the oldest segment was trimmed


def test_of_a_shared_device_only_the_persons_own_rows_go(tmp_path: Path) -> None:
    """The first user's deletion takes the device's anonymous past along, and leaves the other user's rows."""
    shared: dict[str, Any] = {"device": "kiosk"}
    first = said("identify", 2, user="ada@shop.example")
    records = [
        capture(batch("anonymous", [click(0)], **shared)),
        capture(batch("hers", [first], **shared, batch="2")),
        capture(batch("his", [said("click", 9, node=2)], user="bob", **shared, batch="3"), NOW + 5),
    ]
    write_journal(tmp_path, records)
    done = delete(tmp_path, ADA)
    assert identities(tmp_path) == [identity("his", 9)]
    assert [row["user_id"] for row in stored(tmp_path, "statements")] == ["bob"]
    assert done.extent.kept == {(id64("device", "kiosk"), BOB)}
    delete(tmp_path, id64("device", "kiosk"), at=THEN + 1, name="del_2")
    assert identities(tmp_path) == []


def test_a_second_users_deletion_leaves_the_first_users_device(tmp_path: Path) -> None:
    """Of a device whose first user stays, nothing goes but what bears the deleted user."""
    records = [
        capture(batch("his", [click(0)], user="bob", device="kiosk")),
        capture(batch("hers", [click(0)], user="ada@shop.example", device="kiosk", batch="2"), NOW + 5),
        capture(batch("later", [click(0)], device="kiosk", batch="3"), NOW + 6),
    ]
    write_journal(tmp_path, records)
    done = delete(tmp_path, ADA)
    assert identities(tmp_path) == sorted([identity("his", 0), identity("later", 0)])
    assert done.extent.pairs == {(id64("device", "kiosk"), ADA)}


def test_a_row_that_counts_as_somebody_elses_stays_without_the_user(tmp_path: Path) -> None:
    """Where the pair was revoked, the event is the device's first user's: it loses the deleted id alone."""
    hers = {**said("traits", 1, traits={"plan": "pro"})}
    write_journal(
        tmp_path,
        [
            capture(batch("his", [click(0)], user="bob", device="kiosk")),
            capture(
                batch("hers", [click(0), hers], user="ada@shop.example", device="kiosk", batch="2"), NOW + 5
            ),
        ],
    )
    fold_all(tmp_path)
    observed = [row["statement_id"] for row in stored(tmp_path, "statements") if row["kind"] == "observed"]
    (of_her,) = [
        row["statement_id"]
        for row in stored(tmp_path, "statements")
        if row["kind"] == "observed" and row["user"] == ADA
    ]
    assert len(observed) == 2
    write_journal(tmp_path, [Revocation(NOW + 9, SITE, "st_revocation", of_her)], "admin")
    done = delete(tmp_path, ADA)
    assert {name: (each.rows, each.blanked) for name, each in done.tables.items()} == {
        "events": (0, 2), "dead_letters": (0, 0), "statements": (2, 1),
    }  # fmt: skip
    assert identities(tmp_path) == sorted([identity("his", 0), identity("hers", 0), identity("hers", 1)])
    assert {row["user"] for row in stored(tmp_path, "events")} == {None, BOB}
    assert found_below(tmp_path) == set()


def test_what_was_acknowledged_before_goes_though_it_was_not_folded(tmp_path: Path) -> None:
    """The deletion waits for the other journals; who identifies there alone is found, too."""
    write_journal(tmp_path, [*of_ada(), *of_bob()])
    ask(tmp_path, ADA)
    committer = Committer(tmp_path, CommitterSettings(fold_bytes=1))
    while committer.step().more:
        pass
    committer.close()
    assert identities(tmp_path) == sorted([identity("b", 0), identity("b", 1)])
    assert found_below(tmp_path) == set()


def test_what_arrives_late_does_not_come_back_and_what_is_new_does(tmp_path: Path) -> None:
    """Of a deleted person's device, what happened before is dropped for ever, and erased from the journal;
    what happens later is a new person, who is observed anew."""
    write_journal(tmp_path, of_ada())
    delete(tmp_path, ADA)
    hour = 3_600 * SECOND
    kept_offline = batch("a9", [click(0, text="Ada's own words")], device="device-of-ada", batch="9")
    kept_offline["sent_at"] = (THEN + 48 * hour) // 1000
    unknown_device = {**batch("a10", [click(0)], device="d10", user="ada@shop.example", batch="10")}
    write_journal(
        tmp_path, [capture(kept_offline, THEN + 48 * hour), capture(unknown_device, THEN + SECOND // 2)]
    )
    committer = fold_all(tmp_path)
    assert committer.status.deleted_late == 2
    assert rows(tmp_path) == {"events": [], "statements": [], "dead_letters": []}
    assert found_below(tmp_path) == set()
    now = THEN + hour
    back = batch("a11", [{**click(0), "time": now // 1000}], device="device-of-ada", user="ada@shop.example")
    write_journal(tmp_path, [capture({**back, "batch": "11", "sent_at": now // 1000}, now)])
    fold_all(tmp_path)
    assert identities(tmp_path) == [identity("a11", 0)]
    assert [row["kind"] for row in stored(tmp_path, "statements")] == ["observed"]


@pytest.mark.parametrize("restarts", [False, True], ids=["the same committer", "a new one"])
def test_a_batch_that_comes_again_later_with_its_old_clock_is_known(tmp_path: Path, restarts: bool) -> None:
    """The same bytes, sent again after the deletion, would seem newer than it by their delay: they are told
    by their identity, rejected events as well."""
    write_journal(tmp_path, of_ada())
    ask(tmp_path, ADA)
    committer = Committer(tmp_path)
    while committer.step().more:
        pass
    if restarts:
        committer.close()
        committer = Committer(tmp_path)
    write_journal(tmp_path, [Capture(THEN + 3_600 * SECOND, *list(_fields(each))[1:]) for each in of_ada()])
    committer.step()
    assert committer.status.duplicates >= 4
    committer.close()
    assert rows(tmp_path) == {"events": [], "statements": [], "dead_letters": []}


def _fields(record: Capture) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in record.__struct_fields__)


def test_another_site_is_left_alone(tmp_path: Path) -> None:
    """Equal ids of another site are somebody else's."""
    elsewhere = [Capture(each.received_at, "blog", each.user_agent, each.body) for each in of_ada()]
    write_journal(tmp_path, [*elsewhere, *of_ada()])
    delete(tmp_path, ADA)
    assert {site for site, _, _ in identities(tmp_path)} == {"blog"}
    assert len(identities(tmp_path)) == 4
    held = JournalReader(tmp_path / "journal" / "collector").read(0, 2**30)
    assert [type(decode_record(record.payload)) for record in held] == [Capture] * 3 + [Erased] * 3


def test_files_of_earlier_versions_and_leftovers_go_too(tmp_path: Path) -> None:
    """What compaction has replaced, and what a kill left half written, holds the person as well."""
    for each in [*of_ada(), *of_bob()]:
        write_journal(tmp_path, [each])
        fold_all(tmp_path)
    compact(tmp_path, vacuum_hours=None)
    events = tmp_path / "lake" / "events"
    whole = next(events.rglob("*.parquet"))
    (whole.parent / "half-written.parquet").write_bytes(whole.read_bytes()[:-100])
    done = delete(tmp_path, ADA)
    assert found_below(tmp_path) == set()
    assert done.tables["events"].stale_files >= 4
    assert identities(tmp_path) == sorted([identity("b", 0), identity("b", 1)])


def test_a_merge_under_way_brings_nothing_back(tmp_path: Path) -> None:
    """What was merged before the deletion and is not committed yet is thrown away, not committed after it."""
    for each in [*of_ada(), *of_bob()]:
        write_journal(tmp_path, [each])
        fold_all(tmp_path)
    committer = Committer(tmp_path)
    committer._compactor = Compactor(committer._opened(), 2)
    committer.tidy()
    ask(tmp_path, ADA)
    while committer.step().more:
        committer.tidy()
    committer.tidy()
    committer.close()
    assert identities(tmp_path) == sorted([identity("b", 0), identity("b", 1)])
    assert found_below(tmp_path) == set()


def test_set_aside_bytes_that_name_the_person_go(tmp_path: Path) -> None:
    """Damaged stretches and records that could not be folded are deleted where an id stands in them."""
    write_journal(tmp_path, [*of_ada(), *of_bob()])
    folder = tmp_path / "journal" / "collector" / SET_ASIDE
    folder.mkdir()
    (folder / "1-32.bytes").write_bytes(b'{"x": 1, "device":"device-of-ada", "text":"Ad')
    (folder / "7.record").write_bytes(encode_record(of_ada()[1]))
    (folder / "9.bytes").write_bytes(b'"device":"device-of-bob"')
    done = delete(tmp_path, ADA)
    assert [path.name for path in folder.iterdir()] == ["9.bytes"]
    assert done.set_aside_files == 2


def test_a_dead_letter_that_names_the_person_goes_whoever_sent_it(tmp_path: Path) -> None:
    """An `identify` that was refused on a new device, and a body that could not be read, name her too."""
    refused = {**said("identify", 3, user="ada@shop.example"), "seq": -1}
    other = capture(batch("x", [refused, said("click", -5)], device="new-device", batch="x"))
    torn = Capture(NOW, SITE, None, b'{"device":"device-of-ada","events":[')
    row = {**said("click", -6), "text": "2026-10-20,device-of-ada-2,Bought"}
    file = capture(batch("y", [row], device="a file", batch="y"))
    write_journal(tmp_path, [*of_ada(), other, torn, file])
    delete(tmp_path, ADA)
    left = stored(tmp_path, "dead_letters")
    assert [(row["batch"], row["index"], row["device"]) for row in left] == [
        ("x", 1, id64("device", "new-device"))
    ]


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
    (committer_module.Committer, "_pass", True),
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
    monkeypatch.setattr(committer_module, "Memory", lambda lake, oldest, *_: asked.append(oldest))
    committer = Committer(tmp_path)
    held = JournalReader(tmp_path / "journal" / "collector").read(0, 2**30)
    records = [(record.position, decode_record(record.payload)) for record in held]
    assert {type(record) for _, record in records} == {Erased}
    pending = committer_module._Pending("collector", [*records, (1, of_bob()[0])], 1, False)
    committer._remember(committer._opened(), pending)
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


def test_a_deletion_of_nobody_changes_no_file(tmp_path: Path) -> None:
    """Whoever never was here leaves every file and every version as it is."""
    write_journal(tmp_path, [*of_ada(), *of_bob()])
    fold_all(tmp_path)
    files = {path for path in (tmp_path / "lake").rglob("*.parquet") if "checkpoint" not in path.name}
    done = delete(tmp_path, id64("user", "nobody"))
    assert {path for path in (tmp_path / "lake").rglob("*.parquet") if "checkpoint" not in path.name} == files
    assert all(each.files == 0 and each.versions[0] == each.versions[1] for each in done.tables.values())


def test_the_document_of_a_deletion_holds_no_ids(tmp_path: Path) -> None:
    """Numbers alone: neither what anybody is called nor what they did."""
    write_journal(tmp_path, of_ada())
    delete(tmp_path, ADA)
    text = (tmp_path / "lake" / DELETIONS / "del_1.json").read_bytes()
    assert not any(marker in text for marker in MARKERS)
    assert json.loads(text)["extent"]["users"] == [ADA]


# ── Against a world in which these persons never were ───────────────────────────────────────────────────────

USERS, DEVICES = ("u1", "u2", "u3"), ("d1", "d2", "d3")
STEP = st.fixed_dictionaries(
    {
        "device": st.sampled_from(DEVICES),
        "user": st.one_of(st.none(), st.sampled_from(USERS)),
        "does": st.sampled_from(["click", "identify", "traits", "bad"]),
        "as": st.sampled_from(USERS),
    }
)


def captures_of(steps: list[Mapping[str, Any]]) -> list[Capture]:
    return [_capture(number, step) for number, step in enumerate(steps)]


def _capture(number: int, step: Mapping[str, Any]) -> Capture:
    event = {
        "click": said("click", 0, node=2),
        "identify": said("identify", 0, user=step["as"], traits={"n": number}),
        "traits": said("traits", 0, traits={"m": number}),
        "bad": said("click", -1),
    }[step["does"]]
    at = NOW + number * SECOND
    sent = batch(f"p{number}", [{**event, "time": at // 1000}], device=step["device"], batch=f"{number}")
    return capture({**sent, "user": step["user"], "sent_at": at // 1000}, at)


def persons_of(steps: list[Mapping[str, Any]]) -> list[int]:
    """Naively: who is behind each step, by all pairs that were ever said, first said first."""
    pairs: list[tuple[str, str]] = []
    for step in steps:
        if step["does"] == "bad":
            continue  # a rejected event says nothing
        user = step["as"] if step["does"] == "identify" else None
        for name in (user, None if user else step["user"]):
            if name is not None and (step["device"], name) not in pairs:
                pairs.append((step["device"], name))
        if user is not None and step["user"] is not None and (step["device"], step["user"]) not in pairs:
            pairs.append((step["device"], step["user"]))
    first = dict(reversed(pairs))
    found = []
    for step in steps:
        user = step["as"] if step["does"] == "identify" else step["user"]
        owner = user if (step["device"], user) in pairs else first.get(step["device"])
        found.append(id64("user", owner) if owner else id64("device", step["device"]))
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEP, max_size=10), st.sets(st.sampled_from([*USERS, *DEVICES]), min_size=1, max_size=2))
def test_who_was_deleted_might_never_have_been(steps: list[Mapping[str, Any]], gone: set[str]) -> None:
    """What is left are the events of all others: by a naive reading of who is behind each."""
    named = {id64("user" if name.startswith("u") else "device", name) for name in gone}
    owners = persons_of(steps)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        records: list[Record] = list(captures_of(steps))
        write_journal(data, records)
        done = delete(data, *named, at=NOW + 1_000 * SECOND)
        asked = set(done.extent.users)
        expected = [
            identity(f"p{number}", 0)
            for number, (step, owner) in enumerate(zip(steps, owners, strict=True))
            if step["does"] != "bad" and owner not in asked
        ]
        assert identities(data) == sorted(expected)
        assert not {row["user"] for row in stored(data, "statements")} & asked
        users = {row["user"] for row in stored(data, "events")} | {
            row["user"] for row in stored(data, "dead_letters")
        }
        assert not users & asked
        assert_sound(data)
