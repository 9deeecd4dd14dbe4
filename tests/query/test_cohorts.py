"""Cohorts: what a name means now, what it meant, whom it lists, and who changed it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from backsight.cohorts import Cohort, Cohorts
from backsight.contract import id64
from backsight.errors import Conflict, InvalidRequest, NotFound
from backsight.named_events import NamedEvents
from backsight.sites import create_site
from backsight.store import StoredVersion
from backsight.store.sqlite import SQLiteStore

BUYERS = {"person_where": [{"did": "Bought", "at_least": 3, "within": "30d"}]}
PRO = {"person_where": [{"property": "plan", "op": "is", "value": "pro"}]}
LISTED = {"static": {"users": ["ada", "bob"], "devices": ["d1"]}}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "backsight.sqlite") as store:
        create_site(store, "shop", "test")
        create_site(store, "blog", "test")
        NamedEvents(store, "shop").put("Bought", [{"on": "track", "name": "Order Completed"}])
        yield store


@pytest.fixture
def cohorts(store: SQLiteStore) -> Cohorts:
    return Cohorts(store, "shop")


def using(*names: str) -> dict[str, Any]:
    return {"person_where": [{"any": [{"not": {"cohort": name}} for name in names]}]}


def members(cohorts: Cohorts, name: str) -> set[int]:
    return set(cohorts.current()[name].members().to_pylist())


def test_a_name_means_what_was_put_last(cohorts: Cohorts) -> None:
    """`get`, `list` and `current` give the newest version, conditions as they were written."""
    assert cohorts.put("Buyers", PRO, actor="ada") == 1
    assert cohorts.put(" Buyers ", BUYERS, "often", actor="bob") == 2
    buyers = cohorts.get("Buyers")
    assert (buyers.version, buyers.actor, buyers.description) == (2, "bob", "often")
    assert (list(buyers.person_where or ()), buyers.members) == (BUYERS["person_where"], None)
    assert cohorts.list() == [buyers]
    meaning = cohorts.current()["Buyers"]
    assert (meaning.version, meaning.person_where) == (2, buyers.person_where)


def test_a_static_cohort_keeps_hashes_of_whom_it_lists(cohorts: Cohorts) -> None:
    """Users, devices and persons are listed once each, whatever form they were given in."""
    ada = id64("user", "ada")
    assert cohorts.put("Friends", LISTED) == 1
    assert cohorts.get("Friends").members == 3
    assert members(cohorts, "Friends") == {ada, id64("user", "bob"), id64("device", "d1")}
    cohorts.put("Friends", {"static": {"users": ["ada", "ada"], "persons": [str(ada), "-5", "7"]}})
    assert members(cohorts, "Friends") == {ada, -5, 7}
    assert cohorts.put_members("Friends", pa.array([7, -5, ada, 7], pa.int64())) == 2
    assert cohorts.put_members("Friends", pa.array([1], pa.int64())) == 3


def test_a_static_cohort_may_become_a_dynamic_one(cohorts: Cohorts) -> None:
    """The kind is part of a version; the members of the older one are still there."""
    cohorts.put("Friends", LISTED)
    cohorts.put("Friends", PRO)
    meaning = cohorts.current()["Friends"]
    assert (meaning.version, len(meaning.person_where or ()), len(meaning.members())) == (2, 1, 0)
    earlier = cohorts.at(datetime.now(UTC), {"Friends": 1})["Friends"]
    assert (earlier.person_where, len(earlier.members())) == (None, 3)


def test_what_stood_at_an_instant_is_found_again(cohorts: Cohorts) -> None:
    """At an earlier instant names mean what they did then, but for the versions that are named."""
    cohorts.put("Buyers", BUYERS)
    cohorts.put("Pro", PRO)
    between = cohorts.get("Pro").at
    cohorts.put("Buyers", PRO)
    cohorts.delete("Pro")
    assert {name: each.version for name, each in cohorts.at(between, {}).items()} == {"Buyers": 1, "Pro": 1}
    now = datetime.now(UTC)
    assert {name: each.version for name, each in cohorts.at(now, {}).items()} == {"Buyers": 2}
    listed = cohorts.at(now, {"Pro": 1, "Buyers": 1})
    assert {name: each.version for name, each in listed.items()} == {"Buyers": 1, "Pro": 1}
    for name, version in (("Pro", 2), ("Buyers", 9), ("Nobody", 1)):
        with pytest.raises(NotFound, match=rf"as_of\.cohorts\.{name}.* never had a version {version}"):
            cohorts.at(now, {name: version})


def test_history_keeps_every_version_with_its_author(cohorts: Cohorts) -> None:
    """History is newest first, deletions included, and what is deleted can be put again."""
    cohorts.put("Buyers", BUYERS, actor="ada")
    cohorts.delete("Buyers", actor="bob")
    cohorts.put("Buyers", LISTED, actor="cy")
    told = [(each.version, each.actor, each.deleted, each.members) for each in cohorts.history("Buyers")]
    assert told == [(3, "cy", False, 3), (2, "bob", True, None), (1, "ada", False, None)]


def test_sites_do_not_share_cohorts(store: SQLiteStore, cohorts: Cohorts) -> None:
    """What one site calls a cohort is unknown on another."""
    cohorts.put("Buyers", BUYERS)
    assert Cohorts(store, "blog").current() == {}
    with pytest.raises(NotFound):
        Cohorts(store, "blog").get("Buyers")


def test_an_unknown_name_is_answered_with_the_nearest(cohorts: Cohorts) -> None:
    """Whoever asks for a cohort that does not stand is told which one does."""
    cohorts.put("Buyers", BUYERS)
    cohorts.put("Byers", PRO)
    cohorts.delete("Byers")
    for ask in (cohorts.get, cohorts.delete):
        with pytest.raises(NotFound, match=r"no cohort 'Byers'.* did you mean 'Buyers'"):
            ask("Byers")
    with pytest.raises(NotFound, match="did you mean 'Buyers'"):
        cohorts.history("Buyres")


def test_a_change_on_an_older_version_is_a_conflict(cohorts: Cohorts) -> None:
    """The second of two people who edit the same version is told who was first."""
    cohorts.put("Buyers", BUYERS, actor="ada")
    cohorts.put("Buyers", PRO, actor="bob", expected_version=1)
    for change in (lambda: cohorts.put("Buyers", LISTED, expected_version=1),
                   lambda: cohorts.delete("Buyers", expected_version=1)):  # fmt: skip
        with pytest.raises(Conflict, match="its version is now 2, by bob"):
            change()


def test_every_change_is_an_audit_line(store: SQLiteStore, cohorts: Cohorts) -> None:
    """Who put and who deleted stands in the audit trail; what says the same is no change."""
    cohorts.put("Buyers", BUYERS, actor="ada")
    cohorts.put("Buyers", BUYERS, actor="eve")
    cohorts.delete("Buyers", actor="bob")
    lines = [(line.actor, line.action, line.subject) for line in store.audit_lines("shop", 2)]
    assert lines == [("bob", "cohort.delete", "Buyers"), ("ada", "cohort.put", "Buyers")]


def test_cohorts_may_use_others_but_not_themselves(cohorts: Cohorts) -> None:
    """A cohort that would lead back to itself is refused, naming the way it would take."""
    cohorts.put("A", PRO)
    cohorts.put("B", using("A"))
    cohorts.put("C", using("A", "B"))
    with pytest.raises(InvalidRequest, match=r"would use itself: 'A' → 'C' → 'B' → 'A'|'A' → 'C' → 'A'"):
        cohorts.put("A", using("C"))
    with pytest.raises(InvalidRequest, match=r"'D' → 'D'"):
        cohorts.put("D", using("B", "D"))
    assert cohorts.get("A").version == 1


def test_cohorts_may_meet_again_by_many_ways(cohorts: Cohorts) -> None:
    """Forty layers of two cohorts, each made of both below it, are put as fast as any others."""
    for name in ("A0", "B0"):
        cohorts.put(name, PRO)
    for layer in range(1, 41):
        for name in ("A", "B"):
            cohorts.put(f"{name}{layer}", using(f"A{layer - 1}", f"B{layer - 1}"))
    with pytest.raises(InvalidRequest, match="would use itself: 'A0' → 'A40'"):
        cohorts.put("A0", using("A40"))


def test_a_chain_of_cohorts_may_be_of_any_length(cohorts: Cohorts, monkeypatch: pytest.MonkeyPatch) -> None:
    """A circle through more cohorts than calls may nest is still found."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    cohorts.put("0", PRO)
    links = [
        Cohort(str(n), tuple(using(str(n - 1))["person_where"]), None, "", 1, "", at) for n in range(1, 2_000)
    ]
    monkeypatch.setattr(Cohorts, "list", lambda self: [cohorts.get("0"), *links])
    with pytest.raises(InvalidRequest, match="would use itself: '0' → '1999' → '1998'"):
        cohorts.put("0", using("1999"))


