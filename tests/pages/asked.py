"""What the definer asks about elements of a page, its tables taken once, and what selectors find there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from playwright.sync_api import Page

from backsight.candidates.request import Asked, parse
from pages.sites import BUILT

STILL_MS = 300
"""A page is looked at once it has not changed for so long."""


@dataclass(frozen=True)
class Found:
    """What Chromium says of a selector that was made for an element."""

    holds: bool
    """Whether it matches the element or something around it."""
    matching: list[int]
    """The places of all elements that it matches."""


def asking(page: Page) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The request for the root element, and what is said of each element in its tables, in their order."""
    page.add_script_tag(path=BUILT / "tables.js")
    page.wait_for_load_state("networkidle")
    page.evaluate("(ms) => __judge.still(ms)", STILL_MS)
    request: dict[str, Any] = page.evaluate("__judge.asking()")
    return request, request.pop("said")


def requests(request: Mapping[str, object], said: Sequence[Mapping[str, str]]) -> Iterator[Asked]:
    """For each element of the tables, what it would be asked with."""
    whole = parse(request)
    for node, wording in enumerate(said):
        yield replace(whole, node=node, text=wording.get("text", ""), label=wording.get("label", ""))


def judged(page: Page, pairs: Sequence[tuple[int, str]]) -> list[Found]:
    """What Chromium says of selectors, each with the place of the element that it was made for."""
    return [Found(**each) for each in page.evaluate("(pairs) => __judge.found(pairs)", pairs)]
