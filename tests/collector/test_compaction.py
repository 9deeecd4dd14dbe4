from __future__ import annotations

import os
import random
import time
from collections import Counter
from concurrent.futures import Future
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from backsight.contract import EVENTS, TABLES
from backsight_collector.committer import Committer
from backsight_collector.committer import committer as committer_module
from backsight_collector.disk import DiskSpace
from backsight_collector.lake import compaction
from backsight_collector.lake.compaction import Compactor, Written, compact, find_merges
from backsight_collector.lake.data_files import ROW_GROUP_ROWS
from backsight_collector.lake.errors import LakeLocked
from backsight_collector.lake.lake import Lake
from backsight_collector.lake.table import DataFile
from backsight_collector.status import read_status
from captures import NOW, assert_sound, batch, capture, click, identities, stored, write_journal


class Crash(BaseException):
    """What stands for a kill."""


def fold_often(data_dir: Path, folds: int, site: str = "shop", **fields: Any) -> None:
    """One fold a batch, so that every one leaves a small file."""
    dice = random.Random(folds)
    for number in range(folds):
        nodes = [[-1, 0, 1, 1, 1, 1, 0], [0, 1, 1, dice.randrange(1, 9), 1, 1, 0]]
        events = [click(seq, node=1, **fields) for seq in range(3)]
        sent = batch(f"{site} {number}", events, nodes=nodes, batch=f"{number}", sent_at=None)
        write_journal(data_dir, [capture(sent, NOW + number, site)])
        committer = Committer(data_dir)
        committer.step()
        committer.close()


def rows(data_dir: Path) -> dict[str, list[str]]:
    return {name: sorted(map(repr, stored(data_dir, name))) for name in TABLES}


def files(data_dir: Path, table: str = "events") -> list[str]:
    return DeltaTable(str(data_dir / "lake" / table)).file_uris()


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_merged(tmp_path: Path, table: str) -> None:
    """Files of every table become one, whatever kind of column they are sorted by; so does that one with new
    ones."""
    for first in (0, 3):
        lake = Lake(tmp_path / "lake")
        for number in range(first, first + 3):
            rows = pa.Table.from_pylist([_row(table, number)], schema=TABLES[table])
            lake[table].append(rows, {"journal/collector": number + 1})
        lake.close()
        before = rows_of_table(tmp_path, table)
        compact(tmp_path)
        assert len(files(tmp_path, table)) == 1
        assert rows_of_table(tmp_path, table) == before


def rows_of_table(data_dir: Path, table: str) -> list[str]:
    return sorted(map(repr, stored(data_dir, table)))


def _row(table: str, number: int) -> dict[str, Any]:
    """A row that says something in every column that may not be null."""
    said = {"string": f"row {number}", "int64": number, "int32": number, "date32[day]": date(2026, 11, 1),
            "timestamp[us, tz=UTC]": datetime(2026, 11, 1, number, tzinfo=UTC), "bool": True}  # fmt: skip
    kinds = {field.name: said.get(str(field.type)) for field in TABLES[table] if field.name != "site"}
    return {name: value for name, value in kinds.items() if value is not None} | {"site": "shop"}


def test_compaction_changes_files_and_no_rows(tmp_path: Path) -> None:
    """Many small files become one a partition, with the same rows and positions."""
    fold_often(tmp_path, 5)
    fold_often(tmp_path, 3, site="blog")
    before = rows(tmp_path)
    done = compact(tmp_path)
    assert rows(tmp_path) == before
    assert len(files(tmp_path)) == 2
    assert done["files_after"] == sum(len(files(tmp_path, name)) for name in TABLES) < done["files_before"]
    assert compact(tmp_path)["files_before"] == done["files_after"]
    write_journal(tmp_path, [])
    committer = Committer(tmp_path)
    assert committer.step().batches == 0
    committer.close()


def test_one_site_can_be_compacted_alone(tmp_path: Path) -> None:
    """Another site's files stay as they are."""
    fold_often(tmp_path, 3)
    fold_often(tmp_path, 3, site="blog")
    compact(tmp_path, site="blog")
    assert sorted("site=blog" in path for path in files(tmp_path)) == [False, False, False, True]


