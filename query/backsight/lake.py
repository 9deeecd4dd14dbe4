"""The lake as a reader sees it: committed Parquet files of Delta tables, at exact versions.

A `Lake` keeps its table handles open and only reads what was committed since, so that a report starts within
milliseconds. A `Snapshot` is one site's view of every table at a fixed version; what it lists stays readable
whatever is written meanwhile. Files come from the Delta log alone, never from a glob: a half-written file or
one that compaction replaced is not in the lake.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from threading import Lock
from typing import Final
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from deltalake.fs import DeltaStorageHandler
from pyarrow.fs import FileSystem, FileType, PyFileSystem

from backsight.contract import DELETIONS, TABLES
from backsight.errors import Gone, InvalidRequest, Unavailable, nearest, shown

READ_ORDER: Final = ("events", "dead_letters", "statements", "nodes", "elements")
"""Against the order in which the committer writes: whatever an event of the snapshot names is in it too."""

NOTHING_COMMITTED: Final = -1
"""Version of a table that does not exist yet."""

PINNED: Final = 32
"""Earlier versions of tables whose files are remembered."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """One committed Parquet file: `path` is relative to its table, `uri` is where an engine reads it."""

    path: str
    uri: str
    site: str
    date: date | None
    newest: datetime | None
    """Largest `received_at`, where the log tells."""
    size: int
    """In bytes."""


@dataclass(frozen=True)
class TableVersion:
    """The files of one table at one version, by site."""

    version: int
    files: Mapping[str, tuple[DataFile, ...]]
    storage: FileSystem | None
    root: str = ""
    """Where an engine reads the table."""


class Lake:
    """The Delta tables under `root` (a directory, or an object store's URL with its `storage_options`).

    Safe to share between threads. A table that nothing was ever written to reads as empty.
    """

    def __init__(self, root: str | Path, storage_options: dict[str, str] | None = None) -> None:
        self._root = str(root).rstrip("/")
        self._options = storage_options
        self._lock = Lock()
        self._handles: dict[str, DeltaTable] = {}
        self._latest: dict[str, TableVersion] = {}
        self._pinned: OrderedDict[tuple[str, int], TableVersion] = OrderedDict()
        self._newest: dict[str, datetime | None] = {}

    @property
    def folder(self) -> Path | None:
        """The directory that it lies in; null for an object store."""
        return None if "://" in self._root else Path(self._root)

    def snapshot(self, site: str, versions: Mapping[str, int] | None = None) -> Snapshot:
        """One site's tables as committed by now, or, of the tables named in `versions`, at that version.

        Raises InvalidRequest for a version that there never was, Gone for one that can't be read any more.
        """
        asked = versions or {}
        for table in asked:
            if table not in TABLES:
                raise InvalidRequest(
                    "no such table.", field="as_of.snapshot", value=table, valid=nearest(table, TABLES)
                )
        with self._lock:
            try:
                tables = {table: self._version(table, asked.get(table)) for table in READ_ORDER}
            except DeltaError as error:
                message = f"the lake can't be read: {error} The committer, when it starts, mends a torn log."
                raise Unavailable(message, field="data", value=self._root) from error
        made = Snapshot(site, tables, self)
        made.require_files(asked)
        return made

    def deletions_stamp(self) -> int:
        """Changes whenever a deletion of persons begins or ends; 0 without any."""
        try:
            return 0 if self.folder is None else (self.folder / DELETIONS).stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def deletion_behind(self, table: str, version: int) -> str | None:
        """The deletion of persons that took away files which this version of a table needs."""
        if self.folder is None:
            return None
        found = []
        for path in (self.folder / DELETIONS).glob("*.json"):
            counts = json.loads(path.read_bytes())["tables"].get(table)
            if counts is not None and counts["files"] and version < counts["versions"][1]:
                found.append((counts["versions"][1], path.stem))
        return min(found)[1] if found else None

    def newest(self, table: TableVersion, file: DataFile) -> datetime | None:
        """Largest `received_at` in a file of `events`; looked up once a file, as files never change."""
        if file.newest is not None:
            return file.newest
        if file.uri not in self._newest:
            column = _read(file, table.storage, ["received_at"])["received_at"]
            self._newest[file.uri] = pc.max(column).as_py()
        return self._newest[file.uri]

    def _version(self, table: str, version: int | None) -> TableVersion:
        current = self._current(table)
        if version is None or version == current.version:
            return current
        if version > current.version:
            raise InvalidRequest(
                f"{table} has no version {version} yet.",
                field=f"as_of.snapshot.{table}",
                value=version,
                valid=f"at most {current.version}",
            )
        key = (table, version)
        if key not in self._pinned:
            self._pinned[key] = self._at(table, version)
            while len(self._pinned) > PINNED:
                self._pinned.popitem(last=False)
        self._pinned.move_to_end(key)
        return self._pinned[key]

    def _current(self, table: str) -> TableVersion:
        handle = self._handles.get(table)
        if handle is None:
            if not DeltaTable.is_deltatable(self._uri(table), self._options):
                return TableVersion(NOTHING_COMMITTED, {}, None)
            handle = self._handles[table] = DeltaTable(self._uri(table), storage_options=self._options)
        else:
            handle.update_incremental()
        known = self._latest.get(table)
        if known is None or known.version != handle.version():
            self._latest[table] = known = _listing(handle, self._options)
        return known

    def _at(self, table: str, version: int) -> TableVersion:
        if version == NOTHING_COMMITTED:
            return TableVersion(NOTHING_COMMITTED, {}, None)
        try:
            handle = DeltaTable(self._uri(table), version=version, storage_options=self._options)
        except DeltaError as error:
            raise gone(table, version, self.deletion_behind(table, version)) from error
        return _listing(handle, self._options)

    def _uri(self, table: str) -> str:
        return f"{self._root}/{table}"


@dataclass(frozen=True)
class Snapshot:
    """One site's tables, each at a fixed version."""

    site: str
    tables: Mapping[str, TableVersion]
    lake: Lake

    @property
    def versions(self) -> dict[str, int]:
        """Version of every table; -1 where nothing was committed yet."""
        return {name: self.tables[name].version for name in TABLES}

    def require_files(self, tables: Iterable[str] = TABLES) -> None:
        """Raises Gone where a file of the site in one of the tables was deleted since it was committed."""
        for name in tables:
            table, files = self.tables[name], self.data_files(name)
            if table.storage is None or not files:
                continue
            found = table.storage.get_file_info([file.path for file in files])
            if any(info.type is not FileType.File for info in found):
                raise gone(name, table.version, self.lake.deletion_behind(name, table.version))

    @property
    def watermark(self) -> datetime | None:
        """Newest `received_at` among the site's events; null before the first."""
        table = self.tables["events"]
        newest = (self.lake.newest(table, file) for file in table.files.get(self.site, ()))
        return max((instant for instant in newest if instant is not None), default=None)

    def data_files(self, table: str, first: date | None = None, last: date | None = None) -> list[DataFile]:
        """The site's committed files of one table, of the dates from `first` to `last` (inclusive) only."""
        if table not in TABLES:
            raise ValueError(f"no table {shown(table)} in the lake; there are {', '.join(TABLES)}")
        return [
            file
            for file in self.tables[table].files.get(self.site, ())
            if file.date is None
            or ((first is None or file.date >= first) and (last is None or file.date <= last))
        ]

    def files(self, table: str, first: date | None = None, last: date | None = None) -> list[str]:
        """The same as addresses that an engine can read."""
        return [file.uri for file in self.data_files(table, first, last)]

    def dates(self) -> tuple[date, date] | None:
        """First and last UTC date on which the site has events; null before the first event."""
        days = [file.date for file in self.tables["events"].files.get(self.site, ()) if file.date is not None]
        return (min(days), max(days)) if days else None

    def rows(self, table: str, files: Iterable[DataFile] | None = None) -> pa.Table:
        """All rows of a small table (or of some of its `data_files`), by the contract's schema.

        Columns that an older file lacks are null; columns that the contract does not know are left out.
        """
        schema = TABLES[table]
        storage = self.tables[table].storage
        chosen = self.data_files(table) if files is None else files
        parts = [_conform(_read(file, storage), file, schema) for file in chosen]
        return pa.concat_tables(parts) if parts else schema.empty_table()


def gone(table: str, version: int, deletion: str | None = None) -> Gone:
    """The error about a version of a table that is not in the lake any more, and the deletion behind it."""
    because = f" with persons who are not to be found any more ({deletion})" if deletion else ""
    return Gone(
        f"version {version} of {table} can't be read any more: files that it needs were deleted{because}.",
        field=f"as_of.snapshot.{table}",
        value=version,
        valid="an answer no older than versions are kept (BACKSIGHT_SNAPSHOT_HOURS), or no as_of",
    )


def _listing(handle: DeltaTable, options: dict[str, str] | None) -> TableVersion:
    adds = pa.table(handle.get_add_actions(flatten=True))
    files: dict[str, list[DataFile]] = {}
    root = handle.table_uri.removeprefix("file://").rstrip("/")
    missing = [None] * adds.num_rows
    columns = [
        adds[name].to_pylist() if name in adds.schema.names else missing
        for name in ("path", "partition.site", "partition.date", "max.received_at", "size_bytes")
    ]
    for path, site, day, newest, size in zip(*columns, strict=True):
        plain = unquote(path)
        uri = f"{unquote(root)}/{plain}"
        files.setdefault(site, []).append(DataFile(plain, uri, site, day, newest, size))
    storage = PyFileSystem(DeltaStorageHandler(handle.table_uri, options))
    ordered = {site: tuple(sorted(found, key=lambda file: file.path)) for site, found in files.items()}
    return TableVersion(handle.version(), ordered, storage, unquote(root))


def _read(file: DataFile, storage: FileSystem | None, columns: list[str] | None = None) -> pa.Table:
    # One file at a time and no partitioning: pyarrow would guess types from the folders' names.
    with pq.ParquetFile(file.path, filesystem=storage) as parquet:
        return parquet.read(columns=columns)


def _conform(rows: pa.Table, file: DataFile, schema: pa.Schema) -> pa.Table:
    partition: dict[str, object] = {"site": file.site, "date": file.date}
    columns = [
        rows[field.name].cast(field.type)
        if field.name in rows.schema.names
        else pa.array([partition.get(field.name)], field.type).take(pa.array([0] * rows.num_rows, pa.int64()))
        for field in schema
    ]
    return pa.table(columns, schema=schema)
