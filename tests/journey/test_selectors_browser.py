"""The browser is the judge of selectors.

Real pages are opened in Chromium, every element is clicked, the real snippet captures the clicks, and what it
sent becomes a trie. At the moment of each click Chromium itself answers `matches` and `closest` for hundreds of
selectors; Backsight must give the same answers from what was captured.
"""

from __future__ import annotations

import mimetypes
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from backsight.errors import InvalidRequest, UnsupportedSelector
from backsight.selectors import parse_selector
from backsight.selectors.refusals import COMBINATORS, PSEUDO_CLASSES
from backsight.trie import Trie
from backsight_collector.nodes import BatchNodes, Contexts
from backsight_collector.wire import decode
from browser import launch
from pages.generated import Generator, PageElement

PAGES = Path(__file__).parents[1] / "pages"
PACKAGES = PAGES / "node_modules"
SNIPPET = Path(__file__).parents[2] / "collector/backsight_collector/static/backsight.js"
ORIGIN = "http://pages.test"
SITES = {
    "dashboard": (PACKAGES / "startbootstrap-sb-admin-2", "index.html"),
    "tables": (PACKAGES / "startbootstrap-sb-admin-2", "utilities-color.html"),
    "agency": (PACKAGES / "startbootstrap-agency/dist", "index.html"),
    "app": (PACKAGES / "startbootstrap-new-age/dist", "index.html"),
    "icons": (PACKAGES / "gentelella/dist", "production/index.html"),
    "form": (PACKAGES / "gentelella/dist", "production/form.html"),
    "tailwind": (PAGES, "tailwind.html"),
    "quirks": (PAGES, "quirks.html"),
    "shadow": (PAGES, "shadow.html"),
}
GENERATED = 200
"""Selectors written from each page's own elements, besides the handpicked ones."""
CLICKS_AT_A_TIME = 60


def handpicked(name: str) -> list[str]:
    """Selectors written by hand, each for a reason that generated ones may miss; one a line."""
    return (PAGES / f"selectors/{name}.txt").read_text().splitlines()


ANSWERED, REFUSED, INVALID = handpicked("answered"), handpicked("refused"), handpicked("invalid")


