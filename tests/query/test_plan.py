"""A plan's numbers are those of the reports before and after the apply; what is edited, and what is left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import backsight as bs
from backsight.definitions import Plan, read_definitions
from backsight.definitions.document import parse_document
from backsight.definitions.edits import Edit
from backsight.definitions.effects import Effects
from backsight.lake import Snapshot
from backsight.rules.rule import rule_to_json
from backsight.scan.request import read_common
from backsight.site import Site
from query.conftest import ContextOf
from query.rows import event, statement
from query.test_preview import DAY, ELEMENTS, NAMES, NODES, NOW
from shop_site import write_data

PRICING = {"on": "pageview", "page": {"path": {"op": "is", "value": "/pricing"}}}
SIGNUP = {"on": "submit", "css": "form#signup"}
ORDER = {"on": "track", "name": "Order Completed"}
OCTOBER: dict[str, Any] = {"from_": "2026-10-01", "to": "2026-10-31"}


def file_of(events: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A file that defines these events."""
    return {"version": 1, "events": events, **more}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The shop, to whose names the file `FIRST` was applied."""
    write_data(tmp_path)
    with bs.open(tmp_path, threads=1) as opened:
        opened.apply(FIRST)
        yield opened


FIRST = file_of(
    {"Viewed pricing": PRICING, "Signed up": SIGNUP, "Bought": ORDER},
    cohorts={"Buyers": {"person_where": [{"did": "Bought"}], "description": "At least once"}},
)


def edited(plan: Plan) -> dict[str, str]:
    """What a plan does to which name."""
    return {each["name"]: each["action"] for each in plan.edits}


# ── The numbers ─────────────────────────────────────────────────────────────────────────────────────────────

_rows = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["click", "submit", "pageview"]),
            "node_id": st.sampled_from([None, 1, 2, 3, 4]),
            "path": st.sampled_from([None, "/a", "/b"]),
            "text": st.sampled_from([None, "Go"]),
            "device": st.integers(1, 3),
        }
    ),
    max_size=8,
)
_rules = st.lists(st.sampled_from(sorted(NAMES)), max_size=2, unique=True)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=_rows, before=_rules, after=_rules, pro=st.booleans())
def test_an_effect_is_what_a_naive_count_gives(
    context_of: ContextOf, rows: list[dict[str, Any]], before: list[str], after: list[str], pro: bool
) -> None:
    """Events and persons before, after, gained and lost, overlaps and dead rules, for any rules."""
    at = [DAY + timedelta(hours=number) for number in range(len(rows))]
    events = [event("", time, **{**row, "name": None}) for time, row in zip(at, rows, strict=True)]
    said = [statement("identify", DAY, device=1, user=7), statement("identify", DAY, device=2, user=7)]
    said += [statement("traits", DAY, user=7, traits=json.dumps({"plan": "pro"}))] if pro else []
    others = file_of({name: rule for name, (rule, _) in NAMES.items()})
    named = {name: each.rules for (_, name), each in read_definitions(others).each.items()}
    context = context_of(events, said, nodes=NODES, elements=ELEMENTS, names=named, now=NOW)
    edit = Edit("change", *(_definition(each) for each in (before, after)), 1)
    effect = Effects(context, read_common({}, NOW)).of(edit)

    def person(row: dict[str, Any]) -> int:
        return 7 if row["device"] in (1, 2) else row["device"]

    def matching(names: list[str]) -> set[int]:
        return {
            at
            for at, row in enumerate(rows)
            if any(NAMES[name][1](row, "pro" if pro and person(row) == 7 else None) for name in names)
        }

    stood, matches = matching(before), matching(after)
    who = [{person(rows[at]) for at in side} for side in (stood, matches)]
    assert effect["before"] == {"events": len(stood), "persons": len(who[0])}
    assert effect["after"] == {"events": len(matches), "persons": len(who[1])}
    assert effect["gained"] == {"events": len(matches - stood), "persons": len(who[1] - who[0])}
    assert effect["lost"] == {"events": len(stood - matches), "persons": len(who[0] - who[1])}
    overlaps = {name: len(matches & matching([name])) for name in NAMES} if after else {}
    assert {each["name"]: each["events"] for each in effect["overlaps"]} == {
        name: number for name, number in overlaps.items() if number
    }
    assert len(effect["dead"]) == sum(not matching([name]) for name in after)
    for side, moved in (("gained", matches - stood), ("lost", stood - matches)):
        kinds = {(rows[at]["type"], rows[at]["path"], rows[at]["text"], rows[at]["node_id"]) for at in moved}
        assert sum(each["events"] for each in effect["sample"][side]) <= len(moved)
        assert bool(effect["sample"][side]) == bool(kinds)


def _definition(names: list[str]) -> Any:
    if not names:
        return None
    rules = [NAMES[name][0] for name in names]
    return read_definitions(file_of({"It": {"rules": rules}})).each["event", "It"]


EDITS = {
    "other rule": {"Viewed pricing": {"on": "pageview"}, "Signed up": SIGNUP, "Bought": ORDER},
    "narrower": {"Viewed pricing": PRICING, "Bought": ORDER,
                 "Signed up": {**SIGNUP, "page": {"path": {"op": "is", "value": "/nowhere"}}}},
    "swapped": {"Viewed pricing": SIGNUP, "Signed up": PRICING, "Bought": {"rules": [ORDER, SIGNUP]}},
    "added": {"Viewed pricing": PRICING, "Signed up": SIGNUP, "Bought": ORDER, "Anything": {"on": "any"}},
}  # fmt: skip


@pytest.mark.parametrize("case", EDITS)
def test_the_numbers_are_those_of_the_reports_before_and_after(site: Site, case: str) -> None:
    """Trend, persons, a cohort, a strict funnel and retention: asked before the apply and after it, each says
    what the plan said.
    """
    file = file_of(EDITS[case], cohorts=FIRST["cohorts"])
    steps = ["Viewed pricing", "Signed up", "Bought"]
    site.save("Funnel", site.funnel(steps, order="strict", **OCTOBER))
    site.save("Retention", site.retention("Viewed pricing", "Bought", periods=3, **OCTOBER))
    site.save("Trend", site.trend(steps, **OCTOBER))
    plan = site.plan(file)
    told = {edit["name"]: edit["effect"] for edit in plan.edits}
    assert told

    def hold(side: str) -> None:
        for name, effect in told.items():
            if name in {each.name for each in site.events()}:
                found = site.preview(rules=[rule_to_json(rule) for rule in site.event(name).rules])
                assert effect[side] == {"events": found.events, "persons": found.persons}
                trend = site.trend([name, {"event": name, "measure": "persons"}], "all")
                assert [each["total"] for each in trend.answer["series"]] == [found.events, found.persons]
            else:
                assert effect[side] == {"events": 0, "persons": 0}
        for cohort in plan.answer["cohorts"]:
            assert cohort[side] == site.preview_cohort({"cohort": cohort["name"]}).total
        for report in plan.answer["reports"]:
            figures = [each[side] for each in report["figures"]]
            answer = site.saved_report(report["name"]).answer
            if report["name"] == "Funnel":
                assert figures == [step["count"] for step in answer["steps"]]
            elif report["name"] == "Trend":
                assert figures == [series["total"] for series in answer["series"]]
            else:
                assert figures[0] == sum(row["size"] for row in answer["rows"])

    hold("before")
    before = {report.name: site.saved_report(report.name).answer for report in site.saved()}
    site.apply(plan)
    hold("after")
    moved = {each["name"]: each["moves"] for each in plan.answer["reports"]}
    for name, answer in before.items():
        now = site.saved_report(name).answer
        assert moved.get(name, False) == any(now[key] != answer[key] for key in now if key != "meta"), name
    assert not site.plan(file).changes


def test_a_report_that_uses_nothing_edited_is_not_asked(site: Site) -> None:
    """Of saved reports, those are told of that use what is edited: by name, by a cohort, or by order."""
    site.save("By name", site.trend("Signed up", **OCTOBER))
    site.save("By cohort", site.trend(PRICING, person_where=[{"cohort": "Buyers"}], **OCTOBER))
    site.save("By order", site.funnel([PRICING, SIGNUP], order="strict", **OCTOBER))
    site.save("Neither", site.trend("Bought", **OCTOBER))
    signup = file_of({**FIRST["events"], "Signed up": {"on": "submit"}}, cohorts=FIRST["cohorts"])
    assert {each["name"] for each in site.plan(signup).answer["reports"]} == {"By name", "By order"}
    bought = file_of({**FIRST["events"], "Bought": {"on": "track"}}, cohorts=FIRST["cohorts"])
    plan = site.plan(bought)
    assert {each["name"] for each in plan.answer["reports"]} == {"By cohort", "By order", "Neither"}
    assert [each["name"] for each in plan.answer["cohorts"]] == ["Buyers"]


# ── What is edited ──────────────────────────────────────────────────────────────────────────────────────────


def test_create_change_describe_delete_and_what_is_left(site: Site) -> None:
    """Each name of the file and of the store is what it is: by its rules, its description, and who has it."""
    site.define("By hand", on="click")
    file = file_of(
        {
            "Viewed pricing": {"on": "pageview"},
            "Bought": {**ORDER, "description": "Paid"},
            "New": {"css": "a"},
        },
        cohorts={"Buyers": FIRST["cohorts"]["Buyers"]},
    )
    plan = site.plan(file, effects=False)
    assert edited(plan) == {
        "New": "create",
        "Viewed pricing": "change",
        "Bought": "describe",
        "Signed up": "delete",
    }
    assert plan.answer["left"] == [{"kind": "event", "name": "By hand"}]
    assert plan.answer["unchanged"] == 1
    assert edited(site.plan(file, effects=False, prune=True))["By hand"] == "delete"
    site.apply(plan)
    assert [each.name for each in site.events()] == ["Bought", "By hand", "New", "Viewed pricing"]
    assert site.event("Bought").description == "Paid"
    assert not site.plan(file).changes


def test_a_rename_is_one_edit_and_what_uses_the_old_name_is_told(site: Site) -> None:
    """The same rules under a new name keep their history; a report of the old one can't be asked any more."""
    site.save("Signups", site.trend("Signed up", **OCTOBER))
    events = {"Viewed pricing": PRICING, "Joined": SIGNUP, "Bought": ORDER}
    plan = site.plan(file_of(events, cohorts=FIRST["cohorts"]))
    (edit,) = plan.edits
    assert (edit["action"], edit["from"], edit["name"]) == ("rename", "Signed up", "Joined")
    assert edit["effect"]["before"] == edit["effect"]["after"] == {"events": 4, "persons": 4}
    (report,) = plan.answer["reports"]
    assert "no named event 'Signed up'" in report["fails"]
    assert site.apply(plan).applied == [
        {"kind": "event", "name": "Joined", "action": "rename", "from": "Signed up"}
    ]
    assert [each.name for each in site.events()] == ["Bought", "Joined", "Viewed pricing"]


