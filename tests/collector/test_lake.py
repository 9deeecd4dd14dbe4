from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from backsight.contract import DEAD_LETTERS, EVENTS, NODES, TABLES
from backsight_collector.lake import data_files
from backsight_collector.lake import table as table_module
from backsight_collector.lake.compaction import compact
from backsight_collector.lake.errors import LakeLocked
from backsight_collector.lake.lake import Lake
from backsight_collector.lake.table import Table
from captures import NOW

APP = "journal/collector"


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    lake = Lake(tmp_path)
    yield lake
    lake.close()


def node_rows(*ids: int, site: str = "shop") -> pa.Table:
    row = dict.fromkeys(NODES.names, 1) | {"site": site, "first_seen": NOW}
    return pa.Table.from_pylist([row | {"node_id": key} for key in ids], schema=NODES)


def node_ids(table: Table) -> list[int]:
    rows = DeltaTable(str(table.directory)).to_pyarrow_table()
    return sorted(rows["node_id"].to_pylist())


def test_a_position_is_committed_with_its_rows(lake: Lake) -> None:
    """Rows and the journal's position appear together, per writer, and survive checkpoints."""
    nodes = lake["nodes"]
    nodes.append(node_rows(1), {APP: 10, "journal/admin": 3})
    nodes.append(node_rows(2, 3), {APP: 20})
    nodes.checkpoint()
    assert (nodes.position(APP), nodes.position("journal/admin"), nodes.position("journal/new")) == (20, 3, 0)
    assert node_ids(nodes) == [1, 2, 3]


def test_a_position_never_goes_back(lake: Lake) -> None:
    """What was said later counts, and an append without rows or news is no commit."""
    nodes = lake["nodes"]
    nodes.append(node_rows(1), {APP: 10})
    version = nodes.version
    nodes.append(node_rows(), {APP: 5})
    assert (nodes.position(APP), nodes.version) == (10, version)
    nodes.append(node_rows(), {APP: 15})
    assert (nodes.position(APP), nodes.version) == (15, version + 1)


