"""Paths: compounds of an element and one or two around it, and the search for the cheapest that will do.

Positions come last of all, and only as many as are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from backsight.candidates.compounds import POSITION, Part, Parts
from backsight.candidates.page import Page
from backsight.candidates.stability import Trust
from backsight.candidates.tokens import Token
from backsight.selectors.grammar import MAX_CHARS
from backsight.selectors.ids import Mask
from backsight.selectors.parsing import MAX_COMPOUNDS

AROUND: Final = 3.0
"""What each further compound costs."""
STEP: Final = 0.25
"""What each level costs by which it stands further out."""
MOST_AROUND: Final = 14
"""Levels around the element that are looked at."""
PARTS_AROUND: Final = 8
PARTS_TWICE: Final = 3
SELF_TWICE: Final = 8
LEVELS_TWICE: Final = 8

STABLE_ONLY: Final[frozenset[Trust]] = frozenset({"stable"})
DOUBTFUL_TOO: Final[frozenset[Trust]] = frozenset({"stable", "doubtful"})


@dataclass(frozen=True, eq=False)
class Path:
    """A selector: its compounds from the outermost to the element's, and what stands between them."""

    parts: tuple[Part, ...]
    joints: tuple[str, ...]
    mask: Mask
    cost: float
    reach: int = 0
    """How many levels out the outermost of them stands."""
    host: bool = False
    """Whether the first compound is of the host of the shadow tree that the others stand in."""

    @property
    def css(self) -> str:
        """As it stands in a rule."""
        first, *others = self.parts
        outermost = f":host({first.css})" if self.host else first.css
        return outermost + "".join(
            f"{joint}{part.css}" for joint, part in zip(self.joints, others, strict=True)
        )

    @property
    def stability(self) -> float:
        """That of its least stable part."""
        return min(part.stability for part in self.parts)

    @property
    def positional(self) -> bool:
        """Whether it says a position."""
        return any(":" in part.position for part in self.parts)

    @property
    def tokens(self) -> tuple[Token, ...]:
        """All that it says, positions aside."""
        return tuple(token for part in self.parts for token in part.tokens)


Wanted = Callable[[Path], bool]
Around = tuple[Part, int, Mask]
"""A compound of an ancestor, how far out that stands, and the nodes inside of what the compound holds of."""
Levels = Sequence[Sequence[Around]]


def lone(part: Part) -> Path:
    """The path of one compound."""
    return Path((part,), (), part.mask, part.cost)