@dataclass
class Judged:
    """What Chromium said about a page, and the trie of what the snippet captured there."""

    selectors: list[str]
    answers: dict[int, tuple[str, str]]
    nodes: dict[int, int]
    trie: Trie
    refused: Counter[str] = field(default_factory=Counter)
    withheld: int = 0
    pairs: int = 0
    disagreements: list[str] = field(default_factory=list)

    def compare(self) -> None:
        for place, css in enumerate(self.selectors):
            try:
                selector = parse_selector(css)
            except UnsupportedSelector as error:
                self.refused[error.message.split("'")[1]] += 1
                continue
            if self.trie.withheld(selector):
                self.withheld += 1
                continue
            for column, match in enumerate(("target", "closest")):
                held = set(self.trie.node_ids(selector, match).to_pylist())
                self._compare_one(css, place, column, match, held)

    def _compare_one(self, css: str, place: int, column: int, match: str, held: set[int]) -> None:
        for element, node in self.nodes.items():
            said = self.answers[element][column][place] == "1"
            self.pairs += 1
            if said != (node in held):
                self.disagreements.append(f"{css!r} {match} element {element}: Chromium says {said}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def judged(browser: Browser) -> dict[str, Judged]:
    found = {name: judge(browser, name, seed) for seed, name in enumerate(SITES)}
    for each in found.values():
        each.compare()
    return found


def judge(browser: Browser, name: str, seed: int) -> Judged:
    folder, file = SITES[name]
    bodies: list[bytes] = []
    page = open_page(browser, folder, file, bodies)
    elements = [PageElement.of(raw) for raw in page.evaluate("__judge.collect()")]
    selectors = written_for(page, elements, seed)
    page.evaluate("(selectors) => { __judge.selectors = selectors; }", selectors)
    for start in range(0, len(elements), CLICKS_AT_A_TIME):
        click(page, start)
    answers = {int(index): tuple(bits) for index, bits in page.evaluate("__judge.answers").items()}
    page.context.close()
    trie, nodes = captured(bodies)
    return Judged(selectors, answers, {i: n for i, n in nodes.items() if i in answers}, trie)


def click(page: Page, start: int) -> None:
    """Click some of the elements, and wait until the snippet has sent all of it: batches go out in order."""
    marker = f"clicked from {start}"
    with page.expect_response(lambda response: f'"{marker}"' in (response.request.post_data or "")):
        page.evaluate("(given) => __judge.click(...given)", [start, start + CLICKS_AT_A_TIME, marker])


def open_page(browser: Browser, folder: Path, file: str, bodies: list[bytes]) -> Page:
    context = browser.new_context()
    context.add_init_script(path=PAGES / "judge.js")
    page = context.new_page()
    page.route("**/*", lambda route: serve(route, folder, bodies))
    page.goto(f"{ORIGIN}/{file}", wait_until="load")
    page.evaluate(
        """() => new Promise((done) => {
          const script = Object.assign(document.createElement("script"), { src: "/backsight.js" });
          script.onload = done;
          script.dataset.key = "wk_test";
          document.head.append(script);
        })"""
    )
    return page


def serve(route: Route, folder: Path, bodies: list[bytes]) -> None:
    """The page's own files, the snippet, and a collector that takes everything; nothing of the network."""
    path = route.request.url.removeprefix(ORIGIN).partition("?")[0].lstrip("/")
    file = SNIPPET if path == "backsight.js" else folder / path
    if path == "v1/capture":
        bodies.append(route.request.post_data_buffer or b"")
        route.fulfill(json={"accepted": 1, "rejected": []})
    elif route.request.url.startswith(ORIGIN) and file.is_file():
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        route.fulfill(body=file.read_bytes(), content_type=f"{kind}; charset=utf-8")
    else:
        route.abort()


def written_for(page: Page, elements: list[PageElement], seed: int) -> list[str]:
    generator = Generator(elements, seed)
    generated = {generator.selector() for _ in range(GENERATED)}
    valid: list[str] = page.evaluate("(all) => all.filter(__judge.valid)", sorted(generated))
    assert len(valid) == len(generated), sorted(generated - set(valid))
    return [*ANSWERED, *valid]


def captured(bodies: list[bytes]) -> tuple[Trie, dict[int, int]]:
    """The trie of the batches, and the node of each clicked element."""
    contexts, nodes = Contexts(), {}
    for body in bodies:
        decoded = decode(body)
        assert not decoded.rejections
        batch = BatchNodes(contexts.site("test"), decoded.batch, received_at=0)
        for _, event in decoded.events:
            if event.type == "click":
                nodes.setdefault(event.x + 1000 * event.y, batch.node_id(event.node))
    elements, rows = contexts.take()
    return Trie.build(rows, elements), nodes


def test_every_answer_is_chromiums(judged: dict[str, Judged]) -> None:
    """At least 20,000 pairs of element and selector from real pages, and no disagreement."""
    wrong = [f"{name}: {each}" for name, found in judged.items() for each in found.disagreements]
    assert not wrong, "\n".join([f"{len(wrong)} disagreements", *wrong[:20]])
    assert sum(found.pairs for found in judged.values()) >= 20_000


def test_every_click_was_captured(judged: dict[str, Judged]) -> None:
    """Each element whose click reached the window has a node, and there are enough of them to judge by."""
    for name, found in judged.items():
        assert set(found.nodes) == set(found.answers), name
    assert sum(len(found.nodes) for found in judged.values()) > 2_000


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


def documented_parts() -> set[str]:
    parts = {form for name in PSEUDO_CLASSES for form in (f":{name}", f":{name}()")} | set(COMBINATORS)
    return parts | {"[style]", ":nth-child(1 of *)"}


@pytest.mark.parametrize("css", REFUSED)
def test_what_is_not_captured_is_refused(css: str) -> None:
    """Valid CSS that a capture can't answer is refused, naming a part of the selector."""
    with pytest.raises(UnsupportedSelector) as caught:
        parse_selector(css)
    part = caught.value.message.split("'")[1]
    assert part.rstrip("()]") in css


@pytest.fixture(scope="module")
def empty_page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    context.add_init_script(path=PAGES / "judge.js")
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
