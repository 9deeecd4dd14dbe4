"""How an explanation says moments, spans, steps and conditions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from backsight.rules.predicates import AllOf, AnyOf, Condition, NotOf, Predicate, Value
from backsight.scan.moments import EPOCH
from backsight.scan.order import ORIGIN

LONGEST: Final = 120
"""Characters of a value that a sentence repeats."""

_OPERATORS: Final = {
    "is": "is",
    "is_not": "is not",
    "in": "is one of",
    "contains": "contains",
    "not_contains": "does not contain",
    "matches": "matches",
    "gt": "is greater than",
    "gte": "is at least",
    "lt": "is less than",
    "lte": "is at most",
    "is_set": "is set",
    "is_not_set": "is not set",
}
_UNITS: Final = (("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def moment_of(instant: int) -> datetime:
    """The moment of an instant: microseconds since the origin."""
    return EPOCH + timedelta(microseconds=instant + ORIGIN)


def said(moment: datetime, zone: ZoneInfo) -> str:
    """A moment as people there say it: `2 October 2026 10:03`, with what it has of seconds."""
    local = moment.astimezone(zone)
    text = f"{local.day} {local:%B %Y %H:%M}"
    if local.second or local.microsecond:
        text += f":{local:%S}" + (f".{local.microsecond:06}".rstrip("0") if local.microsecond else "")
    return text


def span(length: timedelta) -> str:
    """A length of time in its own unit: `14 days`, `90 minutes`."""
    seconds = int(length.total_seconds())
    for unit, size in _UNITS[1:]:
        if seconds % size == 0 and seconds:
            return many(seconds // size, unit)
    return many(seconds, "second")


def many(count: int, what: str) -> str:
    """`1 day`, `1,200 days`."""
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def figure(number: float) -> str:
    """`1,200`, `12.5`; what is whole without a fraction."""
    return f"{int(number):,}" if float(number).is_integer() else f"{number:,}"


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `13th`."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def either(parts: Iterable[str], word: str = "or") -> str:
    """`a`, `a or b`, `a, b or c`."""
    *some, last = parts
    return f"{', '.join(some)} {word} {last}" if some else last


def quoted(value: object) -> str:
    """A value as it stands in a sentence: text in quotes, all else as JSON."""
    if value is None:
        return "missing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def condition_words(condition: Condition) -> str:
    """What a condition asks for."""
    if isinstance(condition, Predicate):
        return f"{condition.property} {operation_words(condition)}"
    if isinstance(condition, NotOf):
        return f"not ({condition_words(condition.part)})"
    if isinstance(condition, AllOf | AnyOf):
        word = "and" if isinstance(condition, AllOf) else "or"
        return f"({f' {word} '.join(map(condition_words, condition.parts))})"
    raise TypeError(f"a test of persons, not of events: {condition}")


def operation_words(predicate: Predicate) -> str:
    """A predicate without its property."""
    return _OPERATORS[predicate.op] + _value_words(predicate.value)


def found_words(value: object, predicate: Predicate) -> str:
    """What was found where a predicate asks; a text that is held against numbers is told as it is written."""
    wanted = predicate.value if isinstance(predicate.value, tuple) else (predicate.value,)
    plain = isinstance(value, str) and all(isinstance(each, bool | int | float) for each in wanted)
    return str(value) if plain else quoted(value)


def _value_words(value: Value) -> str:
    if value is None:
        return ""
    return f" {either(map(quoted, value))}" if isinstance(value, tuple) else f" {quoted(value)}"
