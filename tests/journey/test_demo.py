"""`backsight demo`: what it shows is what was recorded, counted independently."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

import httpx
import pytest

import backsight
from backsight.demo import filling, personas, recording, showing
from backsight.demo.filling import NotVisible, await_visible, distinct_events
from backsight.demo.questions import FUNNEL, NAMED_EVENTS, RETENTION
from backsight.demo.replay import Replay
from backsight.demo.schedule import Appearance, first_monday, schedule
from backsight.demo.serving import free_port
from backsight.demo.showing import Demo
from journey import naive
from journey.running import await_true

DEVICES = 150


@dataclass
class Shown:
    """A demo that has run, what it printed, and what should have been in it."""

    output: str
    data: Path
    site: Any
    begin: datetime
    appearances: list[Appearance]
    deeds: list[naive.Deed]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """One run over 150 devices, kept in a folder."""
    now, data, printed = datetime.now(UTC), tmp_path_factory.mktemp("demo"), io.StringIO()
    with redirect_stdout(printed):
        Demo(data=data, port=free_port(), devices=DEVICES, now=now).run(stay=False)
    made = recording.read()
    appearances = schedule(made.by_visitor(), DEVICES, now)
    bodies = [post.body for post in Replay(made, "http://shop", "wk_juniper-rye").posts(appearances)]
    with backsight.open(data) as site:
        yield Shown(printed.getvalue(), data, site, first_monday(now), appearances, naive.deeds(bodies))


def test_every_event_is_stored_once(shown: Shown) -> None:
    """The lake has as many raw events as distinct ones were replayed, though some batches came twice."""
    total = sum(series["total"] for series in shown.site.trend({"on": "any"}, from_=shown.begin).series)
    assert total == distinct_events(shown.appearances)


@pytest.mark.parametrize("name", NAMED_EVENTS)
def test_names_given_afterwards_count_what_chromium_said(shown: Shown, name: str) -> None:
    """Each name has the events for which Chromium's closest() held as they happened; a naive walk agrees."""
    told = sum(one.visit.answers.get(name, 0) for one in shown.appearances)
    people = {one.device for one in shown.appearances if one.visit.answers.get(name)}
    found = shown.site.preview(rules=NAMED_EVENTS[name])
    assert (found.events, found.persons) == (told, len(people))
    assert sum(deed.name == name for deed in shown.deeds) == told
    assert f"{told:,} events by {len(people):>5,} persons" in shown.output


def test_funnel_is_what_a_naive_walk_finds(shown: Shown) -> None:
    """The funnel's counts are those of a walk over every person's events, and they fall from step to step."""
    steps = [*[*NAMED_EVENTS][:3], "Order placed"]
    counts = [step["count"] for step in shown.site.funnel(**FUNNEL, from_=shown.begin).steps]
    assert counts == naive.funnel(shown.deeds, steps, timedelta(days=14))
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] > 0


def test_retention_is_what_a_naive_walk_finds(shown: Shown) -> None:
    """Cohorts and returns in the weeks that have begun are those of a walk over every person's events."""
    rows = shown.site.retention(**RETENTION, from_=shown.begin).answer["rows"]
    expected = naive.retention(shown.deeds, "Added to basket", shown.begin, 8)
    weeks = [(row["size"], row["returned"][: 8 - n]) for n, row in enumerate(rows)]
    assert weeks == expected
    assert sum(sum(back[1:]) for _, back in expected) > 0


def test_output_says_what_it_is_and_where_to_look_next(shown: Shown) -> None:
    """The output has the names, the funnel, the retention, and how to go on."""
    for said in (*NAMED_EVENTS, "Order placed", "Funnel", "Retention", "accepted in", "Where to look next"):
        assert said in shown.output


def test_second_run_over_the_same_folder_replays_nothing(shown: Shown, capsys) -> None:
    """A folder that has traffic is asked again, not filled again."""
    Demo(data=shown.data, port=free_port(), devices=DEVICES).run(stay=False)
    assert f"{distinct_events(shown.appearances):,} events are in" in capsys.readouterr().out
    test_every_event_is_stored_once(shown)