def test_cohorts_have_to_be_askable_after_the_apply(site: Site) -> None:
    """A cohort of the file may use what the file defines, and nothing that is then gone or leads back."""
    uses = {"A": {"person_where": [{"cohort": "B"}]}, "B": {"person_where": [{"did": "New"}]}}
    plan = site.plan(file_of({**FIRST["events"], "New": PRICING}, cohorts=uses | FIRST["cohorts"]))
    members = {edit["name"]: edit["effect"] for edit in plan.edits if edit["kind"] == "cohort"}
    assert {name: (each["before"], each["after"], each["gained"]) for name, each in members.items()} == {
        "A": (None, 5, 5), "B": (None, 5, 5),
    }  # fmt: skip
    gone = {name: FIRST["events"][name] for name in ("Viewed pricing", "Signed up")}
    with pytest.raises(
        bs.InvalidRequest, match=r"cohorts\['Buyers'\]\.person_where: there will be no .*'Bought'"
    ):
        site.plan(file_of(gone, cohorts=FIRST["cohorts"]))
    loop = {"A": {"person_where": [{"cohort": "B"}]}, "B": {"person_where": [{"cohort": "A"}]}}
    with pytest.raises(bs.InvalidRequest, match="would use itself"):
        site.apply(file_of(FIRST["events"], cohorts=loop | FIRST["cohorts"]))


