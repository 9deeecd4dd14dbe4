"""Names that fell silent, and the rules that take up what took their place, on sites made for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight import repairs
from backsight.rules.rule import parse_rules, rule_to_json
from query.conftest import ContextOf
from query.planted import DAYS, NOW, Doing, Dom, click, day, rows_of, view

RELEASE = 41
"""The day on which a release changes the site: a Sunday, the 11th of October."""
TRAFFIC = [Doing(80, view("/pricing")), Doing(60, view("/docs")), Doing(50, view("/cart"))]

Site = tuple[Dom, list[Doing], dict[str, Any]]


def ask(context_of: ContextOf, dom: Dom, doings: Sequence[Doing], names: dict[str, Any]) -> dict[str, Any]:
    """The answer of 90 days, by name."""
    known = {name: parse_rules(rules) for name, rules in names.items()}
    nodes, elements = list(dom.nodes.values()), list(dom.elements.values())
    context = context_of(rows_of([*TRAFFIC, *doings]), names=known, now=NOW, nodes=nodes, elements=elements)
    answer = repairs.run({}, context)
    return {each["name"]: each for each in answer["events"]}


def page(dom: Dom) -> int:
    """What every page has: the container of its content."""
    body = dom.put(dom.put(None, "html"), "body")
    return dom.put(dom.put(body, "main", id="content"), "div", class_="wrapper")


def noise(dom: Dom, box: int) -> list[Doing]:
    """Other buttons that are there all the time."""
    return [
        Doing(15, click(dom.put(box, "button", 7, class_="btn help"), "/pricing", "Help")),
        Doing(
            25,
            click(
                dom.put(box, "a", 8, class_="nav", href="/docs"), "/pricing", "Docs", href="https://x/docs"
            ),
        ),
        Doing(10, click(dom.put(box, "button", 9, class_="btn share"), "/docs", "Share")),
    ]


def released(old: dict[str, Any], new: dict[str, Any] | None, rate: float = 30) -> list[Doing]:
    """Something until the release, and what is there from then on."""
    after = [] if new is None else [Doing(rate, new, first=RELEASE)]
    return [Doing(rate, old, end=RELEASE), *after]


def renamed_classes() -> Site:
    dom = Dom()
    box = page(dom)
    old, new = (dom.put(box, "button", 2, class_=f"btn css-{word}") for word in ("1x2y3", "9z8w7"))
    doings = released(click(old, "/pricing", "Buy now"), click(new, "/pricing", "Buy now"))
    return dom, [*doings, *noise(dom, box)], {"Bought": [{"css": ".css-1x2y3"}]}


def moved_to_another_container() -> Site:
    dom = Dom()
    box = page(dom)
    old = dom.put(dom.put(box, "div", 1, class_="hero"), "button", 2, class_="btn")
    new = dom.put(dom.put(dom.put(box, "aside", 3, class_="panel"), "p"), "button", 1, class_="btn")
    doings = released(click(old, "/pricing", "Buy now"), click(new, "/pricing", "Buy now"))
    return dom, [*doings, *noise(dom, box)], {"Bought": [{"css": ".hero .btn"}]}


def kept_its_class() -> Site:
    dom = Dom()
    box = page(dom)
    node = dom.put(box, "button", 2, class_="btn buy-button")
    doings = released(click(node, "/pricing", "Buy now"), click(node, "/pricing", "Purchase"))
    rule = {"on": "click", "text": {"op": "is", "value": "Buy now"}}
    return dom, [*doings, *noise(dom, box)], {"Bought": [rule]}


def kept_its_test_id() -> Site:
    dom = Dom()
    box = page(dom)
    old = dom.put(box, "button", 2, class_="css-1x2y3", data_testid="buy")
    new = dom.put(box, "div", 5, class_="css-9z8w7", data_testid="buy", role="button")
    doings = released(click(old, "/pricing", "Buy now"), click(new, "/pricing", "Kaufen"))
    return dom, [*doings, *noise(dom, box)], {"Bought": [{"css": "button.css-1x2y3"}]}


def has_a_twin_elsewhere() -> Site:
    """Another button says the same on another page, and was renamed with it."""
    dom = Dom()
    box = page(dom)
    old, new = (dom.put(box, "button", 2, class_=f"css-{word}") for word in ("1x2y3", "9z8w7"))
    was, became = (dom.put(box, "button", 4, class_=f"css-{word}") for word in ("4k5j6", "9z8w7"))
    doings = [
        *released(click(old, "/pricing", "Buy now"), click(new, "/pricing", "Buy now")),
        *released(click(was, "/cart", "Buy now"), click(became, "/cart", "Buy now"), rate=40),
    ]
    return dom, [*doings, *noise(dom, box)], {"Bought": [{"css": ".css-1x2y3"}]}


def icon_in_a_link() -> Site:
    """People click on the icon; the rule asked for the link around it."""
    dom = Dom()
    box = page(dom)
    old = dom.put(dom.put(box, "a", 2, class_="link-a", href="/demo"), "svg", 1, class_="icon")
    new = dom.put(dom.put(box, "a", 3, class_="link-b", href="/demo"), "svg", 1, class_="icon")
    facts = {"label": "Book a demo", "href": "https://shop.example/demo"}
    doings = released(click(old, "/pricing", **facts), click(new, "/pricing", **facts))
    return dom, [*doings, *noise(dom, box)], {"Demo": [{"css": ".link-a"}]}


def submitted_form() -> Site:
    dom = Dom()
    box = page(dom)
    old = dom.put(box, "form", 2, class_="f1", action="/join")
    new = dom.put(dom.put(box, "section", 2), "form", 1, class_="f2", action="/join")
    sent = {"type": "submit"}
    doings = released(click(old, "/pricing", **sent), click(new, "/pricing", **sent))
    return dom, [*doings, *noise(dom, box)], {"Joined": [{"on": "submit", "css": "form.f1"}]}


def one_of_two_rules() -> Site:
    """The name lives on by its other rule."""
    dom = Dom()
    box = page(dom)
    other = dom.put(box, "button", 6, class_="footer-buy")
    old, new = (dom.put(box, "button", 2, class_=f"css-{word}") for word in ("1x2y3", "9z8w7"))
    doings = [
        *released(click(old, "/pricing", "Buy now"), click(new, "/pricing", "Buy now")),
        Doing(20, click(other, "/docs", "Get it")),
    ]
    return dom, [*doings, *noise(dom, box)], {"Bought": [{"css": ".css-1x2y3"}, {"css": ".footer-buy"}]}


FOUND: dict[str, tuple[Callable[[], Site], dict[str, Any]]] = {
    "a release renames classes": (
        renamed_classes,
        {"on": "click", "css": "button", "text": {"op": "is", "value": "Buy now"}},
    ),
    "a button is moved to another container": (
        moved_to_another_container,
        {"on": "click", "css": "button", "text": {"op": "is", "value": "Buy now"}},
    ),
    "the text changes and the class stays": (kept_its_class, {"on": "click", "css": "button.buy-button"}),
    "all changes but a test id": (kept_its_test_id, {"on": "click", "css": 'div[data-testid="buy"]'}),
    "another page has one that says the same": (
        has_a_twin_elsewhere,
        {
            "on": "click", "css": "button", "text": {"op": "is", "value": "Buy now"},
            "page": {"path": {"op": "is", "value": "/pricing"}},
        },
    ),
    "the target is an icon in a link": (
        icon_in_a_link,
        {"on": "click", "css": 'a[href="/demo"]'},
    ),
    "a form without a text": (submitted_form, {"on": "submit", "css": 'form[action="/join"]'}),
    "one of two rules dies": (
        one_of_two_rules,
        {"on": "click", "css": "button", "text": {"op": "is", "value": "Buy now"}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FOUND)
def test_a_successor_is_found(context_of: ContextOf, case: str) -> None:
    """One rule takes up what took its place, changes nothing before, and finds everything since."""
    (dom, doings, names), rule = FOUND[case][0](), FOUND[case][1]
    (name,) = names
    repair = ask(context_of, dom, doings, names)[name]["repair"]
    assert repair is not None
    assert repair["rule"] == rule
    assert repair["silent_since"] == day(RELEASE)
    assert [rule_to_json(each) for each in parse_rules(repair["rules"])] == repair["rules"]
    assert repair["rules"][-1] == rule
    assert repair["overlap"] == {"events": 0}
    rate = doings[1].rate * (DAYS - RELEASE)
    assert 0.8 * rate < repair["found"]["events"] < 1.2 * rate
    assert repair["found"]["persons"] == 59


def removed() -> Site:
    dom = Dom()
    box = page(dom)
    old = dom.put(box, "button", 2, class_="export")
    return (
        dom,
        [*released(click(old, "/pricing", "Export"), None), *noise(dom, box)],
        {"Exported": [{"css": ".export"}]},
    )


def another_feature_in_its_place() -> Site:
    """Something that says and is something else stands where it stood, and is clicked as often."""
    dom = Dom()
    box = page(dom)
    old, new = dom.put(box, "button", 2, class_="btn"), dom.put(box, "button", 2, class_="btn primary")
    doings = released(click(old, "/pricing", "Export"), click(new, "/pricing", "Invite friends"))
    rule = {"on": "click", "css": ".btn", "text": {"op": "is", "value": "Export"}}
    return dom, [*doings, *noise(dom, box)], {"Exported": [rule]}


def namesake_that_was_there_before() -> Site:
    dom = Dom()
    box = page(dom)
    old, other = (dom.put(box, "button", place, class_=f"css-{place}abc{place}") for place in (2, 4))
    doings = [
        *released(click(old, "/pricing", "Buy now"), None), Doing(30, click(other, "/pricing", "Buy now")),
    ]  # fmt: skip
    return dom, [*doings, *noise(dom, box)], {"Bought": [{"css": ".css-2abc2"}]}


def namesake_renamed_on_another_page() -> Site:
    """The feature went, and what says the same on another page was renamed in the same release."""
    dom = Dom()
    box = page(dom)
    old = dom.put(box, "button", 2, class_="css-1x2y3")
    was, became = (dom.put(box, "button", 4, class_=f"css-{word}") for word in ("4k5j6", "9z8w7"))
    doings = [
        *released(click(old, "/pricing", "Buy now"), None),
        *released(click(was, "/cart", "Buy now"), click(became, "/cart", "Buy now")),
    ]
    return dom, [*doings, *noise(dom, box)], {"Bought": [{"css": ".css-1x2y3"}]}


def named_already() -> Site:
    """What took its place bears another name already."""
    dom, doings, names = renamed_classes()
    return dom, doings, {**names, "Purchased": [{"css": ".css-9z8w7"}]}


def much_more_frequent() -> Site:
    """What says the same and is new is clicked ten times as often: it is something else."""
    dom, doings, names = renamed_classes()
    return dom, [doings[0], Doing(300, doings[1].columns, first=RELEASE), *doings[2:]], names


def much_later() -> Site:
    """What says the same came a week after the other went."""
    dom, doings, names = renamed_classes()
    return dom, [doings[0], Doing(40, doings[1].columns, first=RELEASE + 8), *doings[2:]], names


NOT_FOUND: dict[str, Callable[[], Site]] = {
    "a feature is removed": removed,
    "another feature takes its place": another_feature_in_its_place,
    "one that says the same was there before": namesake_that_was_there_before,
    "one that says the same is renamed on another page": namesake_renamed_on_another_page,
    "the successor has a name": named_already,
    "the namesake is far more frequent": much_more_frequent,
    "the namesake comes a week later": much_later,
}


@pytest.mark.parametrize("case", NOT_FOUND)
def test_where_nothing_is_convincing_nothing_is_proposed(context_of: ContextOf, case: str) -> None:
    """The silence is told, with its date and that the page is still visited; no rule is."""
    dom, doings, names = NOT_FOUND[case]()
    told = ask(context_of, dom, doings, names)[next(iter(names))]
    assert told["repair"] is None
    assert (told["activity"]["silent_since"], told["activity"]["cause"]) == (day(RELEASE), "no_match")


def test_two_names_at_once(context_of: ContextOf) -> None:
    """Each of two that a release renames gets its own successor."""
    dom = Dom()
    box = page(dom)
    doings, names = noise(dom, box), {}
    for place, said in ((2, "Save"), (3, "Discard")):
        old, new = (dom.put(box, "button", place, class_=f"{word}{place}") for word in ("old", "css-9z8w7"))
        doings += released(click(old, "/docs", said), click(new, "/docs", said), rate=12 * place)
        names[said] = [{"css": f".old{place}"}]
    answer = ask(context_of, dom, doings, names)
    texts = {name: each["repair"]["rule"]["text"]["value"] for name, each in answer.items()}
    assert texts == {"Save": "Save", "Discard": "Discard"}


def test_a_repair_that_was_taken_is_not_proposed_again(context_of: ContextOf) -> None:
    """With the widened rules the name is alive, and nothing more is proposed."""
    dom, doings, names = renamed_classes()
    told = ask(context_of, dom, doings, names)["Bought"]
    again = ask(context_of, dom, doings, {"Bought": told["repair"]["rules"]})["Bought"]
    assert (again["activity"]["silent_since"], again["repair"]) == (None, None)
    events = told["activity"]["events"] + told["repair"]["found"]["events"]
    assert again["activity"]["events"] == events
    assert told["repair"]["after"]["events"] == told["repair"]["found"]["events"]


def test_conditions_of_the_rule_are_kept(context_of: ContextOf) -> None:
    """What a rule asks for besides its element is asked of the successor too."""
    dom, doings, names = renamed_classes()
    where = [{"property": "viewport_width", "op": "is_not_set"}]
    names = {
        "Bought": [{**names["Bought"][0], "where": where, "page": {"host": {"op": "is_not", "value": "x"}}}]
    }
    rule = ask(context_of, dom, doings, names)["Bought"]["repair"]["rule"]
    assert rule["where"] == where
    assert rule["page"] == {"host": {"op": "is_not", "value": "x"}}


def test_a_page_without_visits_is_told_apart(context_of: ContextOf) -> None:
    """A name whose page nobody opens any more did not break."""
    dom = Dom()
    box = page(dom)
    old = dom.put(box, "button", 2, class_="enter")
    doings = [*released(click(old, "/contest", "Enter"), None), Doing(90, view("/contest"), end=RELEASE)]
    activity = ask(context_of, dom, [*doings, *noise(dom, box)], {"Entered": [{"css": ".enter"}]})["Entered"][
        "activity"
    ]
    assert (activity["silent_since"], activity["cause"]) == (day(RELEASE), "no_visits")
    assert "gets no visits any more" in activity["words"]


def test_the_site_being_silent_is_nobody_s_fault(context_of: ContextOf) -> None:
    """Where nothing at all is captured any more, no name is called silent."""
    dom = Dom()
    box = page(dom)
    old = dom.put(box, "button", 2, class_="buy")
    doings = [Doing(30, click(old, "/pricing", "Buy"), end=RELEASE), Doing(80, view("/pricing"), end=RELEASE)]
    known = {"Bought": parse_rules([{"css": ".buy"}])}
    nodes, elements = list(dom.nodes.values()), list(dom.elements.values())
    context = context_of(rows_of(doings), names=known, now=NOW, nodes=nodes, elements=elements)
    (told,) = repairs.run({}, context)["events"]
    assert told["activity"]["silent_since"] is None
    assert told["activity"]["last"] == day(RELEASE - 1)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 10**6),
    st.lists(st.tuples(st.floats(0.1, 60), st.sampled_from([range(7), range(5), (5, 6), (0,)])), min_size=1,
             max_size=5),
    st.lists(st.tuples(st.floats(0, 40), st.integers(0, DAYS)), max_size=5),
)  # fmt: skip
def test_harmless_traffic_yields_no_proposal(
    context_of: ContextOf,
    seed: int,
    steady: list[tuple[float, Sequence[int]]],
    others: list[tuple[float, int]],
) -> None:
    """Whatever comes and goes beside them, names that go on as ever are neither silent nor widened."""
    dom = Dom()
    box = page(dom)
    doings, names = noise(dom, box), {}
    for place, (rate, weekdays) in enumerate(steady):
        node = dom.put(box, "button", place + 10, class_=f"name-{place}")
        doings.append(Doing(rate, click(node, "/docs", "Do it"), weekdays=weekdays))
        names[f"Name {place}"] = [{"css": f".name-{place}"}]
    for place, (rate, first) in enumerate(others):
        node = dom.put(box, "button", place + 20, class_=f"other-{place}")
        doings.append(Doing(rate, click(node, "/docs", "Do it"), first=first))
    known = {name: parse_rules(rules) for name, rules in names.items()}
    nodes, elements = list(dom.nodes.values()), list(dom.elements.values())
    context = context_of(
        rows_of([*TRAFFIC, *doings], seed), names=known, now=NOW, nodes=nodes, elements=elements
    )
    for told in repairs.run({}, context)["events"]:
        assert (told["activity"]["silent_since"], told["repair"]) == (None, None)
