from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.contract import TABLES
from backsight_collector.committer import Committer, CommitterSettings
from backsight_collector.committer.__main__ import main
from backsight_collector.committer.settings import FOLD_STRETCH
from backsight_collector.fold.fold import Fold
from backsight_collector.journal.reader import JournalReader
from backsight_collector.journal.records import Capture, Record, Revocation, encode_record
from backsight_collector.journal.writer import Journal
from backsight_collector.lake.errors import LakeLocked
from backsight_collector.lake.lake import Lake
from backsight_collector.lake.table import Table
from backsight_collector.status import Status, read_status
from captures import (
    NOW,
    SITE,
    Stop,
    assert_sound,
    batch,
    capture,
    click,
    identities,
    identity,
    stored,
    write_journal,
)

HOUR = 3_600_000_000


class Crash(BaseException):
    """What stands for a kill at this point: nothing catches it."""


def fold_all(data_dir: Path, **options: Any) -> Committer:
    """Folds whatever the journal holds, with a committer of its own."""
    committer = Committer(data_dir, CommitterSettings(**options))
    while committer.step().batches:
        pass
    committer.close()
    return committer


def rich_batches() -> list[Capture]:
    """Batches that put rows into all five tables."""
    identify = {
        "type": "identify",
        "page": 0,
        "seq": 5,
        "time": NOW / 1000,
        "user": "ada",
        "traits": {"a": 1},
    }
    bad = {"type": "click", "page": 0, "seq": -1, "time": 0}
    return [
        capture(batch("a", [click(0), bad, identify], dropped={"queue": 3})),
        capture(batch("b", [click(0), click(1)], user="bob", batch="2")),
        capture(batch("c", [click(0, node=1), {**bad, "seq": "x"}], user="ada", batch="3"), NOW + 5),
    ]


RICH_EVENTS = sorted(identity(page, seq) for page, seq in [("a", 0), ("a", 5), ("b", 0), ("b", 1), ("c", 0)])


def test_a_fold_stores_each_event_of_the_journal(tmp_path: Path) -> None:
    """What the journal holds stands in the lake, and the second fold finds nothing to do."""
    write_journal(tmp_path, rich_batches())
    committer = Committer(tmp_path)
    counts = committer.step()
    assert (counts.batches, counts.events, counts.duplicates, counts.dead_letters) == (3, 5, 0, 5)
    assert committer.step().batches == 0
    committer.close()
    assert identities(tmp_path) == RICH_EVENTS
    assert_sound(tmp_path)


def test_an_event_that_comes_again_is_dropped_and_counted(tmp_path: Path) -> None:
    """The same event in one fold, in a later fold and after a restart is stored once."""
    first = capture(batch("a", [click(0), click(1)]))
    write_journal(tmp_path, [first, first])
    committer = Committer(tmp_path)
    assert (counts := committer.step()).events == 2
    assert counts.duplicates == 2
    write_journal(tmp_path, [capture(batch("a", [click(1), click(2)], batch="other"), NOW + HOUR)])
    assert (counts := committer.step()).events == 1
    assert counts.duplicates == 1
    committer.close()
    write_journal(tmp_path, [capture(batch("a", [click(0), click(3)]), NOW + 23 * HOUR)])
    fold_all(tmp_path)
    assert identities(tmp_path) == [identity("a", seq) for seq in range(4)]


@pytest.mark.parametrize("hours", [0.1, 23.99, 24 * 9, -24 * 9])
def test_a_repeat_is_dropped_for_a_day_across_restarts(tmp_path: Path, hours: float) -> None:
    """A new committer reads back what a day may still repeat; days are those of arrival, not of the clock."""
    repeated = batch("a", [click(0), click(1)])
    for received_at in (NOW, NOW + round(hours * 3_600e6)):
        write_journal(tmp_path, [capture(repeated, received_at)])
        committer = Committer(tmp_path)
        committer.step()
        committer.close()
    assert committer.status.duplicates == 2
    assert identities(tmp_path) == [identity("a", 0), identity("a", 1)]


def test_memory_for_repeats_is_bounded_and_its_end_is_told(tmp_path: Path) -> None:
    """Where more pages come in a day than there is memory for, the status says that some were forgotten."""
    committer = Committer(tmp_path)
    for number in range(12):
        write_journal(tmp_path, [capture(batch(f"page {number}", [click(0)]))])
        committer.step()
        memory = committer._opened().memory
        assert memory is not None
        memory.events._max_ranges = 4
        memory.events._active_pages = 1
    assert len(memory.events) <= 4 + 3
    committer._write_status()
    committer.close()
    status = read_status(tmp_path)
    assert status is not None
    assert status["deduplication_cut_short"] > 0


