"""The preview of rules before they are saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.errors import InvalidRequest
from backsight.reports import preview
from backsight.rules.rule import parse_rules
from query.conftest import ContextOf
from query.rows import event, statement

DAY = datetime(2026, 10, 1, 12, tzinfo=UTC)
NOW = datetime(2026, 10, 3, 12, tzinfo=UTC)
SEEN = {"site": "shop", "first_seen": DAY}


def node(number: int, parent: int | None, element: int) -> dict[str, Any]:
    return {
        "node_id": number, "parent_id": parent, "element_id": element, "depth": 0 if parent is None else 1,
        "child_index": 1, "child_last": 1, "type_index": 1, "type_last": 1, "flags": 0, **SEEN,
    }  # fmt: skip


def element(number: int, tag: str, **attributes: str | None) -> dict[str, Any]:
    return {
        "element_id": number,
        "tag": tag,
        "namespace": "html",
        "attributes": list(attributes.items()),
        **SEEN,
    }


def click(number: int, days: float = 0, **columns: Any) -> dict[str, Any]:
    return event("", DAY + timedelta(days=days), type="click", name=None, node_id=number, **columns)


NODES = [node(1, None, 10), node(2, 1, 20), node(3, 1, 30), node(4, None, 30)]
ELEMENTS = [
    element(10, "form", id="signup"),
    element(20, "button", **{"class": "go"}, title=None),
    element(30, "i"),
]


def test_counts_days_elements_and_overlaps(context_of: ContextOf) -> None:
    """Events, persons, every day of history, elements by clicks, and the names that hold for some."""
    events = [
        click(2, device=1, text="Old"),
        click(2, 1, device=1, text="Go"),
        click(3, 1, device=2, text="Go"),
        click(4, 1, device=3),
        event("A", DAY, device=4),
    ]
    said = [statement("identify", DAY, device=device, user=11) for device in (1, 2)]
    context = context_of(events, said, nodes=NODES, elements=ELEMENTS, now=NOW)
    answer = preview.run(
        {"rules": [{"css": "form"}, {"on": "track", "name": "A"}], "description": "…"}, context
    )
    assert (answer["events"], answer["persons"]) == (4, 2)
    assert answer["daily"] == [
        {"date": "2026-10-01", "events": 2},
        {"date": "2026-10-02", "events": 2},
        {"date": "2026-10-03", "events": 0},
    ]
    assert answer["elements"] == [
        {"tag": "button", "attributes": {"class": "go", "title": None}, "text": "Go", "count": 2},
        {"tag": "i", "attributes": {}, "text": "Go", "count": 1},
    ]
    assert answer["overlaps"] == [{"name": "A", "events": 1}]
    assert answer["meta"]["site"] == "shop"


def test_days_are_those_of_the_timezone(context_of: ContextOf) -> None:
    """An event late in the evening in UTC is one of the next day in Berlin."""
    context = context_of([event("A", datetime(2026, 10, 1, 22, 30, tzinfo=UTC))], now=NOW)
    request = {"rules": [{"on": "track", "name": "A"}], "timezone": "Europe/Berlin"}
    daily = {row["date"]: row["events"] for row in preview.run(request, context)["daily"]}
    assert daily["2026-10-02"] == 1


def test_an_empty_site_previews_as_nothing(context_of: ContextOf) -> None:
    """Before the first event nothing matches, and no table is missed."""
    answer = preview.run({"rules": [{"css": "button"}]}, context_of(now=NOW))
    assert (answer["events"], answer["persons"], answer["elements"], answer["overlaps"]) == (0, 0, [], [])


# Names, as rules and as tests of an event with its person's plan; form, form > button.go, form > i, i are the
# elements of nodes 1 to 4.
NAMES: dict[str, tuple[dict[str, Any], Callable[[dict[str, Any], str | None], bool]]] = {
    "clicked": ({"on": "click"}, lambda row, _: row["type"] == "click"),
    "form": ({"on": "any", "css": "form"}, lambda row, _: row["node_id"] in (1, 2, 3)),
    "submitted": ({"on": "submit", "css": "form"},
                  lambda row, _: row["type"] == "submit" and row["node_id"] in (1, 2, 3)),
    "the button itself": ({"on": "any", "css": ".go", "match": "target"}, lambda row, _: row["node_id"] == 2),
    "no such element": ({"on": "any", "css": ".gone"}, lambda row, _: False),
    "anything": ({"on": "any"}, lambda row, _: True),
    "on a page": ({"on": "click", "page": {"path": {"op": "is", "value": "/a"}}},
                  lambda row, _: row["type"] == "click" and row["path"] == "/a"),
    "by who pays": ({"on": "any", "where": [{"property": "person.plan", "op": "is", "value": "pro"}]},
                    lambda _, plan: plan == "pro"),
}  # fmt: skip
_rows = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["click", "submit", "pageview"]),
            "node_id": st.sampled_from([None, 1, 2, 3, 4]),
            "path": st.sampled_from([None, "/a", "/b"]),
            "device": st.integers(1, 2),
        }
    ),
    max_size=8,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_rows, st.sampled_from(list(NAMES)), st.sets(st.sampled_from(list(NAMES))))
def test_overlaps_agree_with_testing_every_event(
    context_of: ContextOf, rows: list[dict[str, Any]], asked: str, names: set[str]
) -> None:
    """However a name tells events apart, it is counted for those that match and bear it, largest first."""
    said = [statement("identify", DAY, device=1, user=11, traits='{"plan": "pro"}')]
    rules = {name: parse_rules([NAMES[name][0]], name) for name in names}
    events = [event("", DAY, name=None, **row) for row in rows]
    context = context_of(events, said, rules, NOW, NODES, ELEMENTS)

    def bears(row: dict[str, Any], name: str) -> bool:
        return NAMES[name][1](row, "pro" if row["device"] == 1 else None)

    matching = [row for row in rows if bears(row, asked)]
    counts = {name: sum(bears(row, name) for row in matching) for name in names}
    expected = [{"name": name, "events": count} for name, count in counts.items() if count]
    answer = preview.run({"rules": [NAMES[asked][0]]}, context)
    assert answer["events"] == len(matching)
    assert answer["overlaps"] == sorted(expected, key=lambda each: (-each["events"], each["name"]))


def test_names_of_elements_are_tested_once_a_kind(context_of: ContextOf) -> None:
    """A name that looks at type and element alone is no column of the scan, however many there are."""
    rules = {name: parse_rules([NAMES[name][0]], name) for name in ("form", "submitted", "on a page")}
    context = context_of([click(2)], (), rules, NOW, NODES, ELEMENTS)
    text = preview.sql({"rules": [{"on": "any"}]}, context)
    assert [f"as name_{number}" in text for number in range(3)] == [False, True, False]
    assert text.count("sum(e.events) filter (where") == 2


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({}, "rules"),
        ({"rules": []}, "rules"),
        ({"rules": [{"css": "a:hover"}]}, "rules[0].css"),
        ({"rule": []}, "rule"),
    ],
)
def test_what_is_wrong_is_named(context_of: ContextOf, request_: dict[str, Any], field: str) -> None:
    """Rules that can't be understood are refused with their field."""
    with pytest.raises(InvalidRequest) as raised:
        preview.run(request_, context_of())
    assert raised.value.field == field