def test_everything_is_synced_before_append_returns(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Data file and folder before the log entry exists; then the entry, and the log's folder."""
    synced: list[str] = []
    fsync = os.fsync

    def noting(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        entries = len(list((lake["nodes"].log).glob("*.json")))
        synced.append(f"{path.suffix or path.name} {entries}")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    lake["nodes"].append(node_rows(1), {APP: 10})
    assert synced == ["nodes 1", ".parquet 1", "site=shop 1", ".json 2", "_delta_log 2"]


def test_what_a_start_finds_is_synced_before_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a commit whose writer was killed before its sync would let the journal go, and then be lost."""
    lake = Lake(tmp_path)
    lake["nodes"].append(node_rows(1), {APP: 10})
    lake.close()
    synced, fsync = set(), os.fsync

    def noting(descriptor: int) -> None:
        synced.add(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    lake = Lake(tmp_path)
    log = lake["nodes"].log
    lake.close()
    assert synced >= {log / "00000000000000000001.json", log}


def test_a_lake_has_one_writer(lake: Lake, tmp_path: Path) -> None:
    """The second is told who the first is; when that one ends, the next may come."""
    with pytest.raises(LakeLocked, match=f"process {os.getpid()} on"):
        Lake(tmp_path)
    lake.close()
    Lake(tmp_path).close()


def test_a_files_bounds_are_exact(lake: Lake) -> None:
    """A reader may skip files by what the log says about them, to the microsecond."""
    row: dict[str, Any] = {"site": "shop", "batch": "", "reason": "", "detail": "", "count": 1}
    times = [NOW + 1, NOW + 999_999]
    rows = [row | {"date": 20_000, "received_at": received} for received in times]
    lake["dead_letters"].append(pa.Table.from_pylist(rows, schema=DEAD_LETTERS), {})
    (file,) = lake["dead_letters"].files()
    assert file.received_until is not None
    assert (file.rows, round(file.received_until.timestamp() * 1e6)) == (2, NOW + 999_999)
    assert file.partition == {"site": "shop", "date": "2024-10-04"}
    assert [rows.num_rows for rows in lake["dead_letters"].scan(["count"], since=file.received_until)] == [2]


def test_rows_read_back_as_they_were_written(lake: Lake) -> None:
    """Partition columns come back from the path, in the order asked for."""
    nodes, rows = lake["nodes"], node_rows(1, 2)
    nodes.append(rows, {})
    (file,) = nodes.files()
    assert nodes.read(file).equals(rows)
    assert nodes.read(file, ["node_id", "site"]).to_pylist()[0] == {"node_id": 1, "site": "shop"}


def test_a_lake_of_an_older_contract_gets_its_new_columns(tmp_path: Path) -> None:
    """They are added to the log, once and synced; rows written before have null there, also once merged."""
    added = {"watched_ms", "dom_ms", "navigation_ms", "scroll_ms", "focus_ms", "error_ms"}
    before = pa.schema([field for field in EVENTS if field.name not in added])
    row = {"site": "shop", "date": 20_000, "type": "click", "device": 1, "page": 1, "sequence": 0}
    row |= dict.fromkeys(["time", "client_time", "received_at"], NOW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(TABLES, "events", before)
        old = Lake(tmp_path / "lake")
        old["events"].append(pa.Table.from_pylist([row], schema=before), {APP: 1})
        old.close()
    for version in (3, 4):  # widened and appended to; appended to
        lake = Lake(tmp_path / "lake")
        lake["events"].append(pa.Table.from_pylist([row | {"dom_ms": 7}], schema=EVENTS), {})
        assert lake["events"].version == version
        assert all(lake["events"].read(file).schema == EVENTS for file in lake["events"].files())
        lake.close()
    assert compact(tmp_path) == {"files_before": 3, "files_after": 1}
    stored = DeltaTable(str(lake["events"].directory)).to_pyarrow_table()
    assert stored.schema.names == EVENTS.names
    assert sorted(stored["dom_ms"].to_pylist(), key=str) == [7, 7, None]


def test_commits_stay_fast_and_old_log_entries_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint every so many commits; what is older than the snapshots kept is deleted behind it."""
    monkeypatch.setattr(table_module, "CHECKPOINT_EVERY", 5)
    lake = Lake(tmp_path, snapshot_hours=1)
    nodes = lake["nodes"]
    for number in range(12):
        nodes.append(node_rows(number), {APP: number + 1})
    assert len(list(nodes.log.glob("*.checkpoint.parquet"))) == 2
    old = time.time() - 7 * 86_400
    for path in nodes.log.iterdir():
        os.utime(path, (old, old))
    for number in range(12, 20):
        nodes.append(node_rows(number), {APP: number + 1})
    lake.close()
    entries = sorted(path.name for path in nodes.log.glob("*.json"))
    assert entries[0] > "00000000000000000005.json"
    assert node_ids(nodes) == list(range(20))
    assert Lake(tmp_path)["nodes"].position(APP) == 20


def test_few_checkpoints_are_kept_and_every_version_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest, and one for each stride of older versions: each names all that was replaced of late."""
    for name, value in [("CHECKPOINT_EVERY", 3), ("NEWEST_CHECKPOINTS", 2), ("CHECKPOINT_STRIDE", 20)]:
        monkeypatch.setattr(table_module, name, value)
    lake = Lake(tmp_path, snapshot_hours=1)
    nodes = lake["nodes"]
    for number in range(60):
        nodes.append(node_rows(number), {APP: number + 1})
        if number == 56:
            old = time.time() - 7 * 86_400
            for path in nodes.log.glob("0*"):
                if int(path.name[:20]) <= 35:
                    os.utime(path, (old, old))
    lake.close()
    kept = [int(path.name[:20]) for path in sorted(nodes.log.glob("*.checkpoint.parquet"))]
    assert kept == [21, 42, 57, 60]
    entries = sorted(int(path.name[:20]) for path in nodes.log.glob("*.json"))
    assert entries == list(range(21, 61))
    for version in entries[1:]:
        rows = DeltaTable(str(nodes.directory), version=version).to_pyarrow_table()
        assert sorted(rows["node_id"].to_pylist()) == list(range(version))


def test_a_committer_that_often_starts_anew_makes_checkpoints_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commits count from the last checkpoint, not from the start."""
    monkeypatch.setattr(table_module, "CHECKPOINT_EVERY", 3)
    for number in range(4):
        lake = Lake(tmp_path)
        lake["nodes"].append(node_rows(number), {APP: number + 1})
        lake.close()
    assert [path.name[:20] for path in lake["nodes"].log.glob("*.checkpoint.parquet")] == [f"{3:020d}"]


def test_vacuum_keeps_what_snapshots_need(lake: Lake) -> None:
    """Replaced files and leftovers of crashes go once they are older than the snapshots kept; others stay."""
    nodes = lake["nodes"]
    nodes.append(node_rows(1), {APP: 1})
    nodes.append(node_rows(2), {APP: 2})
    before, replaced = nodes.version, nodes.files()
    leftover = nodes.directory / "site=shop" / "leftover.parquet"
    pq.write_table(node_rows(9), leftover)
    new = data_files.write_files(nodes.directory, node_rows(1, 2), ["site"], ["node_id"], is_new=False)
    nodes.replace(replaced, new)
    assert nodes.vacuum(snapshot_hours=1) == 0
    pinned = DeltaTable(str(nodes.directory), version=before).to_pyarrow_table()
    assert sorted(pinned["node_id"].to_pylist()) == [1, 2]
    assert nodes.vacuum(snapshot_hours=0) == 3
    assert not leftover.exists()
    assert node_ids(nodes) == [1, 2]
    assert nodes.version == before + 1


def test_how_long_versions_are_kept_can_be_changed(tmp_path: Path) -> None:
    """Another number of hours is told to the tables, once; a lake that is opened without one keeps it."""
    versions = []
    for hours in (1, 48, 48, None):
        lake = Lake(tmp_path, hours)
        lake["nodes"].append(node_rows(len(versions)), {APP: len(versions) + 1})
        versions.append(lake["nodes"].version)
        lake.close()
    assert versions == [1, 3, 4, 5]
    nodes = DeltaTable(str(tmp_path / "nodes"))
    assert nodes.metadata().configuration["delta.deletedFileRetentionDuration"] == "interval 48 hours"
    assert nodes.metadata().configuration["delta.logRetentionDuration"] == "interval 48 hours"
    assert sorted(nodes.to_pyarrow_table()["node_id"].to_pylist()) == [0, 1, 2, 3]


def test_a_failed_write_commits_nothing(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk refuses the data, the table stays as it was, without a trace; the next append works."""
    fsync, syncs = os.fsync, iter(range(4))

    def full(descriptor: int) -> None:
        if next(syncs, None) is None:  # the second site's file
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            lake["nodes"].append(pa.concat_tables([node_rows(1), node_rows(2, site="zoo")]), {APP: 1})
    assert (lake["nodes"].position(APP), node_ids(lake["nodes"])) == (0, [])
    assert [path.parent.name for path in lake["nodes"].directory.glob("site=*/*")] == []
    lake["nodes"].append(node_rows(1), {APP: 1})
    assert node_ids(lake["nodes"]) == [1]
