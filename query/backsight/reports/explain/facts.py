"""What is asked of each event of a page: which steps it fills, whether `where` holds, and what it misses.

All of it is SQL of the builder that reports use (`rules/conditions.py`), so that an event fills a step here
exactly where it does there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from backsight.reports.explain.words import condition_words, either, found_words, operation_words
from backsight.rules.conditions import Conditions
from backsight.rules.predicates import Condition, Predicate
from backsight.rules.rule import AnyRule, Rule, RuleOrAny
from backsight.rules.steps import Step
from backsight.scan.context import Context

MAX_PARTS: Final = 300
"""Conditions that are tried one by one; of steps that have more it is not said which failed."""
MOST_FAILING: Final = 2
"""An event that misses a step by more than so many conditions does not come near it."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Test:
    """Something that a report looks for in an event: a step, and what the report calls it."""

    __test__ = False  # no test of pytest's

    step: Step
    field: str
    name: str
    """`step 2`, `the start`."""

    @property
    def words(self) -> str:
        """Its name with its label."""
        return f"{self.name} ({self.step.label})"

    def sql(self, conditions: Conditions) -> str:
        """Whether an event is what is looked for."""
        return conditions.step(self.step, self.field)


@dataclass(frozen=True, slots=True)
class Part:
    """One of the conditions that make a step."""

    rule: Rule
    """A rule of this condition alone."""
    condition: Condition | None = None
    """Null where it says what happened, and to what."""
    own: bool = False
    """Whether it is of the step's own `where`."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What was found of one event."""

    fills: frozenset[int]
    """The numbers of the tests that it passes, from 0."""
    failed: str | None
    """Which conditions of the report's `where` do not hold, in words."""
    near: tuple[int, str] | None
    """Of an event that fills nothing, the test that it comes nearest to, and what it misses."""


@dataclass(frozen=True)
class Facts:
    """The questions, and the answers out of a row."""

    context: Context
    tests: Sequence[Test] = ()
    where: Sequence[Condition] = ()
    more: Callable[[Conditions], list[tuple[str, str]]] = lambda conditions: []
    """(alias, SQL) of what else a report wants to know."""

    def columns(self, conditions: Conditions) -> list[tuple[str, str]]:
        """(alias, SQL) of what is asked of every event."""
        found = [(f"fills_{number}", test.sql(conditions)) for number, test in enumerate(self.tests)]
        for number, condition in enumerate(self.where):
            found += _tried(f"where_{number}", Rule(where=(condition,)), condition, conditions)
        for number, part in enumerate(self._parts):
            found += _tried(f"part_{number}", part.rule, part.condition, conditions)
        return found + self.more(conditions)

    def read(self, row: Row) -> Fact:
        """What an event's row says."""
        fills = frozenset(number for number in range(len(self.tests)) if row[f"fills_{number}"])
        missed = [
            _missed(row, f"where_{number}", condition)
            for number, condition in enumerate(self.where)
            if not row[f"where_{number}"]
        ]
        return Fact(fills, either(missed, "and") if missed else None, None if fills else self._near(row))

    @cached_property
    def _ways(self) -> list[tuple[int, range]]:
        """Per rule by which a test can be passed: the test, and which of the parts make the rule."""
        return self._made[0]

    @cached_property
    def _parts(self) -> list[Part]:
        return self._made[1]

    @cached_property
    def _made(self) -> tuple[list[tuple[int, range]], list[Part]]:
        ways: list[tuple[int, range]] = []
        parts: list[Part] = []
        for number, test in enumerate(self.tests):
            rules = [test.step.rule] if test.step.rule else self.context.names.get(test.step.event or "", ())
            for rule in _plain_rules(rules):
                made = [
                    *_parts_of(rule),
                    *(Part(Rule(where=(each,)), each, True) for each in test.step.where),
                ]
                ways.append((number, range(len(parts), len(parts) + len(made))))
                parts += made
        return (ways, parts) if len(parts) <= MAX_PARTS else ([], [])

    def _near(self, row: Row) -> tuple[int, str] | None:
        near: list[tuple[int, int, list[int]]] = []
        for test, parts in self._ways:
            failing = [number for number in parts if not row[f"part_{number}"]]
            known = all(self._parts[number].condition is not None for number in failing)
            if known and 0 < len(failing) <= MOST_FAILING and len(failing) < len(parts):
                near.append((len(failing), test, failing))
        if not near:
            return None
        _, test, failing = min(near)
        where = "`where` of " if all(self._parts[number].own for number in failing) else ""
        missed = [_missed(row, f"part_{number}", self._parts[number].condition) for number in failing]
        return test, f"{where}{self.tests[test].words} does not hold: {either(missed, 'and')}"


def _plain_rules(rules: Iterable[RuleOrAny]) -> Iterator[Rule]:
    for rule in rules:
        if isinstance(rule, AnyRule):
            yield from _plain_rules(rule.rules)
        else:
            yield rule


def _parts_of(rule: Rule) -> Iterator[Part]:
    if rule.on:
        yield Part(Rule(on=rule.on, rage=rule.rage))
    if rule.css is not None:
        yield Part(Rule(css=rule.css, match=rule.match))
    if rule.name is not None:
        yield Part(Rule(name=rule.name))
    for condition in (*rule.text, *rule.label, *rule.href, *rule.page, *rule.where):
        yield Part(Rule(where=(condition,)), condition)


def _tried(
    alias: str, rule: Rule, condition: Condition | None, conditions: Conditions
) -> Iterator[tuple[str, str]]:
    """The condition, and the value that it is about."""
    yield alias, conditions.rule(rule)
    if isinstance(condition, Predicate):
        yield f"{alias}_value", conditions.property(condition.property)


def _missed(row: Row, alias: str, condition: Condition | None) -> str:
    if isinstance(condition, Predicate):
        value = found_words(row[f"{alias}_value"], condition)
        return f"{condition.property} is {value}, asked for: {operation_words(condition)}"
    return "" if condition is None else f"asked for: {condition_words(condition)}"
