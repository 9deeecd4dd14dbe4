"""The held element, lifted to what is meant by it, and what may be said of it and of those around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

import numpy as np

from backsight.candidates.compounds import Parts
from backsight.candidates.meant import INTERACTIVE
from backsight.candidates.page import Page
from backsight.candidates.paths import MOST_AROUND, Path, Paths
from backsight.candidates.request import Asked
from backsight.candidates.rows import Rows, rows_of
from backsight.candidates.stability import Stability
from backsight.candidates.tokens import Token, tokens_of
from backsight.candidates.uses import Uses, uses_of
from backsight.candidates.visits import Counted, Said, Sought, alike, count_together
from backsight.contract import EventType
from backsight.scan.context import Context
from backsight.selectors import parse_selector
from backsight.selectors.ids import Mask, Positions

MEANT: Final = {
    EventType.CLICK: INTERACTIVE,
    EventType.CHANGE: "input,select,textarea,[contenteditable]",
    EventType.SUBMIT: "form",
}
"""By event type: what is meant, around the element or itself. Of other types, the element itself."""
STRAYS: Final = 0.1
"""Share of the nodes that a selector holds of which stand elsewhere, from which on it says too little."""
MOST_ROWS: Final = 500
"""Rows that are looked at for what all of them have."""
LONGEST_TEXT: Final = 120
"""Characters of a text that a rule asks for."""


class Held:
    """One element of a page. Without a context nothing is measured, and looks alone judge."""

    def __init__(self, asked: Asked, context: Context | None) -> None:
        self.asked, self.context = asked, context
        self.page: Page = asked.page
        self.interactive = self.page.matching(parse_selector(INTERACTIVE))
        self.node = _meant(self.page, asked)
        self.chain = self.page.chain(self.node)
        self.tokens = [self._tokens(node) for node in self.chain[: MOST_AROUND + 1]]
        top = self.chain[-1]
        self.host = int(self.page.parent[top]) if self.page.in_shadow[top] else -1
        self.host_tokens = self._tokens(self.host) if self.host >= 0 else []
        self.rows: Rows | None = rows_of(self.page, self.chain, self.text, self.texts)
        self._counted: Counted | None = None

    @property
    def texts(self) -> Mapping[int, str]:
        """What elements like it say; it is not known where its own text was not sent with theirs."""
        return self.asked.texts if self.node in self.asked.texts else {}

    @property
    def text(self) -> str:
        """What it says; empty where it is no text that a rule could ask for."""
        text = self.asked.text or self.asked.texts.get(self.node, "")
        return text if self._speaks and len(text) <= LONGEST_TEXT and any(map(str.isalnum, text)) else ""

    @cached_property
    def _speaks(self) -> bool:
        """Whether an event on it has its own text: else it has that of what was hit inside of it."""
        return bool(self.interactive[self.node]) or not (self.page.parent == self.node).any()

    @property
    def said(self) -> Said | None:
        """What it says, or else how it is called."""
        return Said("text", self.text) if self.text else self._called

    @property
    def known_by(self) -> Said | None:
        """How it is called, or else what it says: by that it is known again, as a text may hold a count."""
        return self._called or self.said

    @property
    def _called(self) -> Said | None:
        label = self.asked.label if self._speaks else ""
        return Said("label", label) if 0 < len(label) <= LONGEST_TEXT else None

    @cached_property
    def saying(self) -> Mask | None:
        """The elements of the page that say the same; None where it is not known what they say."""
        if not self.text or not self.texts:
            return None
        held = np.zeros(self.page.size, np.bool_)
        held[[node for node, text in self.texts.items() if text == self.text]] = True
        held[self.node] = True
        return held

    @cached_property
    def parts(self) -> Parts:
        """What selectors can be made of."""
        return Parts(self.page, self.stability)

    @property
    def sought(self) -> Sought:
        """What its uses are counted by."""
        return Sought(self.alike, self.known_by)

    @cached_property
    def uses(self) -> Uses | None:
        """How it was used."""
        if self.context is None:
            return None
        found = self._counted or count_together([self.sought], self.context)[0]
        row = frozenset(self.chain[self.rows.at : self.rows.at + 1]) if self.rows else frozenset[int]()
        return uses_of(self.page, self.node, self.alike, row, found, self.context)

    @cached_property
    def alike(self) -> Positions:
        """The nodes of the trie that stand at its place."""
        return np.empty(0, np.int32) if self.context is None else alike(self.page, self.node, self.context)

    @cached_property
    def stability(self) -> Stability:
        """Judges what may be said of it."""
        every = {token for level in [*self.tokens, self.host_tokens] for token in level}
        elements = self.context.trie.parts[1] if self.context else None
        return Stability(every, self.uses, self._particular(), elements)

    def strays(self, css: str) -> bool:
        """Whether, of what was captured, a selector holds of elements that stand elsewhere."""
        if self.context is None:
            return False
        found = self.context.trie.node_ids(parse_selector(css), "target").to_numpy()
        nodes = self.context.trie.parts[0]
        elsewhere = np.setdiff1d(nodes.index.find(found), self.alike)
        return len(elsewhere) > STRAYS * len(found)

    def is_shared(self, path: Path) -> bool:
        """Whether what a path says was said of other elements at its place, too, as of rows."""
        return self.uses is not None and self.uses.elsewhere(path.tokens) > STRAYS

    def paths(self, levels: Sequence[Sequence[Token]] | None = None) -> Paths:
        """The search for paths to it; `levels` are the tokens that may be said, by default all."""
        host = self.host if self.host >= 0 else None
        return Paths(self.page, self.parts, self.chain, levels or self.tokens, host, self.host_tokens)

    @cached_property
    def shared(self) -> list[list[Token]]:
        """Of each level up to its row, the tokens that every row has; above it, all."""
        if self.rows is None:
            return self.tokens
        chains = [self.page.chain(node) for node in self.rows.counterparts[:MOST_ROWS]]
        return [
            [
                token
                for token in level
                if at > self.rows.at or all(token in self._known(each[at]) for each in chains)
            ]
            for at, level in enumerate(self.tokens)
        ]

    def _particular(self) -> set[Token]:
        """What is said of its row alone."""
        kept = {token for level in self.shared for token in level}
        return {token for level in self.tokens for token in level} - kept

    def _known(self, node: int) -> frozenset[Token]:
        return frozenset(self._tokens(node))

    def _tokens(self, node: int) -> list[Token]:
        return tokens_of(self.page.tag(node), self.page.attributes(node))


def count_uses(held: Sequence[Held], context: Context) -> None:
    """Counts the uses of several elements at once: one by one, each would be a statement of its own."""
    for each, found in zip(held, count_together([each.sought for each in held], context), strict=True):
        each._counted = found


def _meant(page: Page, asked: Asked) -> int:
    wanted = MEANT.get(EventType(asked.on))
    if wanted is None:
        return asked.node
    held = page.matching(parse_selector(wanted))
    return next((node for node in page.outwards(asked.node) if held[node]), asked.node)
