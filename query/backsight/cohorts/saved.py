"""The cohorts of a site, as the store keeps them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from backsight.cohorts.cohort import Cohort, Json, Meaning, cohort_of
from backsight.cohorts.lists import distinct_members, read_members
from backsight.errors import NotFound, nearest, shown
from backsight.fields import listing, read_object, refuse
from backsight.named_events import check_description, check_name
from backsight.scan.person_conditions import chain_text, cohorts_of, parse_person_where, steps_of
from backsight.store import Store, StoredVersion

KINDS: Final = ("person_where", "static")

_UTC: Final = ZoneInfo("UTC")


class Cohorts:
    """The cohorts of one site. Every change is a version and an audit line."""

    def __init__(self, store: Store, site: str) -> None:
        self._store, self.site = store, site

    def list(self) -> list[Cohort]:
        """All that stand now, by name."""
        return [cohort_of(version) for version in self._store.current_versions(self.site, "cohort")]

    def get(self, name: str) -> Cohort:
        """What a name means now. Raises NotFound with the nearest name."""
        latest = self._store.versions(self.site, name, "cohort")[-1:]
        if not latest or latest[0].deleted:
            raise self._unknown(name)
        return cohort_of(latest[0])

    def history(self, name: str) -> Iterable[Cohort]:
        """Every version of a name, newest first, deletions included. NotFound where there never was one."""
        versions = self._store.versions(self.site, name, "cohort")
        if not versions:
            raise self._unknown(name)
        return [cohort_of(version) for version in reversed(versions)]

    def put(
        self,
        name: str,
        definition: Json,
        description: str = "",
        actor: str = "",
        expected_version: int | None = None,
    ) -> int:
        """Binds a name to `{"person_where": …}` or `{"static": …}` and gives the number of the version.

        What says the same as the present version changes nothing. `expected_version` is the version that the
        caller last saw, 0 for none; Conflict where another stands by now. Raises InvalidRequest for a bad
        name, condition or list, for events and cohorts that do not exist, and for a cohort that would use
        itself.
        """
        checked = check_name(name, "a cohort")
        if "static" in read_object(definition, "", KINDS):
            if "person_where" in definition:
                refuse("a cohort has conditions or a list.", "static", None, "'person_where' or 'static'")
            return self.put_members(
                checked, read_members(definition["static"]), description, actor, expected_version
            )
        self._check(checked, definition.get("person_where"))
        text = canonical(definition["person_where"])
        return self._add(checked, text, None, description, actor, expected_version)

    def put_members(
        self,
        name: str,
        members: pa.Int64Array,
        description: str = "",
        actor: str = "",
        expected_version: int | None = None,
    ) -> int:
        """Binds a name to a list of users' and devices' ids (`id64`), as `put` does."""
        distinct = distinct_members(members)
        text = json.dumps({"members": len(distinct)})
        checked = check_name(name, "a cohort")
        return self._add(checked, text, distinct.tobytes(), description, actor, expected_version)

    def delete(self, name: str, actor: str = "", expected_version: int | None = None) -> int:
        """Takes a name away and gives the number of that version; the others stay. NotFound, Conflict.

        InvalidRequest where another cohort uses it.
        """
        users = [cohort.name for cohort in self.list() if name in cohort.uses]
        if users:
            refuse(f"{shown(name)} is used by other cohorts.", "name", name, f"change {listing(users)} first")
        version = StoredVersion(
            self.site, name, 0, "", "", actor, datetime.now(UTC), deleted=True, kind="cohort"
        )
        try:
            return self._store.add_version(version, expected_version)
        except NotFound as error:
            if error.field == "site":
                raise
            raise self._unknown(name) from None

    def version(self, name: str, version: int) -> Cohort:
        """A name as one of its versions has it."""
        return next(cohort for cohort in self.history(name) if cohort.version == version)

    def current(self) -> Mapping[str, Meaning]:
        """What every name means now."""
        return {cohort.name: self._meaning(cohort) for cohort in self.list()}

    def at(self, at: datetime, versions: Mapping[str, int]) -> Mapping[str, Meaning]:
        """The same as it stood at an instant, but those in `versions` as they say, deleted since or not.

        Raises NotFound for a version that there never was.
        """
        stood = [cohort_of(each) for each in self._store.current_versions(self.site, "cohort", at)]
        listed = [self._version(name, number) for name, number in versions.items()]
        return {cohort.name: self._meaning(cohort) for cohort in [*stood, *listed]}

    def _version(self, name: str, number: int) -> Cohort:
        known = [each for each in self._store.versions(self.site, name, "cohort") if not each.deleted]
        for each in known:
            if each.version == number:
                return cohort_of(each)
        raise NotFound(
            f"{shown(name)} never had a version {number}.",
            field=f"as_of.cohorts.{name}",
            value=number,
            valid=", ".join(str(each.version) for each in known) or "none",
        )

    def _meaning(self, cohort: Cohort) -> Meaning:
        def members() -> pa.Int64Array:
            kept = self._store.cohort_members(self.site, cohort.name, cohort.version)
            return pa.array(np.frombuffer(kept, "<i8"))

        return Meaning(cohort.version, cohort.person_where, members)

    def _add(
        self,
        name: str,
        definition: str,
        members: bytes | None,
        description: str,
        actor: str,
        expected_version: int | None,
    ) -> int:
        version = StoredVersion(
            self.site, name, 0, definition, check_description(description), actor, datetime.now(UTC),
            kind="cohort", members=members,
        )  # fmt: skip
        return self._store.add_version(version, expected_version)

    def _check(self, name: str, person_where: object) -> None:
        """Raises InvalidRequest for conditions that can't be asked."""
        if not person_where:
            refuse("the conditions are missing.", "person_where", person_where,
                   "a list of conditions on persons; or 'static'")  # fmt: skip
        conditions = parse_person_where(person_where, "person_where", _UTC, datetime.now(UTC))
        names = [version.name for version in self._store.current_versions(self.site)]
        for step in steps_of(conditions):
            if step.event is not None and step.event not in names:
                refuse(f"there is no named event {shown(step.event)}.", "person_where", step.event,
                       nearest(step.event, names))  # fmt: skip
        uses = {cohort.name: cohort.uses for cohort in self.list()}
        for used in cohorts_of(conditions):
            if used not in uses and used != name:
                refuse(f"there is no cohort {shown(used)}.", "person_where", used, nearest(used, uses))
        chain = way_to(name, uses | {name: cohorts_of(conditions)})
        if chain:
            refuse(f"the cohort would use itself: {chain_text(chain)}.", "person_where", chain[1],
                   "cohorts that do not lead back to this one")  # fmt: skip

    def _unknown(self, name: str) -> NotFound:
        known = [version.name for version in self._store.current_versions(self.site, "cohort")]
        valid = nearest(name, known)
        return NotFound(f"there is no cohort {shown(name)}.", field="name", value=name, valid=valid)


def canonical(person_where: Iterable[object]) -> str:
    """Conditions as the store keeps them."""
    return json.dumps({"person_where": list(person_where)}, sort_keys=True)


def way_to(name: str, uses: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """A chain of uses that leads from a name back to it; empty without one."""
    chains: dict[str, tuple[str, ...]] = {name: (name,)}
    waiting = [name]
    while waiting:
        current = waiting.pop()
        for used in uses.get(current, ()):
            if used == name:
                return (*chains[current], used)
            if used not in chains:
                chains[used] = (*chains[current], used)
                waiting.append(used)
    return ()