def test_a_rule_nobody_can_match_is_told_and_not_refused(site: Site) -> None:
    """A selector without an element and a property that nobody captured are dead; one that can never match
    is refused.
    """
    ghosts = {"Ghost": {"css": "#ghost"}, "Nix": {"on": "any", "where": [
        {"property": "nix", "op": "is", "value": 1}]}}  # fmt: skip
    plan = site.plan(file_of({**FIRST["events"], **ghosts}, cohorts=FIRST["cohorts"]))
    ghost, nix = (edit["effect"] for edit in plan.edits)
    assert (ghost["dead"][0]["events"], ghost["dead"][0]["elements"]) == (0, 0)
    assert nix["dead"][0]["elements"] is None
    assert "no event has a property 'nix'" in nix["warnings"][0]
    with pytest.raises(bs.UnsupportedSelector, match=r"events\['X'\]\.css"):
        site.plan(file_of({"X": {"css": "a:hover"}}))


def test_a_range_bounds_what_is_counted(site: Site) -> None:
    """`from` and `to` bound the effects, and nothing else of the plan."""
    file = file_of({**FIRST["events"], "Any page": {"on": "pageview"}}, cohorts=FIRST["cohorts"])
    (edit,) = site.plan(file, from_="2026-10-01", to="2026-10-01").edits
    assert edit["effect"]["after"] == {"events": 2, "persons": 2}
    (whole,) = site.plan(file).edits
    assert whole["effect"]["after"]["events"] == 6


