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
from backsight.rules.rule import RuleOrAny, parse_rules, rule_to_json
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
            self.site, check_name(name), 0, _canonical(rules), _checked_description(description), actor,
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
        versions = self._store.current_versions(self.site)
        rules = {version.name: _rules(version.definition) for version in versions}
        return rules, {version.name: version.version for version in versions}

    def _unknown(self, name: str) -> NotFound:
        known = [version.name for version in self._store.current_versions(self.site)]
        valid = nearest(name, known)
        return NotFound(f"there is no named event {shown(name)}.", field="name", value=name, valid=valid)


def check_name(name: object) -> str:
    """A name as it is kept, without white space around it. Raises InvalidRequest."""
    trimmed = name.strip() if isinstance(name, str) else ""
    if not 1 <= len(trimmed) <= MAX_NAME_CHARS or any(unicodedata.category(c) in _UNWANTED for c in trimmed):
        raise InvalidRequest(
            f"{shown(name)} can't name an event.",
            field="name",
            value=name,
            valid=f"1 to {MAX_NAME_CHARS} characters without control characters",
        )
    return trimmed


def _checked_description(description: object) -> str:
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


def _canonical(rules: tuple[RuleOrAny, ...]) -> str:
    return json.dumps([rule_to_json(rule) for rule in rules], sort_keys=True)


@lru_cache(maxsize=4_096)
def _rules(text: str) -> tuple[RuleOrAny, ...]:
    return parse_rules(json.loads(text))


def _event(version: StoredVersion) -> NamedEvent:
    return NamedEvent(
        version.name, () if version.deleted else _rules(version.definition), version.description,
        version.version, version.actor, version.at, version.deleted,
    )  # fmt: skip
