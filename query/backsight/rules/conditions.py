"""Conditions: what rules, steps and predicates are in the SQL of one report.

Gathers, besides the boolean SQL, what the query needs to run: parameters (values are always bound), small
tables of node ids, and the event columns that a scan has to read.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from backsight.contract import EventType
from backsight.errors import InvalidRequest, nearest, shown
from backsight.rules.bursts import Rage
from backsight.rules.comparisons import comparison, numeric
from backsight.rules.predicates import AllOf, Condition, NotOf, PersonTest, Predicate
from backsight.rules.properties import Kind, Property, find_property, is_bare_custom
from backsight.rules.rule import AnyRule, Rule, RuleOrAny
from backsight.rules.steps import Step
from backsight.selectors import Match, parse_selector

if TYPE_CHECKING:
    from backsight.engine import Relation
    from backsight.trie import Trie

INLINE_NODES: Final = 256
"""Node sets up to this size stand in the SQL itself, where they prune row groups; larger ones are joined."""


class Conditions:
    """Builds the conditions of one query over the events under the alias `events`.

    `names` are the named events; `traits` is the SQL (JSON text) of the person's traits, where the query has
    joined persons. Every boolean it gives is true or false, never NULL.
    """

    def __init__(
        self,
        trie: Trie,
        names: Mapping[str, tuple[RuleOrAny, ...]],
        events: str = "e",
        traits: str | None = None,
    ) -> None:
        self._trie, self._names, self._events, self._traits = trie, names, events, traits
        self._bound: dict[tuple[type, object], str] = {}
        self._node_tests: dict[tuple[str, str], str] = {}
        self._relations: dict[Hashable, str] = {}
        self.node_sets: dict[str, pa.Int64Array] = {}
        """The nodes for which the SQL tests in so many words, by the SQL of the test."""
        self.params: dict[str, object] = {}
        """Named parameters of the SQL, without their `$`."""
        self.tables: dict[str, Relation] = {}
        """Relations that the SQL names: sets of nodes and of persons."""
        self.bursts: dict[Rage, str] = {}
        """The bursts of clicks that the SQL asks for, each with the name of a relation of the clicks (`page`,
        `sequence`) that complete one; the scan, which knows in which files they can lie, adds it.
        """
        self.person_test: Callable[[PersonTest, str], str] = _no_person_test
        """Makes SQL of a test of persons (at a field); set by what knows who the person of an event is."""
        self.columns: set[str] = set()
        """Columns of `events` that the SQL reads."""
        self.customs: dict[str, str] = {}
        """Custom properties named bare (not `props.NAME`), each with the field that first did."""
        self.traits: set[str] = set()
        """Traits that were named, as `person.NAME`."""
        self.warnings: list[str] = []

    def bind(self, value: object) -> str:
        """The parameter that holds a value, as it stands in SQL; equal values share one."""
        key = (type(value), value)
        if key not in self._bound:
            self._bound[key] = f"p{len(self.params)}"
            self.params[self._bound[key]] = value
        return f"${self._bound[key]}"

    def step(self, step: Step, field: str = "step") -> str:
        """Whether an event fills the step. Raises InvalidRequest where its named event does not exist."""
        base = self.rule(step.rule, field) if step.rule else self.event(step.event or "", field)
        return _all([base, self.predicates(step.where, f"{field}.where")]) if step.where else base

    def event(self, name: str, field: str) -> str:
        """Whether an event bears the name. Raises InvalidRequest where there is no such named event."""
        if name not in self._names:
            raise InvalidRequest(f"there is no named event {shown(name)}.", field=field, value=name,
                                 valid=nearest(name, self._names))  # fmt: skip
        return _any(self.rule(rule, f"{field}.rules[{i}]") for i, rule in enumerate(self._names[name]))

    def rule(self, rule: RuleOrAny, field: str = "rule") -> str:
        """Whether the rule holds of an event."""
        if isinstance(rule, AnyRule):
            return _any(self.rule(each, f"{field}.any[{index}]") for index, each in enumerate(rule.rules))
        return _all(self._parts(rule, field))

    def predicates(self, predicates: Iterable[Condition], field: str = "where") -> str:
        """Whether all of the predicates hold of an event."""
        return _all(self._condition(each, f"{field}[{index}]") for index, each in enumerate(predicates))

    def property(self, name: str, field: str = "property") -> str:
        """SQL of a property's value, for breakdowns and measures: text, or a number for a column of numbers.

        NULL where it is missing; of a custom property or a trait, strings as they are, all else as JSON text.
        """
        found = self._find(name, field)
        return f"json_extract_string({found.sql}, '$')" if found.kind is Kind.JSON else found.sql

    def number(self, name: str, field: str = "property") -> tuple[str, str]:
        """SQL of a property's value as a number, NULL where it is none; and of whether it has any value."""
        return numeric(self._find(name, field))

    def _parts(self, rule: Rule, field: str) -> Iterable[str]:
        if rule.on:
            yield self._type_test(rule.on)
        if rule.name is not None:
            yield self._condition(Predicate("name", "is", rule.name), f"{field}.name")
        for part in ("text", "label", "href", "page", "where"):
            for index, condition in enumerate(getattr(rule, part)):
                yield self._condition(condition, f"{field}.{part}[{index}]")
        if rule.css is not None:
            yield self._node_test(rule.css, rule.match, field)
        if rule.rage is not None:
            yield self._burst_test(rule.rage)

    def _type_test(self, on: tuple[EventType, ...]) -> str:
        self.columns.add("type")
        kinds = ", ".join(self.bind(kind.value) for kind in on)
        return f"{self._events}.type {'in (' + kinds + ')' if len(on) > 1 else '= ' + kinds}"

    def _condition(self, condition: Condition, field: str) -> str:
        if isinstance(condition, Predicate):
            found = self._find(condition.property, field)
            return comparison(condition, found, self.bind)
        if isinstance(condition, NotOf):
            return f"(not {self._condition(condition.part, f'{field}.not')})"
        if isinstance(condition, PersonTest):
            return self.person_test(condition, field)
        key, join = ("all", _all) if isinstance(condition, AllOf) else ("any", _any)
        return join(self._condition(part, f"{field}.{key}[{i}]") for i, part in enumerate(condition.parts))

    def _find(self, name: str, field: str) -> Property:
        found = find_property(name, field, self._events, self._traits, self.bind)
        self.columns.update(found.columns)
        if is_bare_custom(name):
            self.customs.setdefault(name, field)
        elif name.startswith("person."):
            self.traits.add(name)
        return found

    def _node_test(self, css: str, match: Match, field: str) -> str:
        if (css, match) not in self._node_tests:
            self._node_tests[css, match] = self._make_node_test(css, match, field)
        return self._node_tests[css, match]

    def nodes(self, css: str, match: Match, field: str = "rule") -> pa.Int64Array:
        """The nodes of which one has to be an event's target, for a selector to hold of it."""
        selector = parse_selector(css, f"{field}.css")
        self.warnings += [
            f"{css!r} tests values of [{name}], some of which were too long or masked and are not kept; "
            "these match no such test."
            for name in self._trie.withheld(selector)
        ]
        self.columns.add("node_id")
        return self._trie.node_ids(selector, match)

    def _make_node_test(self, css: str, match: Match, field: str) -> str:
        return self._node_set(self.nodes(css, match, field))

    def _burst_test(self, rage: Rage) -> str:
        self.columns |= {"page", "sequence"}
        name = self.bursts.setdefault(rage, f"bursts_{len(self.bursts) + 1}")
        return f"(({self._events}.page, {self._events}.sequence) in (select (page, sequence) from {name}))"

    def relation(self, prefix: str, key: Hashable, make: Callable[[], Relation]) -> str:
        """The name of the relation of that key, made where the SQL does not name it yet."""
        if key not in self._relations:
            self._relations[key] = name = f"{prefix}_{len(self.tables)}"
            self.tables[name] = make()
        return self._relations[key]

    def _node_set(self, nodes: pa.Int64Array) -> str:
        column = f"{self._events}.node_id"
        if len(nodes) == 0:
            return "false"
        if len(nodes) <= INLINE_NODES:
            listed = ", ".join(str(int(node)) for node in nodes.to_pylist())
            test = f"({column} is not null and {column} in ({listed}))"
            self.node_sets[test] = nodes
            return test
        table = f"node_set_{len(self.tables)}"
        self.tables[table] = pa.table({"node_id": nodes})
        return f"({column} is not null and {column} in (select node_id from {table}))"


def _no_person_test(test: PersonTest, field: str) -> str:
    raise InvalidRequest("persons can't be tested here.", field=field, valid="a property of the raw event")


def _all(tests: Iterable[str]) -> str:
    return _joined(list(tests), " and ", empty="true")


def _any(tests: Iterable[str]) -> str:
    return _joined(list(tests), " or ", empty="false")


def _joined(tests: list[str], word: str, empty: str) -> str:
    if len(tests) <= 1:
        return tests[0] if tests else empty
    return f"({word.join(tests)})"