# ── Texts, pages and the difference ─────────────────────────────────────────────────────────────────────────

_said = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["click", "submit"]),
            "node_id": st.sampled_from([None, 1, 2, 3, 4]),
            "text": st.sampled_from([None, "", "Buy", "buy", "Kaufen"]),
            "path": st.sampled_from([None, "/a", "/b"]),
            "device": st.integers(1, 3),
            "days": st.integers(0, 2),
        }
    ),
    max_size=12,
)


def spread(values: list[str | None], name: str, since: str) -> dict[str, Any]:
    """Distinct values and the most frequent ones, counted one by one."""
    counts = Counter(values)
    top = sorted(counts, key=lambda value: (-counts[value], value is None, value))
    return {
        "from": since,
        "distinct": len(counts.keys() - {None}),
        "top": [{name: value, "events": counts[value]} for value in top],
    }


def of_days(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event("", DAY + timedelta(days=row["days"]), name=None,
                  **{key: value for key, value in row.items() if key != "days"}) for row in rows]  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_said, st.sampled_from(list(NAMES)), st.sampled_from(list(NAMES)), st.booleans())
def test_texts_pages_and_differences_agree_with_testing_every_event(
    context_of: ContextOf, rows: list[dict[str, Any]], asked: str, stood: str, bounded: bool
) -> None:
    """Texts and pages of the events that match, and the events and persons that one rule has and the other
    has not, within the range that is asked for.
    """
    said = [statement("identify", DAY, device=device, user=11, traits='{"plan": "pro"}') for device in (1, 2)]
    context = context_of(of_days(rows), said, {}, NOW, NODES, ELEMENTS)
    request: dict[str, Any] = {"rules": [NAMES[asked][0]], "against": [NAMES[stood][0]]}
    if bounded:
        request |= {"from": "2026-10-02", "to": "2026-10-02"}
        rows = [row for row in rows if row["days"] == 1]

    def bears(row: dict[str, Any], name: str) -> bool:
        return NAMES[name][1](row, "pro" if row["device"] in (1, 2) else None)

    def side(has: str, lacks: str) -> dict[str, int]:
        found = [row for row in rows if bears(row, has) and not bears(row, lacks)]
        return {"events": len(found), "persons": len({row["device"] == 3 for row in found})}

    answer = preview.run(request, context)
    matching = [row for row in rows if bears(row, asked)]
    since = answer["daily"][0]["date"]
    assert answer["texts"] == spread([row["text"] for row in matching], "text", since)
    assert answer["pages"] == spread([row["path"] for row in matching], "path", since)
    assert answer["difference"] == {"gained": side(asked, stood), "lost": side(stood, asked)}


