"""Rules: predicates over raw events, to which named events and a report's steps give names.

    {"on": "click", "css": "form#signup button", "text": {"op": "contains", "value": "Sign"},
     "page": {"path": {"op": "is", "value": "/signup"}}, "where": [PRED]}
    {"on": "track", "name": "Order Completed"}
    {"on": "click", "rage": {"clicks": 3, "within": "1s", "radius": 30}}
    {"any": [RULE, …]}

`parse_rule` checks and freezes a rule, `rule_to_json` writes it back: the two are inverse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from backsight.contract import ELEMENT_TYPES, MAX_NAME_CHARS, NAMED_TYPES, EventType
from backsight.fields import below, listing, read_choice, read_list, read_object, read_string, refuse
from backsight.rules.bursts import Rage, parse_rage, rage_to_json, rage_words
from backsight.rules.predicates import (
    AllOf,
    AnyOf,
    Condition,
    Predicate,
    parse_predicates,
    parse_tests,
    predicate_to_json,
    test_to_json,
)
from backsight.selectors import Match, parse_selector

__all__ = [
    "AllOf",
    "AnyOf",
    "AnyRule",
    "Condition",
    "Predicate",
    "Rule",
    "RuleOrAny",
    "describe",
    "is_telling",
    "parse_predicates",
    "parse_rule",
    "parse_rules",
    "predicate_to_json",
    "rule_to_json",
]

ELEMENT_FIELDS: Final = ("text", "label", "href")
"""Fields of a rule that test the property of the same name."""
PAGE_FIELDS: Final = ("host", "path", "query", "fragment", "title", "url", "referrer", "referrer_host")
"""Keys of a rule's `page`."""
RULE_FIELDS: Final = ("on", "css", "match", "name", *ELEMENT_FIELDS, "page", "where", "rage")
MAX_RULES: Final = 100
"""Most rules under one name, or in one `any`."""
MAX_RULE_DEPTH: Final = 4
"""Deepest nesting of `any` among rules."""


@dataclass(frozen=True, slots=True)
class Rule:
    """All of these hold: one of the event types (none: any type), the selector, each predicate."""

    on: tuple[EventType, ...] = ()
    css: str | None = None
    match: Match = "closest"
    name: str | None = None
    text: tuple[Predicate, ...] = ()
    label: tuple[Predicate, ...] = ()
    href: tuple[Predicate, ...] = ()
    page: tuple[Predicate, ...] = ()
    where: tuple[Condition, ...] = ()
    rage: Rage | None = None


@dataclass(frozen=True, slots=True)
class AnyRule:
    """Holds where at least one of the rules does."""

    rules: tuple[RuleOrAny, ...]


RuleOrAny = Rule | AnyRule


def parse_rule(value: object, field: str = "rule") -> RuleOrAny:
    """A rule, or `{"any": [RULE, …]}`. Raises InvalidRequest or UnsupportedSelector, naming the field."""
    return _parse(value, field, depth=1)


def parse_rules(value: object, field: str = "rules") -> tuple[RuleOrAny, ...]:
    """The rules of one named event: 1 to MAX_RULES, of which one must hold."""
    return _parse_list(value, field, depth=1)


def _parse_list(value: object, field: str, depth: int) -> tuple[RuleOrAny, ...]:
    entries = read_list(value, field, MAX_RULES)
    return tuple(_parse(entry, f"{field}[{index}]", depth) for index, entry in enumerate(entries))


def _parse(value: object, field: str, depth: int) -> RuleOrAny:
    if depth > MAX_RULE_DEPTH:
        refuse("rules nest too deeply.", field, valid=f"at most {MAX_RULE_DEPTH} levels of 'any'")
    if isinstance(value, Mapping) and "any" in value:
        group = read_object(value, field, ["any"])
        return AnyRule(_parse_list(group["any"], below(field, "any"), depth + 1))
    return _parse_plain(read_object(value, field, [*RULE_FIELDS, "any"]), field)


def _parse_plain(entry: Mapping[str, object], field: str) -> Rule:
    tests = {key: parse_tests(entry[key], below(field, key), key) for key in ELEMENT_FIELDS if key in entry}
    rule = Rule(
        on=_parse_on(entry, field),
        css=_parse_css(entry, field),
        match=_parse_match(entry.get("match", "closest"), below(field, "match")),
        name=read_string(entry["name"], below(field, "name"), MAX_NAME_CHARS) if "name" in entry else None,
        page=_parse_page(entry.get("page", {}), below(field, "page")),
        where=parse_predicates(entry.get("where", ()), below(field, "where")),
        rage=parse_rage(entry["rage"], below(field, "rage")) if "rage" in entry else None,
        **tests,
    )
    _check_together(rule, entry, field)
    return rule


