"""Whom a static cohort lists: users and devices, not persons.

Who is behind them is decided by the statements when it is asked for: a device that was anonymous when it was
listed stands for the user who has identified on it since. Of their ids only hashes (`id64`) are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from backsight.cohorts.cohort import Cohort
from backsight.contract import id64
from backsight.fields import below, listing, read_list, read_object, read_string, refuse
from backsight.named_events import check_description, check_name
from backsight.scan.moments import read_zone
from backsight.scan.person_ids import read_person

MAX_MEMBERS: Final = 1_000_000
"""Most users and devices that a static cohort lists."""

LISTS: Final = ("users", "devices", "persons")


@dataclass(frozen=True, slots=True)
class Freeze:
    """What is to be listed as a static cohort: under which name, and of which timezone's days."""

    name: str
    timezone: str
    description: str


def read_freeze(value: object, cohort: Cohort) -> Freeze:
    """`{"as": NAME, "timezone": "UTC", "description": …}`; left out, the name is the cohort's own."""
    fields = read_object(value, "", ("as", "timezone", "description"))
    said = f"{cohort.name}, version {cohort.version}, frozen on {datetime.now(UTC):%Y-%m-%d}"
    return Freeze(
        check_name(fields.get("as", cohort.name), "a cohort"),
        read_zone(fields.get("timezone", "UTC"), "timezone").key,
        check_description(fields.get("description", said)),
    )


def read_members(value: object, field: str = "static") -> pa.Int64Array:
    """Ids (`id64`) of the users and devices of `{"users": […], "devices": […], "persons": […]}`.

    Users and devices are ids as the site gave them; persons are numbers, as text, as reports list them.
    """
    lists = read_object(value, field, LISTS)
    found = [member for name in lists for member in _read_list(lists[name], below(field, name), name)]
    if not found:
        refuse("nobody is listed.", field, value, f"at least one of {listing(LISTS)}")
    return pa.array(found, pa.int64())


def distinct_members(members: pa.Int64Array) -> npt.NDArray[np.int64]:
    """Each of the ids once, little-endian. Raises InvalidRequest where they are too many."""
    if len(members) > MAX_MEMBERS:
        refuse(f"the list has {len(members):,} entries.", "static", None, f"at most {MAX_MEMBERS:,}")
    return np.unique(members.to_numpy(zero_copy_only=False)).astype("<i8")


def _read_list(value: object, field: str, name: str) -> Iterator[int]:
    for index, each in enumerate(read_list(value, field, MAX_MEMBERS)):
        at = f"{field}[{index}]"
        if name == "persons":
            yield read_person(each, at)
        else:
            yield id64(name.removesuffix("s"), read_string(each, at))