def test_equal_pages_of_two_sites_are_two_pages(tmp_path: Path) -> None:
    """An event's identity holds within its site."""
    sent = batch("a", [click(0)])
    write_journal(tmp_path, [capture(sent), capture(sent, site="blog")])
    fold_all(tmp_path)
    assert identities(tmp_path) == sorted([identity("a", 0), identity("a", 0, "blog")])


def test_a_batch_that_comes_again_counts_its_losses_once(tmp_path: Path) -> None:
    """Rejections and dropped counts of a retry are not stored again, not even after a restart."""
    for received in (NOW, NOW + HOUR):
        write_journal(
            tmp_path, [capture(batch("a", [click(0), {"type": "x"}], dropped={"queue": 3}), received)]
        )
        fold_all(tmp_path)
    rows = [
        (row["reason"], row["detail"], row["index"], row["count"]) for row in stored(tmp_path, "dead_letters")
    ]
    assert len(rows) == 2
    assert ("client_dropped", "queue", None, 3) in rows


def crash_after(method: Callable[..., Any], table: str | None) -> Callable[..., Any]:
    def crashing(self: Any, *arguments: Any) -> None:
        method(self, *arguments)
        if table is None or self.name == table:
            raise Crash

    return crashing


def crash_before(method: Callable[..., Any], table: str | None) -> Callable[..., Any]:
    def crashing(self: Any, *arguments: Any) -> Any:
        if table is None or self.name == table:
            raise Crash
        return method(self, *arguments)

    return crashing


POINTS = [
    *((Table, "append", how, table) for table in TABLES for how in (crash_before, crash_after)),
    *((Table, "_commit", crash_before, table) for table in TABLES),
    *((Table, "_sync_entry", crash_before, table) for table in TABLES),
    (JournalReader, "trim", crash_before, None),
    (JournalReader, "trim", crash_after, None),
]


@pytest.mark.parametrize(
    ("owner", "name", "how", "table"),
    POINTS,
    ids=[f"{how.__name__} {table} {name}" for _, name, how, table in POINTS],
)
def test_a_crash_at_any_point_of_a_fold_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, how: Any, table: str | None
) -> None:
    """Folding again after a crash gives the same rows as if there had been none."""
    calm, crashed = tmp_path / "calm", tmp_path / "crashed"
    records: list[Record] = [*rich_batches(), Revocation(NOW + 9, SITE, "st_1", "st_0")]
    for directory in (calm, crashed):
        write_journal(directory, records)
    fold_all(calm)
    committer = Committer(crashed)
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, how(getattr(owner, name), table))
        with pytest.raises(Crash):
            committer.step()
    fold_all(crashed)
    for kept in TABLES:
        assert sorted(map(repr, stored(crashed, kept))) == sorted(map(repr, stored(calm, kept)))
    assert_sound(crashed)


@st.composite
def histories(draw: st.DrawFn) -> list[Any]:
    """Batches to append (pages, sequence numbers), retries of earlier ones, folds, crashes and restarts."""
    append = st.tuples(
        st.just("append"), st.sampled_from("abc"), st.lists(st.integers(0, 6), min_size=1, max_size=4)
    )
    crash = st.tuples(st.just("crash"), st.sampled_from(list(TABLES)), st.booleans())
    retry = st.tuples(st.just("retry"), st.integers(0, 9))
    return draw(st.lists(append | retry | crash | st.just(("fold",)) | st.just(("restart",)), max_size=12))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories())
