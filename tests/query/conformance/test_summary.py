"""The page about conformance."""

from __future__ import annotations

from query.conformance.cases import CASES
from query.conformance.contradictions import CONTRADICTIONS
from query.conformance.summary import PAGE, page


def test_the_page_is_current() -> None:
    """The page is what the cases say; `python -m query.conformance.summary` makes it."""
    assert PAGE.read_text() == page()


def test_every_contradiction_has_its_case() -> None:
    """Nothing is listed as a contradiction that isn't a case."""
    assert set(CONTRADICTIONS) <= set(CASES)
