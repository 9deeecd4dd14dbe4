"""Steps of a report: a named event by its name, or a rule written inline, each with filters of its own.

"Signed up"
{"event": "Signed up", "where": [PRED], "label": "…"}
RULE + {"label": "…"}
{"any": [RULE, …], "where": [PRED], "label": "…"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from backsight.contract import MAX_NAME_CHARS
from backsight.fields import below, read_object, read_string
from backsight.rules.predicates import Condition, parse_predicates
from backsight.rules.rule import RULE_FIELDS, Rule, RuleOrAny, describe, parse_rule


@dataclass(frozen=True, slots=True)
class Step:
    """One step: exactly one of `event` (a named event's name) and `rule`; `where` narrows it."""

    label: str
    event: str | None = None
    rule: RuleOrAny | None = None
    where: tuple[Condition, ...] = ()


EVERYTHING: Final = Step("any event", rule=Rule())
"""The step that every raw event fills."""


def parse_step(value: object, field: str = "step") -> Step:
    """A step; that its named event exists is checked where it is used (Conditions.step)."""
    if isinstance(value, str):
        name = read_string(value, field, MAX_NAME_CHARS)
        return Step(label=name, event=name)
    if isinstance(value, Mapping) and "event" in value:
        return _parse_named(read_object(value, field, ["event", "where", "label"]), field)
    return _parse_inline(read_object(value, field, {*RULE_FIELDS, "any", "event", "label"}), field)


def _parse_named(entry: Mapping[str, object], field: str) -> Step:
    name = read_string(entry["event"], below(field, "event"), MAX_NAME_CHARS)
    where = parse_predicates(entry.get("where", ()), below(field, "where"))
    return Step(_parse_label(entry, field, name), event=name, where=where)


def _parse_inline(entry: Mapping[str, object], field: str) -> Step:
    own = {"label", "where"} if "any" in entry else {"label"}
    rule = parse_rule({key: part for key, part in entry.items() if key not in own}, field)
    where = parse_predicates(entry.get("where", ()), below(field, "where")) if "where" in own else ()
    return Step(_parse_label(entry, field, describe(rule)), rule=rule, where=where)


def _parse_label(entry: Mapping[str, object], field: str, otherwise: str) -> str:
    if "label" not in entry:
        return otherwise[:MAX_NAME_CHARS]
    return read_string(entry["label"], below(field, "label"), MAX_NAME_CHARS)
