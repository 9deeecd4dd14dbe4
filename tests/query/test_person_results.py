"""One person as a result: what a report's `explain` gives, shown as a table and as data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import backsight as bs
from backsight.cli import main
from backsight.cli.person import REPORTS
from backsight.errors import InvalidRequest, NotFound
from backsight.reports.explain.report import KINDS
from backsight.results import Person, Result
from backsight.results.person import event_words
from backsight.results.result import EXPLAINED
from backsight.site import Site
from shop_site import write_data, write_more

STEPS = ["Viewed pricing", "Signed up"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's data directory."""
    made = tmp_path_factory.mktemp("shop")
    write_data(made)
    with bs.open(made) as site:
        site.define("Viewed pricing", on="pageview", page="/pricing")
        site.define("Signed up", css="form#signup", on="submit")
    return made


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[Site]:
    """The shop."""
    with bs.open(folder) as opened:
        yield opened


def everything(person: Person) -> dict[str, Any]:
    """An answer without how long it took."""
    return {**person.answer, "meta": {**person.meta, "ms": 0}}


def test_every_report_about_persons_is_explained() -> None:
    """Each of them has a kind, and the command line knows all but those without a command."""
    assert {kind for kind, _ in EXPLAINED.values()} == KINDS.keys()
    assert REPORTS.keys() == KINDS.keys() - {"cohort"}


def test_a_row_of_a_list_can_be_asked_about(site: Site) -> None:
    """Who dropped is explained as they are listed: by their row or number, by the funnel or the list."""
    funnel = site.funnel(STEPS, window="1d")
    left = funnel.persons(2, dropped=True)
    for row in left.persons:
        told = funnel.explain(row)
        assert everything(told) == everything(left.explain(row)) == everything(funnel.explain(row["person"]))
        assert told.verdict is not None
        assert told.verdict["attempts"][0]["reached"] == 1
        assert [each["outcome"]["reason"] for each in told.events].count("step") == 1


def test_an_explanation_is_as_of_its_answer(tmp_path: Path) -> None:
    """What was captured after the report was answered is not in it."""
    write_data(tmp_path)
    with bs.open(tmp_path) as site:
        site.define("Viewed pricing", on="pageview", page="/pricing")
        funnel = site.funnel(["Viewed pricing"])
        write_more(tmp_path, "dan", "06 09:00 pricing")
        assert len(funnel.explain("device:dan").events) == 1
        assert len(site.funnel(["Viewed pricing"]).explain("device:dan").events) == 2
        assert len(funnel.explain("device:dan").again().events) == 1


def test_it_shows_itself(site: Site) -> None:
    """The verdict stands above the table, every reason in full in it, and the same in a notebook."""
    told = site.funnel(STEPS, window="2d").explain({"device": "bob"})
    assert told.words[0] == "Reached step 1 of 2 (Viewed pricing) on 1 October 2026 10:00."
    reason = told.events[1]["outcome"]["words"]
    assert reason.startswith("fills step 2 (Signed up), but after the window: 2 days from")
    assert reason in repr(told)
    assert reason in told._repr_html_()
    assert " ".join(told.words) in repr(told)
    assert told.to_polars()["reason"].to_list() == ["step", "after_window"]
    assert told.sql().count("select") > 3


@pytest.mark.parametrize(
    ("kind", "properties", "selector", "words"),
    [
        ("click", {"dom_ms": 3}, "button#buy", "click button#buy"),
        ("focus", {}, "input#name", "focus input#name"),
        ("vital", {"name": "LCP"}, None, "vital LCP"),
        ("error", {"props": {"message": "x is undefined"}}, None, "error x is undefined"),
        ("error", {"props": {"message": 7}}, None, "error"),
        ("track", {"name": "Bought", "props": {"message": "hi"}}, None, "track Bought"),
    ],
)
def test_what_happened_in_a_few_words(
    kind: str, properties: dict[str, Any], selector: str | None, words: str
) -> None:
    """The type with the name, an error's message or the element."""
    element = {"selector": selector} if selector else None
    assert event_words({"type": kind, "properties": {"props": {}} | properties, "element": element}) == words


def test_times_are_those_of_the_report(site: Site) -> None:
    """Words and table speak of the report's timezone, and say which that is; data stay in UTC."""
    told = site.funnel(STEPS, window="2d", timezone="Asia/Tokyo").explain("device:bob")
    assert told.words[0] == "Reached step 1 of 2 (Viewed pricing) on 1 October 2026 19:00."
    assert "2026-10-01 19:00:00" in repr(told)
    assert "Times are those of Asia/Tokyo." in repr(told)
    assert told.events[0]["time"] == "2026-10-01T10:00:00Z"
    assert told.to_polars()["time"][0].hour == 10


