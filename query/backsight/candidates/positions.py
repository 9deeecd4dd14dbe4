"""Paths that say positions: the last resort, and with as few of them as will do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backsight.candidates.compounds import POSITION, Part
from backsight.candidates.paths import (
    DOUBTFUL_TOO,
    LEVELS_TWICE,
    PARTS_AROUND,
    PARTS_TWICE,
    STABLE_ONLY,
    Around,
    Levels,
    Path,
    Paths,
    Wanted,
    lone,
    twice,
)
from backsight.candidates.stability import Trust
from backsight.selectors.grammar import MAX_CHARS
from backsight.selectors.ids import Mask
from backsight.selectors.parsing import MAX_COMPOUNDS


class Positions:
    """Searches for paths with positions to the element that `paths` is about."""

    def __init__(self, paths: Paths) -> None:
        self._paths, self._page, self._parts, self._chain = paths, paths.page, paths.parts, paths.chain

    def fitting(self, wanted: Wanted) -> list[Path]:
        """Those with one position, of the element or one around it, the cheapest first; or one with more."""
        for trusted in (STABLE_ONLY, DOUBTFUL_TOO):
            fitting = [path for path in self._with_one(trusted) if wanted(path)]
            if fitting:
                return sorted(fitting, key=lambda path: (path.cost, path.css))
        found = self._upwards(wanted)
        return [] if found is None else [found]

    def _around(self, trusted: frozenset[Trust]) -> Levels:
        return [[], *(self._paths.around(level, trusted) for level in range(1, self._paths.height))]

    def _with_one(self, trusted: frozenset[Trust]) -> Iterator[Path]:
        own, around = self._parts.of(self._paths.levels[0], trusted, PARTS_AROUND), self._around(trusted)
        placed = [self._parts.positioned(self._chain[0], part) for part in (None, *own[:3])]
        for each in map(lone, placed):
            yield each
            for level in around:
                yield from self._paths.within(each, level, PARTS_AROUND)
        ancestors = [self._placed(level) for level in range(1, self._paths.height)]
        for each in map(lone, own):
            for level in ancestors:
                yield from self._paths.within(each, level, 1)
        outer = [level[:PARTS_TWICE] for level in around[1:]]
        for pair in self._paths.pairs(ancestors[:LEVELS_TWICE], outer):
            for part in own:
                yield from twice(lone(part), *pair)
        if self._paths.host is not None:
            host = self._parts.positioned(self._paths.host)
            for part in (*own, *placed):
                yield self._paths.under(host, lone(part), POSITION / 2)

    def _placed(self, level: int) -> list[Around]:
        node = self._chain[level]
        if self._page.above[node] < 0 and not self._page.in_shadow[node]:
            return []
        part = self._parts.positioned(node)
        return [(part, level, self._page.inside(part.mask))]

    def _upwards(self, wanted: Wanted) -> Path | None:
        """Step by step from the element outwards, until something lasting around it makes it the one."""
        own, around = self._parts.of(self._paths.levels[0], STABLE_ONLY, 1), self._around(STABLE_ONLY)
        held = [self._parts.positioned(self._chain[0], own[0] if own else None)]
        for level, node in enumerate(self._chain):
            held = held if level == 0 else [self._parts.positioned(node), *held]
            path = self._stepped(held, level)
            if len(held) >= MAX_COMPOUNDS - 1 or len(path.css) > MAX_CHARS:
                return None
            anchored = (each for outer in around[level + 1 :] for each in outer[:PARTS_TWICE])
            for each in (path, *(self._inside(path, anchor) for anchor in anchored)):
                if wanted(each):
                    return each
        return self._from_host(held, wanted)

    def _stepped(self, held: Sequence[Part], level: int) -> Path:
        cost = sum(part.cost for part in held)
        return Path(tuple(held), (" > ",) * level, self._descended(held), cost, level)

    def _inside(self, path: Path, anchor: Around) -> Path:
        """Steps, the outermost of which stands inside of a compound further out."""
        part, level, inside = anchor
        mask = self._descended(path.parts, inside)
        return Path((part, *path.parts), (" ", *path.joints), mask, path.cost + part.cost, level)

    def _from_host(self, held: Sequence[Part], wanted: Wanted) -> Path | None:
        """All the way up, and the position of the host of the shadow tree."""
        if self._paths.host is None:
            return None
        part = self._parts.positioned(self._paths.host)
        mask = self._descended(held, self._page.hosted(part.mask) & self._page.in_shadow)
        cost = part.cost + sum(each.cost for each in held)
        path = Path((part, *held), (" > ",) * len(held), mask, cost, len(self._chain), host=True)
        return path if wanted(path) else None

    def _descended(self, parts: Sequence[Part], first: Mask | None = None) -> Mask:
        """The nodes at the end of compounds that are each a child of the one before it, from `first` on."""
        held = parts[0].mask if first is None else parts[0].mask & first
        for part in parts[1:]:
            held = part.mask & self._page.below(held)
        return held
