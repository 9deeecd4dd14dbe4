"""Stability: how surely a token will still be there, measured on what was captured.

Of the days on which the element was used, and of the visits in which it was, the share in which it had the
token; looks count as a few days of it. So a handful of days say more than any looks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from backsight.candidates.looks import Looks, looks_of, stem
from backsight.candidates.tokens import Token
from backsight.candidates.uses import Uses
from backsight.selectors.elements import Elements, as_attribute
from backsight.selectors.ids import Mask
from backsight.selectors.syntax import Id

WEIGHT: Final = 4.0
"""Days (and visits) that looks count for."""
STABLE: Final = 0.6
"""From here on a token is used."""
DOUBTFUL: Final = 0.3
"""From here on it is better than a position, where nothing was measured that speaks against it."""
MEASURED: Final = 3
"""Days that speak against it, or for it."""
STEADY: Final = 0.8
"""Share of these, below which a token comes and goes, whatever it looks like."""
ALIKE: Final = 0.7
"""Share of the elements with an id that have to be of one kind."""
MOST_BEARERS: Final = 2_000

Trust = Literal["stable", "doubtful", "unstable"]


@dataclass(frozen=True, slots=True)
class Measured:
    """A token's stability, from 0 to 1, and why."""

    score: float
    trust: Trust
    why: str
    looks: Looks
    by_data: bool


class Stability:
    """Judges tokens by their looks and, where there are any, by the uses of the element that they belong to.

    `particular` are tokens of one row of a list alone: that other rows were used says nothing about them.
    """

    def __init__(
        self,
        tokens: Iterable[Token],
        uses: Uses | None = None,
        particular: Iterable[Token] = (),
        elements: Elements | None = None,
    ) -> None:
        self._tokens = frozenset(tokens)
        self._uses, self._particular, self._elements = uses, frozenset(particular), elements
        self._known: dict[Token, Measured] = {}

    def of(self, token: Token) -> Measured:
        """The stability of one of the tokens."""
        if token not in self._known:
            self._known[token] = self._measure(token)
        return self._known[token]

    def _measure(self, token: Token) -> Measured:
        looks = looks_of(token)
        if looks.look == "pointer":
            return Measured(0.0, "unstable", looks.why, looks, by_data=False)
        kinds = self._kinds(token)
        if kinds is not None:
            return Measured(
                0.2, "unstable", f"different elements have borne it: {kinds}", looks, by_data=True
            )
        if self._uses is None:
            return _by_looks(looks)
        held = self._uses.having(token)
        if token in self._particular:
            return _particular(looks, len(np.unique(self._uses.day[held])))
        return self._by_uses(token, looks, self._uses, held)

    def _by_uses(self, token: Token, looks: Looks, uses: Uses, held: Mask) -> Measured:
        since = self._introduced(token, uses, held)
        counted = uses.day >= since
        days, with_ = len(np.unique(uses.day[counted])), len(np.unique(uses.day[held & counted]))
        visits, had = int(uses.visits[counted].sum()), int(uses.visits[held & counted].sum())
        score = min(_share(looks.prior, with_, days), _share(looks.prior, had, visits))
        words = _words(with_, days, had, visits, since > uses.day.min())
        if days >= MEASURED and min(with_ / days, had / visits) < STEADY:
            return Measured(min(score, DOUBTFUL / 2), "unstable", words, looks, by_data=True)
        if score >= STABLE:
            return Measured(score, "stable", words, looks, by_data=True)
        why = f"{looks.why}, and so far was {words}" if looks.why else words
        return Measured(score, "doubtful" if score >= DOUBTFUL else "unstable", why, looks, by_data=days > 0)

    def _introduced(self, token: Token, uses: Uses, held: Mask) -> int:
        """The first day that counts: the token's own, if nothing stood in its place before; else of all."""
        first = int(uses.day.min())
        if not held.any() or int(uses.day[held].min()) == first:
            return first
        since = int(uses.day[held].min())
        replaced = uses.having_any(lambda other: other not in self._tokens and _takes_place(other, token))
        return first if bool((replaced & (uses.day < since)).any()) else since

    def _kinds(self, token: Token) -> str | None:
        """The kinds of elements that an id has wandered between; None where it is of one kind."""
        if token.kind != "id" or self._elements is None or not self._elements.size:
            return None
        bearing = np.flatnonzero(self._elements.test(as_attribute(Id(token.name)), quirks=False))[
            -MOST_BEARERS:
        ]
        latest = bearing[-MOST_BEARERS:].astype(np.int32)
        tags = [tag.lower() for tag in self._elements.described(latest)[0]]
        shares = {tag: tags.count(tag) / len(tags) for tag in sorted(set(tags))}
        if not shares or max(shares.values()) >= ALIKE:
            return None
        return ", ".join(f"<{tag}>" for tag in shares)


def _takes_place(one: Token, other: Token) -> bool:
    """Whether the two can't be there at once: values of one attribute, or classes that begin alike."""
    if one.kind != other.kind or one.kind == "tag":
        return False
    if one.kind == "class":
        start = stem(other.name)
        return bool(start) and stem(one.name) == start
    valued = None not in (one.value, other.value)
    return one.kind == "id" or (valued and (one.name, one.prefix) == (other.name, other.prefix))


def _by_looks(looks: Looks) -> Measured:
    score = looks.prior
    trust: Trust = "stable" if score >= STABLE else "doubtful" if score >= DOUBTFUL else "unstable"
    return Measured(score, trust, looks.why, looks, by_data=False)


def _particular(looks: Looks, days: int) -> Measured:
    """What names one row of many: a record's number comes back on other days, a generated one does not."""
    score = _share(looks.prior, days, days) if days > 1 else looks.prior
    known = _by_looks(Looks(looks.look, score, looks.why))
    why = f"it came back on {days} days" if days > 1 else looks.why
    return Measured(score, known.trust, why, looks, by_data=days > 1)


def _share(prior: float, had: int, all_: int) -> float:
    return (WEIGHT * prior + had) / (WEIGHT + all_)


def _words(with_: int, days: int, had: int, visits: int, later: bool) -> str:
    unit = "day" if days == 1 else "days"
    which = "since it first was there" if later else "on which it was used"
    if with_ == days and had < visits * STEADY:
        return f"there in {had:,} of {visits:,} visits"
    if with_ == days:
        return f"there on each of {days} days {which}" if days > 1 else f"there on the one day {which}"
    return f"there on {with_} of {days} {unit} {which}"
