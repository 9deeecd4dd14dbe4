"""Saved reports: what is kept under a name, what can't be, and what becomes of it when names go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import backsight as bs
from backsight.questions import Questions
from backsight.results import Result
from backsight.saved_reports import REPORTS_SAVED
from backsight.store.sqlite import SQLiteStore
from shop_site import secret_key, served, write_data

OCTOBER: dict[str, Any] = {"from_": "2026-10-01", "to": "2026-10-31"}
STEPS = ["Viewed pricing", "Signed up"]
FUNNEL = {"steps": STEPS, "from": "30d"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's data directory, with two named events."""
    folder = tmp_path_factory.mktemp("shop")
    write_data(folder)
    with bs.open(folder) as site:
        site.define("Viewed pricing", on="pageview", page="/pricing")
        site.define("Signed up", css="form#signup", on="submit")
    return folder


@pytest.fixture(scope="module", params=["open", "connect"])
def site(data: Path, request: pytest.FixtureRequest) -> Iterator[Questions]:
    """The shop in place, and over HTTP."""
    if request.param == "open":
        with bs.open(data, threads=1) as opened:
            yield opened
    else:
        with served(data) as url, bs.connect(url, secret_key(data, "admin")) as opened:
            yield opened


def asked_of(site: Questions) -> dict[str, Result]:
    """A result of every report that can be saved."""
    funnel = site.funnel(STEPS, window="7d", **OCTOBER)
    return {
        "funnel": funnel,
        "retention": site.retention("Viewed pricing", "Signed up", period="week", periods=2, **OCTOBER),
        "trend": site.trend("Signed up", interval="week", **OCTOBER),
        "lifecycle": site.lifecycle("Viewed pricing", interval="week", **OCTOBER),
        "stickiness": site.stickiness("Viewed pricing", interval="week", **OCTOBER),
        "paths": site.paths(start="Viewed pricing", **OCTOBER),
        "attribution": site.attribution("Signed up", by="utm_source", **OCTOBER),
        "signals": funnel.signals(at_least=5),
    }


def figures(result: Result) -> dict[str, Any]:
    """An answer, less when it was given."""
    return {key: value for key, value in result.answer.items() if key != "meta"}


def test_every_question_is_answered_as_it_was(site: Questions) -> None:
    """What a result of each report answered, its saved question answers again, at both doors."""
    results = asked_of(site)
    assert set(results) == set(REPORTS_SAVED)
    for report, result in results.items():
        kept = site.save(f"Every {report}", result, description="as asked")
        assert (kept.report, kept.description, kept.broken) == (report, "as asked", None)
        again = site.saved_report(kept.name)
        assert (type(again), figures(again)) == (type(result), figures(result))
        site.delete_saved(kept.name)


@pytest.mark.parametrize("name", ["Sign ups", "a/b", "a/answer", "x/links", "..", "買う"])
def test_a_saved_reports_life(site: Questions, name: str) -> None:
    """It is saved, changed, kept from who saw an older version, deleted; its history stays."""
    first = site.save(name, "funnel", FUNNEL)
    assert first == site.saved_question(name)
    assert site.save(name, "funnel", FUNNEL).version == first.version
    second = site.save(name, "trend", {"series": ["Signed up"]}, "changed", expected_version=first.version)
    assert (second.report, second.version) == ("trend", first.version + 1)
    with pytest.raises(bs.Conflict):
        site.save(name, "funnel", FUNNEL, expected_version=first.version)
    with pytest.raises(bs.Conflict):
        site.save(name, "funnel", FUNNEL, expected_version=0)
    assert [each.name for each in site.saved()] == [name]
    site.delete_saved(name, expected_version=second.version)
    for ask in (site.saved_question, site.saved_report, site.links):
        with pytest.raises(bs.NotFound):
            ask(name)
    deleted, *_, oldest = site.saved_history(name)
    assert (deleted.deleted, deleted.report, deleted.version) == (True, "", second.version + 1)
    assert (oldest.report, dict(oldest.request)) == ("funnel", FUNNEL)