def test_a_cohort_that_time_has_overtaken_is_in_nobodys_way(store: SQLiteStore, cohorts: Cohorts) -> None:
    """Where `from` has moved past a fixed `to`, others can still be put and deleted, and it is still used."""
    cohorts.put("A", PRO)
    past = [{"did": "Bought", "from": "30d", "to": "2020-01-01"}, {"not": {"any": [{"cohort": "A"}]}}]
    definition, at = json.dumps({"person_where": past}), datetime(2020, 1, 1, tzinfo=UTC)
    store.add_version(StoredVersion("shop", "Overtaken", 0, definition, "", "ada", at, kind="cohort"))
    cohorts.put("B", using("A"))
    assert cohorts.delete("B") == 2
    with pytest.raises(InvalidRequest, match="change 'Overtaken' first"):
        cohorts.delete("A")
    with pytest.raises(InvalidRequest, match="'A' → 'Overtaken' → 'A'"):
        cohorts.put("A", using("Overtaken"))


def test_half_a_character_names_nothing(cohorts: Cohorts, store: SQLiteStore) -> None:
    """A lone surrogate, which no database holds, is refused by whatever takes a name."""
    names = NamedEvents(store, "shop")
    for ask in (cohorts.get, cohorts.history, cohorts.delete, names.get, names.history, names.delete):
        with pytest.raises(InvalidRequest, match="surrogate"):
            ask("\ud800")


