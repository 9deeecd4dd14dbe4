"""Which rows of a data file go with the persons who are deleted, and the file without them.

A row goes where its device and user make it one of theirs. One that bears a person's user but counts as
somebody else's (the pair was revoked) stays, without the user: so nobody else's numbers change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.transaction import AddAction

from backsight.contract import PARTITIONS, TABLES, StatementKind
from backsight_collector.deletion.extent import PAIRING, Extent, Pair
from backsight_collector.deletion.mentions import names_any, names_user
from backsight_collector.lake.compaction import SORTED_BY
from backsight_collector.lake.data_files import write_files
from backsight_collector.lake.table import STATISTICS, DataFile, Table

Bools = npt.NDArray[np.bool_]

READ: Final = {
    "events": ("device", "user", "received_at"),
    "dead_letters": ("device", "user", "received_at", "event"),
    "statements": ("statement_id", "kind", "device", "user", "received_at", "revokes"),
}
"""The tables that hold persons, in the order in which they are gone through, and what is read of all rows.

`statements` come last: as long as an event is there, it is known whose it is.
"""
USER_COLUMNS: Final = ("user", "user_id")


@dataclass(frozen=True)
class Marks:
    """Of the rows of a file, which go, and which stay without their user."""

    gone: Bools
    blanked: Bools

    def __bool__(self) -> bool:
        return bool(self.gone.any() or self.blanked.any())


Mark = Callable[[pa.Table], Marks]
"""Marks rows that have a table's READ columns."""


def marker(
    table: str,
    extent: Extent,
    revoked: frozenset[str] = frozenset(),
    alive: Callable[[], None] = lambda: None,
) -> Mark:
    """What marks the rows of one table; of `statements`, also those in `revoked` (see `unmade`). `alive` is
    called now and then: a file of a million rejected events takes minutes."""
    if table == "dead_letters":
        return lambda rows: _mark_letters(rows, extent, alive)
    if table == "statements":
        return lambda rows: _mark_statements(rows, extent, revoked)
    return lambda rows: _mark(rows, extent)


def read_columns(path: Path, table: str) -> pa.Table:
    """A table's READ columns of any Parquet file of it, committed or not; null where it lacks one."""
    schema = TABLES[table]
    with pq.ParquetFile(path) as file:
        stored = [name for name in READ[table] if name in file.schema_arrow.names]
        rows = file.read(columns=stored)
    for name in READ[table]:
        if name not in stored:
            rows = rows.append_column(schema.field(name), pa.nulls(rows.num_rows, schema.field(name).type))
    return rows


def unmade(statements: Sequence[pa.Table], extent: Extent) -> frozenset[str]:
    """Ids of the revocations, and theirs, of statements that go: they would revoke nothing."""
    gone = {
        key
        for rows in statements
        for key in rows.filter(pa.array(_mark_statements(rows, extent, frozenset()).gone))[
            "statement_id"
        ].to_pylist()
    }
    lines = [
        line
        for rows in statements
        for line in rows.filter(pc.is_valid(rows["revokes"])).select(["statement_id", "revokes"]).to_pylist()
    ]
    found: set[str] = set()
    while more := {row["statement_id"] for row in lines if row["revokes"] in gone | found} - found:
        found |= more
    return frozenset(found)


def without(table: Table, file: DataFile, marks: Marks) -> list[AddAction]:
    """The file with the marked rows gone and blanked, written but not committed; none where none is left."""
    rows = table.read(file, as_dictionaries=True)
    if marks.blanked.any():
        rows = _blank(rows, pa.array(marks.blanked))
    rows = _with_own_words(rows.filter(pa.array(~marks.gone)))
    order = SORTED_BY[table.name] if _is_sorted(table.directory / file.path) else ()
    partition_by, bounds = PARTITIONS[table.name], STATISTICS[table.name]
    return write_files(table.directory, rows, partition_by, bounds, sorted_by=order)


def _mark(rows: pa.Table, extent: Extent) -> Marks:
    covered = _covered(rows, extent)
    early = _is_early(rows, extent)
    return Marks(covered & early, _is_in(rows["user"], extent.users) & ~covered & early)


def _mark_letters(rows: pa.Table, extent: Extent, alive: Callable[[], None]) -> Marks:
    marks, early = _mark(rows, extent), _is_early(rows, extent)
    gone = marks.gone.copy()
    shared = _is_in(rows["device"], extent.devices)
    for at in np.flatnonzero(early & ~gone & pc.is_valid(rows["event"]).to_numpy()).tolist():
        alive()
        # Whose it is tells nothing of whom it is about: `identify` may have been refused on a new device.
        text = rows["event"][at].as_py().encode()
        gone[at] = names_user(extent, text) if shared[at] else names_any(extent, text)
    return Marks(gone, marks.blanked & ~gone)


def _mark_statements(rows: pa.Table, extent: Extent, revoked: frozenset[str]) -> Marks:
    """Also what pairs one of the users with whatever device: where it is not theirs, it was revoked."""
    marks, early = _mark(rows, extent), _is_early(rows, extent)
    pairing = _is_in(rows["kind"], PAIRING) & _is_in(rows["user"], extent.users)
    is_revocation = _is_in(rows["kind"], [StatementKind.REVOKE.value])
    unmade = _is_in(rows["statement_id"], revoked) & is_revocation
    gone = (marks.gone & ~is_revocation) | (pairing & early) | unmade
    return Marks(gone, marks.blanked & ~gone)


def _covered(rows: pa.Table, extent: Extent) -> Bools:
    """`Extent.covers` of each row."""
    of_device = _is_in(rows["device"], extent.devices)
    if extent.kept:
        of_device[_paired(rows, of_device, extent.kept)] = False
    if extent.pairs:
        of_device[_paired(rows, _is_in(rows["user"], extent.users), extent.pairs)] = True
    return of_device


def _paired(rows: pa.Table, among: Bools, pairs: frozenset[Pair]) -> list[int]:
    """Places of those rows among some whose device and user are one of the pairs."""
    places = np.flatnonzero(among)
    devices, users = (rows[name].take(pa.array(places)).to_pylist() for name in ("device", "user"))
    found = zip(places.tolist(), devices, users, strict=True)
    return [place for place, device, user in found if (device, user) in pairs]


def _is_in(column: pa.ChunkedArray, values: Any) -> Bools:
    found = pc.is_in(column, pa.array(sorted(values), column.type), skip_nulls=True)
    return np.array(found.to_numpy(), bool)


def _is_early(rows: pa.Table, extent: Extent) -> Bools:
    until = pa.scalar(extent.until, pa.int64()).cast(rows["received_at"].type)
    return np.array(pc.less_equal(rows["received_at"], until).to_numpy(), bool)


def _blank(rows: pa.Table, chosen: pa.Array) -> pa.Table:
    """The rows, those chosen without their user."""
    for name in set(USER_COLUMNS) & set(rows.column_names):
        place, field = rows.schema.get_field_index(name), TABLES["statements"].field(name)
        column = rows[name].cast(field.type)
        rows = rows.set_column(place, field, pc.if_else(chosen, pa.scalar(None, field.type), column))
    return rows


def _with_own_words(rows: pa.Table) -> pa.Table:
    """The rows, with dictionaries of nothing else: those of the rows that went would be written too."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_dictionary(field.type):
            words = rows[field.name].cast(field.type.value_type).dictionary_encode()
            rows = rows.set_column(place, pa.field(field.name, words.type, field.nullable), words)
    return rows


def _is_sorted(path: Path) -> bool:
    footer = pq.read_metadata(path)
    return bool(footer.num_row_groups and footer.row_group(0).sorting_columns)
