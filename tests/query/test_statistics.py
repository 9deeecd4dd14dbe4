"""Which digits of a number mean something."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backsight.reports.statistics import Number, rounded, settled

_CENTS = st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=40)


@given(_CENTS, st.randoms())
def test_sums_of_cents_are_cents(cents: list[int], random: object) -> None:
    """Numbers of two decimals, added up in any order, are the number of cents that they are."""
    random.shuffle(cents)  # type: ignore[attr-defined]
    total, weight = 0.0, 0.0
    for each in cents:
        total, weight = total + each / 100, weight + abs(each / 100)
    assert rounded(total, weight) == float(Fraction(sum(cents), 100))


@pytest.mark.parametrize(
    ("value", "weight", "wanted"),
    [
        (None, None, None),
        (7, None, 7),
        (0.1 + 0.2, None, 0.3),
        (0.1 + 0.2, 0.3, 0.3),
        (-5.6e-17, 0.6, 0.0),
        (1e308, 1e308, 1e308),
        (1e308, math.inf, 1e308),
        (math.inf, math.inf, None),
        (math.nan, 1.0, None),
        (5e-324, 5e-324, 5e-324),
        (0.0, 0.0, 0.0),
    ],
)
def test_what_is_shown_of_a_number(value: Number, weight: Number, wanted: Number) -> None:
    """Fifteen digits of what was added up, whole numbers as they are, null where there is no number."""
    assert repr(rounded(value, weight)) == repr(wanted)


def test_what_is_not_finite_stays_so_while_it_is_added_to() -> None:
    """A running sum past the greatest number does not begin anew."""
    assert settled(math.inf, math.inf) == math.inf
