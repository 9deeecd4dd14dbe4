"""What was changed elsewhere is shown and not overwritten unasked; an apply is all or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import backsight as bs
from backsight.definitions import Plan
from backsight.site import Site
from backsight.store import StoredVersion
from query.test_plan import FIRST, ORDER, PRICING, SIGNUP, edited, file_of
from shop_site import write_data


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The shop, to whose names the file `FIRST` was applied."""
    write_data(tmp_path)
    with bs.open(tmp_path, threads=1) as opened:
        opened.apply(FIRST)
        yield opened


def planned(site: Site, file: Any = FIRST, **options: Any) -> Plan:
    """A plan that counts nothing."""
    return site.plan(file, effects=False, **options)


def drift_of(plan: Plan, name: str) -> Any:
    """Why the edit of a name is held back."""
    return next(edit["drift"] for edit in plan.edits if edit["name"] == name)


def refused(site: Site, *arguments: Any, **options: Any) -> str:
    """Why an apply does nothing."""
    before = site.export_events(), len(site.audit())
    with pytest.raises(bs.Conflict) as caught:
        site.apply(*arguments, **options)
    assert (site.export_events(), len(site.audit())) == before
    return str(caught.value)


def test_a_change_made_elsewhere_is_held_back(site: Site) -> None:
    """Who, when and how often is told; the apply refuses by name, and does it once it is told to."""
    site.define("Signed up", css="form#new", on="submit")
    site.define("Signed up", css="form#newer", on="submit")
    plan = planned(site)
    drift = drift_of(plan, "Signed up")
    assert (drift["because"], drift["applied"], drift["file_changed"]) == ("changed", 1, False)
    assert [(each["version"], each["actor"].split(":")[0]) for each in drift["changes"]] == [
        (3, "python"),
        (2, "python"),
    ]
    assert plan.held_back == ["Signed up"]
    assert plan.edits[0]["before"]["rules"][0]["css"] == "form#newer"
    assert "'Signed up'" in refused(site, FIRST)
    assert "'Signed up'" in refused(site, plan)
    assert "'Signed up'" in refused(site, FIRST, overwrite=["Bought"])
    site.apply(FIRST, overwrite="Signed up")
    assert site.event("Signed up").to_json()["rules"] == [SIGNUP]
    assert not planned(site).changes
    assert site.audit(action="definitions")[0].detail["overwritten"] == ["Signed up"]


def test_a_file_that_says_what_was_done_elsewhere_has_it(site: Site) -> None:
    """Taken into the file, a change made elsewhere is no drift any more, and later ones are again."""
    site.define("Bought", rules=SIGNUP)
    file = file_of({**FIRST["events"], "Bought": SIGNUP}, cohorts=FIRST["cohorts"])
    assert not planned(site, file).changes
    site.apply(file)
    assert planned(site).held_back == []
    assert edited(planned(site)) == {"Bought": "change"}


def test_a_deletion_made_elsewhere_is_held_back(site: Site) -> None:
    """What somebody deleted does not come back by itself; gone from the file, too, it is forgotten."""
    site.delete_event("Signed up")
    plan = planned(site)
    assert (edited(plan), drift_of(plan, "Signed up")["because"]) == ({"Signed up": "create"}, "deleted")
    refused(site, FIRST)
    without = {name: FIRST["events"][name] for name in ("Viewed pricing", "Bought")}
    file = file_of(without, cohorts=FIRST["cohorts"])
    assert not planned(site, file).changes
    site.apply(file)
    assert planned(site).held_back == []


def test_what_is_gone_from_the_file_is_deleted_unless_it_was_changed_elsewhere(site: Site) -> None:
    """The file deletes what it had; somebody's later change of that is held back like any other."""
    without = {name: FIRST["events"][name] for name in ("Viewed pricing", "Bought")}
    file = file_of(without, cohorts=FIRST["cohorts"])
    assert edited(planned(site, file)) == {"Signed up": "delete"}
    site.define("Signed up", css="form#new", on="submit")
    assert planned(site, file).held_back == ["Signed up"]
    refused(site, file)
    site.apply(file, overwrite=True)
    assert "Signed up" not in {each.name for each in site.events()}


