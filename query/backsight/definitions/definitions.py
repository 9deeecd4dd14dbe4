"""What an events file defines: named events and cohorts, checked.

version: 1
events:
  Signed up: {on: submit, css: form#signup, description: The form on /join}
  Bought:
    rules:
      - {on: track, name: Order Completed}
      - {css: button.buy-now}
cohorts:
  Buyers: {person_where: [{did: Bought}]}
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from backsight.cohorts.cohort import cohort_of
from backsight.cohorts.saved import canonical as canonical_conditions
from backsight.cohorts.saved import way_to
from backsight.contract import MAX_NAME_CHARS
from backsight.definitions.document import FILE, SECTIONS, entry_field, several
from backsight.errors import InvalidRequest, nearest, shown
from backsight.fields import below, read_list, read_object, read_string, refuse
from backsight.named_events import canonical as canonical_rules
from backsight.named_events import check_description, check_name
from backsight.rules.predicates import Condition
from backsight.rules.rule import RULE_FIELDS, RuleOrAny, parse_rule, parse_rules, rule_to_json
from backsight.scan.person_conditions import chain_text, cohorts_of, parse_person_where, steps_of
from backsight.store import Kind, StoredVersion

FILE_FIELDS: Final = ("version", "name", *SECTIONS)
RULES_FIELDS: Final = ("rules", "description")
COHORT_FIELDS: Final = ("person_where", "description")
MAX_DEFINITIONS: Final = 5_000
_UTC: Final = ZoneInfo("UTC")

Key = tuple[Kind, str]
"""What is defined: the kind and the name."""
Locate = Callable[[InvalidRequest], InvalidRequest]
"""Says where in a file an error lies."""


def _nowhere(error: InvalidRequest) -> InvalidRequest:
    return error


@dataclass(frozen=True)
class Definition:
    """A name and what it stands for. `text` is what the store keeps: equal texts mean the same."""

    kind: Kind
    name: str
    text: str
    description: str = ""

    @property
    def key(self) -> Key:
        return self.kind, self.name

    @property
    def said(self) -> dict[str, Any]:
        """The definition in JSON: `rules`, `person_where` or `members`; and `description`."""
        is_event = self.kind == "event"
        meaning = {"rules": list(map(rule_to_json, self.rules))} if is_event else json.loads(self.text)
        return {**meaning, "description": self.description}

    @property
    def rules(self) -> tuple[RuleOrAny, ...]:
        """Of a named event."""
        return parse_rules(json.loads(self.text))


@dataclass(frozen=True)
class Definitions:
    """All that one file defines."""

    file: str
    """What the file is called in the store: names that it defines are its own."""
    each: Mapping[Key, Definition] = field(default_factory=dict)
    uses: Mapping[Key, tuple[Collection[str], Collection[str]]] = field(default_factory=dict)
    """Of each cohort, the named events and the cohorts that its conditions name."""

    def check_references(self, events: Collection[str], cohorts: Mapping[str, Collection[str]]) -> None:
        """Raises InvalidRequest where a cohort of the file names what will not exist (`events` and `cohorts`,
        each with those it uses, are those that will), or leads back to itself.
        """
        errors = []
        for key, (used_events, used_cohorts) in self.uses.items():
            at = below(entry_field("cohorts", key[1]), "person_where")
            errors += _missing("named event", used_events, events, at)
            errors += _missing("cohort", used_cohorts, cohorts, at)
            if chain := way_to(key[1], cohorts):
                message = f"the cohort would use itself: {chain_text(chain)}."
                valid = "cohorts that do not lead back to this one"
                errors.append(InvalidRequest(message, field=at, value=chain[1], valid=valid))
        if errors:
            raise several(errors)


def definition_of(version: StoredVersion) -> Definition:
    """What a version that stands says."""
    return Definition(version.kind, version.name, version.definition, version.description)


def uses_of(version: StoredVersion) -> list[str]:
    """The cohorts that a cohort uses."""
    return cohort_of(version).uses


def read_definitions(value: object, file: str | None = None, locate: Locate = _nowhere) -> Definitions:
    """Definitions as JSON, checked; `file` is what the file is called where it does not say so itself.

    Raises one InvalidRequest for all that is wrong, each as `locate` gives it, or UnsupportedSelector where
    only selectors are.
    """
    reading, called = _Reading(), FILE
    try:
        fields = read_object(value, "", FILE_FIELDS)
        _check_fields(fields)
        called = _file(fields, file)
        for section in SECTIONS:
            reading.section(section, fields.get(section))
    except InvalidRequest as error:
        reading.errors.append(error)
    if reading.errors:
        raise several([locate(error) for error in reading.errors])
    return Definitions(called, reading.each, reading.uses)


def _check_fields(fields: Mapping[str, object]) -> None:
    if fields.get("version") != 1 or isinstance(fields.get("version"), bool):
        refuse("the version of the format is missing or unknown.", "version", fields.get("version"), "1")
    if not any(section in fields for section in SECTIONS):
        refuse("the file defines nothing.", "events", None, "'events', 'cohorts' or both, be they empty")


def _file(fields: Mapping[str, object], file: str | None) -> str:
    at, name = ("name", fields["name"]) if "name" in fields else ("file", FILE if file is None else file)
    checked = read_string(name, at, MAX_NAME_CHARS)
    try:
        return check_name(checked, "a file")
    except InvalidRequest as error:
        raise InvalidRequest(error.message, field=at, value=name, valid=error.valid) from None


class _Reading:
    """Reads entry by entry, and goes on after an error."""

    def __init__(self) -> None:
        self.each: dict[Key, Definition] = {}
        self.uses: dict[Key, tuple[Collection[str], Collection[str]]] = {}
        self.errors: list[InvalidRequest] = []

    def section(self, section: str, entries: object) -> None:
        if entries is None:  # 'events:' with nothing under it
            return
        if not isinstance(entries, Mapping):
            refuse(f"{shown(entries)} is not an object.", section, entries, "names, each with what it means")
        if len(entries) > MAX_DEFINITIONS:
            refuse(f"there are {len(entries):,} names.", section, None, f"at most {MAX_DEFINITIONS:,}")
        read = self._event if section == "events" else self._cohort
        for name, entry in entries.items():
            at = entry_field(section, str(name))
            try:
                definition = read(_name(name, at, section), entry, at)
                if definition.key in self.each:
                    refuse(f"{shown(definition.name)} is defined twice.", at, name, "each name once")
                self.each[definition.key] = definition
            except InvalidRequest as error:
                self.errors.append(error)

    def _event(self, name: str, entry: object, at: str) -> Definition:
        if isinstance(entry, Mapping) and "rules" in entry:
            fields = read_object(entry, at, RULES_FIELDS)
            rules = parse_rules(fields["rules"], below(at, "rules"))
        else:
            fields = read_object(entry, at, [*RULES_FIELDS, *RULE_FIELDS, "any"])
            own = {key: value for key, value in fields.items() if key != "description"}
            if not own:
                refuse("the rules are missing.", at, None, "the fields of a rule, such as 'css'; or 'rules'")
            rules = (parse_rule(own, at),)
        return Definition("event", name, canonical_rules(rules), _description(fields, at))

    def _cohort(self, name: str, entry: object, at: str) -> Definition:
        fields = read_object(entry, at, COHORT_FIELDS)
        where = below(at, "person_where")
        if "person_where" not in fields:
            refuse("the conditions are missing.", where, None, "a list of conditions on persons")
        conditions = _conditions(read_list(fields["person_where"], where), where)
        events = {step.event for step in steps_of(conditions) if step.event is not None}
        self.uses["cohort", name] = (events, cohorts_of(conditions))
        text = canonical_conditions(read_list(fields["person_where"], where))
        return Definition("cohort", name, text, _description(fields, at))


def _conditions(entries: object, at: str) -> tuple[Condition, ...]:
    return parse_person_where(entries, at, _UTC, datetime.now(UTC))


def _name(name: object, at: str, section: str) -> str:
    try:
        return check_name(name, "an event" if section == "events" else "a cohort")
    except InvalidRequest as error:
        raise InvalidRequest(error.message, field=at, value=name, valid=error.valid) from None


def _description(fields: Mapping[str, object], at: str) -> str:
    try:
        return check_description(fields.get("description", ""))
    except InvalidRequest as error:
        where = below(at, "description")
        raise InvalidRequest(error.message, field=where, value=error.value, valid=error.valid) from None


def _missing(what: str, used: Iterable[str], known: Collection[str], at: str) -> list[InvalidRequest]:
    return [
        InvalidRequest(
            f"there will be no {what} {shown(name)}.", field=at, value=name, valid=nearest(name, known)
        )
        for name in used
        if name not in known
    ]
