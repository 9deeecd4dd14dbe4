"""The browser is the judge of selectors.

Real pages are opened in Chromium, frameworks' pages are used first, and every element is clicked. The real
snippet captures the clicks, a real collector and committer put them into a lake, and its nodes become a trie.
At the moment of each click Chromium itself answers `matches` and `closest` for hundreds of selectors;
Backsight must answer the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Browser, Page

from backsight.errors import InvalidRequest, UnsupportedSelector
from backsight.lake import Lake
from backsight.selectors import Match, parse_selector
from backsight.selectors.refusals import COMBINATORS, PSEUDO_CLASSES
from backsight.trie import Trie
from journey.running import WRITE_KEY, await_true, deployment
from pages.generated import Generator, PageElement
from pages.sites import JUDGE, PAGES, SITES, open_site

SITE = "main"
MATCHES: tuple[Match, ...] = ("target", "closest")
GENERATED = 200
"""Selectors written from each page's own elements, besides the handpicked ones."""
CLICKS_AT_A_TIME = 60


def handpicked(name: str) -> list[str]:
    """Selectors written by hand, each for a reason that generated ones may miss; one a line."""
    return (PAGES / f"selectors/{name}.txt").read_text().splitlines()


ANSWERED, REFUSED, INVALID = handpicked("answered"), handpicked("refused"), handpicked("invalid")


@dataclass
class Judged:
    """What Chromium said about a page's elements, and how Backsight's answers compare."""

    selectors: list[str]
    answers: dict[int, tuple[str, str]]
    """By element: for `matches` and for `closest`, a "0" or "1" a selector."""
    nodes: dict[int, int] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    withheld: int = 0
    pairs: int = 0
    disagreements: list[str] = field(default_factory=list)

    def compare(self, trie: Trie, nodes: dict[int, int]) -> None:
        """Ask the trie every question that Chromium answered; selectors that can't be asked are counted."""
        self.nodes = nodes
        at = np.array([nodes[element] for element in self.answers])
        for place, css in enumerate(self.selectors):
            try:
                selector = parse_selector(css)
            except UnsupportedSelector as error:
                self.refused[error.message.split("'")[1]] += 1
                continue
            if trie.withheld(selector):
                self.withheld += 1
                continue
            for column, match in enumerate(MATCHES):
                held = np.isin(at, trie.node_ids(selector, match).to_numpy())
                self._compare_one(css, place, column, held)

    def _compare_one(self, css: str, place: int, column: int, held: npt.NDArray[np.bool_]) -> None:
        said = np.array([bits[column][place] == "1" for bits in self.answers.values()])
        elements = list(self.answers)
        self.pairs += len(said)
        for wrong in np.flatnonzero(said != held):
            asked = f"{css!r} {MATCHES[column]} element {elements[wrong]}"
            self.disagreements.append(f"{asked}: Chromium says {said[wrong]}")


@pytest.fixture(scope="module")
def judged(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Judged]:
    """Every page, through a real collector and committer, compared."""
    with deployment(tmp_path_factory.mktemp("selectors")) as parts:
        parts.start("collector", "committer")
        collector = f"http://127.0.0.1:{parts.collector_port}"
        found = {name: judge(chromium, name, seed, collector) for seed, name in enumerate(SITES)}
        clicks = {f"{name}.test": len(each.answers) for name, each in found.items()}
        trie, nodes = captured(Lake(parts.data / "lake"), clicks)
    for name, each in found.items():
        each.compare(trie, nodes[f"{name}.test"])
    return found


def judge(browser: Browser, name: str, seed: int, collector: str) -> Judged:
    """Open a page, ask Chromium about each element as it is clicked, and let the snippet send it all."""
    page, last = open_site(browser, name, collector), SITES[name].last
    install(page)
    elements = [PageElement.of(raw) for raw in page.evaluate("(last) => __judge.collect(last)", last)]
    selectors = written_for(page, elements, seed)
    page.evaluate("(selectors) => { __judge.selectors = selectors; }", selectors)
    click_all(page, 0, len(elements))
    if last:
        click_all(page, len(elements), len(page.evaluate("(last) => __judge.collect(last)", last)))
    answers = {int(index): tuple(bits) for index, bits in page.evaluate("__judge.answers").items()}
    page.context.close()
    return Judged(selectors, answers)


def click_all(page: Page, start: int, end: int) -> None:
    """Click some of the elements, a few at a time: a batch has a bound."""
    for first in range(start, end, CLICKS_AT_A_TIME):
        click(page, first)


def click(page: Page, start: int) -> None:
    """Click some of the elements, and wait until the snippet has sent all of it: batches go out in order."""
    marker = f"clicked from {start}"
    with page.expect_response(lambda response: f'"{marker}"' in (response.request.post_data or "")):
        page.evaluate("(given) => __judge.click(...given)", [start, start + CLICKS_AT_A_TIME, marker])


