"""Persons as people know them: their user and device ids, and their traits; and lists of them, page by page.

A report works on persons as 64-bit numbers. In JSON they are decimal text, which every reader keeps whole.

"limit": 100, "after": "123"    of a request: how many persons, and after which one the list goes on
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from backsight.contract import STATEMENTS
from backsight.engine import Files
from backsight.errors import shown
from backsight.fields import read_whole, refuse
from backsight.parquet_rows import Integers
from backsight.scan.context import Context
from backsight.sql import load_sql

LISTING_FIELDS: Final = ("limit", "after")
MAX_LISTED: Final = 1_000
DEFAULT_LISTED: Final = 100
MAX_DEVICES: Final = 100
"""Most device ids that are shown of one person."""

INT64: Final = np.iinfo(np.int64)

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """Which page of a list of persons is asked for."""

    limit: int = DEFAULT_LISTED
    after: int | None = None

    def answer(self, persons: Integers, context: Context) -> Answer:
        """`total`, this page's `persons` as `named_persons` has them, and `next`: where the page after it
        goes on (the `after` to ask with), null at the end.
        """
        every = np.unique(persons)
        begin = 0 if self.after is None else int(np.searchsorted(every, self.after, "right"))
        page = every[begin : begin + self.limit].tolist()
        more = begin + len(page) < len(every)
        return {
            "total": len(every),
            "persons": named_persons(page, context),
            "next": str(page[-1]) if more else None,
        }


def read_listing(fields: Mapping[str, object]) -> Listing:
    """`limit` and `after` of a request."""
    limit = read_whole(fields.get("limit", DEFAULT_LISTED), "limit", 1, MAX_LISTED)
    return Listing(limit, read_person(fields["after"], "after") if "after" in fields else None)


def read_person(value: object, field: str) -> int:
    """A person's number, as an answer's `person` has it."""
    number = value if isinstance(value, str) and value.isascii() and len(value) <= 20 else ""
    if not number.removeprefix("-").isdigit() or not INT64.min <= int(number) <= INT64.max:
        refuse(f"{shown(value)} is no person.", field, value, "a 'person' of an answer: a number, as text")
    return int(number)


def named_persons(persons: Iterable[int], context: Context) -> list[Answer]:
    """Each person, in the order given, as `{"person", "user_id", "device_ids", "traits"}`.

    `person` is the number as text. `user_id` is null of a device whose user nobody knows; `device_ids` are
    sorted, and empty where no statement names the device.
    """
    asked = list(persons)
    devices = _devices(asked, context)
    device_names, user_names = _names({*asked, *(each for of in devices.values() for each in of)}, context)
    traits = _traits(asked, context)
    return [
        {
            "person": str(person),
            "user_id": user_names.get(person),
            "device_ids": sorted({device_names[each] for each in devices[person] if each in device_names})[
                :MAX_DEVICES
            ],
            "traits": traits.get(person, {}),
        }
        for person in asked
    ]


def _devices(persons: list[int], context: Context) -> dict[int, list[int]]:
    """The devices of each: of a user, those of live pairs; of a device, itself."""
    pairs = context.identity.pairs
    found = pairs.filter(pc.is_in(pairs["user"], pa.array(persons, pa.int64()))).to_pydict()
    devices: dict[int, list[int]] = {person: [person] for person in persons}
    for device, user in zip(found["device"], found["user"], strict=True):
        devices[user].append(device)
    return devices


def _names(ids: Iterable[int], context: Context) -> tuple[dict[int, str], dict[int, str]]:
    """What statements call devices, and users."""
    statements = Files(tuple(context.snapshot.files("statements")), STATEMENTS)
    asked = pa.table({"id": pa.array(sorted(ids), pa.int64())})
    text = load_sql("persons_named")
    rows = context.engine.query(text, tables={"statements": statements, "asked": asked}).to_pylist()
    devices = {row["id"]: row["device_id"] for row in rows if row["device_id"] is not None}
    return devices, {row["id"]: row["user_id"] for row in rows if row["user_id"] is not None}


def _traits(persons: list[int], context: Context) -> dict[int, Any]:
    known = context.identity.traits
    found = known.filter(pc.is_in(known["person"], pa.array(persons, pa.int64()))).to_pydict()
    return {who: json.loads(traits) for who, traits in zip(found["person"], found["traits"], strict=True)}
