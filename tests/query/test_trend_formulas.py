"""Formulas between the series of a trend."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backsight.errors import InvalidRequest
from backsight.reports import trend
from backsight.reports.trend.formulas import parse_formulas
from query.conftest import ContextOf
from query.rows import event

DAY = datetime(2026, 10, 1, 12, tzinfo=UTC)
TWO_DAYS = {"from": "2026-10-01", "to": "2026-10-02"}


def test_formulas_calculate_group_by_group(context_of: ContextOf) -> None:
    """A formula has a value per group and period, and one of the totals; what can't be divided is null."""
    events = [
        *(event("A", DAY, path="/", device=device) for device in (1, 2, 3)),
        event("B", DAY, path="/", device=1),
        event("A", DAY + timedelta(days=1), path="/", device=1),
        event("B", DAY, path="/x", device=1),
    ]
    formulas = [{"formula": "B / A * 100", "label": "rate"}, {"formula": "-(A + B) * .5 - 1"}]
    request = {"series": ["A", "B"], "breakdown": {"by": ["path"]}, "formulas": formulas, **TWO_DAYS}
    made = {
        (each["label"], each["group"][0]): (each["values"], each["total"])
        for each in trend.run(request, context_of(events))["series"]
        if "formula" in each
    }
    assert made == {
        ("rate", "/"): ([33.3333333333333, 0.0], 25.0),
        ("rate", "/x"): ([None, None], None),
        ("-(A + B) * .5 - 1", "/"): ([-3.0, -1.5], -3.5),
        ("-(A + B) * .5 - 1", "/x"): ([-1.5, -1.0], -1.5),
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A", 6.0),
        ("A - B - A", -4.0),
        ("A / B / 2", 0.75),
        ("A + B * 2", 14.0),
        ("(A + B) * 2", 20.0),
        ("A--B", 10.0),
        ("+A * -B", -24.0),
        ("A / (B - 4)", None),
        ("A + C", None),
        ("1 / 3", 0.333333333333333),
        ("9" * 300 + " * " + "9" * 100, None),
        ("((((A))))", 6.0),
        ("A * .1 + B * .05 - .8", 0.0),
        (".3 - .1 - .2", 0.0),
    ],
)
def test_a_formula_is_arithmetic(text: str, value: float | None) -> None:
    """Products before sums, from left to right; nothing is calculated with what is missing or too great."""
    (formula,) = parse_formulas([{"formula": text}], 3)
    assert formula.value({"A": 6, "B": 4, "C": None}) == value


@pytest.mark.parametrize(
    "text",
    ["", " ", "A +", "A B", "D", "a", "AB", "2 ^ 3", "(A", "A)", "__import__('os')", "A.B", "1..2", ".",
     "A / ", "٣", "9" * 400, "(" * 60 + "A" + ")" * 60, "-" * 60 + "A", "A" * 501],
)  # fmt: skip
def test_what_is_no_formula_is_refused(text: str) -> None:
    """Nothing but arithmetic between the series that there are is understood."""
    with pytest.raises(InvalidRequest) as raised:
        parse_formulas([{"formula": "A"}, {"formula": text}], 3)
    assert raised.value.field == "formulas[1].formula"
