"""What people interact with, as it was captured: what tells one thing from another, and what it is like.

An interaction counts for the nearest thing around its target that is made to be used, as everywhere: a click
on the icon inside a button is one on the button.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final

from backsight.candidates.tokens import Token, tokens_of
from backsight.trie import Placed, Trie

USED_TAGS: Final = frozenset("a button input select textarea label summary option form".split())
USED_ROLES: Final = frozenset("button link tab menuitem option checkbox switch radio".split())
LEVELS: Final = 12
"""How many elements around a target are looked at."""
NEIGHBOURS: Final = 4
"""How many of those around a thing are its neighbourhood."""


@dataclass(frozen=True)
class Thing:
    """An element with what it says, on a page."""

    tag: str
    tokens: frozenset[Token]
    """What a selector can say of it, without its tag."""
    around: frozenset[Token]
    """The same of the elements that it stands in."""
    place: tuple[frozenset[Token], int]
    """What it stands in directly, and where among its siblings."""
    label: str
    """Its accessible name, else its text; as it stands."""
    by_label: bool
    """Whether that is the accessible name."""
    href: str
    path: str

    @cached_property
    def said(self) -> str:
        """What it says, however it is written."""
        return normal(self.label)

    @cached_property
    def key(self) -> tuple[object, ...]:
        """What makes it the same thing again."""
        return (self.tag, self.tokens, self.said, self.href, self.path)

    @property
    def words(self) -> str:
        """`button “Buy”`, `link “Pricing”`."""
        kind = {"a": "link", "input": "field", "select": "field", "textarea": "field"}.get(self.tag, self.tag)
        return f"{kind} “{shortened(self.label)}”" if self.label else f"<{self.tag}>"


def things_of(rows: Sequence[Mapping[str, Any]], trie: Trie) -> list[Thing | None]:
    """The thing of each row (`node_id`, `text`, `label`, `href`, `path`); null where its node is unknown."""
    nodes = list({row["node_id"]: None for row in rows if row["node_id"] is not None})
    chains = {node: _from_used(chain) for node, chain in trie.chains(nodes, LEVELS).items()}
    described = {node: _described(chain) for node, chain in chains.items()}
    made: dict[tuple[object, ...], Thing] = {}
    found: list[Thing | None] = []
    for row in rows:
        key = tuple(row[name] for name in ("node_id", "text", "label", "href", "path"))
        if key not in made and row["node_id"] in described:
            made[key] = _thing(row, *described[row["node_id"]])
        found.append(made.get(key))
    return found


@lru_cache(maxsize=10_000)
def normal(text: str) -> str:
    """A text without what does not matter: capitals, white space, marks at its ends."""
    return re.sub(r"^\W+|\W+$", "", re.sub(r"\s+", " ", text.casefold()))


def shortened(text: str, longest: int = 40) -> str:
    """A text as it stands in a sentence."""
    folded = " ".join(text.split())
    return folded if len(folded) <= longest else f"{folded[: longest - 1]}…"


def mostly(values: Iterable[tuple[Any, int]], share: float) -> list[Any]:
    """The values (each with a weight) that together make up a share of the weight, the heaviest first."""
    weights: Counter[Any] = Counter()
    for value, weight in values:
        weights[value] += weight
    total, found, sum_ = sum(weights.values()), [], 0
    for value, weight in weights.most_common():
        if sum_ >= share * total:
            break
        found.append(value)
        sum_ += weight
    return found


Described = tuple[str, frozenset[Token], frozenset[Token], tuple[frozenset[Token], int]]


def _from_used(chain: Sequence[Placed]) -> Sequence[Placed]:
    used = (at for at, placed in enumerate(chain) if _is_used(placed))
    return chain[next(used, 0) :]


def _is_used(placed: Placed) -> bool:
    return placed.tag.lower() in USED_TAGS or placed.attributes.get("role") in USED_ROLES


def _described(chain: Sequence[Placed]) -> Described:
    own, above = chain[0], chain[1 : 1 + NEIGHBOURS]
    around = frozenset(token for each in above for token in _tokens(each))
    parent = frozenset(_tokens(above[0])) if above else frozenset()
    return own.tag, frozenset(_tokens(own)), around, (parent, own.child_index)


def _tokens(placed: Placed) -> list[Token]:
    return tokens_of(placed.tag, placed.attributes)[1:]


def _thing(
    row: Mapping[str, Any],
    tag: str,
    tokens: frozenset[Token],
    around: frozenset[Token],
    place: tuple[frozenset[Token], int],
) -> Thing:
    label = row["label"] or row["text"] or ""
    return Thing(tag, tokens, around, place, label, bool(row["label"]), row["href"] or "", row["path"] or "")
