"""Why a candidate is offered: what was measured of all that it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from backsight.candidates.held import Held
from backsight.candidates.paths import Path
from backsight.candidates.stability import WEIGHT
from backsight.candidates.words import quoted

SPOKEN: Final = 0.8
"""How stable a text is taken to be; one with digits in it, half as much."""


def spoken(held: Held) -> tuple[float, str]:
    """How stable what it says is, and why."""
    text = held.said.value if held.said else ""
    prior = SPOKEN if lasts(text) else SPOKEN / 2
    uses = held.uses
    if uses is None or held.known_by != held.said:
        return prior, f"{quoted(text)} is what it says today"
    if not uses.told:
        return prior / 2, f"it did not always say {quoted(text)}"
    days = uses.days
    return (WEIGHT * prior + days) / (
        WEIGHT + days
    ), f"it said {quoted(text)} on {days} {'day' if days == 1 else 'days'}"


def lasts(text: str) -> bool:
    """Whether a text is likely to stay as it is: one with a number in it seldom does."""
    return not any(c.isdigit() for c in text)


def reasons(path: Path, held: Held) -> Iterator[str]:
    for token in dict.fromkeys(path.tokens):
        measured = held.stability.of(token)
        if token.kind != "tag":
            yield f"{token.words}: {measured.why or 'it looks as if it were meant to last'}"
    if path.positional:
        yield "nothing that lasts tells it from others like it, so its place among them does"
