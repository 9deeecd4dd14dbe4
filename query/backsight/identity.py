"""Persons, computed from the statements whenever a question is asked (DESIGN: statements are facts).

A pair of device and user is live while some unrevoked `identify` or `observed` statement says so. The person
behind an event is

    the event's user, where its (device, user) pair is live;
    else the first live user of the device, by the statement's time, which takes the device's anonymous past;
    else the device itself.

Persons are `id64` numbers, of a user or of a device. Nothing is ever merged: revoking a statement undoes it
in the next report. A revocation may itself be revoked, and what it undid holds again.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

import pyarrow as pa
import pyarrow.compute as pc

from backsight.contract import STATEMENTS, TRAITS_ONCE, StatementKind, voided
from backsight.engine import Engine, Files
from backsight.lake import Lake, Snapshot
from backsight.sql import load_sql

DEVICES: Final = "identity_devices"
"""Relation of a query: `device` and the `user` who takes its anonymous events."""
PAIRS: Final = "identity_pairs"
"""Relation of a query: the live pairs of `device` and `user`."""
TRAITS: Final = "identity_traits"
"""Relation of a query: `person` and `traits`, a JSON object as text."""

KEPT: Final = 4
"""Sites whose persons a lake's readers keep at hand."""

_PERSONS: Final = pa.schema([("device", pa.int64()), ("user", pa.int64())])
_TRAITS: Final = pa.schema([("person", pa.int64()), ("traits", pa.string())])


@dataclass(frozen=True)
class Identity:
    """Who is who on one site, by one version of its statements."""

    devices: pa.Table
    """The first live user of each device that has one: columns `device`, `user`."""
    pairs: pa.Table
    """Every live pair: columns `device`, `user`."""
    said: Callable[[], pa.Table]
    """Gives the live statements that carry traits, by the contract's schema; most questions need none."""

    @property
    def shared(self) -> bool:
        """Whether some device has several live users, so that the event's own user has to be looked at."""
        return bool(self.pairs.num_rows > self.devices.num_rows)

    @cached_property
    def traits(self) -> pa.Table:
        """What is known: `person`, `traits` (a JSON object; per key, what was said last)."""
        person = self._person()
        merged: dict[int, dict[str, object]] = {}
        ordered = sorted(self.said().to_pylist(), key=_moment)
        for row in ordered:
            who = person(row["device"], row["user"])
            if who is not None:
                _learn(merged.setdefault(who, {}), _parsed(row["traits"]))
        texts = [_written(traits) for traits in merged.values()]
        return pa.table([pa.array(list(merged), pa.int64()), pa.array(texts, pa.string())], schema=_TRAITS)

    def devices_of(self, person: int) -> list[int]:
        """The devices that a person's events can come from: the person's own number is one, of a device."""
        found = self.pairs.filter(pc.equal(self.pairs["user"], person))["device"].to_pylist()
        return sorted({person, *found})

    @cached_property
    def tables(self) -> Mapping[str, pa.Table]:
        """DEVICES and PAIRS, as a query needs them: of pairs, those of no device's first user."""
        # They are few, so that looking for them costs a report next to nothing.
        later = self.pairs.join(self.devices, _PERSONS.names, join_type="left anti")
        return {DEVICES: self.devices, PAIRS: later}

    def _person(self) -> Callable[[int | None, int | None], int | None]:
        live = set(zip(*(self.pairs[name].to_pylist() for name in _PERSONS.names), strict=True))
        first = dict(zip(*(self.devices[name].to_pylist() for name in _PERSONS.names), strict=True))

        def person(device: int | None, user: int | None) -> int | None:
            if user is not None and (device is None or (device, user) in live):
                return user
            return None if device is None else first.get(device, device)

        return person


def person_sql(identity: Identity, events: str = "e") -> tuple[str, str, set[str], set[str]]:
    """SQL of the person behind an event under the alias `events`.

    Gives the expression, the joins that it needs, the event columns that these read, and the relations.
    """
    if not identity.devices.num_rows:
        return f"{events}.device", "", {"device"}, set()
    join = f"left join {DEVICES} as first_user on first_user.device = {events}.device"
    if not identity.shared:
        # With one live user a device, an event's own user can't change the answer, and need not be read.
        return f'coalesce(first_user."user", {events}.device)', join, {"device"}, {DEVICES}
    pair = f'live_user.device = {events}.device and live_user."user" = {events}."user"'
    return (
        f'coalesce(live_user."user", first_user."user", {events}.device)',
        f"left join {PAIRS} as live_user on {pair}\n    {join}",
        {"device", "user"},
        {DEVICES, PAIRS},
    )


def resolve(statements: pa.Table | Files, engine: Engine) -> Identity:
    """The persons that some statements make."""
    revocations = engine.query(
        f"select statement_id, revokes from statements where kind = '{StatementKind.REVOKE}'",
        tables={"statements": statements},
    )
    void = pa.table({"statement_id": pa.array(sorted(voided(_pairs_of(revocations))), pa.string())})
    tables = {"statements": statements, "void": void}
    pairs = engine.query(load_sql("identity_pairs"), tables=tables).sort_by("device")

    def said() -> pa.Table:
        sql = "select * from statements where traits is not null"
        return engine.query(f"{sql} and statement_id not in (select statement_id from void)", tables=tables)

    columns = _PERSONS.names
    return Identity(pairs.filter(pairs["first"]).select(columns), pairs.select(columns), said)


def identity_of(snapshot: Snapshot, engine: Engine) -> Identity:
    """The persons of a snapshot's site; kept while its statements stay the same."""
    uris = tuple(snapshot.files("statements"))
    kept = _cache.setdefault(snapshot.lake, OrderedDict())
    with _lock:
        if uris in kept:
            kept.move_to_end(uris)
            return kept[uris]
    identity = resolve(Files(uris, STATEMENTS), engine)
    with _lock:
        kept[uris] = identity
        while len(kept) > KEPT:
            kept.popitem(last=False)
    return identity


def forget_identities(lake: Lake) -> None:
    """Lets go of the persons that are kept."""
    with _lock:
        _cache.pop(lake, None)


_cache: WeakKeyDictionary[Lake, OrderedDict[tuple[str, ...], Identity]] = WeakKeyDictionary()
_lock = Lock()


def _pairs_of(revocations: pa.Table) -> list[tuple[str, str]]:
    lines = zip(revocations["statement_id"].to_pylist(), revocations["revokes"].to_pylist(), strict=True)
    return [(line, revokes) for line, revokes in lines if revokes is not None]


def _moment(row: Mapping[str, object]) -> tuple[object, ...]:
    return (row["time"], row["page"] or 0, row["sequence"] or 0, row["statement_id"])


def _learn(known: dict[str, object], said: dict[str, object]) -> None:
    """Adds what one statement says to what is known."""
    once = said.pop(TRAITS_ONCE, None)
    known.update(said)
    if isinstance(once, dict):
        for name, value in once.items():
            known.setdefault(name, value)


def _parsed(text: str) -> dict[str, object]:
    traits = json.loads(text, parse_constant=lambda _: None)  # NaN and Infinity are no JSON
    return traits if isinstance(traits, dict) else {}


def _written(traits: Mapping[str, object]) -> str:
    # Half a surrogate pair can be spelled in JSON, but neither Arrow nor a database holds it.
    return json.dumps(traits, ensure_ascii=False).encode("utf-8", "replace").decode()
