"""The candidates of an element, from this one alone to all that says the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from backsight.candidates.compounds import Part
from backsight.candidates.held import Held
from backsight.candidates.paths import DOUBTFUL_TOO, STABLE_ONLY, Path, Paths, lone
from backsight.candidates.positions import Positions
from backsight.candidates.reasons import lasts, reasons, spoken
from backsight.candidates.stability import Trust
from backsight.candidates.tokens import Token
from backsight.candidates.words import kind_words, named, quoted, row_words
from backsight.errors import InvalidRequest
from backsight.rules.rule import parse_rule
from backsight.selectors import parse_selector
from backsight.selectors.ids import Mask

Scope = Literal["element", "row", "kind", "text"]

OWN_NAMES: Final = frozenset(
    "name href src for title alt placeholder action aria-label aria-controls".split()
)
"""Attributes that name one element rather than a kind."""
MOST_TRIED: Final = 6
"""Paths that are looked up in all that was captured."""
WIDER: Final = 10.0
"""What a kind costs that holds of far more than the elements with all that it could have said."""
LIST_LEVELS: Final = 2
"""How far around the rows the list stands that they are of: a table has a body inside."""


@dataclass(frozen=True)
class Candidate:
    """One of them: a rule without its event type."""

    scope: Scope
    words: str
    path: Path | None
    said: tuple[str, str] | None
    """A property and the text that it has to be."""
    on_page: Mask | None
    """The elements of the page that match; None where it can't be told."""
    why: tuple[str, ...]

    @property
    def css(self) -> str | None:
        """Its selector."""
        return None if self.path is None else self.path.css

    def rule(self, on: str) -> dict[str, Any]:
        """The rule."""
        made: dict[str, Any] = {"on": on}
        if self.path is not None:
            made["css"] = self.path.css
        if self.said is not None:
            made[self.said[0]] = {"op": "is", "value": self.said[1]}
        return made


def candidates_of(held: Held) -> list[Candidate]:
    """Two to four, from the specific to the general; each holds of the element, no two match the same.

    One, where the page has nothing else to offer: of its root element.
    """
    found: list[Candidate] = []
    for make in (_element, _row, _kind, _text, _around):
        if make is _around and len(found) > 1:
            break
        sound = (each for each in make(held, found) if _holds(each, held) and not _repeats(each, found, held))
        found += [each for each in [next(sound, None)] if each is not None]
    return found


def _element(held: Held, _: list[Candidate]) -> Iterator[Candidate]:
    paths, saying = held.paths(), held.saying
    words = f"this {named(held.page, held.node, held.said.value if held.said else '')}"
    for trusted in (STABLE_ONLY, DOUBTFUL_TOO):
        fitting = paths.fitting(_one, trusted)
        if fitting:
            yield from _narrowed(words, fitting[:MOST_TRIED], held)
            yield _candidate("element", words, fitting[0], held)
        if saying is not None and (path := _said(held, paths, saying, trusted)):
            yield _candidate("element", words, path, held, saying)
    if placed := Positions(paths).fitting(_one):
        yield _candidate("element", words, _least_astray(placed, held), held)
    fewest = min(paths.near(DOUBTFUL_TOO), key=lambda each: (int(each.mask.sum()), each.cost), default=None)
    yield _candidate("element", words, fewest or lone(held.parts.positioned(held.node)), held)


def _narrowed(words: str, fitting: list[Path], held: Held) -> Iterator[Candidate]:
    """Where a path that will do on this page holds of elements elsewhere: with its text, or another path."""
    shared = held.is_shared(fitting[0])
    if not shared and not held.strays(fitting[0].css):
        return
    if held.said is not None and (shared or lasts(held.said.value)):
        saying = held.saying if held.said.property == "text" else None
        yield _candidate("element", words, fitting[0], held, saying, by_text=True)
    for path in fitting[1:]:
        if not held.is_shared(path) and not held.strays(path.css):
            yield _candidate("element", words, path, held)


def _row(held: Held, _: list[Candidate]) -> Iterator[Candidate]:
    rows = held.rows
    if rows is None:
        return
    meant = np.zeros(held.page.size, np.bool_)
    meant[list(rows.counterparts)] = True
    paths, saying = held.paths(held.shared), None if rows.alone else held.saying
    by_text = not rows.alone and bool(held.text)
    words = row_words(held.page, held.node, held.text if by_text or _all_say(held) else "", rows, held.chain)
    inside = np.zeros(held.page.size, np.bool_)
    for row in rows.rows:
        inside[held.page.within(row)] = True

    def exact(path: Path) -> bool:
        if by_text and saying is None:
            return bool((path.mask >= meant).all() and not (path.mask & ~inside).any())
        return bool(((path.mask if saying is None else path.mask & saying) == meant).all())

    def anchored(path: Path) -> bool:
        return (
            path.reach > rows.at
            and any(token.kind != "tag" for token in path.parts[0].tokens)
            and exact(path)
        )

    for trusted in (STABLE_ONLY, DOUBTFUL_TOO):
        if fitting := paths.fitting(anchored, trusted) or paths.fitting(exact, trusted):
            yield _candidate("row", words, _least_astray(fitting, held), held, saying, by_text=by_text)
    wider = [path for path in paths.near(STABLE_ONLY) if bool((path.mask >= meant).all())]
    yield from (
        _candidate("row", words, path, held, saying, by_text=by_text)
        for path in sorted(wider, key=lambda each: (int((each.mask & ~meant).sum()), each.cost))[:1]
    )