def test_what_was_made_without_a_file_is_held_back_and_what_another_file_has(site: Site) -> None:
    """The first apply of a file takes over what says the same, and overwrites nothing else unasked."""
    site.define("By hand", on="click")
    plan = planned(site, file_of({"By hand": {"on": "submit"}}, name="team.yaml"))
    assert (plan.answer["file"], drift_of(plan, "By hand")["because"]) == ("team.yaml", "made")
    theirs = planned(site, file_of({"Bought": {"on": "submit"}}, name="team.yaml"))
    assert (drift_of(theirs, "Bought")["because"], drift_of(theirs, "Bought")["file"]) == (
        "other_file",
        "events.yaml",
    )
    same = file_of({"By hand": {"on": "click"}, "Bought": ORDER}, name="team.yaml")
    site.apply(same)
    assert edited(planned(site, file_of({}, name="team.yaml"))) == {"By hand": "delete"}
    assert not planned(site).changes
    site.apply(file_of({"Bought": {"on": "submit"}}, name="team.yaml"), overwrite=True)
    assert drift_of(planned(site), "Bought")["because"] == "other_file"


def test_to_prune_leaves_other_files_and_lists_alone(site: Site) -> None:
    """`prune` deletes what no file has; cohorts that list persons can be in no file, and stay."""
    site.define("By hand", on="click")
    site.define_cohort("Listed", users=["ada"])
    plan = planned(site, file_of({}, name="other.yaml"), prune=True)
    assert edited(plan) == {"By hand": "delete"}
    assert {each["name"] for each in plan.answer["left"]} == {
        "Viewed pricing",
        "Signed up",
        "Bought",
        "Buyers",
        "Listed",
    }


def test_an_apply_is_of_the_plan_that_was_shown(site: Site) -> None:
    """A plan whose file, options or edited names changed is another one; the rest may change."""
    file = file_of({**FIRST["events"], "Bought": SIGNUP, "New": PRICING}, cohorts=FIRST["cohorts"])
    plan = planned(site, file)
    assert plan.fingerprint == planned(site, file).fingerprint == site.plan(file).fingerprint
    others = [
        planned(site, FIRST),
        planned(site, {**file, "name": "x.yaml"}),
        planned(
            site,
            file_of({**file["events"], "New": {**PRICING, "description": "x"}}, cohorts=FIRST["cohorts"]),
        ),
    ]
    assert len({plan.fingerprint, *(other.fingerprint for other in others)}) == 4
    site.define("Unrelated", on="click")
    assert planned(site, file).fingerprint == plan.fingerprint
    site.define("New", on="submit")
    assert "not the plan that was shown" in refused(site, plan)
    assert "not the plan" in refused(site, file, fingerprint=plan.fingerprint)
    site.delete_event("New")
    done = site.apply(planned(site, file))
    assert {each["name"] for each in done.applied} == {"Bought", "New"}


def test_an_apply_is_all_or_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that changes between the comparison and the writing stops all of it."""
    file = file_of({**FIRST["events"], "Bought": SIGNUP, "New": PRICING}, cohorts=FIRST["cohorts"])
    apply = site._store.apply

    def late(application: Any) -> Any:
        (other,) = [each for each in site._store.current_versions("shop") if each.name == "Bought"]
        changed = StoredVersion("shop", "Bought", 0, other.definition, "changed", "eve", other.at)
        site._store.add_version(changed)
        return apply(application)

    monkeypatch.setattr(site._store, "apply", late)
    with pytest.raises(bs.Conflict, match="'Bought' changed in between: its version is now 2, by eve"):
        site.apply(file)
    assert {each.name for each in site.events()} == {"Viewed pricing", "Signed up", "Bought"}
    assert site.event("Bought").description == "changed"


def test_a_plan_object_is_applied_as_it_is(site: Site) -> None:
    """Options beside a plan would make another plan of it."""
    with pytest.raises(bs.InvalidRequest, match="as it is"):
        site.apply(planned(site), prune=True)


def test_what_is_exported_is_no_change(site: Site) -> None:
    """The export of a site reads back as what stands, cohorts that list persons left out."""
    site.define(
        "By hand", rules=[SIGNUP, {"any": [ORDER, {"css": "a, b", "on": "any"}]}], description="on: yes\n"
    )
    site.define_cohort("Listed", users=["ada"])
    text = site.export_events(schema="https://x.example/s.json")
    assert text.startswith("# yaml-language-server: $schema=https://x.example/s.json\n")
    assert "Listed" not in text
    document = bs_document(text)
    assert not planned(site, document, prune=True).changes


def bs_document(text: str) -> Any:
    """What a file says."""
    from backsight.definitions.document import parse_document

    return parse_document(text).value