class Paths:
    """Searches for paths to an element of a page.

    `levels` are the tokens that may be said of each element of its chain, the element's own first, and
    `host_tokens` those of the host of its shadow tree.
    """

    def __init__(
        self, page: Page, parts: Parts, chain: Sequence[int], levels: Sequence[Sequence[Token]],
        host: int | None, host_tokens: Sequence[Token],
    ) -> None:  # fmt: skip
        self.page, self.parts, self.chain = page, parts, chain
        self.levels, self.host, self.host_tokens = levels, host, host_tokens

    def best(self, wanted: Wanted, trusted: frozenset[Trust]) -> Path | None:
        """The cheapest path without positions that is wanted."""
        return next(iter(self.fitting(wanted, trusted)), None)

    def fitting(self, wanted: Wanted, trusted: frozenset[Trust]) -> list[Path]:
        """The paths without positions that are wanted, the cheapest first; those as short as can be alone."""
        for paths in (self.near(trusted), self.far(trusted)):
            fitting = [path for path in paths if wanted(path)]
            if fitting:
                return sorted(fitting, key=lambda path: (path.cost, path.css))
        return []

    def near(self, trusted: frozenset[Trust]) -> list[Path]:
        """Paths of one compound or two, without positions."""
        own = [lone(part) for part in self.parts.of(self.levels[0], trusted)]
        around = [self._around(level, trusted) for level in range(1, self._height)]
        once = [path for each in own for level in around for path in self._within(each, level, PARTS_AROUND)]
        return [*own, *once, *(path for each in own for path in self._hosted(each, trusted))]

    def far(self, trusted: frozenset[Trust]) -> list[Path]:
        """Paths of three compounds, without positions."""
        own = [lone(part) for part in self.parts.of(self.levels[0], trusted, SELF_TWICE)]
        around = [self._around(level, trusted)[:PARTS_TWICE] for level in range(1, self._height)]
        inner = around[:LEVELS_TWICE]
        return [path for pair in self._pairs(inner, around) for each in own for path in _twice(each, *pair)]

    @property
    def _height(self) -> int:
        return min(len(self.levels), MOST_AROUND + 1)

    def _around(self, level: int, trusted: frozenset[Trust]) -> list[Around]:
        """The compounds of an ancestor, each with the nodes inside of what it holds of."""
        named = [token for token in self.levels[level] if token.kind != "tag" or level < 4]
        parts = self.parts.of(named, trusted, PARTS_AROUND)
        return [(part, level, self.page.inside(part.mask)) for part in parts]

    def _within(self, path: Path, around: Sequence[Around], most: int) -> Iterator[Path]:
        for part, level, inside in around[:most]:
            cost = path.cost + part.cost + AROUND + STEP * level
            yield Path((part, *path.parts), (" ", *path.joints), path.mask & inside, cost, level)
            if level == 1 and len(path.parts) == 1:
                below = path.mask & self.page.below(part.mask)
                yield Path((part, *path.parts), (" > ", *path.joints), below, cost + 1, level)

    def _pairs(self, inner: Levels, outer: Levels) -> Iterator[tuple[Around, Around, Mask]]:
        """Compounds of two ancestors, the nearer first, and the nodes inside of both."""
        for place, level in enumerate(inner):
            for further in outer[place + 1 : place + 1 + LEVELS_TWICE]:
                for near in level:
                    for far in further:
                        yield near, far, self.page.inside(near[0].mask & far[2])

    def _hosted(self, path: Path, trusted: frozenset[Trust]) -> Iterator[Path]:
        if self.host is None:
            return
        for part in self.parts.of(self.host_tokens, trusted, PARTS_AROUND):
            yield self._under(part, path)

    def _under(self, host: Part, path: Path, more: float = 0.0) -> Path:
        """A path in the shadow tree of a host."""
        mask = path.mask & self.page.hosted(host.mask)
        cost = path.cost + host.cost + AROUND + STEP * len(self.chain) + more
        return Path((host, *path.parts), (" ", *path.joints), mask, cost, len(self.chain), host=True)

    def inside(self, level: int) -> Path:
        """Whatever stands inside of an element of the chain."""
        part = self.parts.narrowest(self.levels[level])
        every = Part((), np.ones(self.page.size, np.bool_), 0.0, 1.0, "*")
        return Path((part, every), (" ",), self.page.inside(part.mask), part.cost, level)

    def positional(self, wanted: Wanted) -> Path | None:
        """The cheapest path with one position, of the element or of one around it; else with all of them."""
        found: list[Path] = []
        stable = STABLE_ONLY
        own = [lone(part) for part in self.parts.of(self.levels[0], stable, PARTS_AROUND)]
        own += [lone(self.parts.positioned(self.chain[0]))]
        own += [lone(self.parts.positioned(self.chain[0], each.parts[0])) for each in own[:3]]
        around = [self._around(level, stable) for level in range(1, self._height)]
        placed = [self._placed(level) for level in range(1, self._height)]
        for each in own:
            found += [each] if each.parts[0].position else []
            for place, level in enumerate(placed):
                if each.parts[0].position:
                    found += self._within(each, around[place], PARTS_TWICE)
                found += self._within(each, level, PARTS_TWICE)
            for pair in self._pairs(
                placed[:LEVELS_TWICE], [[], *(level[:PARTS_TWICE] for level in around[1:])]
            ):
                found += _twice(each, *pair)
        if self.host is not None:
            host = self.parts.positioned(self.host)
            found += [self._under(host, each, POSITION / 2) for each in own]
        fitting = [path for path in found if wanted(path)]
        return min(fitting, key=lambda path: (path.cost, path.css), default=None) or self._upwards(wanted)

    def _placed(self, level: int) -> list[Around]:
        node = self.chain[level]
        if self.page.above[node] < 0 and not self.page.in_shadow[node]:
            return []
        part = self.parts.positioned(node)
        return [(part, level, self.page.inside(part.mask))]

    def _upwards(self, wanted: Wanted) -> Path | None:
        """Step by step from the element outwards, each with its position, until it is what is wanted."""
        path, held = lone(self.parts.positioned(self.chain[0])), [self.parts.positioned(self.chain[0])]
        for level, node in enumerate(self.chain[1:], 1):
            part = self.parts.positioned(node)
            held = [part, *held]
            path = Path(tuple(held), (" > ",) * level, self._descended(held), path.cost + part.cost, level)
            if len(held) >= MAX_COMPOUNDS - 1 or len(path.css) > MAX_CHARS:
                return None
            if wanted(path):
                return path
        if self.host is None:
            return None
        part = self.parts.positioned(self.host)
        mask = self._descended(held, self.page.hosted(part.mask))
        whole = Path(
            (part, *held), (" > ",) * len(held), mask, path.cost + part.cost, len(self.chain), host=True
        )
        return whole if wanted(whole) else None

    def _descended(self, parts: Sequence[Part], first: Mask | None = None) -> Mask:
        """The nodes at the end of compounds that are each a child of the one before."""
        held = parts[0].mask if first is None else parts[0].mask & first & self.page.in_shadow
        for part in parts[1:]:
            held = part.mask & self.page.below(held)
        return held


def _twice(own: Path, near: Around, far: Around, inside: Mask) -> Iterator[Path]:
    cost = own.cost + near[0].cost + far[0].cost + 2 * AROUND + STEP * (near[1] + far[1])
    yield Path((far[0], near[0], *own.parts), (" ", " "), own.mask & inside, cost, far[1])
