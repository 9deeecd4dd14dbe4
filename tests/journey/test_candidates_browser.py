"""The browser is the judge of candidates: what the definer offers for an element finds it, on real pages.

Every element of packaged third-party pages, of frameworks' pages after they were used and of shadow trees is
held, as the definer would hold it; Chromium says what the selectors of its candidates match.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from playwright.sync_api import Browser

from backsight.candidates.held import Held
from backsight.candidates.scopes import Candidate, candidates_of
from pages.asked import Found, asking, judged, requests
from pages.sites import FRAMEWORKS, open_site

THIRD_PARTY = ("dashboard", "agency", "app", "shop", "icons", "landing", "docs")
PAGES = (*THIRD_PARTY, "shadow", "trees", *FRAMEWORKS)


@dataclass
class Offered:
    """A candidate for an element: its rank, and what Chromium says of its selector."""

    node: int
    meant: int
    """The element that it is about: a click on an icon is meant for its button."""
    rank: int
    candidate: Candidate
    found: Found

    def __str__(self) -> str:
        return f"element {self.node}: {self.candidate.css}"


@pytest.fixture(scope="module", params=PAGES)
def offered(chromium: Browser, request: pytest.FixtureRequest) -> list[Offered]:
    """Every candidate that has a selector, of every element of a page."""
    return offered_on(chromium, request.param)


def offered_on(browser: Browser, name: str) -> list[Offered]:
    page = open_site(browser, name)
    held = [Held(asked, None) for asked in requests(*asking(page))]
    made = [
        (node, each.node, rank, candidate)
        for node, each in enumerate(held)
        for rank, candidate in enumerate(candidates_of(each))
        if candidate.css is not None
    ]
    found = judged(page, [(node, candidate.css or "") for node, _, _, candidate in made])
    page.context.close()
    return [Offered(*each, said) for each, said in zip(made, found, strict=True)]


def test_the_best_candidate_finds_every_element(offered: list[Offered]) -> None:
    """Of each element, `closest` in Chromium finds what the first candidate says."""
    best = [each for each in offered if each.rank == 0]
    assert [each.node for each in best] == list(range(len(best)))
    assert len(best) > 10
    assert not [str(each) for each in best if not each.found.holds]


def test_every_candidate_matches_what_it_says(offered: list[Offered]) -> None:
    """All hold of the element, and what each says to match on the page is what Chromium says."""
    assert len(offered) > 20
    assert not [str(each) for each in offered if not each.found.holds]
    assert not [str(each) for each in offered if not says_the_same(each)]


def says_the_same(each: Offered) -> bool:
    """A text narrows what a selector matches, which Chromium is not asked for."""
    if each.candidate.on_page is None:
        return True
    said, matching = set(np.flatnonzero(each.candidate.on_page).tolist()), set(each.found.matching)
    return said <= matching if each.candidate.said else said == matching


@pytest.mark.parametrize("offered", THIRD_PARTY, indirect=True)
def test_the_best_candidate_is_about_this_element_alone(offered: list[Offered]) -> None:
    """On a third-party page the first candidate matches one element: the one that is meant."""
    best = [each for each in offered if each.rank == 0]
    plain = [each for each in best if not each.candidate.said]
    assert len(plain) > 100
    assert not [str(each) for each in plain if each.found.matching != [each.meant]]
    told = [each for each in best if each.candidate.said and each.candidate.on_page is not None]
    assert not [str(each) for each in told if np.flatnonzero(each.candidate.on_page).tolist() != [each.meant]]