def test_without_rules_to_compare_with_there_is_no_difference(context_of: ContextOf) -> None:
    """The difference is null where nothing is said to stand."""
    answer = preview.run({"rules": [{"on": "click"}]}, context_of([click(2)], nodes=NODES, elements=ELEMENTS))
    assert answer["difference"] is None


def test_the_most_frequent_texts_are_named_and_all_counted(context_of: ContextOf) -> None:
    """Ten texts are named, ties by the alphabet; how many there are is told."""
    events = [click(2, text=f"Item {number:02}", device=number) for number in range(12)]
    events += [click(2, text="Item 11", device=99), click(2, text=None, device=99)]
    texts = preview.run({"rules": [{"on": "click"}]}, context_of(events, nodes=NODES, elements=ELEMENTS))[
        "texts"
    ]
    assert texts["distinct"] == 12
    others = [{"text": f"Item {number:02}", "events": 1} for number in range(9)]
    assert texts["top"] == [{"text": "Item 11", "events": 2}, *others]


def test_texts_are_read_of_the_latest_days_that_there_is_room_for(
    context_of: ContextOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the files of all days are too large, texts and pages are those since a date, which is told."""
    events = [click(2, days, text=f"Day {days}", path=f"/{days}", device=1) for days in (0, 1)]
    context = context_of(events, nodes=NODES, elements=ELEMENTS, now=NOW)
    request = {"rules": [{"css": "form"}]}
    assert preview.run(request, context)["texts"]["distinct"] == 2
    monkeypatch.setattr("backsight.reports.spread.MOST_BYTES", 0)
    answer = preview.run(request, context)
    assert answer["events"] == 2
    assert answer["texts"] == {
        "from": "2026-10-02", "distinct": 1, "top": [{"text": "Day 1", "events": 1}],
    }  # fmt: skip
    assert answer["pages"]["top"] == [{"path": "/1", "events": 1}]
