"""When our answer is the case's: it has every figure that the case expects, and the same ones."""

from __future__ import annotations

from typing import Any

import pytest

from query.conformance.cases import CASES, Case
from query.conformance.contradictions import CONTRADICTIONS


def of_kind(kind: str) -> list[Any]:
    """The cases of one kind, by name."""
    return [pytest.param(case, name, id=name) for name, case in CASES.items() if case["kind"] == kind]


def settle(made: object, case: Case, name: str) -> None:
    """Fails where our answer isn't the expected one, or, of a contradiction, isn't the one that is listed."""
    listed = CONTRADICTIONS.get(name)
    if listed is None:
        assert made == approximately(case["expect"])
        return
    assert made == approximately(listed.ours)
    assert made != approximately(case["expect"]), "no contradiction any more: it need not be listed"


def approximately(wanted: Any) -> Any:
    """The same value, with numbers that equal what differs by rounding alone."""
    if isinstance(wanted, dict):
        return {key: approximately(value) for key, value in wanted.items()}
    if isinstance(wanted, list):
        return [approximately(value) for value in wanted]
    return pytest.approx(wanted) if isinstance(wanted, (int, float)) else wanted  # a tolerance stays itself