def test_live_demo_drives_chromium_and_ends(monkeypatch, capsys) -> None:
    """With --live the visitors are Chromium's of this moment, and it ends by itself."""
    monkeypatch.setattr(personas, "PLANS", (("compare", "buy"), ("join",)))
    monkeypatch.setattr(showing, "LIVE_VISITORS", 2)
    demo = Demo(live=True, port=free_port(), devices=40)
    with ThreadPoolExecutor(1) as thread:  # a thread has room for a Playwright besides that of the tests
        thread.submit(demo.run, stay=False).result()
    output = capsys.readouterr().out
    assert "Order placed" in output
    assert " 0 events by" not in output


@contextmanager
def staying(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`backsight demo` as a process that stays, and what it printed until it did."""
    command = [sys.executable, "-u", "-m", "backsight.cli", "demo", "--port", str(free_port()), *options]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process, "".join(takewhile(lambda line: line != "Ctrl-C ends.\n", process.stdout))
        finally:
            process.terminate()


def first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, text
    return found[1]


def clicks_on_products(site: Any) -> int:
    return int(site.preview(rules=NAMED_EVENTS["Viewed product"]).events)


def test_demo_that_stays_counts_ones_own_clicks_and_leaves_nothing_behind(chromium) -> None:
    """The shop that it serves captures live: a click there counts in the API; SIGTERM ends all of it."""
    with staying() as (process, printed):
        shop, api = (first(rf"{name} +(http://[\d.]+:\d+)", printed) for name in ("The shop", "HTTP API"))
        assert httpx.get(first(r"(http://\S+openapi\.json) describes it", printed)).status_code == 200
        folder = Path(first(r"bs\.open\(\"(.+)\"\)", printed))
        before = int(first(r"Viewed product +([\d,]+)", printed).replace(",", ""))
        page = chromium.new_page()
        page.goto(f"{shop}/shop", wait_until="load")
        page.wait_for_function("window.backsight?.base")
        page.locator(".shelf .row h3 a").first.click()
        page.wait_for_url("**/products/*")
        with backsight.connect(api, key=first(r"Bearer (sk_\w+)", printed)) as site:
            await_true("the click to count", lambda: clicks_on_products(site) == before + 1)
        page.close()
        process.terminate()
        assert process.wait(30) == 0
    assert not folder.exists()
    for port in (int(address.rpartition(":")[2]) for address in (shop, api)):
        assert free_port(port) == port


def test_data_for_the_docs_is_served_and_named(tmp_path) -> None:
    """`python -m backsight.demo.serve` says where it is and with which keys, over the same named traffic."""
    command = [sys.executable, "-m", "backsight.demo.serve", str(tmp_path / "data"), "--devices", "40"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        facts = json.loads(process.stdout.readline())
        with backsight.connect(facts["url"], key=facts["secret_key"]) as site:
            assert {event.name for event in site.events()} == set(NAMED_EVENTS)
            assert clicks_on_products(site) > 0
        process.terminate()
        assert process.wait(30) == 0


class Blind:
    """A site whose reports see a fixed number of events."""

    def __init__(self, seen: int) -> None:
        self.series = [{"total": seen}]

    def trend(self, *_: object, **__: object) -> Blind:
        return self


@pytest.mark.parametrize("seen", [9, 11], ids=["lost", "twice"])
def test_a_lost_or_doubled_event_ends_the_demo(monkeypatch, seen: int) -> None:
    """Where reports see fewer or more events than were accepted, the demo says so instead of going on."""
    monkeypatch.setattr(filling, "VISIBLE_S", 0.0)
    with pytest.raises(NotVisible, match=f"{seen} are in the lake"):
        await_visible(Blind(seen), 10, datetime.now(UTC))


def test_plans_cover_every_visit() -> None:
    """Every scripted visit is in some visitor's plan, and only sign-ups and bounces are never repeated."""
    planned = Counter(name for plan in personas.PLANS for name in plan)
    assert set(planned) == set(personas.VISITS)
    assert set(personas.VISITS) - personas.REPEATABLE == {"join", "bounce"}