def install(page: Page) -> None:
    """Put the real snippet on a page, from its own host."""
    page.evaluate(
        """(key) => new Promise((done) => {
          const script = Object.assign(document.createElement("script"), { src: "/backsight.js" });
          script.onload = done;
          script.dataset.key = key;
          document.head.append(script);
        })""",
        WRITE_KEY,
    )


def written_for(page: Page, elements: list[PageElement], seed: int) -> list[str]:
    """The handpicked selectors, and generated ones, all of which Chromium can read."""
    generator = Generator(elements, seed)
    generated = {generator.selector() for _ in range(GENERATED)}
    valid: list[str] = page.evaluate("(all) => all.filter(__judge.valid)", sorted(generated))
    assert len(valid) == len(generated), sorted(generated - set(valid))
    return [*ANSWERED, *valid]


def captured(lake: Lake, hosts: Mapping[str, int]) -> tuple[Trie, dict[str, dict[int, int]]]:
    """The lake's trie, and by host the node of each clicked element, once the lake holds so many of them."""
    nodes: dict[str, dict[int, int]] = {}

    def complete() -> bool:
        events = lake.snapshot(SITE).rows("events").select(["type", "host", "x", "y", "node_id", "sequence"])
        for row in events.sort_by("sequence").to_pylist():
            if row["type"] == "click":
                nodes.setdefault(row["host"], {}).setdefault(row["x"] + 1000 * row["y"], row["node_id"])
        return all(len(nodes.get(host, ())) >= count for host, count in hosts.items())

    await_true("the committer to fold every click", complete)
    snapshot = lake.snapshot(SITE)
    return Trie.build(snapshot.rows("nodes"), snapshot.rows("elements")), nodes


def test_every_answer_is_chromiums(judged: dict[str, Judged]) -> None:
    """Four million pairs of element and selector, most from real pages, and no disagreement."""
    wrong = [f"{name}: {each}" for name, found in judged.items() for each in found.disagreements]
    assert not wrong, "\n".join([f"{len(wrong)} disagreements", *wrong[:20]])
    assert sum(found.pairs for found in judged.values()) >= 4_000_000


def test_every_click_was_captured(judged: dict[str, Judged]) -> None:
    """Each element whose click reached the window has a node, and there are enough of them to judge by."""
    for name, found in judged.items():
        assert set(found.nodes) >= set(found.answers), name
    assert sum(len(found.nodes) for found in judged.values()) > 4_000


def test_selectors_mostly_tell_elements_apart(judged: dict[str, Judged]) -> None:
    """Agreement means something: on each page a third of the selectors match some elements and not others."""
    for name, found in judged.items():
        columns = zip(*(answers[0] for answers in found.answers.values()), strict=True)
        telling = sum(len(set(column)) == 2 for column in columns)
        assert telling > len(found.selectors) / 3, f"{name}: {telling} of {len(found.selectors)}"


def test_refusals_are_few_and_of_the_documented_kinds(judged: dict[str, Judged]) -> None:
    """Of the generated selectors only those with a part out of scope are refused, and the part is named."""
    refused = sum((found.refused for found in judged.values()), Counter[str]())
    assert 0 < sum(refused.values()) < 0.05 * sum(len(found.selectors) for found in judged.values())
    assert set(refused) <= documented_parts(), refused
    assert sum(found.withheld for found in judged.values()) < 50


UNCAPTURED = {
    f"[{name}]" for name in "style align valign bgcolor border cellpadding color face colspan".split()
}
"""Presentational attributes among them."""


def documented_parts() -> set[str]:
    parts = {form for name in PSEUDO_CLASSES for form in (f":{name}", f":{name}()")} | set(COMBINATORS)
    return parts | UNCAPTURED | {":nth-child(1 of *)"}


@pytest.mark.parametrize("css", REFUSED)
def test_what_is_not_captured_is_refused(css: str) -> None:
    """Valid CSS that a capture can't answer is refused, naming a part of the selector."""
    with pytest.raises(UnsupportedSelector) as caught:
        parse_selector(css)
    part = caught.value.message.split("'")[1]
    assert part.rstrip("()]") in css


@pytest.fixture(scope="module")
def empty_page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    context.add_init_script(path=JUDGE)
    page = context.new_page()
    page.goto("about:blank")
    yield page
    context.close()


@pytest.mark.parametrize("css", INVALID)
def test_no_css_is_refused_as_such(empty_page: Page, css: str) -> None:
    """What Chromium can't read, Backsight doesn't either."""
    assert not empty_page.evaluate("(css) => __judge.valid(css)", css)
    with pytest.raises(InvalidRequest):
        parse_selector(css)


@pytest.mark.parametrize("css", [*ANSWERED, *REFUSED])
def test_what_is_listed_as_css_is_css(empty_page: Page, css: str) -> None:
    """The selectors that the lists call valid are so to Chromium."""
    assert empty_page.evaluate("(css) => __judge.valid(css)", css)
