"""The lake's other tables, as they are."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from backsight.contract import TABLES
from backsight.exports.events import persons_query
from backsight.exports.request import ExportRequest
from backsight.scan.context import Context

PERSONS = pa.schema(
    [
        pa.field("person", pa.int64()),
        pa.field("user_id", pa.string()),
        pa.field("first_seen", pa.timestamp("us", tz="UTC")),
        pa.field("last_seen", pa.timestamp("us", tz="UTC")),
        pa.field("events", pa.int64()),
        pa.field("traits", pa.string()),
    ]
)
"""Persons with their own id (null: nobody said who it is), when they did something first and last, and how
much."""


def schema_of(table: str) -> pa.Schema:
    """The columns of a table as it is exported."""
    return (
        PERSONS if table == "persons" else pa.schema([each for each in TABLES[table] if each.name != "date"])
    )


def rows_of(asked: ExportRequest, context: Context) -> Iterator[pa.Table]:
    """Its rows, part by part."""
    schema = schema_of(asked.table)
    if asked.table == "persons":
        query = persons_query(asked, context)
        for batch in context.engine.parts(query.sql, query.params, query.tables):
            yield pa.Table.from_batches([batch]).select(schema.names).cast(schema)
        return
    for file in context.snapshot.data_files(asked.table):
        rows = context.snapshot.rows(asked.table, [file])
        yield rows.select(schema.names)