def test_a_range_stays_as_it_was_said(site: Questions) -> None:
    """`since` is kept as so many days ago, and a moment that a result was asked as of is left out."""
    earlier = site.funnel(STEPS, since="30d")
    kept = site.save("Lately", site.funnel(STEPS, since="30d", as_of=earlier))
    assert kept.request["from"] == "30d"
    assert "as_of" not in kept.request
    assert site.saved_report("Lately").meta["now"] >= earlier.meta["now"]
    site.delete_saved("Lately")


LONG = ["/x" * 2_000] * 20
WRONG: list[tuple[str, Any, str, str]] = [
    ("funnel", {"steps": ["Viewd pricing", "Signed up"]}, "request.steps[0]", "Viewed pricing"),
    ("funnel", {"steps": [{"event": "Signd up"}]}, "request.steps[0].event", "Signed up"),
    ("trend", {"series": [{"css": "a:hover"}]}, "request.series[0].css", ""),
    ("trend", {"series": ["Signed up"], "from": "yesterday"}, "request.from", "30d"),
    ("trend", {"series": ["Signed up"], "person_where": [{"cohort": "Pro"}]},
     "request.person_where[0].cohort", "none exist"),
    ("trend", {"series": ["Signed up"], "person_where": [{"did": "Bought"}]},
     "request.person_where[0].did", "Signed up"),
    ("signals", {"funnel": {"steps": ["Signed up", "Bought"]}}, "request.funnel.steps[1]", "Signed up"),
    ("funnel", {"steps": STEPS, "as_of": {}}, "request.as_of", "without"),
    ("funnel", None, "request", "POST /v1/reports/funnel"),
    ("funnel_persons", {"steps": STEPS}, "report", "funnel"),
    ("persons", {"person": "device:ada"}, "report", "paths"),
    ("trend", {"series": ["Signed up"], "where": [{"property": "path", "op": "in", "value": LONG}]},
     "request", "65,536"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("report", "request_", "field", "valid"), WRONG, ids=[str(each[2]) for each in WRONG]
)
def test_what_cannot_be_asked_is_not_saved(
    site: Questions, report: str, request_: Any, field: str, valid: str
) -> None:
    """A request that its report would refuse is refused by its field, with what would be valid."""
    with pytest.raises(bs.InvalidRequest) as caught:
        site._save("Wrong", {"report": report, "request": request_}, None)
    assert caught.value.field == field
    assert valid in caught.value.valid
    assert "Wrong" not in [each.name for each in site.saved()]


def test_what_was_asked_of_no_site_is_not_saved(site: Questions) -> None:
    """A result without its question, a report without a request and a result with one are refused."""
    result = site.funnel(STEPS, **OCTOBER)
    bare = type(result)(result.answer, str)
    for arguments in ((bare,), ("funnel",), (result, FUNNEL)):
        with pytest.raises(bs.InvalidRequest):
            site.save("Wrong", *arguments)


def test_a_name_that_goes_breaks_what_asks_for_it(site: Questions) -> None:
    """The list says which saved report can't be asked any more and why, also through a cohort; back with the
    name, it can.
    """
    site.define("Gone", on="click")
    site.define_cohort("Goers", [{"did": "Gone"}])
    site.save("Direct", "trend", {"series": [{"event": "Gone", "label": "x"}]})
    site.save("By cohort", "trend", {"series": ["Signed up"], "person_where": [{"not": {"cohort": "Goers"}}]})
    site.save("Whole", "trend", {"series": ["Signed up"]})
    assert [each.broken for each in site.saved()] == [None] * 3
    site.delete_event("Gone")
    broken = {each.name: each.broken or "" for each in site.saved()}
    assert "no named event 'Gone'" in broken["Direct"]
    assert "no named event 'Gone', which cohort 'Goers' asks for" in broken["By cohort"]
    assert broken["Whole"] == ""
    assert site.saved_question("Direct").broken == broken["Direct"]
    with pytest.raises(bs.InvalidRequest, match="'Gone'"):
        site.saved_report("Direct")
    site.define("Gone", on="click")
    assert site.saved_question("Direct").broken is None
    for name in ("Direct", "By cohort", "Whole"):
        site.delete_saved(name)
    site.delete_cohort("Goers")
    site.delete_event("Gone")


def test_links_are_made_listed_and_ended(site: Questions, data: Path) -> None:
    """A link is told once, listed without its token, ended for good, and by the report's deletion; each is an
    audit line.
    """
    site.save("Shared", "funnel", FUNNEL)
    link = site.share("Shared", 7, label="board", server="https://stats.example/b/")
    assert link.url is not None
    assert link.url.startswith("https://stats.example/b/shared#rt_")
    assert link.expires is not None
    assert (link.expires - link.created).days in {6, 7}
    endless = site.share("Shared", None)
    assert (endless.expires, (endless.url or "").startswith(site.server)) == (None, True)
    listed = site.links("Shared")[-2:]  # after those of an earlier report of the name
    assert [(each.link_id, each.label, each.url) for each in listed] == [
        (link.link_id, "board", None), (endless.link_id, "", None)
    ]  # fmt: skip
    assert (site.unshare("Shared", link.link_id), site.unshare("Shared", link.link_id)) == (True, False)
    site.delete_saved("Shared")
    site.save("Shared", "funnel", FUNNEL)
    assert all(each.revoked for each in site.links("Shared"))
    token = link.url.partition("#")[2]
    with SQLiteStore(data / "backsight.sqlite") as store:
        rows = json.dumps([str(each) for each in store.keys_of("shop", "report")])
    assert token not in rows
    lines = [(line.action, line.subject) for line in site.audit(action="key")]
    for line in (("key.create", link.link_id), ("key.revoke", link.link_id), ("key.revoke", endless.link_id)):
        assert line in lines
    site.delete_saved("Shared")


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"days": 0}, "days"), ({"days": 366}, "days"), ({"label": "a\nb"}, "label"),
        ({"server": "ftp://stats.example"}, "url"), ({"server": "https://stats.example/?a=b"}, "server"),
        ({"server": "https://u:p@stats.example"}, "url"),
    ],
)  # fmt: skip
def test_links_at_fault(site: Questions, arguments: dict[str, Any], field: str) -> None:
    """A time, label or server that there can't be is refused by its field, and no link is made."""
    site.save("Shared", "funnel", FUNNEL)
    with pytest.raises(bs.InvalidRequest) as caught:
        site.share("Shared", **arguments)
    assert caught.value.field == field
    site.delete_saved("Shared")