def _kind(held: Held, found: list[Candidate]) -> Iterator[Candidate]:
    """What it has in common with others of its kind, the more of it the better."""
    tokens = [token for token in held.shared[0] if _is_of_kind(token, held)]
    parts = held.parts.of(tokens, STABLE_ONLY)
    least = max((int(each.on_page.sum()) for each in found if each.on_page is not None), default=1)
    kind = np.logical_and.reduce([part.mask for part in parts]) if parts else None

    def cost(part: Part) -> float:
        return (
            part.cost + WIDER * (1 - int(kind.sum()) / int(part.mask.sum()))
            if kind is not None
            else part.cost
        )

    wider = [part for part in parts if int(part.mask.sum()) > least]
    alike = [part for part in parts if int(part.mask.sum()) <= least] if held.context is not None else []
    for part in [*sorted(alike, key=cost)[:1], *sorted(wider, key=cost)]:
        yield _candidate("kind", kind_words(held.page, held.node, part), lone(part), held)


def _text(held: Held, _: list[Candidate]) -> Iterator[Candidate]:
    said = held.said
    if said is None:
        return
    verb = "says" if said.property == "text" else "is called"
    why = spoken(held)[1]
    yield Candidate("text", f"anything that {verb} {quoted(said.value)}", None, (said.property, said.value),
                    held.saying if said.property == "text" else None, (why,))  # fmt: skip


def _around(held: Held, _: list[Candidate]) -> Iterator[Candidate]:
    """Anything that stands where it does: of an element that is like no other and says nothing."""
    paths = held.paths()
    levels = [(level, paths.inside(level)) for level in range(1, len(held.tokens))]
    for level, path in sorted(levels, key=lambda each: int(each[1].parts[0].mask.sum())):
        yield _candidate("kind", f"anything in the {named(held.page, held.chain[level], '')}", path, held)
    if held.host >= 0:
        words = f"anything in the {named(held.page, held.host, '')}"
        yield _candidate("kind", words, paths.inside_host(), held)


def _candidate(
    scope: Scope,
    words: str,
    path: Path,
    held: Held,
    saying: Mask | None = None,
    *,
    by_text: bool | None = None,
) -> Candidate:
    told = saying is not None if by_text is None else by_text
    on_page = path.mask if not told else None if saying is None else path.mask & saying
    why = [*reasons(path, held), *([spoken(held)[1]] if told else [])]
    said = (held.said.property, held.said.value) if told and held.said is not None else None
    return Candidate(scope, words, path, said, on_page, tuple(why))


def stability_of(candidate: Candidate, held: Held) -> float:
    """How surely it will go on to match what is meant, from 0 to 1."""
    path = 1.0 if candidate.path is None else candidate.path.stability
    return min(path, 1.0 if candidate.said is None else spoken(held)[0])


def _is_of_kind(token: Token, held: Held) -> bool:
    if token.kind == "id" or (token.kind == "attribute" and token.name in OWN_NAMES and not token.prefix):
        return False
    return held.stability.of(token).looks.look != "style"


def _all_say(held: Held) -> bool:
    """Whether all of the rows say the same, as far as it is known."""
    if held.rows is None or not held.texts:
        return held.page.tag(held.node) != "a"
    return all(held.texts.get(node) == held.text for node in held.rows.counterparts if node != held.node)


def _one(path: Path) -> bool:
    return int(np.count_nonzero(path.mask)) == 1


def _least_astray(fitting: list[Path], held: Held) -> Path:
    """The first that, of what was captured, holds of nothing elsewhere; where all of some do, the first."""
    return next((path for path in fitting[:MOST_TRIED] if not held.strays(path.css)), fitting[0])


def _said(held: Held, paths: Paths, saying: Mask, trusted: frozenset[Trust]) -> Path | None:
    """The cheapest path that holds of one element that says so; best of all one that says what it is for."""

    def one(path: Path) -> bool:
        return int(np.count_nonzero(path.mask & saying)) == 1

    def telling(path: Path) -> bool:
        named = (token for token in path.tokens if token.kind != "tag")
        return any(held.stability.of(token).looks.look != "style" for token in named) and one(path)

    return paths.best(telling, trusted) or paths.best(one, trusted)


def _holds(candidate: Candidate, held: Held) -> bool:
    """Whether the rule can be kept and, by the matcher that answers questions, holds of the element."""
    try:
        parse_rule(candidate.rule(held.asked.on))
    except InvalidRequest:  # longer than a selector may be
        return False
    return candidate.css is None or bool(held.page.matching(parse_selector(candidate.css))[held.node])


def _repeats(candidate: Candidate, others: list[Candidate], held: Held) -> bool:
    return any(_same(candidate, other, held) for other in others)


def _same(one: Candidate, other: Candidate, held: Held) -> bool:
    """Whether two match the same on this page, and in all of history."""
    if one.said != other.said or one.path is None or other.path is None:
        return one.said == other.said and one.css == other.css
    if (one.path.mask != other.path.mask).any():
        return False
    if held.context is None:
        return True
    trie = held.context.trie
    return bool(
        trie.node_ids(parse_selector(one.path.css)).equals(trie.node_ids(parse_selector(other.path.css)))
    )
