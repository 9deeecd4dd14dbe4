"""Predicates: what a question says about one property of a raw event, and how they nest.

    {"property": "browser", "op": "is", "value": "Firefox"}
    {"any": [PRED, …]}    {"all": [PRED, …]}    {"not": PRED}

`parse_predicates` checks and freezes them; `predicate_to_json` writes them back. What each operator
means is written in docs/reference/rules.md and turned into SQL by conditions.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import pyarrow as pa

from backsight.contract import COLUMN_PROPERTIES, EVENTS, MAX_NAME_CHARS
from backsight.errors import nearest, shown
from backsight.fields import (
    below,
    check_text,
    listing,
    read_choice,
    read_list,
    read_object,
    read_string,
    refuse,
)

Scalar = str | int | float | bool
Value = Scalar | tuple[Scalar, ...] | None

EQUALITY: Final = ("is", "is_not", "in")
SUBSTRING: Final = ("contains", "not_contains")
ORDER: Final = ("gt", "gte", "lt", "lte")
PRESENCE: Final = ("is_set", "is_not_set")
OPERATORS: Final = (*EQUALITY, *SUBSTRING, "matches", *ORDER, *PRESENCE)

_NUMBERS: Final = frozenset(
    ["effect_ms", *(name for name in COLUMN_PROPERTIES if pa.types.is_integer(EVENTS.field(name).type))]
)

MAX_PREDICATES: Final = 100
"""Most predicates in one list."""
MAX_PREDICATE_DEPTH: Final = 8
"""Deepest nesting of `any`, `all` and `not`."""
MAX_PATTERN: Final = 1_000
"""Longest regular expression, in characters."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """One property, one operator, one value (a tuple means: one of these; None for is_set and is_not_set)."""

    property: str
    op: str
    value: Value = None


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds where each part does."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds where at least one part does."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class NotOf:
    """Holds where its part does not."""

    part: Condition


class PersonTest:
    """A test of what a person did or belongs to, which `person_where` takes: reports/person_conditions."""

    __slots__ = ()


Condition = Predicate | AllOf | AnyOf | NotOf | PersonTest

Forms = Mapping[str, Callable[[Mapping[str, object], str], PersonTest]]
"""Parsers of what may stand besides predicates, by the key that tells each form."""


def parse_predicates(
    value: object, field: str = "where", forms: Forms = MappingProxyType({})
) -> tuple[Condition, ...]:
    """A list of predicates, all of which must hold; an empty list holds everywhere.

    `forms` are those that may stand among them where it is persons that are asked about.
    """
    return _Reader(forms).read_list(value, field, depth=1, shortest=0)


def parse_tests(value: object, field: str, name: str) -> tuple[Predicate, ...]:
    """`{"op", "value"}`, or a list of them, about the property `name`; all of them must hold."""
    if not isinstance(value, (list, tuple)):
        return (_parse_test(value, field, name),)
    entries = read_list(value, field, MAX_PREDICATES)
    return tuple(_parse_test(entry, f"{field}[{index}]", name) for index, entry in enumerate(entries))


def predicate_to_json(condition: Condition) -> dict[str, object]:
    """The predicate as it stands in a request."""
    if isinstance(condition, Predicate):
        return {"property": condition.property} | test_to_json(condition)
    if isinstance(condition, NotOf):
        return {"not": predicate_to_json(condition.part)}
    if isinstance(condition, PersonTest):
        raise TypeError(f"no rule holds a test of persons: {condition}")
    key = "all" if isinstance(condition, AllOf) else "any"
    return {key: [predicate_to_json(part) for part in condition.parts]}


def test_to_json(predicate: Predicate) -> dict[str, object]:
    """The predicate without its property."""
    if predicate.op in PRESENCE:
        return {"op": predicate.op}
    value = list(predicate.value) if isinstance(predicate.value, tuple) else predicate.value
    return {"op": predicate.op, "value": value}


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads conditions as they nest."""

    forms: Forms

    def read_list(self, value: object, field: str, depth: int, shortest: int = 1) -> tuple[Condition, ...]:
        entries = read_list(value, field, MAX_PREDICATES, shortest)
        return tuple(self.read(entry, f"{field}[{index}]", depth) for index, entry in enumerate(entries))

    def read(self, value: object, field: str, depth: int) -> Condition:
        if depth > MAX_PREDICATE_DEPTH:
            refuse("predicates nest too deeply.", field, valid=f"at most {MAX_PREDICATE_DEPTH} levels")
        if isinstance(value, Mapping):
            for key in ("all", "any", "not"):
                if key in value:
                    part = read_object(value, field, [key])[key]
                    return self._group(key, part, below(field, key), depth + 1)
            for key, parse in self.forms.items():
                if key in value:
                    return parse(value, field)
        return self._predicate(value, field)

    def _group(self, key: str, part: object, field: str, depth: int) -> Condition:
        if key == "not":
            return NotOf(self.read(part, field, depth))
        parts = self.read_list(part, field, depth)
        return AllOf(parts) if key == "all" else AnyOf(parts)

    def _predicate(self, value: object, field: str) -> Predicate:
        entry = read_object(value, field, ["property", "op", "value", "all", "any", "not", *self.forms])
        if "property" not in entry:
            refuse("the property is missing.", below(field, "property"), valid="a property's name")
        name = parse_property(entry["property"], below(field, "property"))
        return _parse_operation(entry, field, name)