def _parse_on(entry: Mapping[str, object], field: str) -> tuple[EventType, ...]:
    known = [kind.value for kind in EventType]
    if "on" not in entry:
        # A selector alone asks for clicks, a name alone for tracked events: nearly always what is meant.
        if "css" in entry or "rage" in entry:
            return (EventType.CLICK,)
        if "name" in entry:
            return (EventType.TRACK,)
        refuse("the event type is missing.", below(field, "on"), valid=listing([*known, "any"]))
    at, value = below(field, "on"), entry["on"]
    if value == "any":
        return ()
    if isinstance(value, str):
        return (EventType(read_choice(value, at, [*known, "any"])),)
    choices = read_list(value, at, len(known))
    chosen = [read_choice(choice, f"{at}[{index}]", known) for index, choice in enumerate(choices)]
    return tuple(EventType(choice) for choice in dict.fromkeys(chosen))


def _parse_css(entry: Mapping[str, object], field: str) -> str | None:
    if "css" not in entry:
        return None
    css = read_string(entry["css"], below(field, "css"))
    parse_selector(css, below(field, "css"))
    return css


def _parse_match(value: object, field: str) -> Match:
    return "target" if read_choice(value, field, ("closest", "target")) == "target" else "closest"


def _parse_page(value: object, field: str) -> tuple[Predicate, ...]:
    page = read_object(value, field, PAGE_FIELDS)
    return tuple(test for key in page for test in parse_tests(page[key], below(field, key), key))


def _check_together(rule: Rule, entry: Mapping[str, object], field: str) -> None:
    bare = [kind.value for kind in rule.on if kind not in ELEMENT_TYPES]
    if rule.css is not None and bare:
        on = below(field, "on")
        refuse(
            f"{bare[0]!r} has no element for 'css' to match.",
            on,
            bare[0],
            listing([kind.value for kind in ELEMENT_TYPES]),
        )
    if rule.css is None and "match" in entry:
        refuse("'match' says how 'css' is matched, and there is none.", below(field, "match"), rule.match)
    if rule.name is not None and not (rule.on and NAMED_TYPES.issuperset(rule.on)):
        valid = '"on": "track", or "vital"'
        refuse("only tracked events and vitals have a name.", below(field, "name"), rule.name, valid)
    if rule.rage is not None and rule.on != (EventType.CLICK,):
        refuse("only clicks come in bursts.", below(field, "rage"), entry["rage"], '"on": "click"')


def rule_to_json(rule: RuleOrAny) -> dict[str, object]:
    """The rule as it stands in a request, in one form for equal rules."""
    if isinstance(rule, AnyRule):
        return {"any": [rule_to_json(each) for each in rule.rules]}
    made: dict[str, object] = {"on": _on_to_json(rule.on)}
    if rule.css is not None:
        made |= {"css": rule.css} | ({"match": rule.match} if rule.match != "closest" else {})
    if rule.name is not None:
        made["name"] = rule.name
    for key in ELEMENT_FIELDS:
        if tests := getattr(rule, key):
            made[key] = _tests_to_json(tests)
    if rule.page:
        keys = dict.fromkeys(test.property for test in rule.page)
        made["page"] = {key: _tests_to_json([t for t in rule.page if t.property == key]) for key in keys}
    if rule.where:
        made["where"] = [predicate_to_json(condition) for condition in rule.where]
    if rule.rage is not None:
        made["rage"] = rage_to_json(rule.rage)
    return made


def _on_to_json(on: tuple[EventType, ...]) -> str | list[str]:
    if len(on) > 1:
        return [kind.value for kind in on]
    return on[0].value if on else "any"


def _tests_to_json(tests: tuple[Predicate, ...] | list[Predicate]) -> object:
    made = [test_to_json(test) for test in tests]
    return made[0] if len(made) == 1 else made


def is_telling(rule: RuleOrAny) -> bool:
    """Whether a rule names something in particular: "any event" or "any pageview" makes nothing known."""
    if isinstance(rule, AnyRule):
        return all(map(is_telling, rule.rules))
    parts = (rule.css, rule.name, rule.text, rule.label, rule.href, rule.page, rule.where, rule.rage)
    return any(parts)


def describe(rule: RuleOrAny) -> str:
    """A few words for a step that has no label: what happens, to what."""
    if isinstance(rule, AnyRule):
        return " or ".join(describe(each) for each in rule.rules)
    kinds = " or ".join(kind.value for kind in rule.on) or "any event"
    said = [kinds, rule.css, rule.name, rage_words(rule.rage) if rule.rage else None]
    return " ".join(each for each in said if each)