def test_only_what_is_edited_is_counted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many names, a plan runs the statements of those that are edited: two each at most."""
    many = {f"E{number}": {"css": f"button:nth-child({number + 1})"} for number in range(60)}
    file = file_of({**FIRST["events"], **many}, cohorts=FIRST["cohorts"])
    site.apply(file)
    asked: list[str] = []
    query = site._engine.query

    def counting(sql: str, *more: Any, **named: Any) -> Any:
        asked.append(sql)
        return query(sql, *more, **named)

    monkeypatch.setattr(site._engine, "query", counting)
    changed = {**many, "E1": {"css": "form"}, "E2": {"css": "button"}}
    plan = site.plan(file_of({**FIRST["events"], **changed}, cohorts=FIRST["cohorts"]))
    assert len(plan.edits) == 2
    assert len([sql for sql in asked if "from events" in sql]) <= 4


def test_a_name_of_the_web_stays_a_name(site: Site) -> None:
    """Names that look like anything else are planned, applied and exported as they are."""
    hostile = [
        "'; drop table keys; --",
        "<img src=x>",
        "@everyone",
        "a.b[0]",
        "on",
        "null",
        "{}",
        "日本 | `x`",
    ]
    file = file_of(dict.fromkeys(hostile, PRICING))
    site.apply(file)
    exported = parse_document(site.export_events()).value
    assert set(exported["events"]) == set(hostile)
    assert not site.plan(exported, prune=True).changes


def test_a_plan_says_when_it_began(site: Site) -> None:
    """The answer names the snapshot that was read, as a report's does."""
    meta = site.plan(FIRST).answer["meta"]
    assert (meta["site"], meta["snapshot"]["events"]) == ("shop", 0)
    assert datetime.fromisoformat(meta["now"]) <= datetime.now(UTC)


def test_a_plan_begins_again_where_a_deletion_took_files_away(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that a deletion of persons took away while they were read: the plan is made of what is left."""
    file = file_of({**FIRST["events"], "New": SIGNUP}, cohorts=FIRST["cohorts"])
    taken = [True]
    query = site._engine.query

    def failing(sql: str, *more: Any, **named: Any) -> Any:
        if "stood" in sql and taken:
            raise OSError("no such file")
        return query(sql, *more, **named)

    def require_files(_: Snapshot, *asked: Any) -> None:
        if asked:
            return  # of a new snapshot, that nothing of an earlier one is missing
        taken.clear()
        raise bs.Gone("files were deleted")

    monkeypatch.setattr(site._engine, "query", failing)
    monkeypatch.setattr(Snapshot, "require_files", require_files)
    assert site.plan(file).edits[0]["effect"]["after"] == {"events": 4, "persons": 4}
    taken.append(True)
    monkeypatch.setattr(Snapshot, "require_files", lambda *_: None)
    with pytest.raises(OSError, match="no such file"):
        site.plan(file)
