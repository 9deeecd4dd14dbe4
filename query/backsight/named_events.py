"""Named events: a name bound to rules, for all of history, with every version that ever was.

A change appends a version and a deletion is a version too: nothing that a name ever meant is lost, and a
deleted name can be put back.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from backsight.contract import MAX_NAME_CHARS
from backsight.errors import InvalidRequest, NotFound, nearest, shown
from backsight.rules.rule import RuleOrAny, describe, parse_rules, rule_to_json
from backsight.store import Store, StoredVersion

MAX_DESCRIPTION_CHARS: Final = 2_000
_UNWANTED: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories that a name may not hold: controls, lone surrogates, line and paragraph separators."""


@dataclass(frozen=True)
class NamedEvent:
    """One version of a named event; without rules where it is a deletion."""

    name: str
    rules: tuple[RuleOrAny, ...]
    description: str
    version: int
    actor: str
    at: datetime
    deleted: bool = False

    def __repr__(self) -> str:
        meant = " or ".join(describe(rule) for rule in self.rules) or "deleted"
        return f"<NamedEvent {self.name!r}: {shown(meant)[1:-1]} (version {self.version}, by {self.actor})>"

    def to_json(self) -> dict[str, Any]:
        """The event as the API shows it; `at` is RFC 3339."""
        return {
            "name": self.name,
            "rules": [rule_to_json(rule) for rule in self.rules],
            "description": self.description,
            "version": self.version,
            "actor": self.actor,
            "at": self.at.isoformat(),
            "deleted": self.deleted,
        }


class NamedEvents:
    """The named events of one site. Every change is a version and an audit line."""

    def __init__(self, store: Store, site: str) -> None:
        self._store, self.site = store, site

    def list(self) -> list[NamedEvent]:
        """All that stand now, by name."""
        return [_event(version) for version in self._store.current_versions(self.site)]

    def get(self, name: str) -> NamedEvent:
        """What a name means now. Raises NotFound with the nearest name."""
        latest = self._store.versions(self.site, name)[-1:]
        if not latest or latest[0].deleted:
            raise self._unknown(name)
        return _event(latest[0])

    def put(
        self,
        name: str,
        rules_json: Sequence[object],
        description: str = "",
        actor: str = "",
        expected_version: int | None = None,
    ) -> int:
        """Binds a name to rules (a list of RULE) and gives the number of the version.

        What says the same as the present version changes nothing. `expected_version` is the version that the
        caller last saw, 0 for none; Conflict where another stands by now. Raises InvalidRequest for a bad
        name, rule or description.
        """
        rules = parse_rules(rules_json)
        version = StoredVersion(
            self.site, check_name(name), 0, canonical(rules), check_description(description), actor,
            datetime.now(UTC),
        )  # fmt: skip
        return self._store.add_version(version, expected_version)

    def delete(self, name: str, actor: str = "", expected_version: int | None = None) -> int:
        """Takes a name away and gives the number of that version; the others stay. NotFound, Conflict."""
        version = StoredVersion(self.site, name, 0, "[]", "", actor, datetime.now(UTC), deleted=True)
        try:
            return self._store.add_version(version, expected_version)
        except NotFound as error:
            if error.field == "site":
                raise
            raise self._unknown(name) from None

    def history(self, name: str) -> Sequence[NamedEvent]:
        """Every version of a name, newest first, deletions included. NotFound where there never was one."""
        versions = self._store.versions(self.site, name)
        if not versions:
            raise self._unknown(name)
        return [_event(version) for version in reversed(versions)]

    def current(self) -> tuple[Mapping[str, tuple[RuleOrAny, ...]], Mapping[str, int]]:
        """What every name means now, and the versions that say so."""
        return _meanings(self._store.current_versions(self.site))

    def at(
        self, at: datetime, versions: Mapping[str, int]
    ) -> tuple[Mapping[str, tuple[RuleOrAny, ...]], Mapping[str, int]]:
        """The same as it stood at an instant, but those in `versions` as they say, deleted since or not.

        Raises NotFound for a version that there never was.
        """
        listed = [self._version(name, number) for name, number in versions.items()]
        stood = self._store.current_versions(self.site, at=at)
        return _meanings([*(each for each in stood if each.name not in versions), *listed])

    def _version(self, name: str, number: int) -> StoredVersion:
        known = [each for each in self._store.versions(self.site, name) if not each.deleted]
        for each in known:
            if each.version == number:
                return each
        raise NotFound(
            f"{shown(name)} never had a version {number}.",
            field=f"as_of.events.{name}",
            value=number,
            valid=", ".join(str(each.version) for each in known) or "none",
        )

    def _unknown(self, name: str) -> NotFound:
        known = [version.name for version in self._store.current_versions(self.site)]
        valid = nearest(name, known)
        return NotFound(f"there is no named event {shown(name)}.", field="name", value=name, valid=valid)


def check_name(name: object, what: str = "an event") -> str:
    """A name of `what` as it is kept, without white space around it. Raises InvalidRequest."""
    trimmed = name.strip() if isinstance(name, str) else ""
    if not 1 <= len(trimmed) <= MAX_NAME_CHARS or any(unicodedata.category(c) in _UNWANTED for c in trimmed):
        raise InvalidRequest(
            f"{shown(name)} can't name {what}.",
            field="name",
            value=name,
            valid=f"1 to {MAX_NAME_CHARS} characters without control characters",
        )
    return trimmed


def check_description(description: object) -> str:
    """The description itself. Raises InvalidRequest."""
    if (
        not isinstance(description, str)
        or len(description) > MAX_DESCRIPTION_CHARS
        or _has_surrogates(description)
    ):
        raise InvalidRequest(
            "the description can't be kept.",
            field="description",
            value=description,
            valid=f"up to {MAX_DESCRIPTION_CHARS} characters of text",
        )
    return description


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def canonical(rules: tuple[RuleOrAny, ...]) -> str:
    """Rules as the store keeps them: what is asked in the same words reads the same."""
    return json.dumps([rule_to_json(rule) for rule in rules], sort_keys=True)


def _meanings(
    versions: Sequence[StoredVersion],
) -> tuple[Mapping[str, tuple[RuleOrAny, ...]], Mapping[str, int]]:
    rules = {version.name: _rules(version.definition) for version in versions}
    return rules, {version.name: version.version for version in versions}


@lru_cache(maxsize=4_096)
def _rules(text: str) -> tuple[RuleOrAny, ...]:
    return parse_rules(json.loads(text))


def _event(version: StoredVersion) -> NamedEvent:
    return NamedEvent(
        version.name, () if version.deleted else _rules(version.definition), version.description,
        version.version, version.actor, version.at, version.deleted,
    )  # fmt: skip
