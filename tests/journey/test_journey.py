"""One click, from a real browser to a funnel, through a collector and a committer that die in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

import backsight
import backsight_collector
from backsight.demo.questions import NAMED_EVENTS
from journey.conftest import serving_shop
from journey.running import SECRET_KEY, Deployment, await_true, deployment

STEPS = ["Viewed product", "Added to basket", "Started checkout", "Signed up"]
REACHED = [3, 2, 2, 1]
"""Of Ada, Ben and Cleo: all look, Ada and Ben add and check out, Ada signs up."""
SNIPPET = Path(backsight_collector.__file__).parent / "static" / "backsight.js"
WITNESS = """
if (location.protocol === "http:") {
  for (const type of ["click", "change", "submit"])
    addEventListener(type, () => window.witness(type), { capture: true, passive: true });
  const focused = new WeakSet();
  addEventListener("focus", ({ target }) => {
    if (!target.matches?.("input, select, textarea") || focused.has(target)) return;
    focused.add(target);
    window.witness("focus");
  }, { capture: true, passive: true });
  window.witness("pageview");
}
"""


def from_cache(route: Any) -> None:
    """The snippet, or one of its parts."""
    route.fulfill(path=SNIPPET.parent / Path(urlsplit(route.request.url).path).name)


class Person:
    """Somebody with a browser of their own, and what that browser says they did."""

    def __init__(self, chromium: Any, home: str) -> None:
        self.home, self.did = home, Counter[str]()
        self.context = chromium.new_context()
        self.context.expose_binding("witness", lambda _source, kind: self.did.update([kind]))
        self.context.add_init_script(WITNESS)
        # As from a browser's cache: pages load while the collector is down.
        self.context.route("**/{backsight,effects,recovery}.js", from_cache)
        self.page = self.context.new_page()

    def go(self, path: str) -> None:
        self.page.goto(self.home + path, wait_until="load")
        self._await_snippet()

    def click(self, css: str) -> None:
        self.page.locator(css).filter(visible=True).first.click()

    def follow(self, css: str, to: str) -> None:
        self.click(css)
        self.page.wait_for_url(f"**{to}", wait_until="load")
        self._await_snippet()

    def view(self) -> None:
        self.follow(".shelf .row h3 a", "/products/*")

    def add(self) -> None:
        self.click(".shelf button.add svg")

    def check_out(self) -> None:
        self.click("basket-button .toggle")
        self.follow("button.checkout svg", "/checkout")

    def join(self) -> None:
        self.go("/join")
        for name, typed in {"email": "ada@example.com", "password": "correct horse"}.items():
            self.page.locator(f"input[name={name}]").fill(typed)
        self.follow("form button[type=submit]", "/account")

    def leave(self) -> None:
        self.page.goto("about:blank")

    def _await_snippet(self) -> None:
        self.page.wait_for_function("window.backsight?.base")


@dataclass(frozen=True)
class Journey:
    """What the browsers say was done, and the parts that can be asked what is stored."""

    parts: Deployment
    did: Counter[str]

    @property
    def data(self) -> Path:
        return self.parts.data

    def events(self) -> list[dict[str, Any]]:
        return read(self.data, "events", ["type", "page", "sequence"])


def read(data: Path, table: str, columns: list[str]) -> list[dict[str, Any]]:
    """A table of the lake, straight from its files; empty where nothing was committed yet."""
    path = str(data / "lake" / table)
    if not DeltaTable.is_deltatable(path):
        return []
    rows: list[dict[str, Any]] = pq_rows(DeltaTable(path).file_uris(), columns)
    return rows


def pq_rows(files: list[str], columns: list[str]) -> list[dict[str, Any]]:
    return [row for file in files for row in pq.ParquetFile(file).read(columns).to_pylist()]


@pytest.fixture(scope="module")
def journey(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    """Three people use the shop; the collector is killed twice meanwhile, the committer once."""
    with deployment(tmp_path_factory.mktemp("journey")) as parts:
        parts.start("collector", "committer", "query")
        with serving_shop(f"http://127.0.0.1:{parts.collector_port}") as home:
            people = [Person(chromium, home) for _ in range(3)]
            walk(parts, *people)
            did = sum((one.did for one in people), Counter[str]())
            done = Journey(parts, did)
            # Each page is also left, and Ada is identified once.
            await_true("every event", lambda: len(done.events()) >= did.total() + did["pageview"] + 1)
            for one in people:
                one.context.close()
        yield done


def walk(parts: Deployment, ada: Person, ben: Person, cleo: Person) -> None:
    """What happens, in one thread: nobody acts while a part is being killed or started."""
    for one in (ada, ben, cleo):
        one.go("/shop")
        one.view()
    ada.add()
    parts.kill("collector")
    ada.check_out()
    ben.add()
    ben.go("/delivery")
    parts.start("collector")
    ada.join()
    ben.check_out()
    cleo.go("/shop")
    parts.kill("committer", "collector")
    cleo.click(".chips a[href$=tea]")
    ada.click(".tabs a[href$=orders]")
    parts.start("collector", "committer")
    cleo.did["pageview"] += 1  # a client-side route is a page of its own
    ada.did["pageview"] += 1
    for one in (ada, ben, cleo):
        one.go("/thanks")
        one.leave()


def test_every_event_is_stored_once(journey: Journey) -> None:
    """No event stands twice in the lake, and of each type there are as many as the browsers say."""
    events = journey.events()
    identities = [(event["page"], event["sequence"]) for event in events]
    types = Counter(event["type"] for event in events)
    assert len(set(identities)) == len(identities)
    assert types == journey.did + Counter({"leave": journey.did["pageview"], "identify": 1})


def test_sequences_have_no_gaps(journey: Journey) -> None:
    """Each page instance has its events from 0 on without a gap, and nothing was dropped or rejected."""
    pages: dict[int, list[int]] = {}
    for event in journey.events():
        pages.setdefault(event["page"], []).append(event["sequence"])
    assert all(sorted(numbers) == list(range(len(numbers))) for numbers in pages.values())
    assert read(journey.data, "dead_letters", ["reason", "detail"]) == []


@pytest.fixture(scope="module")
def named(journey: Journey) -> Journey:
    """The journey, and the demo's names, given afterwards over HTTP."""
    for name, rules in NAMED_EVENTS.items():
        journey.parts.ask("PUT", f"/v1/events/{quote(name)}", {"rules": rules})
    return journey


