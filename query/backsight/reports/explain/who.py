"""Who is asked about: one person, by what the site calls them or by the number that reports list.

    {"user": "u1"} | {"device": "d-1"} | "user:u1" | "device:d-1" | "-4823642934"

A device stands for the person behind it: the first user identified on it, where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from backsight.contract import MAX_ID_CHARS, STATEMENTS, id64, voided
from backsight.engine import Files
from backsight.errors import NotFound, shown
from backsight.fields import read_object, read_string, refuse
from backsight.reports.explain.words import moment_of
from backsight.rules.rule import Rule
from backsight.rules.steps import Step
from backsight.scan.context import Context, rfc3339
from backsight.scan.matched import Query, Scan
from backsight.scan.order import PLACE, instant_of
from backsight.scan.person_ids import named_persons, read_person
from backsight.scan.request import MICROSECOND, Common, Range, read_zone
from backsight.sql import load_sql
from backsight.statements import shown_statement

KINDS: Final = ("user", "device")
MAX_STATEMENTS: Final = 100
"""Most statements that are shown of one person: the first ones."""
VALID: Final = (
    "a 'person' of an answer, {\"user\": ID} or {\"device\": ID} (as text 'user:ID' or 'device:ID')"
)

EVERYTHING: Final = Step("any event", rule=Rule())
ALWAYS: Final = Range(None, None)
EVERY_EVENT: Final = Common(ALWAYS, read_zone("UTC", "timezone"), (), ())

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Who:
    """A number that answers list, or an id of some kind as the site gave it."""

    id: str | int
    kind: str = "person"

    @property
    def number(self) -> int:
        """The person's or the device's number."""
        return self.id if isinstance(self.id, int) else id64(self.kind, self.id)


def read_who(value: object, field: str = "person") -> Who:
    """A person as a request names one."""
    if isinstance(value, Mapping):
        named = [kind for kind in KINDS if kind in read_object(value, field, KINDS)]
        if len(named) != 1:
            refuse("one person has one name here.", field, value, VALID)
        return Who(read_string(value[named[0]], f"{field}.{named[0]}", MAX_ID_CHARS), named[0])
    if not isinstance(value, str):
        refuse(f"{shown(value)} is no person.", field, value, VALID)
    kind, colon, name = value.partition(":")
    if colon and kind in KINDS:
        return Who(read_string(name, field, MAX_ID_CHARS), kind)
    if not value.removeprefix("-").isdecimal():
        refuse(f"{shown(value)} is no person.", field, value, VALID)
    return Who(read_person(value, field))


def alone(who: Who, context: Context) -> Context:
    """The context in which every scan gives the events of this person alone."""
    number = who.number
    if who.kind != "user":
        devices = context.identity.devices
        users = devices.filter(pc.equal(devices["device"], number))["user"].to_pylist()
        number = users[0] if users else number
    return replace(context, person=number)


def person_of(context: Context) -> int:
    """The number of the person asked about."""
    if context.person is None:
        raise ValueError("nobody is asked about")
    return context.person


@dataclass(frozen=True, slots=True)
class Presence:
    """How many events a person has, and when the first and the last were."""

    events: int
    first: datetime | None
    last: datetime | None

    @property
    def bounds(self) -> Range:
        """Where all of them lie."""
        return Range(self.first, None if self.last is None else self.last + MICROSECOND)


def seen(context: Context) -> Presence:
    """When the person was seen."""
    (row,) = seen_query(context).run(context).to_pylist()
    return Presence(row["events"], _moment(row["first"]), _moment(row["last"]))


def described(who: Who, seen: Presence, context: Context) -> Answer:
    """The person: ids, traits, how many events from when to when, and the statements that made it so.

    Raises NotFound where nothing is known of anybody of that name.
    """
    person = person_of(context)
    (named,) = named_persons([person], context)
    statements, total = _statements(context)
    if not (seen.events or statements):
        raise NotFound(
            f"there is no such person: {shown(who.id)}.", field="person", value=who.id, valid=VALID
        )
    return {
        **named,
        "events": seen.events,
        "first_seen": None if seen.first is None else rfc3339(seen.first),
        "last_seen": None if seen.last is None else rfc3339(seen.last),
        "statements": statements,
        "statements_total": total,
    }


def seen_query(context: Context) -> Query:
    """How many events the person has, and the first and the last place of them."""
    conditions = context.conditions()
    conditions.columns |= {"time", "sequence"}
    tests = [("any_event", conditions.step(EVERYTHING))]
    scan = Scan(context, EVERY_EVENT, conditions, [("place", PLACE)], tests, [EVERYTHING], ALWAYS)
    return scan.query(load_sql("person_seen"))


def _moment(place: int | None) -> datetime | None:
    return None if place is None else moment_of(instant_of(place))


def _statements(context: Context) -> tuple[list[Answer], int]:
    """The statements about the person's devices and user, oldest first, and how many there are."""
    person = person_of(context)
    tables = {
        "statements": Files(context.snapshot.files("statements"), STATEMENTS),
        "devices": pa.table({"device": pa.array(context.identity.devices_of(person), pa.int64())}),
    }
    params = {"person": person, "limit": MAX_STATEMENTS}
    rows = context.engine.query(load_sql("person_statements"), params, tables).to_pylist()
    revocations = context.engine.query(
        "select statement_id, revokes from statements where revokes is not null",
        tables={"statements": tables["statements"]},
    )
    void = voided(
        zip(revocations["statement_id"].to_pylist(), revocations["revokes"].to_pylist(), strict=True)
    )
    return [shown_statement(row, void) for row in rows], rows[0]["total"] if rows else 0
