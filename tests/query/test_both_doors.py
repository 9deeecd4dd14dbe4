"""Every method of a site, found by looking at the class, answers the same in place and over HTTP.

A method without a case fails `test_every_method_has_a_case`: add one line to CASES below. A case is asked of
both doors, each over a folder of its own with the same data, and gives whatever is to be compared; it may
change the site, under names of its own. `test_remote.py` compares what options and errors give.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import backsight as bs
from backsight.questions import Questions
from backsight.questions.administration import SiteKeys
from backsight.remote import RemoteSite
from backsight.results import RESULTS, Result
from backsight.site import Site
from shop_site import secret_key, served, write_data

Case = Callable[[Questions], Any]
OCTOBER: dict[str, Any] = {"from_": "2026-10-01", "to": "2026-10-31"}
STEPS = ["Viewed pricing", "Signed up"]
ANYTHING = {"on": "any", "label": "Anything"}
FILE = {"version": 1, "events": {"Planned": {"on": "click", "css": "form#signup button"}}}
AT = {
    "now": "2026-10-20T12:00:00Z",
    "snapshot": {"events": 0, "nodes": 0, "elements": 0, "statements": -1, "dead_letters": -1},
    "events": {"Viewed pricing": 1, "Signed up": 1},
}
"""A moment for both doors, for what tells how long ago something was."""

CASES: dict[str, Case] = {
    # Reports
    "funnel": lambda site: site.funnel(STEPS, **OCTOBER),
    "retention": lambda site: site.retention("Viewed pricing", ANYTHING, **OCTOBER),
    "trend": lambda site: site.trend("Signed up", **OCTOBER),
    "lifecycle": lambda site: site.lifecycle("Signed up", **OCTOBER),
    "stickiness": lambda site: site.stickiness(ANYTHING, **OCTOBER),
    "paths": lambda site: site.paths(**OCTOBER),
    "attribution": lambda site: site.attribution("Signed up", ["path"], touches=ANYTHING, **OCTOBER),
    "signals": lambda site: site.signals(funnel={"steps": STEPS, "from": "2026-10-01"}, at_least=5),
    "preview": lambda site: site.preview(on="submit"),
    "person": lambda site: site.person("device:cyd"),
    "activity": lambda site: site.activity(as_of=AT),
    "elements": lambda site: site.elements(as_of=AT),
    "doctor": lambda site: site.doctor(as_of=AT),
    "properties": lambda site: (site.properties(), site.properties["total"], site.properties.names()),
    "sql": lambda site: site.sql("select type, count(*) as n from raw_events group by 1 order by 1"),
    "live": lambda site: (first := site.live(limit=3)).events + site.live(first.next, limit=3).events,
    # What results ask
    "Funnel.persons": lambda site: site.funnel(STEPS, **OCTOBER).persons(2, dropped=True),
    "Funnel.events": lambda site: site.funnel(STEPS, **OCTOBER).events(2).to_arrow(),
    "Funnel.signals": lambda site: site.funnel(STEPS, **OCTOBER).signals(2, at_least=5),
    "FunnelPersons.events": lambda site: site.funnel(STEPS, **OCTOBER).persons(2).events().to_arrow(),
    "Retention.persons": lambda site: site.retention(*STEPS, **OCTOBER).persons("2026-10-01"),
    "Retention.events": lambda site: site.retention(*STEPS, **OCTOBER).events("2026-10-01", 0).to_arrow(),
    "Retention.signals": lambda site: site.retention("Viewed pricing", ANYTHING, **OCTOBER).signals(
        1, at_least=5
    ),
    "RetentionPersons.events": lambda site: site.retention(*STEPS, **OCTOBER)
    .persons("2026-10-01")
    .events()
    .to_arrow(),
    "Trend.events": lambda site: site.trend("Signed up", **OCTOBER).events("2026-10-01").to_arrow(),
    "Lifecycle.events": lambda site: site.lifecycle(ANYTHING, **OCTOBER).events("2026-10-01").to_arrow(),
    "Stickiness.events": lambda site: site.stickiness(ANYTHING, **OCTOBER).events(1).to_arrow(),
    "Paths.events": lambda site: (paths := site.paths(**OCTOBER)).events(paths.edges[0]).to_arrow(),
    "Attribution.events": lambda site: site.attribution("Signed up", ["path"], touches=ANYTHING, **OCTOBER)
    .events("/join")
    .to_arrow(),
    # Named events
    "define": lambda site: site.define("Defined", css="form", on="submit", description="by a case"),
    "event": lambda site: site.event("Signed up"),
    "events": lambda site: [event for event in site.events() if event.name in STEPS],
    "history": lambda site: site.history("Signed up"),
    "delete_event": lambda site: (
        site.define("Deleted", on="click"), site.delete_event("Deleted"), site.history("Deleted")
    ),
    "__getitem__": lambda site: site["Signed up"],
    "__contains__": lambda site: ("Signed up" in site, "Signd up" in site),
    "__iter__": lambda site: [name for name in site if name in STEPS],
    "dbt_schema": lambda site: "Signed up" in site.dbt_schema(),
    "define_link": lambda site: site.define_link("https://shop.example/join", 5).url.partition("#")[0],
    # Cohorts
    "define_cohort": lambda site: site.define_cohort("Defined", [{"did": "Signed up"}]),
    "preview_cohort": lambda site: site.preview_cohort([{"did": "Signed up"}]),
    "cohort": lambda site: site.cohort("Members"),
    "cohorts": lambda site: [cohort for cohort in site.cohorts() if cohort.name == "Members"],
    "cohort_history": lambda site: site.cohort_history("Members"),
    "freeze_cohort": lambda site: site.freeze_cohort("Members", "Frozen"),
    "delete_cohort": lambda site: (
        site.define_cohort("Gone", users=["ada"]), site.delete_cohort("Gone"), site.cohort_history("Gone")
    ),
    # Definitions as code
    "plan": lambda site: site.plan(FILE),
    "apply": lambda site: (site.apply(FILE), site.event("Planned")),
    "export_events": lambda site: "Signed up" in site.export_events(schema="./x.json"),
    # Saved reports
    "save": lambda site: site.save("Saved", site.funnel(STEPS, **OCTOBER), description="by a case"),
    "saved": lambda site: [saved for saved in site.saved() if saved.name == "Weekly"],
    "saved_question": lambda site: site.saved_question("Weekly"),
    "saved_report": lambda site: site.saved_report("Weekly"),
    "saved_history": lambda site: site.saved_history("Weekly"),
    "delete_saved": lambda site: (
        site.save("Short", "trend", {"series": ["Signed up"]}), site.delete_saved("Short"),
        site.saved_history("Short"),
    ),
    "share": lambda site: site.share("Weekly", 3, label="by a case", server="https://s.example").label,
    "links": lambda site: [link.report for link in site.links("Weekly") if link.label == "first"],
    "unshare": lambda site: [
        site.unshare("Weekly", site.share("Weekly", server="https://s.example").link_id) for _ in range(2)
    ],
    # Administration
    "keys": lambda site: isinstance(site.keys, SiteKeys),
    "keys.create": lambda site: site.keys.create("read", label="made").key[:3],
    "keys.list": lambda site: [(key.kind, key.scopes) for key in site.keys.list() if key.label == "listed"],
    "keys.set": lambda site: site.keys.set(site.keys.create(label="set").key_id, label="other").label,
    "keys.rotate": lambda site: site.keys.rotate(site.keys.create(label="old").key_id).key[:3],
    "keys.revoke": lambda site: site.keys.revoke(site.keys.create(label="bad").key_id),
    "audit": lambda site: [(line.action, line.subject) for line in site.audit(action="cohort.put")][-1:],
    "close": lambda site: callable(site.close),
    # Deleting persons, last: at once in place, by the server's committer over HTTP
    "preview_deletion": lambda site: site.preview_deletion("device:ada", "device:nobody"),
    "deletions": lambda site: site.deletions(),
    "delete_person": lambda site: site.delete_person("device:fay", wait=False).persons,
    "deletion": lambda site: site.deletion(site.delete_person("device:eve", wait=False).deletion).persons,
}  # fmt: skip


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Questions]]:
    """The shop in place and over HTTP, each with a folder of its own."""
    with ExitStack() as stack:
        sites: dict[str, Questions] = {}
        for door in ("open", "connect"):
            folder: Path = tmp_path_factory.mktemp(door)
            write_data(folder)
            with bs.open(folder) as site:
                site.define("Viewed pricing", on="pageview", page="/pricing")
                site.define("Signed up", css="form#signup", on="submit")
                site.define_cohort("Members", [{"did": "Signed up"}])
                site.save(
                    "Weekly", "trend", {"series": ["Signed up"], "interval": "week", "from": "2026-10-01"}
                )
                site.share("Weekly", label="first", server="https://s.example")
                site.keys.create("read", label="listed")
            if door == "open":
                sites[door] = stack.enter_context(bs.open(folder, threads=1))
            else:
                url = stack.enter_context(served(folder))
                sites[door] = stack.enter_context(bs.connect(url, secret_key(folder, "admin")))
        yield sites


MOMENTS = frozenset(
    "actor at ms now key key_id deletion requested_at completed_at fingerprint expires".split()
)
"""What differs from one time, or folder, to the next."""


def said(value: Any) -> Any:
    """What an answer says, without what differs from one time to the next."""
    if isinstance(value, Result):
        return type(value), said(value.answer), value.to_arrow().to_pylist()
    if isinstance(value, pa.Table):
        return value.to_pylist()
    if is_dataclass(value) and not isinstance(value, type):
        return type(value), said(asdict(value))
    if isinstance(value, Mapping):
        return {name: said(each) for name, each in value.items() if name not in MOMENTS}
    if isinstance(value, tuple | list):
        return [said(each) for each in value]
    if hasattr(value, "to_arrow"):
        return said(value.to_arrow())
    return said(value.answer) if hasattr(value, "answer") else value


def test_every_method_has_a_case() -> None:
    """What a site and its results can be asked, found by looking at their classes, is all in CASES."""
    kinds = (cached_property, property)
    members = {
        name for name, value in inspect.getmembers_static(Questions)
        if not name.startswith("_") and (inspect.isfunction(value) or isinstance(value, kinds))
    }  # fmt: skip
    own = {"__getitem__", "__contains__", "__iter__"}
    keys = {f"keys.{name}" for name, _ in inspect.getmembers(SiteKeys, inspect.isfunction) if name[0] != "_"}
    results = {
        f"{kind.__name__}.{name}"
        for kind in RESULTS.values()
        for name in ("persons", "events", "signals")
        if inspect.isfunction(inspect.getattr_static(kind, name, None))
    }
    missing = sorted((members | own | keys | results) - CASES.keys())
    assert not missing, f"no case in CASES of tests/query/test_both_doors.py for: {', '.join(missing)}"
    assert not CASES.keys() - (members | own | keys | results), "cases of what is there no more"


REPORTS = [name for name in RESULTS if name in CASES and name != "person"]


@pytest.mark.parametrize("name", REPORTS)
def test_results_ask_again(doors: dict[str, Questions], name: str) -> None:
    """A result's SQL, and the same question as of its answer, are the same at both doors."""
    found = [CASES[name](site) for site in doors.values()]
    results = [each[0] if isinstance(each, tuple) else each for each in found]
    again = [said(result.again()) for result in results]
    assert again[0] == again[1] == said(results[0])
    here, there = ([line for line in each.sql().splitlines() if line[:2] != "--"] for each in results)
    assert here == there
    assert here


@pytest.mark.parametrize("name", CASES)
def test_same_answer(doors: dict[str, Questions], name: str) -> None:
    """A method answers the same in place and over HTTP, and is the one that is called."""
    answers = []
    for site in doors.values():
        called: set[str] = set()
        answers.append(said(CASES[name](_noting(site, called))))
        assert name.split(".")[0] in called or not name[0].islower()
    assert answers[0] == answers[1]


def _noting(site: Questions, called: set[str]) -> Any:
    """The site, with a note of which of its attributes are asked for."""

    class Noting(type(site)):  # type: ignore[misc]
        def __getattribute__(self, name: str) -> Any:
            called.add(name)
            return super().__getattribute__(name)

    noting = Noting.__new__(Noting)
    noting.__dict__ = site.__dict__
    return noting


def test_both_are_sites() -> None:
    """Neither door has a public method that the other lacks, but for what is told to be of one alone."""
    only = {
        kind: {name for name in vars(kind) if not name.startswith("_") and not hasattr(Questions, name)}
        for kind in (Site, RemoteSite)
    }
    assert only[RemoteSite] == set()
