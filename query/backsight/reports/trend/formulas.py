"""Arithmetic between series: `A / B * 100`.

A letter is a series by its place: A the first, B the second. There are numbers, + - * / and parentheses, and
nothing else. What is missing makes the result missing, and so does a division by zero.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from operator import mul
from typing import Final

from backsight.contract import MAX_NAME_CHARS
from backsight.errors import shown
from backsight.fields import below, read_list, read_object, read_string, refuse
from backsight.reports.statistics import Number, rounded

MAX_FORMULAS: Final = 20
LONGEST: Final = 500
DEEPEST: Final = 50
"""Parentheses within parentheses."""
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Values = Mapping[str, Number]
Expression = Callable[[Values], Number]

_NUMBER: Final = re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+")
_TOKEN: Final = re.compile(rf"\s*(?:({_NUMBER.pattern})|([A-Za-z]\w*)|(.))", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Formula:
    """One formula, understood: what it makes of the series' values at one place."""

    text: str
    label: str
    expression: Expression

    def value(self, values: Values) -> Number:
        """Its value where each letter has that of its series."""
        try:
            return rounded(self.expression(values))
        except OverflowError:
            return None


def parse_formulas(value: object, series: int, field: str = "formulas") -> tuple[Formula, ...]:
    """A list of formulas over so many series, checked."""
    listed = read_list(value, field, MAX_FORMULAS)
    return tuple(_parse_formula(each, series, f"{field}[{index}]") for index, each in enumerate(listed))


def _parse_formula(value: object, series: int, field: str) -> Formula:
    fields = read_object(value, field, ("formula", "label"))
    if "formula" not in fields:
        refuse("the formula is missing.", below(field, "formula"), None, "such as 'A / B * 100'")
    text = read_string(fields["formula"], below(field, "formula"), LONGEST)
    label = fields.get("label")
    shown_as = (
        text[:MAX_NAME_CHARS] if label is None else read_string(label, below(field, "label"), MAX_NAME_CHARS)
    )
    return Formula(text, shown_as, _Parser(text, LETTERS[:series], below(field, "formula")).parsed())


class _Parser:
    """Recursive descent: sums of products of signed numbers, letters and parentheses."""

    def __init__(self, text: str, letters: str, field: str) -> None:
        self._text, self._letters, self._field = text, letters, field
        self._tokens = [found.group(found.lastindex or 0) for found in _TOKEN.finditer(text.rstrip())]
        self._depth = 0

    def parsed(self) -> Expression:
        found = self._sum()
        if self._tokens:
            self._refuse(f"{shown(self._tokens[0])} is not expected there.")
        return found

    def _sum(self) -> Expression:
        return self._chain(self._product, {"+": _added, "-": _subtracted})

    def _product(self) -> Expression:
        return self._chain(self._factor, {"*": mul, "/": _divided})

    def _chain(
        self, part: Callable[[], Expression], operators: Mapping[str, Callable[[float, float], Number]]
    ) -> Expression:
        parts, between = [part()], []
        while self._tokens and self._tokens[0] in operators:
            between.append(operators[self._tokens.pop(0)])
            parts.append(part())
        return parts[0] if not between else _chained(parts, between)

    def _factor(self) -> Expression:
        word = self._tokens.pop(0) if self._tokens else ""
        if word in ("-", "+"):
            return self._signed(word)
        if word == "(":
            return self._deeper(self._parenthesis)
        if word in self._letters and len(word) == 1:
            return lambda values: None if values[word] is None else float(values[word] or 0)
        if _NUMBER.fullmatch(word):
            return self._constant(float(word))
        return self._refuse(
            f"{shown(word)} is not known here." if word else "something is missing at its end."
        )

    def _constant(self, number: float) -> Expression:
        if not isfinite(number):
            self._refuse("a number is past the greatest that there is.")
        return lambda _: number

    def _signed(self, sign: str) -> Expression:
        inner = self._deeper(self._factor)
        return inner if sign == "+" else _chained([lambda _: 0, inner], [_subtracted])

    def _parenthesis(self) -> Expression:
        found = self._sum()
        if not self._tokens or self._tokens.pop(0) != ")":
            self._refuse("a parenthesis is not closed.")
        return found

    def _deeper(self, part: Callable[[], Expression]) -> Expression:
        self._depth += 1
        if self._depth > DEEPEST:
            self._refuse("it nests too deep.")
        found = part()
        self._depth -= 1
        return found

    def _refuse(self, message: str) -> Expression:
        letters = f"{self._letters[0]} to {self._letters[-1]}" if len(self._letters) > 1 else self._letters
        refuse(message, self._field, self._text, f"series {letters}, numbers, + - * / and parentheses")


def _chained(parts: Sequence[Expression], between: Sequence[Callable[[float, float], Number]]) -> Expression:
    """Parts with operators between them, from left to right."""

    def value(values: Values) -> Number:
        found = parts[0](values)
        for operator, part in zip(between, parts[1:], strict=True):
            other = part(values)
            found = None if found is None or other is None else operator(found, other)
        return found

    return value


def _added(one: float, other: float) -> Number:
    return rounded(one + other, abs(one) + abs(other))


def _subtracted(one: float, other: float) -> Number:
    return rounded(one - other, abs(one) + abs(other))


def _divided(one: float, other: float) -> Number:
    return one / other if other else None
