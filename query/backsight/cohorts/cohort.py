"""One version of a cohort, and what it means in a question."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from backsight.store import StoredVersion

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Cohort:
    """One version of a cohort: dynamic with `person_where`, static with `members`, deleted with neither."""

    name: str
    person_where: tuple[Json, ...] | None
    """The conditions, as they were written."""
    members: int | None
    """How many users and devices are listed."""
    description: str
    version: int
    actor: str
    at: datetime
    deleted: bool = False

    @property
    def uses(self) -> list[str]:
        """The cohorts that its conditions name, as they were written: moments in them may have no meaning by
        now (a fixed `to` before a moving `from`).
        """
        return list(dict.fromkeys(_named(self.person_where or ())))

    def to_json(self) -> dict[str, Any]:
        """The cohort as the API shows it; `at` is RFC 3339."""
        return {
            "name": self.name,
            "person_where": None if self.person_where is None else list(self.person_where),
            "members": self.members,
            "description": self.description,
            "version": self.version,
            "actor": self.actor,
            "at": self.at.isoformat(),
            "deleted": self.deleted,
        }


@dataclass(frozen=True)
class Meaning:
    """What a cohort's name stands for in a question."""

    version: int
    person_where: tuple[Json, ...] | None
    """Of a dynamic cohort."""
    members: Callable[[], pa.Int64Array]
    """Ids of the users and devices that a static cohort lists."""


def cohort_of(version: StoredVersion) -> Cohort:
    """A version as it was stored."""
    said = {} if version.deleted else json.loads(version.definition)
    person_where = tuple(said["person_where"]) if "person_where" in said else None
    return Cohort(
        version.name, person_where, said.get("members"), version.description, version.version,
        version.actor, version.at, version.deleted,
    )  # fmt: skip


def _named(conditions: Iterable[Json]) -> Iterator[str]:
    for each in conditions:
        if "cohort" in each:
            yield each["cohort"]
        elif "not" in each:
            yield from _named([each["not"]])
        else:
            yield from _named(each.get("all", each.get("any", ())))