def test_the_lake_holds_each_acknowledged_event_once(history: list[Any]) -> None:
    """Whatever is sent again, in whatever order, and wherever the committer crashes."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        check_history(Path(name), history, patch)


def check_history(data_dir: Path, history: list[Any], patch: pytest.MonkeyPatch) -> None:
    acknowledged: set[tuple[str, int, int]] = set()
    sent: list[Capture] = []
    committer = Committer(data_dir, CommitterSettings(fold_bytes=3_000))
    for step, *details in history:
        if step == "append":
            page, seqs = details
            events = [click(seq) for seq in dict.fromkeys(seqs)]
            sent.append(capture(batch(page, events, batch=f"batch {len(sent)}"), NOW + len(sent) * HOUR))
            acknowledged |= {identity(page, seq) for seq in seqs}
            write_journal(data_dir, [sent[-1]])
        elif step == "retry" and sent:
            again = sent[details[0] % len(sent)]
            write_journal(data_dir, [Capture(NOW + len(sent) * HOUR, SITE, None, again.body)])
        elif step == "fold":
            committer.step()
        elif step == "restart":
            committer.close()
        elif step == "crash":
            crash_once(committer, patch, *details)
    committer.close()
    fold_all(data_dir)
    assert identities(data_dir) == sorted(acknowledged)
    assert_sound(data_dir)


def crash_once(committer: Committer, patch: pytest.MonkeyPatch, table: str, after: bool) -> None:
    """A fold that dies before or after it has appended to a table, if it comes so far."""
    with patch.context() as within:
        within.setattr(Table, "append", (crash_after if after else crash_before)(Table.append, table))
        try:
            committer.step()
        except Crash:
            committer.close()


KILLED = """
import sys, threading
from pathlib import Path
from backsight_collector.committer import Committer, CommitterSettings
Committer(Path(sys.argv[1]), CommitterSettings(fold_seconds=0.001, fold_bytes=4_000)).run(threading.Event())
"""


def test_killed_processes_leave_each_event_once(tmp_path: Path) -> None:
    """kill -9 in the middle of folds, five times, while batches keep coming."""
    dice = random.Random(3)
    journal = Journal(tmp_path / "journal" / "collector")
    acknowledged = set()
    for round_ in range(5):
        for number in range(60):
            page = f"{round_}-{number}"
            seqs = range(dice.randrange(1, 5))
            record = encode_record(capture(batch(page, map(click, seqs)), NOW + number))
            for _ in range(dice.choice([1, 1, 2])):
                journal.append_now(record)
            acknowledged |= {identity(page, seq) for seq in seqs}
        kill_while_folding(tmp_path, dice.uniform(0.0, 0.25))
    journal.close()
    fold_all(tmp_path)
    assert identities(tmp_path) == sorted(acknowledged)
    assert_sound(tmp_path)


def kill_while_folding(data_dir: Path, seconds: float) -> None:
    """Starts a committer, and kills it some time after its first fold."""
    (data_dir / "committer-status.json").unlink(missing_ok=True)
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(data_dir)])
    while not (data_dir / "committer-status.json").exists():
        wait(process, 0.01)
    wait(process, seconds)
    process.kill()
    process.wait()


def wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Lets a process that must not end by itself go on for a while."""
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(seconds)