@pytest.mark.parametrize("explained", [False, True])
def test_its_chart(site: Site, explained: bool) -> None:
    """A point an event, coloured by what became of it."""
    made = site.funnel([{"on": "any", "label": "</script>"}]).explain("device:cyd")
    spec = (made if explained else site.person("device:cyd")).spec()
    assert len(spec["data"]["values"]) == 4
    assert [row.get("outcome") for row in spec["data"]["values"]].count("chosen") == explained
    assert ("color" in spec["layer"][0]["encoding"]) == explained
    assert "</script>" not in json.dumps(spec)


def test_a_page_names_the_next(site: Site) -> None:
    """Where there are more events it is said, and how to get them."""
    first = site.person("device:cyd", limit=1)
    assert first.next is not None
    assert first.next in repr(first)
    assert site.person("device:cyd", after=first.next).next is None
    assert first.verdict is None
    assert first.words == []


def test_what_is_not_about_persons_is_refused(site: Site) -> None:
    """A preview of rules has nobody to explain, nor has an answer that was asked of no site."""
    with pytest.raises(InvalidRequest, match="'preview' is not about persons"):
        site.preview(on="click").explain("device:ada")
    with pytest.raises(InvalidRequest, match="not asked of a site"):
        type(site.person("device:ada"))(site.person("device:ada").answer, str).explain("device:ada")
    with pytest.raises(NotFound):
        site.funnel(STEPS).explain({"user": "nobody"})


def test_every_result_is_explained_or_refuses(site: Site) -> None:
    """Whatever a site answers, `explain` gives a person or says that the report is about none."""
    results: list[Result] = [
        site.funnel(STEPS), site.retention(STEPS[0], STEPS[1]), site.trend(STEPS[0]), site.paths(),
        site.lifecycle(STEPS[0]), site.stickiness(STEPS[0]), site.attribution(STEPS[1], ["path"]),
        site.preview_cohort([{"did": STEPS[0]}]),
    ]  # fmt: skip
    for result in results:
        told = result.explain("device:ada", only=None)
        assert isinstance(told, Person)
        assert told.words
        assert all(event["outcome"]["words"] for event in told.events)


# ── The command line ────────────────────────────────────────────────────────────────────────────────────────


def test_commands(folder: Path) -> None:
    """`person` shows a timeline, `explain` a report's; what is wrong is said."""

    def ran(*arguments: str) -> str:
        return CliRunner().invoke(main, [*arguments]).output

    data = ("--data", str(folder))
    assert ran("person", "device:cyd", "--limit", "2", *data).count("2026-10-0") == 2
    told = ran("explain", "--all", "--limit", "9", "device:ada", "funnel", *STEPS, "--json", *data)
    assert '"reason": "no_step"' in told
    assert '"reason": "no_step"' not in ran("explain", "device:ada", "funnel", *STEPS, "--json", *data)
    assert "In the cohort of" in ran("explain", "device:ada", "retention", *STEPS, *data)
    assert "owed to" in ran("explain", "device:ada", "attribution", "Signed up", "--by", "path", *data)
    assert "there is no such person" in ran("explain", "device:nobody", "funnel", *STEPS, *data)
    assert "'preview' is not one of" in ran("explain", "device:ada", "preview", *data)
    assert "Usage: " in ran("explain", "device:ada", "funnel", "--help")


def test_a_number_below_zero_is_a_person(folder: Path, site: Site) -> None:
    """Numbers are pasted as reports list them, in front of the options or behind; options stay options."""
    data = ("--data", str(folder))
    below = next(row["person"] for row in site.funnel(STEPS).persons(1).persons if row["person"] < "0")
    for asked in (("person", below), ("person", "--limit", "1", below), ("explain", below, "funnel", *STEPS)):
        ran = CliRunner().invoke(main, [*asked, *data])
        assert (ran.exit_code, ran.output.startswith(f"{below}: ")) == (0, True), ran.output
    for mistyped in (("person", "--limt", *data), ("explain", "--al", "funnel", *STEPS)):
        ran = CliRunner().invoke(main, [*mistyped])
        assert (ran.exit_code, "No such option" in ran.output) == (2, True), ran.output
