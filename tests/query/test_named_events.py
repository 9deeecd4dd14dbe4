"""Named events: what a name means now, what it meant, and who changed it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backsight.errors import Conflict, InvalidRequest, NotFound
from backsight.named_events import NamedEvents
from backsight.rules.rule import parse_rule
from backsight.sites import create_site
from backsight.store.sqlite import SQLiteStore

SIGN_UP = {"on": "submit", "css": "form#signup"}
BUY = {"on": "click", "css": "button.buy", "text": {"op": "contains", "value": "Buy"}}
ORDERED = {"on": "track", "name": "Order Completed"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "backsight.sqlite") as store:
        create_site(store, "shop", "test")
        create_site(store, "blog", "test")
        yield store


@pytest.fixture
def events(store: SQLiteStore) -> NamedEvents:
    return NamedEvents(store, "shop")


def test_a_name_means_the_rules_that_were_put_last(events: NamedEvents) -> None:
    """`get`, `list` and `current` give the newest version; `current` also says which that is."""
    assert events.put("Bought", [BUY], actor="ada") == 1
    assert events.put("Bought", [BUY, ORDERED], "paid for", actor="bob") == 2
    bought = events.get("Bought")
    assert (bought.version, bought.actor, bought.description) == (2, "bob", "paid for")
    assert bought.rules == (parse_rule(BUY), parse_rule(ORDERED))
    assert events.list() == [bought]
    assert events.current() == ({"Bought": bought.rules}, {"Bought": 2})


def test_sites_do_not_share_names(store: SQLiteStore, events: NamedEvents) -> None:
    """What is named on one site is unknown on another."""
    events.put("Bought", [BUY])
    with pytest.raises(NotFound):
        NamedEvents(store, "blog").get("Bought")
    assert NamedEvents(store, "blog").current() == ({}, {})


def test_history_keeps_every_version_with_its_author(events: NamedEvents) -> None:
    """History is newest first, deletions included, each with its rules and who made it."""
    events.put("Bought", [BUY], actor="ada")
    events.delete("Bought", actor="bob")
    events.put("Bought", [ORDERED], actor="cy")
    told = [(each.version, each.actor, each.deleted, each.rules) for each in events.history("Bought")]
    assert told == [
        (3, "cy", False, (parse_rule(ORDERED),)),
        (2, "bob", True, ()),
        (1, "ada", False, (parse_rule(BUY),)),
    ]


def test_a_deleted_name_is_unknown_and_the_nearest_is_named(events: NamedEvents) -> None:
    """Whoever asks for a name that does not stand is told the nearest that does."""
    events.put("Bought", [BUY])
    events.put("Boughd", [ORDERED])
    assert events.delete("Boughd") == 2
    for ask in (events.get, events.delete):
        with pytest.raises(NotFound, match=r"no named event 'Boughd'.* did you mean 'Bought'"):
            ask("Boughd")
    with pytest.raises(NotFound, match="did you mean 'Bought'"):
        events.history("Bougth")


def test_a_change_on_an_older_version_is_a_conflict(events: NamedEvents) -> None:
    """The second of two people who edit the same version is told who was first."""
    events.put("Bought", [BUY], actor="ada")
    events.put("Bought", [ORDERED], actor="bob", expected_version=1)
    with pytest.raises(Conflict, match="its version is now 2, by bob"):
        events.put("Bought", [SIGN_UP], actor="ada", expected_version=1)
    with pytest.raises(Conflict):
        events.delete("Bought", actor="ada", expected_version=1)
    assert events.get("Bought").rules == (parse_rule(ORDERED),)


def test_every_change_is_an_audit_line(store: SQLiteStore, events: NamedEvents) -> None:
    """Who put and who deleted stands in the audit trail, with the version."""
    events.put("Bought", [BUY], actor="ada")
    events.delete("Bought", actor="bob")
    lines = [(line.actor, line.action, line.subject, line.detail) for line in store.audit_lines("shop", 2)]
    assert lines == [
        ("bob", "event.delete", "Bought", '{"version": 2}'),
        ("ada", "event.put", "Bought", '{"version": 1}'),
    ]


@pytest.mark.parametrize(
    "name",
    ["", "   ", "x" * 201, "a\nb", "tab\there", "nul\0", "\ud800", "bell\x07", "line\u2028end", None, 7],
)
def test_a_name_that_cannot_be_read_aloud_is_refused(events: NamedEvents, name: Any) -> None:
    """Empty, overlong and unprintable names are refused with what would be valid, and nothing is kept."""
    with pytest.raises(InvalidRequest, match=r"1 to 200 characters without control characters"):
        events.put(name, [BUY])
    assert events.list() == []


@pytest.mark.parametrize("rules", [[], {}, None, "click", [{"on": "clik"}], [BUY] * 101], ids=repr)
def test_rules_that_cannot_be_understood_are_refused(events: NamedEvents, rules: Any) -> None:
    """A wrong list or a wrong rule in it is named by its place, and nothing is kept."""
    with pytest.raises(InvalidRequest, match=r"^rules"):
        events.put("Bought", rules)
    assert events.list() == []


@pytest.mark.parametrize("description", ["x" * 2_001, "\ud800", None])
def test_a_description_that_cannot_be_kept_is_refused(events: NamedEvents, description: Any) -> None:
    """Overlong and broken text is refused."""
    with pytest.raises(InvalidRequest, match=r"^description"):
        events.put("Bought", [BUY], description)


NAMES = st.text(min_size=1, max_size=200).filter(lambda text: text.strip() and text.strip().isprintable())


@settings(max_examples=50, deadline=None)
@given(name=NAMES, description=st.text(st.characters(exclude_categories=["Cs"]), max_size=100))
def test_any_readable_name_and_description_comes_back(
    tmp_path_factory: pytest.TempPathFactory, name: str, description: str
) -> None:
    """Whatever language or emoji a name is in, it is kept exactly, without the white space around it."""
    with SQLiteStore(tmp_path_factory.mktemp("store") / "backsight.sqlite") as store:
        create_site(store, "shop", "test")
        events = NamedEvents(store, "shop")
        events.put(name, [BUY], description)
        kept = events.get(name.strip())
        assert (kept.name, kept.description) == (name.strip(), description)


def test_an_event_as_json_can_be_put_again(events: NamedEvents) -> None:
    """The rules of `to_json` put again are the same version."""
    events.put(" Bought ", [{"any": [BUY, ORDERED]}], "paid for", actor="ada")
    told = events.get("Bought").to_json()
    assert (told["name"], told["version"], told["deleted"]) == ("Bought", 1, False)
    assert events.put(told["name"], told["rules"], told["description"], actor="bob") == 1