def test_the_program_folds_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """SIGTERM ends it with status 0, what it has taken is folded, and its counters stand in a file."""
    write_journal(tmp_path, rich_batches())
    process = subprocess.Popen([sys.executable, "-m", "backsight_collector.committer", str(tmp_path)])
    while not (tmp_path / "committer-status.json").exists():
        wait(process, 0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    status = read_status(tmp_path)
    assert status is not None
    assert (status["events"], status["dead_letters"]) == (5, {"bad_event": 2, "client_dropped": 3})
    assert identities(tmp_path) == RICH_EVENTS


def test_a_second_committer_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One lake has one writer; the message says which process that is."""
    lake = Lake(tmp_path / "lake")
    with pytest.raises(LakeLocked, match=r"is being written by process \d+ on .* stop it first"):
        Committer(tmp_path)
    assert main([str(tmp_path)]) == 1
    assert "is being written by process" in capsys.readouterr().err
    lake.close()


def test_an_error_is_tried_again_ever_less_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failing disk stops nothing for good: the error is reported, and the fold succeeds once it can."""
    write_journal(tmp_path, rich_batches())
    committer = Committer(tmp_path)
    failures = iter([OSError("disk full"), OSError("disk full")])
    append = Table.append

    def failing(self: Table, *arguments: Any) -> None:
        if error := next(failures, None):
            raise error
        append(self, *arguments)

    monkeypatch.setattr(Table, "append", failing)
    stop = Stop(3)
    committer.run(stop)
    committer.close()
    assert stop.pauses[:2] == [1.0, 2.0]
    status = read_status(tmp_path)
    assert status is not None
    assert (status["errors"], status["last_error"]) == (2, "OSError: disk full")
    assert identities(tmp_path) == RICH_EVENTS


def test_a_status_that_cannot_be_written_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folding is worth more than counters."""

    def full(self: Status, directory: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Status, "write", full)
    write_journal(tmp_path, rich_batches())
    committer = Committer(tmp_path)
    committer.run(Stop(2))
    committer.close()
    assert identities(tmp_path) == RICH_EVENTS


def test_a_record_that_breaks_the_fold_is_kept_aside_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One poisoned record neither stops the journal nor takes another with it."""
    records = [capture(batch(page, [click(0)])) for page in "abcdefgh"]
    write_journal(tmp_path, records)
    add = Fold._add_events

    def failing(self: Fold, read: Any, *arguments: Any) -> None:
        if read.decoded.batch.pages[0].id == "d":
            raise RuntimeError("no rows for d")
        add(self, read, *arguments)

    monkeypatch.setattr(Fold, "_add_events", failing)
    committer = Committer(tmp_path, CommitterSettings(fold_bytes=10_000, fold_seconds=0.01))
    committer.run(Stop(12))
    committer.close()
    assert identities(tmp_path) == sorted(identity(page, 0) for page in "abcefgh")
    (letter,) = stored(tmp_path, "dead_letters")
    assert (letter["reason"], letter["detail"]) == ("unreadable", "no rows for d")
    assert json.loads(letter["event"])["pages"][0]["id"] == "d"
    assert len(list((tmp_path / "journal/collector/set-aside").iterdir())) == 1


def test_a_poisoned_record_is_found_beside_another_writers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That an administrator's record waits as well does not hide which one breaks the fold."""
    write_journal(tmp_path, [capture(batch("a", [click(0)]))])
    write_journal(tmp_path, [Revocation(NOW + 1, SITE, "st_2", "st_1")], writer="admin")

    def failing(*arguments: Any) -> None:
        raise RuntimeError("no rows")

    monkeypatch.setattr(Fold, "_add_events", failing)
    committer = Committer(tmp_path, CommitterSettings(fold_seconds=0.01))
    committer.run(Stop(12))
    committer.close()
    assert [row["reason"] for row in stored(tmp_path, "dead_letters")] == ["unreadable"]
    assert [row["kind"] for row in stored(tmp_path, "statements")] == ["revoke"]


def test_a_record_of_another_version_is_kept_aside(tmp_path: Path) -> None:
    """A payload that is none of ours is counted and kept; its neighbours are folded."""
    journal = Journal(tmp_path / "journal" / "collector")
    journal.append_now(b"\xc1 from the future")
    journal.append_now(encode_record(capture(batch("a", [click(0)]))))
    journal.close()
    committer = fold_all(tmp_path)
    assert committer.status.unreadable_records == 1
    (path,) = (tmp_path / "journal/collector/set-aside").iterdir()
    assert path.read_bytes() == b"\xc1 from the future"
    assert identities(tmp_path) == [identity("a", 0)]


def test_a_batch_that_no_longer_reads_is_a_dead_letter(tmp_path: Path) -> None:
    """An acknowledged body that is no batch is kept with its reason."""
    write_journal(tmp_path, [Capture(NOW, SITE, None, b"[]"), capture(batch("a", [click(0)]))])
    fold_all(tmp_path)
    (letter,) = stored(tmp_path, "dead_letters")
    assert (letter["reason"], letter["event"]) == ("unreadable", "[]")
    assert identities(tmp_path) == [identity("a", 0)]


def test_the_journal_is_trimmed_to_what_the_lake_holds(tmp_path: Path) -> None:
    """Segments go one fold after they were folded, the newest stays, and its numbers go on."""
    for page in "abc":
        write_journal(tmp_path, [capture(batch(page, [click(0)]))])
    fold_all(tmp_path)
    assert len(list((tmp_path / "journal/collector").glob("*.segment"))) == 3
    write_journal(tmp_path, [capture(batch("d", [click(0)]))])
    fold_all(tmp_path)
    assert len(list((tmp_path / "journal/collector").glob("*.segment"))) == 1
    assert identities(tmp_path) == sorted(identity(page, 0) for page in "abcd")


def test_a_journal_that_was_lost_begins_above_what_the_lake_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the lake would take its records for folded, and acknowledged batches would never appear."""
    for page in "ab":
        write_journal(tmp_path, [capture(batch(page, [click(0)]))])
    fold_all(tmp_path)
    shutil.rmtree(tmp_path / "journal")
    later = time.time() + 180
    monkeypatch.setattr(time, "time", lambda: later)
    write_journal(tmp_path, [capture(batch("c", [click(0)]))])
    fold_all(tmp_path)
    assert identities(tmp_path) == sorted(identity(page, 0) for page in "abc")


def test_writers_are_folded_side_by_side(tmp_path: Path) -> None:
    """Each writer's journal has its own position: an administrator's record waits for nobody."""
    write_journal(tmp_path, [capture(batch("a", [click(0)], user="ada"))])
    write_journal(tmp_path, [Revocation(NOW + 1, SITE, "st_2", "st_1")], writer="admin")
    fold_all(tmp_path)
    write_journal(tmp_path, [Revocation(NOW + 2, SITE, "st_3", "st_1")], writer="admin")
    fold_all(tmp_path)
    kinds = sorted((row["kind"], row["revokes"]) for row in stored(tmp_path, "statements"))
    assert kinds == [("observed", None), ("revoke", "st_1"), ("revoke", "st_1")]


@pytest.mark.parametrize("seconds", [0.1, 1.0, 30.0])
def test_a_long_fold_is_followed_by_a_pause(tmp_path: Path, seconds: float) -> None:
    """Folds begin `fold_seconds` apart, up to five times that when they take long: fixed costs stay small."""
    committer = Committer(tmp_path, CommitterSettings(fold_seconds=seconds))
    pauses = [committer._pause(took * seconds) / seconds for took in (0.1, 0.9, 2.0, 4.0, 9.0)]
    committer.close()
    assert pauses == pytest.approx([0.9, 0.9, 2.0, 1.0, 0.0])
    assert FOLD_STRETCH == 5.0
