"""The selector that the definer offers first, beside @medv/finder's, for every element of packaged pages.

A selector by position (`:nth-child`) breaks when a row is added; one by what the element says of itself does
not. Both are asked about the same elements of the same pages in one Chromium: every element that a click can
be meant for (a click on an icon is meant for its button, so the icon is left out). Ours has captured nothing
of the pages, so it goes by looks alone, as finder does. What selectors match is Chromium's answer.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page

from backsight.candidates.held import Held
from backsight.candidates.scopes import Candidate, candidates_of
from backsight.demo.browser import chromium
from bench.browsing.libraries import PACKAGES
from bench.figures import Figure, note
from bench.terminal import tell

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # The pages stand there.
from pages.asked import asking, judged, requests
from pages.sites import THIRD_PARTY, open_site

FINDER: Final = PACKAGES / "@medv/finder/finder.js"
POSITIONAL: Final = re.compile(r":(nth|first|last|only)-")


@dataclass
class Tally:
    """How many selectors, and of how many of them something holds."""

    elements: int = 0
    failed: int = 0
    """Finder throws where an element and those around it have very many classes."""
    positional: int = 0
    exact: int = 0
    """Those that match the element and nothing else."""
    characters: int = 0
    seconds: float = 0.0

    def add(self, css: str, matching: Sequence[int], element: int) -> None:
        """Count an element's selector; none is empty."""
        self.elements += 1
        self.failed += not css
        self.positional += bool(POSITIONAL.search(css))
        self.exact += list(matching) == [element]
        self.characters += len(css)

    def plus(self, other: Tally) -> Tally:
        """Of both pages."""
        return Tally(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))

    def __str__(self) -> str:
        each = {"characters": self.characters / self.elements, "ms": self.seconds / self.elements * 1e3}
        return (
            f"{self.positional / self.elements:6.1%} positional, {self.exact / self.elements:6.1%} exact,"
            f" {self.failed:3} failed, {each['characters']:3.0f} characters, {each['ms']:4.1f} ms each"
        )


def main() -> int:
    """Print both for each page, and all together; 1 where ours is by position more often, or not exact."""
    ours, finders = Tally(), Tally()
    with chromium() as (browser, _):
        for name in THIRD_PARTY:
            tell(f"{name} …")
            mine, theirs = compare(browser, name)
            tell("")
            print(f"{name:10} {mine.elements:5} elements   ours {mine}")
            print(f"{'':10} {'':5}          finder {theirs}")
            ours, finders = ours.plus(mine), finders.plus(theirs)
    print(f"{'all':10} {ours.elements:5} elements   ours {ours}\n{'':25} finder {finders}")
    more = ours.positional / finders.positional
    note(
        Figure("best candidates by position", "finder", more, 1.0),
        Figure("best candidates that are exact", "share", ours.exact / ours.elements, 1.0, at_least=True),
    )
    return int(more > 1 or ours.exact < ours.elements)


def compare(browser: Browser, name: str) -> tuple[Tally, Tally]:
    """One page's tallies, ours and finder's."""
    page = open_site(browser, name)
    request, said = asking(page)
    mine, best = Tally(), {}
    started = time.perf_counter()
    for node, held in enumerate(Held(asked, None) for asked in requests(request, said)):
        if held.node == node:
            best[node] = candidates_of(held)[0]
    mine.seconds = time.perf_counter() - started
    selectors = [candidate.css or "" for candidate in best.values()]
    for (node, candidate), css, matching in zip(
        best.items(), selectors, matched(page, [*best], selectors), strict=True
    ):
        mine.add(css, [each for each in matching if says(candidate, said[each])], node)
    selectors, seconds = found(page, [*best])
    theirs = Tally(seconds=seconds)
    for node, css, matching in zip(best, selectors, matched(page, [*best], selectors), strict=True):
        theirs.add(css, matching, node)
    page.context.close()
    return mine, theirs


def says(candidate: Candidate, wording: Mapping[str, str]) -> bool:
    """Whether an element says what the candidate asks for besides its selector; most ask for nothing."""
    return candidate.said is None or wording.get(candidate.said[0]) == candidate.said[1]


def found(page: Page, elements: Sequence[int]) -> tuple[list[str], float]:
    """Finder's selectors, as it makes them without options, and the seconds that it took."""
    page.add_script_tag(type="module", content=f"{FINDER.read_text()}\nwindow.__finder = finder;")
    page.wait_for_function("() => window.__finder")
    answer = page.evaluate(
        """(places) => {
          const start = performance.now();
          const selectors = places.map((place) => {
            try {
              return __finder(__judge.elements[place]);
            } catch {
              return "";
            }
          });
          return [selectors, (performance.now() - start) / 1000];
        }""",
        elements,
    )
    return answer[0], answer[1]


def matched(page: Page, elements: Sequence[int], selectors: Sequence[str]) -> list[list[int]]:
    """Of each selector, the elements that it matches."""
    pairs = [(element, css or ":not(*)") for element, css in zip(elements, selectors, strict=True)]
    return [each.matching for each in judged(page, pairs)]


if __name__ == "__main__":
    raise SystemExit(main())
