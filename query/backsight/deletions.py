"""Deletions of persons: what one would take away, how far each is, and what follows from one that is done.

The committer deletes (collector/…/deletion), and writes down in the lake what it did. Beside the lake, static
cohorts list persons, and the audit trail is to tell: `Deletions.settle` sees to both, once for each deletion.
Neither holds what anybody is called: hashes alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fcntl import LOCK_EX, flock
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from backsight.contract import DELETIONS, MAX_ID_CHARS, TABLES
from backsight.engine import Files
from backsight.errors import NotFound, nearest, shown
from backsight.fields import read_list, read_object, refuse
from backsight.identity import person_sql
from backsight.scan.context import Context, rfc3339
from backsight.scan.person_ids import named_persons
from backsight.sql import load_sql
from backsight.store import AuditLine, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backsight.reports.explain.who import Who

MAX_PERSONS: Final = 10_000
"""Most persons of one deletion."""
SHOWN: Final = 100
"""Most persons whose names a preview shows."""
REQUESTED, DELETED = "person.delete", "person.deleted"
"""Actions of audit lines."""
COMMITTER: Final = "committer"
"""Who did it, in the line of what was done."""
MOST_LISTED: Final = 1_000

Json = Mapping[str, Any]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Deletion:
    """One deletion as it stands now."""

    deletion: str
    """Its id."""
    state: str
    """`requested`; `running`, once a committer has begun; `done`, when nothing is left."""
    requested_at: datetime
    """What was received later is not deleted."""
    completed_at: datetime | None
    actor: str | None
    """Who asked for it."""
    persons: int
    """How many were named."""
    tables: Mapping[str, Json]
    """By table: `rows` removed, rows kept `without_user`, `files` rewritten, `older_files` deleted, and the
    `versions` before and after."""
    journal_records: int
    """Erased from the journal."""
    rows_left: int | None
    """What a last look at all rows found: 0, once it is done."""

    @property
    def is_done(self) -> bool:
        return self.state == "done"

    def to_json(self) -> dict[str, Any]:
        """As the API shows it."""
        completed = None if self.completed_at is None else rfc3339(self.completed_at)
        return {**vars(self), "requested_at": rfc3339(self.requested_at), "completed_at": completed}

    @classmethod
    def from_json(cls, said: Json) -> Deletion:
        """What `to_json` gave."""
        moments = {
            name: said[name] and datetime.fromisoformat(said[name])
            for name in ("requested_at", "completed_at")
        }
        return cls(**{**{name: said[name] for name in cls.__dataclass_fields__}, **moments})


class Deletions:
    """The deletions of one site; `folder` is the lake's."""

    def __init__(self, folder: Path, store: Store, site: str) -> None:
        self._folder, self._store, self._site = folder / DELETIONS, store, site

    def list(self) -> Sequence[Deletion]:
        """All of them, the newest first; of those that nobody has begun, what the audit trail says."""
        self.settle()
        lines = self._store.audit_lines(self._site, MOST_LISTED, action=REQUESTED)
        asked = {line.subject: line for line in lines}
        begun = {
            each["deletion_id"]: _begun(each, asked.get(each["deletion_id"])) for each in self._documents()
        }
        every = {**{id_: _requested(line) for id_, line in asked.items()}, **begun}
        return sorted(every.values(), key=lambda each: (each.requested_at, each.deletion), reverse=True)

    def get(self, deletion: str) -> Deletion:
        """The one of that id. Raises NotFound."""
        known = {each.deletion: each for each in self.list()}
        if deletion not in known:
            valid = nearest(deletion, known, listed=3)
            raise NotFound(
                f"there is no deletion {shown(deletion)}.", field="deletion", value=deletion, valid=valid
            )
        return known[deletion]

    def settle(self) -> Sequence[str]:
        """Of each deletion that is done by now, takes its persons off static cohorts' lists and writes its
        line of the audit trail, once; which these are."""
        if not any(each["state"] == "done" for each in self._documents()):
            return []
        with _locked(self._folder):
            lines = self._store.audit_lines(self._site, 10**6, action=DELETED)
            told = {line.subject for line in lines}
            done = [each for each in self._documents() if each["state"] == "done"]
            new = [each for each in done if each["deletion_id"] not in told]
            for each in new:
                self._settle(each)
        return [each["deletion_id"] for each in new]

    def _settle(self, document: Json) -> None:
        extent = document["extent"]
        taken = self._store.forget_members(self._site, {*extent["devices"], *extent["users"]})
        told = _begun(document, None)
        detail = {
            "persons": told.persons, "tables": told.tables, "journal_records": told.journal_records,
            "set_aside_files": document["set_aside_files"], "cohort_entries": taken,
            "rows_left": told.rows_left, "requested_at": rfc3339(told.requested_at),
        }  # fmt: skip
        at = told.completed_at or datetime.now(UTC)
        self._store.add_audit_line(
            AuditLine(at, COMMITTER, DELETED, self._site, told.deletion, json.dumps(detail))
        )

    def _documents(self) -> Sequence[Json]:
        return [each for each in documents(self._folder) if each["extent"]["site"] == self._site]


def documents(folder: Path) -> list[Json]:
    """What the committer has written down, in no particular order."""
    return [json.loads(path.read_bytes()) for path in folder.glob("*.json")]


def requested_line(
    site: str, deletion: str, persons: Sequence[Who], until: int, actor: str, salt: str
) -> AuditLine:
    """The audit line of a request: who knows an id can tell that it was among them, the line tells none."""
    digests = sorted(
        sha256(f"{salt}{who.kind}:{who.id}".encode("utf-8", "surrogatepass")).hexdigest() for who in persons
    )
    detail = {"persons": len(persons), "until": rfc3339(_instant(until)), "salt": salt, "sha256": digests}
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


def _requested(line: AuditLine) -> Deletion:
    detail = json.loads(line.detail)
    until = datetime.fromisoformat(detail["until"])
    return Deletion(line.subject, "requested", until, None, line.actor, detail["persons"], {}, 0, None)


def _begun(document: Json, line: AuditLine | None) -> Deletion:
    completed = document["completed_at"]
    return Deletion(
        document["deletion_id"],
        document["state"],
        _instant(document["extent"]["until"]),
        None if completed is None else _instant(completed),
        None if line is None else line.actor,
        document["persons"],
        {name: _table(counts) for name, counts in document["tables"].items()},
        document["journal_records"],
        document["rows_left"],
    )


def _table(counts: Json) -> dict[str, Any]:
    before, after = counts["versions"]
    return {
        "rows": counts["rows"],
        "without_user": counts["blanked"],
        "files": counts["files"],
        "older_files": counts["stale_files"],
        "versions": {"before": before, "after": after},
    }


def _instant(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time writes the lines, so that there is one of each deletion."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        flock(descriptor, LOCK_EX)
        yield
    finally:
        os.close(descriptor)
