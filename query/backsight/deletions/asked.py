"""Who is to be deleted: named, noted in the audit trail, and what a deletion would take away."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from backsight.contract import MAX_ID_CHARS, TABLES
from backsight.deletions.deletion import instant
from backsight.engine import Files
from backsight.fields import read_list, read_object, refuse
from backsight.identity import person_sql
from backsight.scan.context import Context, rfc3339
from backsight.scan.person_ids import named_persons
from backsight.sql import load_sql
from backsight.store import AuditLine

if TYPE_CHECKING:
    from backsight.reports.explain.who import Who

MAX_PERSONS: Final = 10_000
"""Most persons of one deletion."""
SHOWN: Final = 100
"""Most persons whose names a preview shows."""
REQUESTED: Final = "person.delete"
"""The action of a request's audit line."""


def requested_line(
    site: str, deletion: str, persons: Sequence[Who], until: int, actor: str, salt: str
) -> AuditLine:
    """The audit line of a request: who knows an id can tell that it was among them, the line tells none."""
    digests = sorted(
        sha256(f"{salt}{who.kind}:{who.id}".encode("utf-8", "surrogatepass")).hexdigest() for who in persons
    )
    detail = {"persons": len(persons), "until": rfc3339(instant(until)), "salt": salt, "sha256": digests}
    return AuditLine(datetime.now(UTC), actor, REQUESTED, site, deletion, json.dumps(detail))


def read_persons(body: object) -> list[Who]:
    """`{"persons": […]}`: each a number of an answer, `user:ID`, `device:ID`, or such an object."""
    from backsight.reports.explain.who import read_who

    persons = read_list(read_object(body, "", ("persons",)).get("persons"), "persons", MAX_PERSONS)
    if not persons:
        refuse("nobody is named.", "persons", persons, "at least one person")
    return [read_who(each, f"persons[{at}]") for at, each in enumerate(persons)]


def preview(persons: Sequence[Who], context: Context) -> dict[str, Any]:
    """What a deletion of these would take away by the snapshot, and which of them nobody knows.

    Dead letters that only name a person in what could not be read are not counted.
    """
    devices = dict(
        zip(*(context.identity.devices[name].to_pylist() for name in ("device", "user")), strict=True)
    )
    numbers = [who.number if who.kind == "user" else devices.get(who.number, who.number) for who in persons]
    asked = pa.table({"person": pa.array(sorted(set(numbers)), pa.int64())})
    moments = {"events": "time", "statements": "received_at", "dead_letters": "received_at"}
    found = {table: _counted(table, moment, asked, context) for table, moment in moments.items()}
    known = {row["person"] for rows in found.values() for row in rows}
    seen = found["events"]
    return {
        "persons": named_persons(sorted(known)[:SHOWN], context),
        "persons_total": len(known),
        "unknown": [_named(who) for who, number in zip(persons, numbers, strict=True) if number not in known],
        "tables": {table: sum(row["n"] for row in rows) for table, rows in found.items()},
        "first_seen": rfc3339(min(row["first"] for row in seen)) if seen else None,
        "last_seen": rfc3339(max(row["last"] for row in seen)) if seen else None,
    }


def _counted(table: str, moment: str, asked: pa.Table, context: Context) -> list[dict[str, Any]]:
    person, joins, columns, relations = person_sql(context.identity)
    schema = TABLES[table]
    wanted = [field for field in schema if field.name in columns | {moment}]
    sql = load_sql("persons_in_table").format(person=person, joins=joins, table=table, moment=f"e.{moment}")
    files = Files(context.snapshot.files(table), pa.schema(wanted))
    tables = {table: files, "asked": asked, **{name: context.identity.tables[name] for name in relations}}
    rows: list[dict[str, Any]] = context.engine.query(sql, tables=tables).to_pylist()
    return rows


def _named(who: Who) -> str:
    return str(who.id) if who.kind == "person" else f"{who.kind}:{who.id}"[: MAX_ID_CHARS + 10]
