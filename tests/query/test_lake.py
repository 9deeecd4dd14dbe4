"""The lake as read: committed files, pruned, at fixed versions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from backsight.contract import EVENTS, PARTITIONS, TABLES
from backsight.errors import InvalidRequest, Unavailable
from backsight.lake import Lake
from query.rows import event, rows_of, statement

DAY = datetime(2026, 10, 1, 12, tzinfo=UTC)


def commit(root: Path, table: str, rows: list[dict[str, Any]], **options: Any) -> None:
    write_deltalake(
        str(root / table), rows_of(table, rows), mode="append", partition_by=PARTITIONS[table], **options
    )


def test_a_table_that_was_never_written_is_empty(tmp_path: Path) -> None:
    """Before the first event every table reads as empty, in the contract's columns, at version -1."""
    snapshot = Lake(tmp_path).snapshot("shop")
    assert snapshot.versions == dict.fromkeys(TABLES, -1)
    assert snapshot.watermark is None
    assert snapshot.dates() is None
    for table, schema in TABLES.items():
        assert snapshot.files(table) == []
        assert snapshot.rows(table).schema == schema


def test_files_are_those_of_the_site_and_the_dates(tmp_path: Path) -> None:
    """Other sites' files and other dates' are not listed."""
    for day in range(3):
        time = DAY + timedelta(days=day)
        commit(tmp_path, "events", [event("A", time), event("A", time, site="blog-1")])
    snapshot = Lake(tmp_path).snapshot("shop")
    assert snapshot.dates() == (date(2026, 10, 1), date(2026, 10, 3))
    assert len(snapshot.files("events")) == 3
    (only,) = snapshot.files("events", date(2026, 10, 2), date(2026, 10, 2))
    assert "site=shop" in only
    assert "date=2026-10-02" in only
    assert len(Lake(tmp_path).snapshot("other").files("events")) == 0


def test_a_file_outside_the_log_is_not_in_the_lake(tmp_path: Path) -> None:
    """What compaction replaced, or a crash left behind, stands in the folder and is not read."""
    commit(tmp_path, "events", [event("A", DAY)])
    commit(tmp_path, "events", [event("A", DAY)])
    before = Lake(tmp_path).snapshot("shop").files("events")
    (tmp_path / "events/site=shop/date=2026-10-01/part-half-written.parquet").write_bytes(b"PAR1")
    DeltaTable(str(tmp_path / "events")).optimize.compact()
    after = Lake(tmp_path).snapshot("shop").files("events")
    assert len(before) == 2
    assert len(after) == 1
    assert all(Path(path).exists() for path in before)


def test_a_snapshot_stays_what_it_was(tmp_path: Path) -> None:
    """Rows committed after a snapshot was taken are in the next one, not in it."""
    commit(tmp_path, "statements", [statement("identify", DAY, device=1, user=2)])
    lake = Lake(tmp_path)
    first = lake.snapshot("shop")
    commit(tmp_path, "statements", [statement("identify", DAY, device=3, user=4)])
    second = lake.snapshot("shop")
    assert [snapshot.rows("statements").num_rows for snapshot in (first, second)] == [1, 2]
    assert second.versions["statements"] == first.versions["statements"] + 1


def test_earlier_versions_can_be_asked_for(tmp_path: Path) -> None:
    """Named versions are read, of the tables named; one that never was is refused."""
    for _ in range(3):
        commit(tmp_path, "events", [event("A", DAY)])
    lake = Lake(tmp_path)
    assert len(lake.snapshot("shop", {"events": 1}).files("events")) == 2
    assert lake.snapshot("shop", {"events": -1}).files("events") == []
    with pytest.raises(InvalidRequest, match="no version 9 yet"):
        lake.snapshot("shop", {"events": 9})
    with pytest.raises(InvalidRequest, match="did you mean 'events'"):
        lake.snapshot("shop", {"event": 1})


@pytest.mark.parametrize("indexed", ["32", "-1"], ids=["not in the log", "in the log"])
def test_the_watermark_is_the_newest_arrival(tmp_path: Path, indexed: str) -> None:
    """The site's newest `received_at`, wherever in history its event lies."""
    late = event("A", DAY - timedelta(days=9), received_at=DAY + timedelta(hours=3))
    other = event("A", DAY, site="blog-1", received_at=DAY + timedelta(days=9))
    options = {"configuration": {"delta.dataSkippingNumIndexedCols": indexed}}
    commit(tmp_path, "events", [event("A", DAY), late, other], **options)
    assert Lake(tmp_path).snapshot("shop").watermark == DAY + timedelta(hours=3)


def test_rows_of_older_and_newer_schemas_read_by_name(tmp_path: Path) -> None:
    """A column that a file lacks is null, one that the contract does not know is left out."""
    rows = rows_of("events", [event("A", DAY)])
    older = rows.drop_columns(["props", "referrer"])
    newer = rows.append_column("invented", pa.array(["x"]))
    for part in (older, newer):
        write_deltalake(
            str(tmp_path / "events"),
            part,
            mode="append",
            partition_by=PARTITIONS["events"],
            schema_mode="merge",
        )
    read = Lake(tmp_path).snapshot("shop").rows("events")
    assert read.schema == EVENTS
    assert read["props"].to_pylist() == [None, None]
    assert read["site"].to_pylist() == ["shop", "shop"]
    assert read["date"].to_pylist() == [date(2026, 10, 1)] * 2


def test_files_can_be_read_by_an_engine(tmp_path: Path) -> None:
    """The addresses given are those of Parquet files, also where the folder has a space in its name."""
    root = tmp_path / "my data"
    commit(root, "events", [event("A", DAY)])
    (path,) = Lake(root).snapshot("shop").files("events")
    assert pq.ParquetFile(path).metadata.num_rows == 1


def test_torn_log_is_an_error_of_ours(tmp_path: Path) -> None:
    """A log entry that can't be read is one error that says what mends it, not a trace."""
    log = tmp_path / "events" / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020d}.json").write_text('{"protocol": {"minReader')
    with pytest.raises(Unavailable, match="committer"):
        Lake(tmp_path).snapshot("shop")
