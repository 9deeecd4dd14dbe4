"""Statistics of the numbers in a property: which there are, and how many of their digits mean something.

A number in binary holds 15 decimal digits, whatever was done to it. What an answer shows is rounded to those,
so that it depends neither on the order in which events were added up nor on which engine did.
"""

from __future__ import annotations

from math import isfinite
from typing import Final, TypeAlias

from backsight.errors import shown

QUANTILES: Final = {"median": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
"""Interpolated linearly between neighbours."""
STATISTICS: Final = ("sum", "avg", "min", "max", *QUANTILES)

DIGITS: Final = 15
"""Decimal digits that every sum holds."""

Number: TypeAlias = float | int | None


def rounded(value: Number, weight: Number = None) -> Number:
    """The digits that mean something; null of what went past the greatest number.

    `weight` is the sum of the sizes of what was added up: where much cancels out (5.01 + 14.99 - 20), fewer
    of the result's own digits do.
    """
    if value is None or isinstance(value, int):
        return value
    return settled(value, weight) if isfinite(value) else None


def settled(value: float, weight: Number = None) -> float:
    """The same of what more is added to; what is not finite stays so."""
    if not isfinite(value):
        return value
    if not weight or not isfinite(weight):
        return float(f"{value:.{DIGITS}g}")
    exponent = int(f"{weight:.{DIGITS - 1}e}".partition("e")[2])
    return round(value, DIGITS - 1 - exponent) + 0.0  # there is no -0.0


def left_out(what: str, property_: str, count: int) -> str:
    """The warning that so many events ("return", "event") have something there that is no number."""
    many = f"{count:,} {what}s have" if count > 1 else f"1 {what} has"
    return f"{many} a {shown(property_)} that is no number, and is left out."