def by_http(journey: Journey) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = journey.parts.ask("POST", "/v1/reports/funnel", {"steps": STEPS})["steps"]
    return steps


def by_open(journey: Journey) -> list[dict[str, Any]]:
    with backsight.open(journey.data) as site:
        return site.funnel(STEPS).steps


def by_connect(journey: Journey) -> list[dict[str, Any]]:
    with backsight.connect(f"http://127.0.0.1:{journey.parts.query_port}", key=SECRET_KEY) as site:
        return site.funnel(STEPS).steps


def by_command(journey: Journey) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = journey.parts.command("funnel", *STEPS)["steps"]
    return steps


DOORS = [by_http, by_open, by_connect, by_command]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_funnel_is_right_through_every_door(named: Journey, door: Callable[[Journey], Any]) -> None:
    """HTTP, bs.open, bs.connect and the command line count the persons who did what was done."""
    assert [(step["label"], step["count"]) for step in door(named)] == list(zip(STEPS, REACHED, strict=True))


def test_doors_agree_to_the_last_figure(named: Journey) -> None:
    """The four answers are equal in every figure, times between steps included."""
    answers = [door(named) for door in DOORS]
    assert answers == [answers[0]] * len(DOORS)


def test_user_has_one_person_over_the_whole_visit(named: Journey) -> None:
    """What Ada did before she signed up is hers: three persons in all, one of them with her user id."""
    people = named.parts.ask("POST", "/v1/reports/trend", {"series": [{"on": "any", "measure": "persons"}]})
    assert [series["total"] for series in people["series"]] == [3]