def _parse_test(value: object, field: str, name: str) -> Predicate:
    return _parse_operation(read_object(value, field, ["op", "value"]), field, name)


def parse_property(value: object, field: str) -> str:
    """A property's name: 1 to MAX_NAME_CHARS characters, not counting a prefix."""
    name = read_string(value, field, MAX_NAME_CHARS + len("person."))
    if name in ("props.", "person."):
        refuse(f"{shown(name)} names no property.", field, value, f"'{name}NAME'")
    return name


def _parse_operation(entry: Mapping[str, object], field: str, name: str) -> Predicate:
    if "op" not in entry:
        refuse("the operator is missing.", below(field, "op"), valid=nearest("", OPERATORS))
    op = read_choice(entry["op"], below(field, "op"), OPERATORS)
    at = below(field, "value")
    if name in _NUMBERS and op in (*SUBSTRING, "matches"):
        refuse(
            f"{op!r} reads text, and {name!r} is a number.",
            below(field, "op"),
            op,
            listing([*EQUALITY, *ORDER]),
        )
    if op in PRESENCE:
        if entry.get("value") is not None:
            refuse(f"{op!r} takes no value.", at, entry["value"], "no value")
        return Predicate(name, op)
    if entry.get("value") is None:
        refuse(f"{op!r} needs a value; null equals nothing.", at, None, "a value; or 'is_not_set' for null")
    value = _parse_value(entry["value"], at, op)
    if name == "url":
        _check_url(value, at)
    if name in _NUMBERS:
        _check_numbers(name, value, at)
    if name == "bot" and op in EQUALITY:
        _check_truths(name, value, at)
    return Predicate(name, op, value)


def _check_numbers(name: str, value: Value, field: str) -> None:
    for each in value if isinstance(value, tuple) else (value,):
        if isinstance(each, (str, bool)):
            refuse(f"{name!r} is a number, and {shown(each)} is not.", field, each, "a number")


def _check_truths(name: str, value: Value, field: str) -> None:
    for each in value if isinstance(value, tuple) else (value,):
        if not isinstance(each, bool):
            refuse(f"{name!r} is true or false, and {shown(each)} is neither.", field, each, "true or false")


def _check_url(value: Value, field: str) -> None:
    for each in value if isinstance(value, tuple) else (value,):
        if isinstance(each, str) and each.startswith(("http://", "https://")):
            # It would match nothing: the lake holds host, path, query and fragment.
            refuse("the scheme of a page is not kept.", field, each, repr(each.partition("://")[2]))


def _parse_value(value: object, field: str, op: str) -> Value:
    if op in (*EQUALITY, *SUBSTRING):
        return _parse_choices(value, field, op)
    if op == "matches":
        return check_pattern(read_string(value, field, MAX_PATTERN), field)
    return _parse_bound(value, field)


def _parse_choices(value: object, field: str, op: str) -> Value:
    parse = _parse_scalar if op in EQUALITY else _parse_part
    if isinstance(value, (list, tuple)):
        entries = read_list(value, field)
        return tuple(parse(entry, f"{field}[{index}]") for index, entry in enumerate(entries))
    if op == "in":
        refuse(f"{shown(value)} is not a list.", field, value, "a list of values")
    return parse(value, field)


def _parse_scalar(value: object, field: str) -> Scalar:
    if isinstance(value, str):
        return check_text(value, field)
    if isinstance(value, bool):
        return value
    return parse_number(value, field, "a string, a number, true or false, or a list of these")


def _parse_part(value: object, field: str) -> Scalar:
    return read_string(value, field)


def parse_number(value: object, field: str, valid: str = "a finite number") -> int | float:
    """A number that a double can hold; true and false are not numbers."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        refuse(f"{shown(value)} can't be compared with.", field, value, valid)
    try:
        finite = math.isfinite(float(value))
    except OverflowError:
        finite = False
    if not finite:
        refuse(f"{shown(value)} is not a finite number.", field, value, "a finite number")
    return value


def _parse_bound(value: object, field: str) -> Scalar:
    if isinstance(value, str):
        text = read_string(value, field)
        if _reads_as_number(text):
            refuse(f"{shown(value)} is a number in quotes.", field, value, f"{text.strip()}, without quotes")
        return text
    return parse_number(value, field, "a finite number, or a string such as '2026-10-01'")


def _reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def check_pattern(pattern: str, field: str) -> str:
    """The pattern itself, refused where RE2 does not take it."""
    problem = _pattern_problem(pattern)
    if problem is not None:
        refuse(f"{shown(pattern)} is no regular expression: {problem}.", field, pattern, "RE2 syntax")
    return pattern


@lru_cache(maxsize=1_024)
def _pattern_problem(pattern: str) -> str | None:
    # DuckDB will run it, so DuckDB says whether it is one; imported late, as the library must stay light.
    import duckdb

    with duckdb.connect() as connection:
        try:
            connection.execute("select regexp_matches('', $pattern)", {"pattern": pattern})
        except duckdb.Error as error:
            return str(error).removeprefix("Invalid Input Error: ").splitlines()[0]
    return None
