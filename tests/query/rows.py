"""A site's worth of rows for report tests: made in memory, written as Parquet, read as any snapshot is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import count, groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from backsight.contract import TABLES, EventType
from backsight.lake import DataFile, Lake, Snapshot, TableVersion
from backsight.rules.rule import Rule

Row = dict[str, Any]
SITE = "shop"
NOW = datetime(2026, 11, 1, tzinfo=UTC)

_numbers = count(1)


def event(name: str, time: datetime, /, **columns: Any) -> Row:
    """A row of `events`: a tracked event, on a page instance of its own unless `page` says otherwise."""
    row: Row = {
        "site": SITE, "date": time.astimezone(UTC).date(), "time": time, "type": "track", "name": name,
        "device": 1, "page": next(_numbers), "sequence": 0, "client_time": time, "received_at": time,
    }  # fmt: skip
    return row | columns


def statement(kind: str, time: datetime, /, **columns: Any) -> Row:
    """A row of `statements`."""
    row = {
        "site": SITE,
        "statement_id": f"s{next(_numbers):06}",
        "kind": kind,
        "time": time,
        "received_at": time,
    }
    return row | columns


def rows_of(table: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows in the contract's columns."""
    return pa.Table.from_pylist([dict(row) for row in rows], schema=TABLES[table])


def snapshot_of(directory: Path, **tables: Sequence[Mapping[str, Any]]) -> Snapshot:
    """A snapshot of the rows of each table, in their order; events in one file a date, as in the lake."""
    versions = {name: _written(directory, name, tables.get(name, ())) for name in TABLES}
    return Snapshot(SITE, versions, _lake(directory))


def named(*names: str) -> dict[str, tuple[Rule, ...]]:
    """Named events that are each a tracked event of the same name."""
    return {name: (Rule(on=(EventType.TRACK,), name=name),) for name in names}


@cache
def _lake(directory: Path) -> Lake:
    """One for all rows of a folder: what is kept by lake, as the persons of the same statements, is kept."""
    return Lake(directory)


def _written(directory: Path, table: str, rows: Sequence[Mapping[str, Any]]) -> TableVersion:
    def day(row: Mapping[str, Any]) -> Any:
        return row.get("date")

    files = []
    for date, group in groupby(sorted(rows, key=lambda row: str(day(row))), key=day):
        path = str(directory / f"{table}-{next(_numbers)}.parquet")
        pq.write_table(rows_of(table, list(group)).drop_columns(["site"]), path)
        files.append(DataFile(path, path, SITE, date, None, Path(path).stat().st_size))
    return TableVersion(0, {SITE: tuple(files)}, None)
