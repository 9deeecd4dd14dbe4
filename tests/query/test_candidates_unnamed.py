"""The most clicked elements that bear no name yet."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.candidates import unnamed
from backsight.candidates.visits import Counted, count_together
from backsight.errors import InvalidRequest
from backsight.rules.rule import Rule, parse_rules
from page_tables import node_of, tables_of
from query.conftest import ContextOf
from query.planted_pages import Clicks

PAGE = """<html><body><main>
<button class="buy"><svg></svg>Buy</button><a href="/help">Help</a><p>Nothing</p>
<button class="icon" aria-label="Close"></button><button class="more"></button></main></body></html>"""
NODES = {
    name: node_of(tables_of(PAGE), tag=tag)
    for name, tag in {"Buy": "button", "Help": "a", "icon": "svg"}.items()
}
CLOSE = node_of(tables_of(PAGE), class_="icon")
MORE = node_of(tables_of(PAGE), class_="more")
COUNTS = ("place", "day", "says", "visits")


def named(*rules: dict[str, Any]) -> dict[str, tuple[Rule, ...]]:
    return {f"N{number}": parse_rules([rule]) for number, rule in enumerate(rules)}  # type: ignore[misc]


def clicked() -> Clicks:
    """Buy six times, every second time on its icon; Help twice, Close three times, the mute button once."""
    clicks = Clicks()
    for visit in range(6):
        node = NODES["icon"] if visit % 2 else NODES["Buy"]
        clicks.click(PAGE, node, visit, visit // 2, text="Buy", path=f"/p/{visit % 2}")
    for visit in range(2):
        clicks.click(PAGE, NODES["Help"], 1, visit)
    for visit in range(3):
        clicks.click(PAGE, CLOSE, 1, visit, text="", label="Close")
    clicks.click(PAGE, MORE, 1, 1, text=None)
    return clicks


def test_what_is_clicked_most(context_of: ContextOf) -> None:
    """Clicks count for what is meant; with persons, pages, a name, and the rule that would give it."""
    answer = unnamed.run({}, clicked().context(context_of))
    assert [(each["name"], each["events"], each["persons"]) for each in answer["elements"]] == [
        ("Click “Buy”", 6, 3),
        ("Click “Close”", 3, 3),
        ("Click “Help”", 2, 2),
        ("Click button", 1, 1),
    ]
    first = answer["elements"][0]
    assert first["pages"] == [{"path": "/p/0", "events": 3}, {"path": "/p/1", "events": 3}]
    assert (first["tag"], first["attributes"], first["text"], first["label"]) == (
        "button",
        {"class": "buy"},
        "Buy",
        None,
    )
    assert first["rule"] == {"on": "click", "css": ".buy"}
    assert first["words"] == "this “Buy” button"
    assert 0 < first["stability"] <= 1
    assert answer["elements"][1]["rule"] == {"on": "click", "css": ".icon"}
    assert answer["meta"]["site"] == "shop"


def test_what_bears_a_name_is_left_out(context_of: ContextOf) -> None:
    """By the engine's own answer: also where a name holds by text, or for some of an element's clicks."""
    names = named({"css": ".buy"}, {"on": "click", "label": {"op": "is", "value": "Close"}})
    left = unnamed.run({}, clicked().context(context_of, names))["elements"]
    assert [each["name"] for each in left] == ["Click “Help”", "Click button"]
    some = named({"css": ".buy", "page": {"path": {"op": "is", "value": "/p/1"}}})
    assert unnamed.run({}, clicked().context(context_of, some))["elements"][0]["events"] == 3


def test_a_name_for_any_click_tells_nothing(context_of: ContextOf) -> None:
    """It would make everything known."""
    left = unnamed.run({}, clicked().context(context_of, named({"on": "click"})))["elements"]
    assert len(left) == 4


def test_names_are_not_given_twice(context_of: ContextOf) -> None:
    """Neither one that stands already, nor one that is suggested for another element."""
    clicks = clicked()
    elsewhere = "<html><body><nav><div><a>Buy</a></div></nav></body></html>"
    clicks.click(elsewhere, 4, 1, 9)
    names = {"Click “Help”": parse_rules([{"on": "track", "name": "x"}])}
    found = [each["name"] for each in unnamed.run({}, clicks.context(context_of, names))["elements"]]  # type: ignore[arg-type]
    assert found == ["Click “Buy”", "Click “Close”", "Click “Help” (2)", "Click button", "Click “Buy” (2)"]


def test_one_element_whatever_its_tokens(context_of: ContextOf) -> None:
    """An id that is new in each visit makes no new element, and is no part of the rule."""
    clicks = Clicks()
    for visit in range(12):
        html = (
            f'<html><body><form><button id="radix-:r{visit}:" class="save">Save</button></form></body></html>'
        )
        clicks.click(html, 3, visit % 6, visit)
    (found,) = unnamed.run({}, clicks.context(context_of))["elements"]
    assert (found["events"], found["rule"]) == (12, {"on": "click", "css": ".save"})


def test_a_rule_that_would_hold_of_more_says_what_it_says(context_of: ContextOf) -> None:
    """Two links of one class in two places are told apart."""
    clicks = Clicks()
    for visit in range(4):
        clicks.click('<html><body><nav><a class="go">Docs</a></nav></body></html>', 3, 1, visit)
        clicks.click('<html><body><main><p><a class="go">Blog</a></p></main></body></html>', 4, 1, visit)
    rules = [each["rule"] for each in unnamed.run({}, clicks.context(context_of))["elements"]]
    assert rules == [
        {"on": "click", "css": ".go", "text": {"op": "is", "value": "Blog"}},
        {"on": "click", "css": ".go", "text": {"op": "is", "value": "Docs"}},
    ]


def test_things_side_by_side_are_told_apart(context_of: ContextOf) -> None:
    """Five stars have all the same classes; each has its own name, which its rule asks for."""
    stars = "".join(f'<button class="star" aria-label="{n} of 5">★</button>' for n in range(1, 6))
    clicks = Clicks()
    for visit in range(20):
        clicks.click(
            f"<html><body>{stars}</body></html>", 2 + visit % 5, 1, visit, label=f"{visit % 5 + 1} of 5"
        )
    found = unnamed.run({}, clicks.context(context_of))["elements"]
    assert [each["rule"] for each in found] == [
        {"on": "click", "css": ".star", "label": {"op": "is", "value": f"{n} of 5"}} for n in range(1, 6)
    ]


def test_a_text_with_a_count_is_one_thing(context_of: ContextOf) -> None:
    """A basket that says how much is in it is known by its name; the rule does not ask for a number."""
    clicks = Clicks()
    for visit in range(20):
        html = f'<html><body><button class="basket" aria-label="Basket">Basket {visit}</button></body></html>'
        clicks.click(html, 2, 1, visit, label="Basket")
    (found,) = unnamed.run({}, clicks.context(context_of))["elements"]
    assert (found["name"], found["text"], found["label"]) == ("Click “Basket”", None, "Basket")
    assert found["rule"] == {"on": "click", "css": ".basket"}


def test_counted_together_as_one_by_one(context_of: ContextOf) -> None:
    """How elements were used is counted in one statement, and is what each by itself would be told."""
    stars = "".join(f'<button class="star" aria-label="{n} of 5">★</button>' for n in range(1, 4))
    clicks = clicked()
    for visit in range(9):
        label = None if visit == 8 else f"{visit % 3 + 1} of 5"  # a name that came late
        html = f"<html><body><main><p>Rate</p>{stars}<a><i></i></a></main></body></html>"
        clicks.click(html, 4 + visit % 3, visit, visit, text="★", label=label)
        clicks.click(html, 7 + visit % 2, visit, visit, text=None)  # nothing that people use
    context = clicks.context(context_of)
    asked = unnamed._statement(unnamed.parse({}), context)
    rows = {(row["node"], row["said"]): row for row in asked.run(context).to_pylist()}
    sought = [unnamed._held(row, context).sought for row in rows.values()]
    assert len(sought) > 6

    def told(counted: Counted) -> list[tuple[int, ...]]:
        return sorted(zip(*(getattr(counted, name).tolist() for name in COUNTS), strict=True))

    together = [told(each) for each in count_together(sought, context)]
    assert together == [told(count_together([each], context)[0]) for each in sought]
    assert all(together)


def test_days_and_limit(context_of: ContextOf) -> None:
    """Only the last days count, and so many elements are listed."""
    context = clicked().context(context_of)
    assert [each["name"] for each in unnamed.run({"limit": 1}, context)["elements"]] == ["Click “Buy”"]
    assert unnamed.run({"days": 1}, context)["elements"][0]["events"] == 1
    assert unnamed.run({"days": None, "limit": None}, context)["elements"][0]["events"] == 6


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("limit", 0),
        ("limit", 101),
        ("limit", "20"),
        ("limit", True),
        ("days", 0),
        ("days", 3_661),
        ("since", "30d"),
    ],
)
def test_wrong_parameters_are_refused(field: str, value: object, context_of: ContextOf) -> None:
    """By name."""
    with pytest.raises(InvalidRequest) as caught:
        unnamed.run({field: value}, clicked().context(context_of))
    assert caught.value.field == field


def test_nothing_was_clicked(context_of: ContextOf) -> None:
    """A site without clicks has no elements to name."""
    assert unnamed.run({}, Clicks().context(context_of))["elements"] == []


def test_the_sql_can_be_seen(context_of: ContextOf) -> None:
    """As every report's."""
    assert "from clicks" in unnamed.sql({}, clicked().context(context_of))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Buy", "Help", "icon"]), st.integers(0, 40), st.integers(0, 5), st.booleans()
        ),
        max_size=25,
    )
)
def test_against_counting_by_hand(context_of: ContextOf, clicks: list[tuple[str, int, int, bool]]) -> None:
    """Events and persons of every element in the last days, those of a name left out."""
    planted = Clicks()
    events: Counter[str] = Counter()
    persons: dict[str, set[int]] = {}
    for name, ago, visit, known in clicks:
        text = "Help" if name == "Help" else "Buy"
        planted.click(PAGE, NODES[name], ago, visit, text=text, path="/known" if known else "/")
        if ago < 30 and not known:
            events[text] += 1
            persons.setdefault(text, set()).add(visit)
    names = named({"css": "button, a", "page": {"path": {"op": "is", "value": "/known"}}})
    found = unnamed.run({}, planted.context(context_of, names))["elements"]
    assert {each["text"]: (each["events"], each["persons"]) for each in found} == {
        text: (count, len(persons[text])) for text, count in events.items()
    }
    assert [each["events"] for each in found] == sorted(events.values(), reverse=True)