def test_rows_of_a_node_lie_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A merged file is sorted by node and time, in row groups whose bounds tell which nodes they hold."""
    monkeypatch.setattr("backsight_collector.lake.data_files.ROW_GROUP_ROWS", 4)
    fold_often(tmp_path, 9)
    compact(tmp_path)
    (path,) = files(tmp_path)
    file = pq.ParquetFile(path)
    found = file.read(columns=["node_id", "time"]).to_pylist()
    assert found == sorted(found, key=lambda row: (row["node_id"], row["time"]))
    groups = [file.metadata.row_group(place) for place in range(file.metadata.num_row_groups)]
    column = file.schema_arrow.names.index("node_id")
    bounds = [group.column(column).statistics for group in groups]
    assert [group.num_rows for group in groups] == [4] * 6 + [3]
    assert all(before.max <= after.min for before, after in pairwise(bounds))
    order = [file.schema_arrow.names.index(name) for name in ("node_id", "time")]
    assert [place.column_index for place in groups[0].sorting_columns] == order
    assert ROW_GROUP_ROWS == 16_384


@pytest.mark.parametrize("name", ["write", "commit"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_crash_leaves_the_old_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, after: bool
) -> None:
    """A kill at any point of a merge loses and doubles nothing, and the next one finishes the work."""
    fold_often(tmp_path, 4)
    before, method = rows(tmp_path), getattr(compaction.Merge, name)

    def crashing(self: compaction.Merge, *arguments: Any) -> Any:
        if after:
            method(self, *arguments)
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(compaction.Merge, name, crashing)
        with pytest.raises(Crash):
            compact(tmp_path)
    assert rows(tmp_path) == before
    compact(tmp_path, vacuum_hours=0)
    assert rows(tmp_path) == before
    assert {str(path) for path in (tmp_path / "lake/events").glob("site=*/*/*")} == set(files(tmp_path))


def test_a_pinned_version_stays_readable(tmp_path: Path) -> None:
    """Compaction takes nothing from a report that runs, nor from an answer that is asked for again."""
    fold_often(tmp_path, 4)
    events = tmp_path / "lake" / "events"
    version, before = DeltaTable(str(events)).version(), identities(tmp_path)
    reader = DeltaTable(str(events))
    compact(tmp_path)
    assert len(reader.to_pyarrow_table()) == len(before)
    assert len(DeltaTable(str(events), version=version).to_pyarrow_table()) == len(before)


def test_compaction_by_hand_needs_the_lake_to_itself(tmp_path: Path) -> None:
    """While a committer runs, it is the one that compacts."""
    committer = Committer(tmp_path)
    with pytest.raises(LakeLocked):
        compact(tmp_path)
    committer.close()


def test_the_committer_compacts_beside_its_folds(tmp_path: Path) -> None:
    """With enough small files a merge begins; what is folded meanwhile stays beside it."""
    fold_often(tmp_path, 4)
    lake = Lake(tmp_path / "lake")
    compactor = Compactor(lake, min_files=4)
    assert not compactor.advance()
    compactor._thread.submit(lambda: None).result()  # the merge is written
    lake["events"].append(EVENTS.empty_table(), {"journal/collector": 2**60})
    assert compactor.advance()
    assert [file.rows for file in lake["events"].files()] == [12]
    compactor.close()
    lake.close()
    assert_sound(tmp_path)


def test_a_stop_does_not_wait_for_a_long_merge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file at hand is finished, the others are not begun."""
    for site in ("a", "b", "c"):
        fold_often(tmp_path, 2, site=site)
    lake = Lake(tmp_path / "lake")
    compactor = Compactor(lake, min_files=2)
    write_one, written = compaction.Merge._write_one, []

    def stopping(self: compaction.Merge, chosen: Any) -> Any:
        compactor._closed.set()
        written.append(chosen)
        return write_one(self, chosen)

    monkeypatch.setattr(compaction.Merge, "_write_one", stopping)
    compactor.advance()
    compactor.close()
    lake.close()
    assert len(written) == 1


