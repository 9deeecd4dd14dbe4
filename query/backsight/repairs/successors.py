"""What took the place of something that fell silent: new things that bear no other name and are like it.

Alike is what says the same, leads to the same, or bears a token that was its own; the more of page, tag,
neighbourhood and frequency stayed too, the surer. A thing that was there before is no successor, however much
alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from backsight.candidates.looks import looks_of
from backsight.candidates.tokens import Token
from backsight.contract import ELEMENT_TYPES
from backsight.parquet_rows import Integers
from backsight.repairs.activity import Fallen
from backsight.repairs.sifting import Row, Sifter
from backsight.repairs.things import Thing, mostly
from backsight.selectors import parse_selector
from backsight.trie import Trie

MOST_SAID: Final = 100
MOST_HREFS: Final = 50
COMMON: Final = 0.8
"""Share of its events of which something holds that is its own."""
OWN: Final = 0.8
"""Share of all events of which a token holds that were its: then the token tells it from others."""
LASTING: Final = 0.5
"""How likely a token must look to stay (`looks`) to be a sign of anything."""
SPREAD: Final = 20
"""How many times more nodes than it had may bear a token of its own."""
LIKE_BEFORE: Final = 0.05
"""Share of its later frequency at which a thing was there before, past which it is not new."""
MOST_CLUSTERS: Final = 3
SURE: Final = 6.0
"""Weight of what speaks for a successor, from which on it is one."""
LETTERS: Final = 3
"""Letters and digits of which a text says something."""


@dataclass(frozen=True)
class Portrait:
    """What it was like before."""

    rows: Sequence[Row]

    @cached_property
    def said(self) -> frozenset[str]:
        """What it said, mostly."""
        texts = mostly(((row.thing.said, row.events) for row in self.rows if row.thing), 0.95)
        return frozenset(text for text in texts[:MOST_SAID] if text)

    @cached_property
    def hrefs(self) -> frozenset[str]:
        """Where it led, mostly; but not to pages that everything leads to."""
        found = mostly(((row.thing.href, row.events) for row in self.rows if row.thing), 0.95)
        return frozenset(href for href in found[:MOST_HREFS] if href and not href.endswith(("#", "/")))

    @cached_property
    def paths(self) -> frozenset[str | None]:
        """The pages on which it stood, mostly."""
        return frozenset(mostly(((row.path, row.events) for row in self.rows), 0.95))

    @cached_property
    def tags(self) -> frozenset[str]:
        """Its tags, mostly."""
        return frozenset(mostly(((row.thing.tag, row.events) for row in self.rows if row.thing), 0.95))

    @cached_property
    def types(self) -> frozenset[str]:
        """The types of its events that have an element."""
        return frozenset(row.type for row in self.rows if row.type in ELEMENT_TYPES)

    @cached_property
    def companions(self) -> frozenset[str]:
        """Names that half of its events bore as well: that a successor bears them is no wonder."""
        total = sum(row.events for row in self.rows)
        borne = Counter[str]()
        for row in self.rows:
            borne.update(dict.fromkeys(row.names, row.events))
        return frozenset(name for name, events in borne.items() if 2 * events >= total)

    @cached_property
    def places(self) -> frozenset[tuple[frozenset[Token], int]]:
        """In what it stood directly, and where among its siblings."""
        return frozenset(mostly(((row.thing.place, row.events) for row in self.rows if row.thing), COMMON))

    @cached_property
    def around(self) -> frozenset[Token]:
        """What most of the elements around it bore."""
        return common_tokens(((row.thing, row.events) for row in self.rows), lambda thing: thing.around)

    @cached_property
    def tokens(self) -> frozenset[Token]:
        """What most of it bore, as far as it looks lasting and says more than how it is to be shown."""
        shared = common_tokens(((row.thing, row.events) for row in self.rows), lambda thing: thing.tokens)
        return frozenset(token for token in shared if _says_something(token))


@dataclass(frozen=True)
class Group:
    """New things of one kind that may have taken its place."""

    rows: Sequence[Row]
    weight: float
    """How much speaks for it."""
    why: Sequence[str]
    kept: frozenset[Token] = frozenset()
    """The tokens that told the other from everything else, and that these bear too."""

    @property
    def events(self) -> int:
        """Their events since."""
        return sum(row.events for row in self.rows)

    @property
    def thing(self) -> Thing:
        """The most frequent of them."""
        things: list[Thing] = mostly(((row.thing, row.events) for row in self.rows if row.thing), 0.01)
        return things[0]


def common_tokens(
    weighted: Iterable[tuple[Thing | None, int]],
    of: Callable[[Thing], Iterable[Token]],
    share: float = COMMON,
) -> frozenset[Token]:
    """The tokens that a share of some things (each with a weight) bear."""
    borne, total = Counter[Token](), 0
    for thing, events in weighted:
        total += events
        if thing is not None:
            borne.update(dict.fromkeys(of(thing), events))
    return frozenset(token for token, events in borne.items() if events >= share * total)


def sift(portraits: Sequence[Portrait], sifter: Sifter) -> list[Row]:
    """All events of whatever is like one of those that fell silent, day by day."""
    said = sorted({text.lower() for each in portraits for text in _raw(each)})
    hrefs = sorted({href for each in portraits for href in each.hrefs})
    nodes = [_nodes(each, sifter.context.trie) for each in portraits]
    return sifter.alike(said, hrefs, np.unique(np.concatenate([np.empty(0, np.int64), *nodes])))


def groups_of(
    fallen: Sequence[Fallen], place: int, portrait: Portrait, rows: Sequence[Row], traffic: Integers
) -> list[Group]:
    """The groups of new things that may have taken its place, the likeliest first."""
    each = fallen[place]
    own = _own_tokens(place, portrait, rows, each.silence.ended)
    new = [row for row in _new(each, place, rows, traffic) if _may_follow(row, each, portrait)]
    alike = [row for row in new if _is_alike(row, portrait, own)]
    here = [row for row in alike if row.path in portrait.paths]
    parts = [part for some in (here, alike) for part in (some, *_clusters(some))]
    distinct = {frozenset(map(id, part)): part for part in parts if part}
    weighed = (_weighed(part, each, portrait, own) for part in distinct.values())
    return sorted((group for group in weighed if group.weight >= SURE), key=lambda group: -group.weight)


def _raw(portrait: Portrait) -> set[str]:
    """The texts as they stood."""
    return {row.thing.label for row in portrait.rows if row.thing and row.thing.said in portrait.said}


def _nodes(portrait: Portrait, trie: Trie) -> Integers:
    """The nodes that bear what it bore, where that is not half of the site."""
    most = max(200, SPREAD * len({row.node for row in portrait.rows}))
    found = [
        trie.node_ids(parse_selector(token.css)).to_numpy()
        for token in portrait.tokens
        if token.kind != "tag"
    ]
    return np.unique(np.concatenate([np.empty(0, np.int64), *(each for each in found if len(each) <= most)]))


def _says_something(token: Token) -> bool:
    looks = looks_of(token)
    if token.kind == "attribute" and (token.value is None or token.prefix or token.name in ("type", "role")):
        return False
    return looks.prior >= LASTING and looks.look != "style"


def _own_tokens(place: int, portrait: Portrait, rows: Sequence[Row], ended: int) -> frozenset[Token]:
    """Those of its tokens that told it from everything else."""
    own, all_ = Counter[Token](), Counter[Token]()
    for row in rows:
        if row.day < ended and row.thing is not None and row.type in portrait.types:
            borne = dict.fromkeys(portrait.tokens.intersection(row.thing.tokens), row.events)
            all_.update(borne)
            own.update(borne if place in row.fallen else {})
    return frozenset(token for token in own if own[token] >= OWN * all_[token])


def _new(each: Fallen, place: int, rows: Sequence[Row], traffic: Integers) -> list[Row]:
    """The rows since it ended of things that were not there before."""
    ended = each.silence.ended
    before, after = Counter[object](), Counter[object]()
    for row in rows:
        if row.thing is not None and place not in row.fallen:
            if row.day >= ended:
                after[row.thing.key] += row.events
            elif row.day < ended - 1:  # on the day before it may have changed at any time
                before[row.thing.key] += row.events
    passed = traffic[: max(0, ended - 1)].sum(), traffic[ended:].sum()
    rare = LIKE_BEFORE * passed[0] / max(1, passed[1])
    return [
        row
        for row in rows
        if row.thing is not None
        and row.day >= ended
        and place not in row.fallen
        and before[row.thing.key] <= rare * after[row.thing.key]
    ]


def _may_follow(row: Row, each: Fallen, portrait: Portrait) -> bool:
    """Whether it bears no name but those that go with this one; one of its own rules that is alive has it."""
    return row.type in portrait.types and row.names <= portrait.companions - {each.unit.name}


def _is_alike(row: Row, portrait: Portrait, own: frozenset[Token]) -> bool:
    thing = row.thing
    return thing is not None and bool(
        thing.said in portrait.said or thing.href in portrait.hrefs or own.intersection(thing.tokens)
    )


def _clusters(rows: Sequence[Row]) -> list[list[Row]]:
    """The same by tag and classes, the largest first; none where all are one."""
    found: dict[object, list[Row]] = {}
    for row in rows:
        if row.thing is not None:
            classes = frozenset(token for token in row.thing.tokens if token.kind == "class")
            found.setdefault((row.thing.tag, classes), []).append(row)
    by_size = sorted(found.values(), key=lambda part: -sum(row.events for row in part))
    return by_size[:MOST_CLUSTERS] if len(by_size) > 1 else []


def _weighed(rows: Sequence[Row], each: Fallen, portrait: Portrait, own: frozenset[Token]) -> Group:
    total = sum(row.events for row in rows)

    def mostly_(test: Callable[[Thing], bool]) -> bool:
        return sum(row.events for row in rows if row.thing and test(row.thing)) >= COMMON * total

    named = frozenset(token for token in own if token.kind != "class")
    classes = own - named
    says = mostly_(lambda thing: thing.said in portrait.said and len(thing.said) >= LETTERS)
    signs = [
        (3.0, says, "it says the same"),
        (2.0, mostly_(lambda thing: thing.href in portrait.hrefs), "it leads to the same address"),
        (3.0, mostly_(lambda thing: bool(named.intersection(thing.tokens))), _kept(named)),
        (2.0, mostly_(lambda thing: bool(classes.intersection(thing.tokens))), _kept(classes)),
    ]
    strong = any(holds for _, holds, _ in signs)
    expected = each.silence.expected
    signs += [
        (2.0, mostly_(lambda thing: thing.path in portrait.paths), "it stands on the same page"),
        (1.0, mostly_(lambda thing: thing.tag in portrait.tags), ""),
        (1.0, mostly_(lambda thing: _is_near(thing, portrait)), "it stands among the same elements"),
        (1.0, expected / 2 <= total <= expected * 2, ""),
    ]
    weight = sum(weight for weight, holds, _ in signs if holds) if strong else 0.0
    kept = own & common_tokens([(row.thing, row.events) for row in rows], lambda thing: thing.tokens)
    return Group(rows, weight, [why for _, holds, why in signs if holds and why], kept)


def _is_near(thing: Thing, portrait: Portrait) -> bool:
    return thing.place in portrait.places or (
        bool(portrait.around) and 2 * len(portrait.around & thing.around) >= len(portrait.around)
    )


def _kept(tokens: Iterable[Token]) -> str:
    return "it kept " + " and ".join(sorted(token.words for token in tokens))
