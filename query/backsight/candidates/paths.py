"""Paths: compounds of an element and one or two around it, and the search for the cheapest that will do.

Those that say positions are made by `positions`, where there are no others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from backsight.candidates.compounds import Part, Parts
from backsight.candidates.page import Page
from backsight.candidates.stability import Trust
from backsight.candidates.tokens import Token
from backsight.selectors.ids import Mask

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
        around = [self.around(level, trusted) for level in range(1, self.height)]
        once = [path for each in own for level in around for path in self.within(each, level, PARTS_AROUND)]
        return [*own, *once, *(path for each in own for path in self._hosted(each, trusted))]

    def far(self, trusted: frozenset[Trust]) -> list[Path]:
        """Paths of three compounds, without positions."""
        own = [lone(part) for part in self.parts.of(self.levels[0], trusted, SELF_TWICE)]
        around = [self.around(level, trusted)[:PARTS_TWICE] for level in range(1, self.height)]
        inner = around[:LEVELS_TWICE]
        return [path for pair in self.pairs(inner, around) for each in own for path in twice(each, *pair)]

    @property
    def height(self) -> int:
        """How many levels are looked at, the element's own among them."""
        return min(len(self.levels), MOST_AROUND + 1)

    def around(self, level: int, trusted: frozenset[Trust]) -> list[Around]:
        """The compounds of an ancestor, each with the nodes inside of what it holds of."""
        named = [token for token in self.levels[level] if token.kind != "tag" or level < 4]
        parts = self.parts.of(named, trusted, PARTS_AROUND)
        return [(part, level, self.page.inside(part.mask)) for part in parts]

    def within(self, path: Path, around: Sequence[Around], most: int) -> Iterator[Path]:
        """A path inside of each of some compounds of an ancestor."""
        for part, level, inside in around[:most]:
            cost = path.cost + part.cost + AROUND + STEP * level
            yield Path((part, *path.parts), (" ", *path.joints), path.mask & inside, cost, level)
            if level == 1 and len(path.parts) == 1:
                below = path.mask & self.page.below(part.mask)
                yield Path((part, *path.parts), (" > ", *path.joints), below, cost + 1, level)

    def pairs(self, inner: Levels, outer: Levels) -> Iterator[tuple[Around, Around, Mask]]:
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
            yield self.under(part, path)

    def under(self, host: Part, path: Path, more: float = 0.0) -> Path:
        """A path in the shadow tree of a host."""
        mask = path.mask & self.page.hosted(host.mask)
        cost = path.cost + host.cost + AROUND + STEP * len(self.chain) + more
        return Path((host, *path.parts), (" ", *path.joints), mask, cost, len(self.chain), host=True)

    def inside(self, level: int) -> Path:
        """Whatever stands inside of an element of the chain."""
        part = self.parts.narrowest(self.levels[level])
        return Path((part, self._every), (" ",), self.page.inside(part.mask), part.cost, level)

    def inside_host(self) -> Path:
        """Whatever stands in the shadow tree that the element is in."""
        return self.under(self.parts.narrowest(self.host_tokens), lone(self._every))

    @property
    def _every(self) -> Part:
        return Part((), np.ones(self.page.size, np.bool_), 0.0, 1.0, "*")


def twice(own: Path, near: Around, far: Around, inside: Mask) -> Iterator[Path]:
    """A path inside of two compounds, and the nodes inside of both."""
    cost = own.cost + near[0].cost + far[0].cost + 2 * AROUND + STEP * (near[1] + far[1])
    yield Path((far[0], near[0], *own.parts), (" ", " "), own.mask & inside, cost, far[1])
