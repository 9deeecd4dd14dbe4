"""Operators: from a predicate and its property's SQL to boolean SQL that is never NULL.

A number is compared with a property's numeric value: a number, or a string that is wholly one. A string is
compared with a string, exactly; `contains` and `matches` also read numbers and true/false as they are
written in JSON. Lists and objects are neither text nor number. A negative operator is the negation of its
positive one, so it holds where the property is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from backsight.rules.predicates import EQUALITY, ORDER, PRESENCE, Predicate, Scalar
from backsight.rules.properties import Bind, Kind, Property

_ORDER_SQL: Final = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_NUMBER: Final = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_PLAIN_TYPES: Final = "('VARCHAR', 'BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE', 'BOOLEAN')"


def comparison(predicate: Predicate, prop: Property, bind: Bind) -> str:
    """Boolean SQL of one predicate."""
    op = predicate.op
    if op in PRESENCE:
        return f"({_presence(prop)})" if op == "is_set" else f"(not {_presence(prop)})"
    if op in ORDER:
        return _order(predicate, prop, bind)
    positive = _positive(predicate, prop, bind)
    return f"(not {positive})" if op in ("is_not", "not_contains") else positive


def numeric(prop: Property) -> tuple[str, str]:
    """SQL of a property's number, NULL where it is none that is finite; and of whether anything is there."""
    number = _number(prop)
    if prop.kind is Kind.NUMBER:
        return f"cast({number} as double)", _presence(prop)
    return f"case when {number} between -1e308 and 1e308 then {number} end", _presence(prop)


def _positive(predicate: Predicate, prop: Property, bind: Bind) -> str:
    values = predicate.value if isinstance(predicate.value, tuple) else (predicate.value,)
    if predicate.op == "matches":
        return _true(f"regexp_matches({_plain(prop)}, {bind(predicate.value)})", prop)
    if predicate.op in EQUALITY:
        return _equality([value for value in values if value is not None], prop, bind)
    tests = [f"contains(lower({_plain(prop)}), lower({bind(value)}))" for value in values]
    return _either([_true(test, prop) for test in tests])


def _equality(values: list[Scalar], prop: Property, bind: Bind) -> str:
    texts = [value for value in values if isinstance(value, str)]
    numbers = [
        float(value) for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)
    ]
    truths = {value for value in values if isinstance(value, bool)}
    tests = [_true(_one_of(_text(prop), texts, bind), prop)] if texts else []
    if numbers:
        tests.append(_true(_one_of(_number(prop), numbers, bind), prop))
    if prop.kind is Kind.JSON:
        tests += [_is_truth(prop, truth) for truth in sorted(truths)]
    return _either(tests)


def _one_of(sql: str, values: Sequence[object], bind: Bind) -> str:
    bound = ", ".join(map(bind, values))
    return f"{sql} in ({bound})" if len(values) > 1 else f"{sql} = {bound}"


def _order(predicate: Predicate, prop: Property, bind: Bind) -> str:
    value = predicate.value
    left = _text(prop) if isinstance(value, str) else _number(prop)
    right = bind(value if isinstance(value, str) else float(value))  # type: ignore[arg-type]
    return _true(f"{left} {_ORDER_SQL[predicate.op]} {right}", prop)


def _true(test: str, prop: Property) -> str:
    """The test, false where it would be NULL; of a bare column in a form that scans can prune by."""
    return (
        f"({prop.sql} is not null and {test})"
        if prop.bare and "case" not in test
        else f"coalesce({test}, false)"
    )


def _either(tests: list[str]) -> str:
    if not tests:
        return "false"
    return tests[0] if len(tests) == 1 else f"({' or '.join(tests)})"


def _presence(prop: Property) -> str:
    if prop.kind is Kind.JSON:
        return f"coalesce(json_type({prop.sql}) <> 'NULL', false)"
    return f"{prop.sql} is not null"


def _text(prop: Property) -> str:
    """The string, where the property is one."""
    if prop.kind is Kind.JSON:
        return f"case when json_type({prop.sql}) = 'VARCHAR' then json_extract_string({prop.sql}, '$') end"
    return prop.sql


def _plain(prop: Property) -> str:
    """The string, number or truth value as written."""
    if prop.kind is Kind.JSON:
        return (
            f"case when json_type({prop.sql}) in {_PLAIN_TYPES} then json_extract_string({prop.sql}, '$') end"
        )
    return prop.sql


def _number(prop: Property) -> str:
    """The number, or that which a string wholly spells."""
    if prop.kind is Kind.NUMBER:
        return prop.sql
    text = prop.sql if prop.kind is Kind.TEXT else f"json_extract_string({prop.sql}, '$')"
    return f"case when regexp_full_match({text}, '{_NUMBER}') then try_cast({text} as double) end"


def _is_truth(prop: Property, truth: bool) -> str:
    boolean = f"case when json_type({prop.sql}) = 'BOOLEAN' then json_extract_string({prop.sql}, '$') end"
    return f"coalesce({boolean} = '{'true' if truth else 'false'}', false)"