def test_a_merge_that_fails_stops_no_fold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is reported and left for later; the files stay as they are."""
    fold_often(tmp_path, 4)
    lake = Lake(tmp_path / "lake")

    def failing(*arguments: object) -> None:
        raise OSError("unreadable")

    monkeypatch.setattr(compaction.Merge, "write", failing)
    compactor = Compactor(lake, min_files=4)
    compactor.advance()
    compactor._thread.submit(lambda: None).result()  # the merge has failed
    assert [compactor.advance() for _ in range(3)] == [False] * 3
    assert len(lake["events"].files()) == 4
    compactor.close()
    lake.close()


def choose(rows_of_files: list[int], min_files: int) -> list[int]:
    files = [DataFile(f"{n}", rows, 1, {}, 0, None) for n, rows in enumerate(rows_of_files)]
    return [file.rows for file in compaction._choose(files, min_files)]


@pytest.mark.parametrize(
    ("rows_of_files", "expected"),
    [
        ([5] * 7, []),
        ([5] * 8 + [900], [5] * 8),
        ([5] * 3 + [80] * 8 + [9_000], [5] * 3 + [80] * 8),
        ([300_000] * 8, [300_000] * 6),
    ],
    ids=["too few", "a large one is left", "smaller ones come along", "up to the target"],
)
def test_files_are_merged_with_their_like(rows_of_files: list[int], expected: list[int]) -> None:
    """Eight of about one size are due, and all smaller ones with them."""
    assert choose(rows_of_files, 8) == expected


def test_rows_are_rewritten_a_logarithmic_number_of_times() -> None:
    """After ten thousand folds a row was rewritten a few times, and few files are left."""
    files: list[int] = []
    rewritten = 0
    for _ in range(10_000):
        files.append(100)
        while chosen := choose(files, compaction.MIN_FILES):
            for rows_of_file in chosen:
                files.remove(rows_of_file)
            files.append(sum(chosen))
            rewritten += sum(chosen)
    assert rewritten < 6 * 10_000 * 100
    assert len(files) < 4 * compaction.MIN_FILES


def test_a_quiet_partition_is_merged_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Yesterday's files become one, however few they are, once nothing comes any more."""
    fold_often(tmp_path, 3)
    lake = Lake(tmp_path / "lake")
    assert find_merges(lake) == []
    monkeypatch.setattr(compaction, "QUIET_SECONDS", -1.0)
    events = [merge for merge in find_merges(lake) if merge.table.name == "events"]
    assert [len(merge.files) for merge in events] == [3]
    lake.close()


@pytest.mark.parametrize(
    ("hours", "rows_of_files", "expected"),
    [
        (0.5, [4, 4, 900], []),
        (2, [4, 4, 900], [4, 4]),
        (2, [8, 900], [8]),
        (2, [4, 30, 200, 900], [4, 30, 200, 900]),
        (25, [4, 4, 900], [4, 4, 900]),
    ],
    ids=["not quiet", "an hour", "one late file", "each worth it", "a day"],
)
def test_a_large_file_is_not_rewritten_for_each_late_event(
    hours: float, rows_of_files: list[int], expected: list[int]
) -> None:
    """Small files beside it become one; it takes part where they are an eighth of it, or after a day."""
    modified = round((time.time() - hours * 3_600) * 1000)
    made = [
        DataFile(f"{place}", rows, rows, {"site": "shop"}, modified, None)
        for place, rows in enumerate(rows_of_files)
    ]
    assert [file.rows for file in compaction._due(made, compaction.MIN_FILES)] == expected


def test_merges_wait_while_folds_are_late(tmp_path: Path) -> None:
    """Up to four times as many files may gather then."""
    fold_often(tmp_path, 9)
    lake = Lake(tmp_path / "lake")
    compactor = Compactor(lake)
    compactor.advance(is_behind=True)
    assert compactor._written is None
    compactor._look_at = 0.0
    compactor.advance(is_behind=False)
    assert compactor._written is not None
    compactor.close()
    lake.close()


def test_no_merge_begins_on_a_full_disk(tmp_path: Path) -> None:
    """It would need room for its files twice; folds need what is left. When there is room, merges go on."""
    fold_often(tmp_path, 9)
    committer = Committer(tmp_path)
    for free, merges in ((0, 0), (10**12, 1)):
        committer._space = DiskSpace(tmp_path, measure=lambda _, free=free: (free, 10**13))
        committer._opened().compactor._look_at = 0.0
        committer.tidy()
        committer._opened().compactor._thread.submit(lambda: None).result()
        committer.tidy()
        assert committer.status.compactions == merges
        committer._write_status()
        status = read_status(tmp_path)
        assert status is not None
        assert status["free_bytes"] == free
    committer.close()


