"""The page about conformance."""

from __future__ import annotations

from pathlib import Path

import pytest

from query.conformance.cases import CASES
from query.conformance.contradictions import CONTRADICTIONS
from query.conformance.summary import KINDS, PAGE, page


def test_the_page_is_current() -> None:
    """The page is what the cases say; `python -m query.conformance.summary` makes it."""
    assert PAGE.read_text() == page()


@pytest.mark.parametrize("kind", sorted({case["kind"] for case in CASES.values()}))
def test_every_case_runs(kind: str) -> None:
    """Cases of every kind stand on the page, and a test takes them."""
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*_cases.py"))
    assert kind in KINDS
    assert f'of_kind("{kind}")' in tests


def test_every_contradiction_has_its_case() -> None:
    """Nothing is listed as a contradiction that isn't a case."""
    assert set(CONTRADICTIONS) <= set(CASES)
