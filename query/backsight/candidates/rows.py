"""Rows: the repeated structure that an element stands in, found from the page's table alone.

A row is an element around it (or itself) with siblings of its shape, in which there is a counterpart: an
element of the same shape at the same depth, and where it is known what they say, one that says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from backsight.candidates.looks import looks_of
from backsight.candidates.page import Page
from backsight.candidates.tokens import Token, words_of

ROW_TAGS: Final = frozenset("tr li article option dd".split())
ROW_ROLES: Final = frozenset("row listitem option treeitem menuitem article tab gridcell".split())
NO_ROWS: Final = frozenset("html head body main header footer".split())
MOST_LEVELS: Final = 10
FEWEST: Final = 3
"""Things alike that make rows of whatever they are; of what is a row by name, two do."""
SHARED: Final = 0.5
"""Of the classes of two elements of one shape, how many they share at least."""

Texts = Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows, each with the counterpart in it; `at` is which of the element's chain is its row."""

    at: int
    rows: tuple[int, ...]
    counterparts: tuple[int, ...]
    alone: bool
    """Whether the element is the only one of its shape in its row; else what it says tells it apart."""


def rows_of(page: Page, chain: list[int], text: str, texts: Texts) -> Rows | None:
    """The rows that an element (with its chain of ancestors) stands in; None where it stands in none."""
    search = _Search(page, chain)
    same = search.first(lambda node: texts.get(node) == text, by_text=True) if text and texts else None
    return same or search.first(lambda node: True, by_text=bool(text) and not texts)


class _Search:
    """The search for the rows of one element."""

    def __init__(self, page: Page, chain: list[int]) -> None:
        self.page, self.chain = page, chain
        self.node = chain[0]
        self.shape = _shape(page, self.node)

    def first(self, counts: Callable[[int], bool], *, by_text: bool) -> Rows | None:
        """The nearest rows around the element; failing that, itself among its siblings.

        `counts` is which elements of its shape are counterparts; `by_text` whether its text may tell it from
        others of its shape in its row.
        """
        for at in [*range(1, min(len(self.chain), MOST_LEVELS)), 0]:
            found = self._at(at, counts, by_text)
            if found is not None:
                return found
        return None

    def _at(self, at: int, counts: Callable[[int], bool], by_text: bool) -> Rows | None:
        row, page = self.chain[at], self.page
        above = int(page.above[row])
        if above < 0 or page.tag(row) in NO_ROWS:
            return None
        siblings = np.flatnonzero(page.above == above).tolist()
        shape = _shape(page, row)
        by_name = self._is_row(row)  # of a table's rows every other one may have a class of its own
        rows = [each for each in siblings if _alike(shape, _shape(page, each), by_name)]
        inside = {each: self._kind(each, at) if at else [each] for each in rows}
        pairs = [
            (each, self.node if each == row else next(filter(counts, found), None))
            for each, found in inside.items()
        ]
        paired = [(each, found) for each, found in pairs if found is not None]
        if len(paired) < (2 if by_name else FEWEST):
            return None
        alone = len(inside[row]) == 1
        if not alone and not by_text:
            return None
        return Rows(at, tuple(each for each, _ in paired), tuple(found for _, found in paired), alone)

    def _kind(self, row: int, at: int) -> list[int]:
        """The elements of the searched one's shape at its depth inside a row."""
        depth = int(self.page.depth[row]) + at
        inside = self.page.within(row)
        level = np.sort(inside[self.page.depth[inside] == depth]).tolist()
        return [node for node in level if _alike(self.shape, _shape(self.page, node))]

    def _is_row(self, node: int) -> bool:
        role = self.page.attributes(node).get("role") or ""
        return self.page.tag(node) in ROW_TAGS or role in ROW_ROLES


Shape = tuple[str, str, str, frozenset[str]]


def _shape(page: Page, node: int) -> Shape:
    """What elements of one shape have in common: tag, role, type, and most of their classes."""
    attributes = page.attributes(node)
    classes = words_of(attributes.get("class"))
    lasting = [word for word in classes if looks_of(Token("class", word)).look in ("plain", "style")]
    return page.tag(node), attributes.get("role") or "", attributes.get("type") or "", frozenset(lasting)


def _alike(one: Shape, other: Shape, whatever_classes: bool = False) -> bool:
    if one[:3] != other[:3]:
        return False
    either = one[3] | other[3]
    return whatever_classes or not either or len(one[3] & other[3]) / len(either) >= SHARED