def test_late_events_land_in_their_day_and_leave_few_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Devices that were offline for weeks, and history: each day is whole, and soon of few files again."""
    monkeypatch.setattr(compaction, "QUIET_SECONDS", -1.0)
    expected: Counter[date] = Counter()
    committer = Committer(tmp_path)
    for number in range(15):
        days_ago = {0: 40, 1: 21, 2: 3}[number % 3]
        batches = []
        for days, events in ((0, 200), (days_ago, 20)):
            moment = NOW // 1000 - days * 86_400_000
            clicks = [click(seq) | {"time": moment + seq} for seq in range(events)]
            batches.append(capture(batch(f"{number} {days}", clicks, batch=f"{number} {days}", sent_at=None)))
            expected[datetime.fromtimestamp(moment / 1000, UTC).date()] += events
        write_journal(tmp_path, batches)
        committer.step()
        committer._opened().compactor._look_at = 0.0
        for _ in range(2):  # begins a merge, and commits it
            committer.tidy()
            committer._opened().compactor._thread.submit(lambda: None).result()
    lake = committer._opened().lake
    stored_on = Counter(row["date"] for row in stored(tmp_path, "events"))
    assert stored_on == expected
    assert all(row["date"] == row["time"].date() for row in stored(tmp_path, "events"))
    files_of = Counter(file.partition["date"] for file in lake["events"].files())
    assert len(files_of) == 4
    assert max(files_of.values()) <= 4
    committer.close()


def test_many_small_partitions_are_merged_in_one_commit(tmp_path: Path) -> None:
    """Days and sites that get a few rows each do not have to wait for one another."""
    for number in range(3):
        days = [click(day, node=1, time=NOW // 1000 - day * 86_400_000) for day in range(20)]
        write_journal(tmp_path, [capture(batch(f"{number}", days, sent_at=None))])
        committer = Committer(tmp_path)
        committer.step()
        committer.close()
    before, version = rows(tmp_path), DeltaTable(str(tmp_path / "lake" / "events")).version()
    assert len(files(tmp_path)) == 60
    compact(tmp_path)
    assert len(files(tmp_path)) == 20
    assert DeltaTable(str(tmp_path / "lake" / "events")).version() == version + 1
    assert rows(tmp_path) == before


def test_a_merge_takes_only_what_memory_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what files hold before compression: text that repeats itself is packed a thousandfold."""
    for number in range(4):
        long = [click(seq, props={"a": f"{number} {seq}" + "z" * 20_000}) for seq in range(3)]
        write_journal(tmp_path, [capture(batch(f"{number}", long))])
        committer = Committer(tmp_path)
        committer.step()
        committer.close()
    before = rows(tmp_path)
    lake = Lake(tmp_path / "lake")
    most = 5 * max(lake["events"].unpacked_bytes(file) for file in lake["events"].files()) // 2
    lake.close()
    monkeypatch.setattr(compaction, "TARGET_UNPACKED_BYTES", most)
    compact(tmp_path)
    lake = Lake(tmp_path / "lake")
    assert [file.rows for file in lake["events"].files()] == [6, 6]
    lake.close()
    assert rows(tmp_path) == before


def test_no_vacuum_takes_what_a_merge_has_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the clock jumps by days while a merge writes its files, they are not deleted as leftovers."""
    fold_often(tmp_path, 9)
    monkeypatch.setattr(committer_module, "VACUUM_SECONDS", -1.0)
    expected, still = rows(tmp_path), Future[Written]()
    committer = Committer(tmp_path)
    committer.tidy()
    compactor = committer._opened().compactor
    assert compactor._written is not None
    written, compactor._written = compactor._written.result(), still
    for action in written.new:
        os.utime(compactor._due[0].table.directory / action.path, (0, 0))
    committer.tidy()
    still.set_result(written)
    committer.tidy()
    committer.close()
    assert committer.status.compactions == 1
    assert rows(tmp_path) == expected