@pytest.mark.parametrize(
    ("report", "request_"),
    [
        ("funnel", {"steps": STEPS, "breakdown": {"by": ["browser", "person.email"]}}),
        ("trend", {"series": ["Signed up"], "breakdown": {"by": ["person.plan"]}}),
        ("paths", {"nodes": [{"on": "any", "each": "person.email"}]}),
        ("signals", {"funnel": {"steps": STEPS, "breakdown": {"by": ["person.plan"]}}}),
    ],
)
def test_what_tells_about_persons_is_not_shared(
    site: Questions, report: str, request_: dict[str, Any]
) -> None:
    """A report whose groups are values of persons' traits can be saved, and gets no link."""
    site.save("Who", report, request_)
    with pytest.raises(bs.InvalidRequest, match="tells about persons"):
        site.share("Who")
    assert site.links("Who") == []
    site.delete_saved("Who")


def test_how_long_a_link_lasts(data: Path) -> None:
    """As many days as are asked for; a key that ends makes none without an end. A report has at most so many
    live links."""
    with bs.open(data) as site, served(data) as url:
        site.save("Shared", "funnel", FUNNEL)
        key = site.keys.create("define", expires="2d")
        with bs.connect(url, key.key) as remote:
            ends = next(each.expires for each in site.keys.list() if each.key_id == key.key_id)
            assert remote.share("Shared", None).expires == ends
            month = remote.share("Shared", 30)
            assert (month.expires - month.created).days in {29, 30}
        for _ in range(98):
            site.share("Shared")
        with pytest.raises(bs.InvalidRequest, match="100 links"):
            site.share("Shared")
        site.unshare("Shared", site.links("Shared")[-1].link_id)
        assert site.share("Shared").url
        site.delete_saved("Shared")