def test_a_cohort_that_others_use_stays(cohorts: Cohorts) -> None:
    """Deleting what another cohort uses is refused, naming that one."""
    cohorts.put("A", PRO)
    cohorts.put("B", using("A"))
    with pytest.raises(InvalidRequest, match="change 'B' first"):
        cohorts.delete("A")
    cohorts.delete("B")
    assert cohorts.delete("A") == 2


FAULTS: dict[str, tuple[Any, str]] = {
    "nothing": ({}, r"^person_where: the conditions are missing"),
    "no conditions": ({"person_where": []}, r"^person_where: the conditions are missing"),
    "both kinds": (PRO | LISTED, r"^static: .*'person_where' or 'static'"),
    "unknown kind": ({"dynamic": []}, r"^dynamic"),
    "no list": ({"person_where": {"did": "Bought"}}, r"^person_where: .* is not a list"),
    "unknown event": ({"person_where": [{"did": "Baught"}]}, r"^person_where: .*did you mean 'Bought'"),
    "unknown cohort": (using("Buyres"), r"^person_where: there is no cohort 'Buyres'"),
    "bad selector": ({"person_where": [{"did": {"css": "a:hover"}}]}, r"^person_where\[0\]\.did\.css"),
    "nobody": ({"static": {}}, r"^static: nobody is listed"),
    "unknown list": ({"static": {"emails": ["a"]}}, r"^static\.emails"),
    "no user": ({"static": {"users": [7]}}, r"^static\.users\[0\]: 7 is not a string"),
    "no person": ({"static": {"persons": ["ada"]}}, r"^static\.persons\[0\]: 'ada' is no person"),
    "no text": ({"static": {"persons": [7]}}, r"^static\.persons\[0\]"),
    "too great": ({"static": {"persons": [str(2**63)]}}, r"^static\.persons\[0\]"),
}


@pytest.mark.parametrize(("definition", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_a_definition_that_cannot_be_understood_is_refused(
    cohorts: Cohorts, definition: Any, message: str
) -> None:
    """What is wrong is named by its place, and nothing is kept."""
    with pytest.raises(InvalidRequest, match=message):
        cohorts.put("Buyers", definition)
    assert cohorts.list() == []


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 201, None])
def test_a_name_that_cannot_be_read_aloud_is_refused(cohorts: Cohorts, name: Any) -> None:
    """Cohorts are named as events are."""
    with pytest.raises(InvalidRequest, match="can't name a cohort"):
        cohorts.put(name, PRO)


def test_a_list_is_bounded(cohorts: Cohorts, monkeypatch: pytest.MonkeyPatch) -> None:
    """A static cohort lists so many and no more."""
    monkeypatch.setattr("backsight.cohorts.lists.MAX_MEMBERS", 2)
    assert cohorts.put_members("Two", pa.array([1, 2], pa.int64())) == 1
    with pytest.raises(InvalidRequest, match="at most 2"):
        cohorts.put_members("Two", pa.array([1, 2, 3], pa.int64()))
    with pytest.raises(InvalidRequest, match=r"static\.users: the list has 3 entries"):
        cohorts.put("Two", {"static": {"users": ["a", "b", "c"]}})
