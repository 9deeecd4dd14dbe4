"""Compounds: what a selector says of one element at once, each with its cost and the nodes that it holds of.

The cost is what makes one better than another. It falls with stability, and with how much the token means for
the element: something that was written for being found, then a name, then a class, then how it looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from backsight.candidates.page import Page
from backsight.candidates.stability import Measured, Stability, Trust
from backsight.candidates.tokens import Token
from backsight.selectors.ids import Mask
from backsight.selectors.syntax import Complex, Compound, Selector

FOR_FINDING: Final = re.compile(
    r"data-(testid|test-id|test|qa|cy|e2e|backsight|track|action|analytics|name|hook)"
)
COSTS: Final[dict[str, float]] = {
    "id": 2,
    "class": 4,
    "name": 3,
    "href": 3.5,
    "src": 4.5,
    "role": 4.5,
    "type": 5,
}
"""By kind of token, or by name of the attribute."""
FOUND: Final = 1.0
DATA: Final = 3.5
PRESENT: Final = 5.0
"""That a `data-` attribute is there, whatever its value."""
SPOKEN: Final = 4.0
"""A label or a title: it changes with the language."""
STYLED: Final = 11.0
TAG: Final = 1.0
LONE_TAG: Final = 6.0
UNSTABLE: Final = 12.0
"""What a token costs more that is never there."""
CHARACTER: Final = 0.03
POSITION: Final = 30.0
MOST_TOKENS: Final = 7
"""The cheapest tokens of an element are put together, up to three at once."""
MOST_COMPOUNDS: Final = 24

POSITION_STABILITY: Final = 0.3


@dataclass(frozen=True, eq=False)
class Part:
    """One compound: its tokens, what stands after them, and the nodes of the page that it holds of."""

    tokens: tuple[Token, ...]
    mask: Mask
    cost: float
    stability: float
    position: str = ""

    @property
    def css(self) -> str:
        """As it stands in a selector."""
        return "".join(token.css for token in self.tokens) + self.position


class Parts:
    """Makes compounds of a page's elements out of the tokens that may be trusted."""

    def __init__(self, page: Page, stability: Stability) -> None:
        self.page, self.stability = page, stability
        self._masks: dict[Token, Mask] = {}
        self._made: dict[object, list[Part]] = {}

    def mask(self, token: Token) -> Mask:
        """The nodes that bear a token."""
        if token not in self._masks:
            branch = Complex((Compound((token.simple,)),))
            self._masks[token] = self.page.matching(Selector("", (branch,)))
        return self._masks[token]

    def of(
        self, tokens: Iterable[Token], trusted: frozenset[Trust], most: int = MOST_COMPOUNDS
    ) -> list[Part]:
        """The cheapest compounds of some tokens that one element bears; the cheapest first."""
        key = (tuple(tokens), trusted)
        if key not in self._made:
            self._made[key] = self._make(*key)
        return self._made[key][:most]

    def _make(self, tokens: Sequence[Token], trusted: frozenset[Trust]) -> list[Part]:
        usable = [token for token in tokens if self.stability.of(token).trust in trusted]
        tags = [token for token in usable if token.kind == "tag"]
        others = sorted((token for token in usable if token.kind != "tag"), key=self._cost)[:MOST_TOKENS]
        sets = [(), *((each,) for each in others), *combinations(others, 2), *combinations(others[:5], 3)]
        made = [self._part((*tags[:tagged], *chosen)) for chosen in sets for tagged in (0, 1)]
        sound = [part for part in made if part.tokens]
        return sorted(_narrowing(sound), key=lambda part: (part.cost, part.css))[:MOST_COMPOUNDS]

    def narrowest(self, tokens: Sequence[Token]) -> Part:
        """The compound of some tokens that holds of the fewest elements."""
        parts = self.of(tokens, frozenset({"stable"})) or [self._part((tokens[0],))]
        return min(parts, key=lambda part: (int(part.mask.sum()), part.cost, part.css))

    def positioned(self, node: int, part: Part | None = None) -> Part:
        """A compound with the place of a node among its siblings."""
        tag = Token("tag", self.page.tag(node))
        part = part or self._part((tag,))
        number = int(self.page.nodes[node, 2])
        mask = part.mask & (self.page.nodes[:, 2] == number)
        stability = min(part.stability, POSITION_STABILITY)
        return Part(part.tokens, mask, part.cost + POSITION, stability, f":nth-child({number})")

    def _part(self, tokens: tuple[Token, ...]) -> Part:
        mask = np.ones(self.page.size, np.bool_)
        for token in tokens:
            mask &= self.mask(token)
        cost = sum(map(self._cost, tokens))
        if len(tokens) > 1 and tokens[0].kind == "tag":
            cost += TAG - LONE_TAG
        length = sum(len(token.css) for token in tokens)
        stability = min((self.stability.of(token).score for token in tokens), default=0.0)
        return Part(tokens, mask, cost + CHARACTER * length, stability)

    def _cost(self, token: Token) -> float:
        measured = self.stability.of(token)
        return _base(token, measured) + UNSTABLE * (1 - measured.score)


def _base(token: Token, measured: Measured) -> float:
    if token.kind == "tag":
        return LONE_TAG
    if measured.looks.look == "style":
        return STYLED
    if token.kind != "attribute":
        return COSTS[token.kind]
    if FOR_FINDING.fullmatch(token.name) and token.value is not None:
        return FOUND
    if token.name.startswith("data-"):
        return PRESENT if token.value is None else DATA
    return COSTS.get(token.name, SPOKEN) + (1.0 if token.prefix else 0.0)


def _narrowing(parts: Iterable[Part]) -> list[Part]:
    """Those that say no more than they need: none that a cheaper one with the same nodes is part of."""
    kept: dict[bytes, list[Part]] = {}
    for part in sorted(parts, key=lambda each: each.cost):
        same = kept.setdefault(np.packbits(part.mask).tobytes(), [])
        if not any(set(each.tokens) <= set(part.tokens) for each in same):
            same.append(part)
    return [part for same in kept.values() for part in same]
