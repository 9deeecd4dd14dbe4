"""Personal data in what other products' libraries send is masked as our own snippet masks it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backsight_collector.dialects.masks import ENOUGH, attribute, masked, tidy
from snippet.test_masks import KEPT, MASKED

SAMPLES = [*MASKED, *((name, text, text) for name, text in KEPT)]
"""What the snippet is held to in a browser."""


@pytest.mark.parametrize(("text", "expected"), [pytest.param(*case, id=name) for name, *case in SAMPLES])
def test_masks(text: str, expected: str) -> None:
    """Every sample comes out as it does of the snippet; in an attribute, what would change is withheld."""
    assert tidy(text) == expected
    assert attribute("data-note", text) == (text if text == expected else None)


def test_what_rules_stand_on_is_never_withheld() -> None:
    """Classes, ids, types and roles are kept, as long as they are no longer than what is kept of any."""
    for name in ("class", "id", "type", "role"):
        assert attribute(name, "ada@example.com") == "ada@example.com"
        assert attribute(name, "x" * 1_025) is None


def test_texts_are_folded_masked_then_cut() -> None:
    """A number that the cut would go through is masked whole."""
    assert tidy("  a \n\t b ") == "a b"
    assert tidy("x" * 250 + " 4111 1111 1111 1111") == "x" * 250 + " [car"
    assert len(tidy("y " * 5_000)) == 255


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet='@."a1 -/%4é', max_size=60) | st.text(max_size=60))
def test_any_text(text: str) -> None:
    """Nothing breaks it, and what was masked once stays as it is."""
    once = masked(text)
    assert len(once) <= ENOUGH
    assert masked(once) == once
