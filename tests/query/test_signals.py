"""Signals: a planted cause is found among many things that mean nothing, and nothing where there is none."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import comb
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backsight.errors import InvalidRequest
from backsight.reports import signals
from backsight.reports.signals.candidates import identifier, rule_of, selector_of, string
from backsight.reports.signals.odds import Table, adjusted, chances, interval, odds_ratio
from backsight.selectors import parse_selector
from backsight.trie import Trie
from query.conftest import ContextOf
from query.rows import event, named, rows_of

DAY = datetime(2026, 10, 1, tzinfo=UTC)
FUNNEL = {"steps": ["A", "B"], "window": "3d"}

# ── A site: a page with thirty buttons that nobody named, each with an icon inside ──────────────────────────

BUTTONS = [f"noise-{number}" for number in range(29)] + ["tip"]


def trie_rows() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """body > button.NAME > svg, for each button."""
    place = {"site": "shop", "first_seen": DAY, "child_index": 1, "child_last": 1, "type_index": 1,
             "type_last": 1, "flags": 0}  # fmt: skip
    described = [(1, "body", []), (2, "svg", []), *(
        (10 + index, "button", [("class", f"btn {name}")]) for index, name in enumerate(BUTTONS)
    )]  # fmt: skip
    elements = [
        {"site": "shop", "element_id": key, "tag": tag, "namespace": "html", "attributes": attributes,
         "first_seen": DAY}
        for key, tag, attributes in described
    ]  # fmt: skip
    nodes = [{"node_id": 1, "parent_id": None, "element_id": 1, "depth": 0, **place}]
    for index in range(len(BUTTONS)):
        nodes.append({"node_id": 100 + index, "parent_id": 1, "element_id": 10 + index, "depth": 1, **place})
        nodes.append({"node_id": 200 + index, "parent_id": 100 + index, "element_id": 2, "depth": 2, **place})
    return nodes, elements


def click(button: int, time: datetime, device: int, *, icon: bool, text: str | None = None) -> dict[str, Any]:
    return event(
        "", time, device=device, type="click", name=None, node_id=(200 if icon else 100) + button, text=text
    )


def visits(seed: int, converts: dict[bool, float], persons: int = 600) -> list[dict[str, Any]]:
    """Persons who do A; who clicks the tip converts as often as `converts` says, after an hour or so.

    All click noise at the same rate for as long as they stay; those who leave stay for three days.
    """
    drawn = random.Random(seed)
    rows = []
    for device in range(1, persons + 1):
        start = DAY + timedelta(minutes=drawn.uniform(0, 1_000))
        tip = drawn.random() < 0.4
        rows.append(event("A", start, device=device))
        stays = 72 * 60.0
        if drawn.random() < converts[tip]:
            stays = drawn.uniform(30, 120)
            rows.append(event("B", start + timedelta(minutes=stays), device=device))
        if tip:
            moment = start + timedelta(minutes=drawn.uniform(1, 25))
            rows.append(click(len(BUTTONS) - 1, moment, device, icon=drawn.random() < 0.5))
        moment = 0.0
        while (moment := moment + drawn.expovariate(1 / 20)) < stays:
            button = drawn.randrange(len(BUTTONS) - 1)
            at = start + timedelta(minutes=moment)
            rows.append(click(button, at, device, icon=False, text=drawn.choice(["yes", "no"])))
    return rows


def ask(context_of: ContextOf, rows: Sequence[dict[str, Any]], **more: Any) -> dict[str, Any]:
    nodes, elements = trie_rows()
    site = context_of(rows, nodes=nodes, elements=elements, now=DAY + timedelta(days=30))
    request = {"funnel": FUNNEL} if "retention" not in more else {}
    return signals.run({**request, **more}, site)


@pytest.mark.parametrize("seed", range(3))
def test_a_planted_cause_is_found(context_of: ContextOf, seed: int) -> None:
    """The one button that matters comes first, with its rule, and with who clicked it or the icon in it."""
    rows = visits(seed, {True: 0.6, False: 0.25})
    answer = ask(context_of, rows)
    first = answer["signals"][0]
    assert first["rule"] == {"on": "click", "css": "button.btn.tip"}
    clicked = {row["device"] for row in rows if row.get("node_id") in (129, 229)}
    converted = {row["device"] for row in rows if row["name"] == "B"}
    # Who left was watched only for a while; who converted, until then: no tip is clicked after 25 minutes.
    assert first["did"]["outcome"] == len(clicked & converted)
    assert first["did"]["persons"] <= len(clicked)
    assert first["interval"][0] > 1
    assert first["lift"] > 1.2
    assert answer["population"] == {"persons": 600, "outcome": len(converted), "share": len(converted) / 600}
    assert [each["rule"] for each in answer["signals"][1:]] == []


def test_what_keeps_persons_from_going_on_is_found_too(context_of: ContextOf) -> None:
    """An odds ratio below one tells what goes with leaving."""
    first = ask(context_of, visits(7, {True: 0.1, False: 0.5}))["signals"][0]
    assert first["rule"]["css"] == "button.btn.tip"
    assert first["interval"][1] < 1


def test_nothing_is_found_where_nothing_matters(context_of: ContextOf) -> None:
    """Among dozens of things that do not matter, hardly ever is one named: chance is counted in."""
    alarms = sum(
        bool(ask(context_of, visits(seed, {True: 0.4, False: 0.4}, 300))["signals"]) for seed in range(20)
    )
    # At 95 % for all comparisons together one alarm is expected; five or more come once in 400 such tests.
    assert alarms < 5


def test_what_has_a_name_is_left_out(context_of: ContextOf) -> None:
    """A click that a named event or a step stands for is no news."""
    nodes, elements = trie_rows()
    from backsight.rules.rule import parse_rule

    names = named("A", "B") | {"Tip": (parse_rule({"css": ".tip"}),)}
    rows = visits(1, {True: 0.6, False: 0.25})
    site = context_of(rows, nodes=nodes, elements=elements, names=names, now=DAY + timedelta(days=30))
    assert signals.run({"funnel": FUNNEL}, site)["signals"] == []


def test_retention_has_signals_too(context_of: ContextOf) -> None:
    """What persons did in their first week tells who comes back in the next."""
    drawn = random.Random(3)
    rows = []
    for device in range(1, 401):
        start = datetime(2026, 10, 5, tzinfo=UTC) + timedelta(hours=drawn.uniform(0, 100))
        tip = drawn.random() < 0.5
        rows.append(event("A", start, device=device))
        if tip:
            rows.append(click(29, start + timedelta(hours=drawn.uniform(0, 20)), device, icon=True))
        rows += [
            click(drawn.randrange(29), start + timedelta(hours=drawn.uniform(0, 20)), device, icon=False)
            for _ in range(8)
        ]
        if drawn.random() < (0.7 if tip else 0.3):
            rows.append(event("B", start + timedelta(days=7), device=device))
    retention = {
        "start": "A",
        "return": "B",
        "period": "week",
        "periods": 2,
        "from": "2026-10-05",
        "to": "2026-10-11",
    }
    answer = ask(context_of, rows, retention=retention)
    assert answer["signals"][0]["rule"]["css"] == "button.btn.tip"
    assert answer["population"]["persons"] == 400
    back = len({row["device"] for row in rows if row["name"] == "B"})
    assert answer["population"]["outcome"] == back


def test_pages_and_tracked_events_have_rules(context_of: ContextOf) -> None:
    """A page that was looked at and a tracked event without a name can be the cause."""
    rows = []
    for device in range(1, 201):
        start = DAY + timedelta(seconds=device)
        rows.append(event("A", start, device=device))
        if device % 2:
            rows.append(
                event("", start + timedelta(minutes=1), device=device, type="pageview", name=None, path="/x")
            )
            rows.append(event("Watched", start + timedelta(minutes=1), device=device))
        if device % 2 == 0 or device % 10 == 1:
            rows.append(event("B", start + timedelta(minutes=5), device=device))
    found = [each["rule"] for each in ask(context_of, rows)["signals"]]
    # Both were done by the same persons: one of them says it.
    page = {"on": "pageview", "page": {"path": {"op": "is", "value": "/x"}}}
    assert found in ([page], [{"on": "track", "name": "Watched"}])


# ── Odds ────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(0, 8), st.integers(0, 8), st.integers(0, 8), st.integers(0, 8))
def test_the_chance_is_the_sum_over_all_tables_that_are_no_likelier(a: int, b: int, c: int, d: int) -> None:
    """Fisher's exact test, against every table with the same sums."""
    persons, did, with_ = a + b + c + d, a + b, a + c
    every = comb(persons, did)
    likely = [comb(with_, k) * comb(persons - with_, did - k) for k in range(did + 1) if did - k >= 0]
    wanted = sum(each for each in likely if each <= likely[a]) / every if every else 1.0
    assert chances([Table(did, a, persons, with_)]) == [pytest.approx(wanted)]


def test_holm() -> None:
    """The smallest chance counts once for each comparison, the next once less; none falls below another."""
    assert adjusted([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_odds_and_their_interval() -> None:
    """As textbooks have it: half a person added, the normal quantile shared among the comparisons."""
    table = Table(30, 20, 100, 40)
    assert odds_ratio(table) == pytest.approx(20.5 * 50.5 / (10.5 * 20.5))
    low, high = interval(table, 0.95, 1)
    assert (low, high) == (pytest.approx(1.948, abs=1e-3), pytest.approx(11.874, abs=2e-3))
    assert interval(table, 0.95, 10)[0] < low


# ── Rules ───────────────────────────────────────────────────────────────────────────────────────────────────

_texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)


@given(
    _texts.filter(lambda text: "\0" not in text), st.sampled_from(["id", "name", "aria-label", "data-testid"])
)
def test_a_rule_matches_the_element_that_it_was_made_from(text: str, attribute: str) -> None:
    """Whatever stands in attributes, the selector parses and holds of the element."""
    place = {"site": "shop", "first_seen": DAY, "depth": 0, "child_index": 1, "child_last": 1,
             "type_index": 1, "type_last": 1, "flags": 0}  # fmt: skip
    attributes = [("class", f"a {text}"), (attribute, text)]
    element = {"element_id": 1, "tag": "button", "attributes": attributes}
    trie = Trie.build(
        rows_of("nodes", [{"node_id": 5, "parent_id": None, "element_id": 1, **place}]),
        rows_of("elements", [{"site": "shop", "namespace": "html", "first_seen": DAY, **element}]),
    )
    css = rule_of("click", element, None, whole=True)["css"]
    assert trie.node_ids(parse_selector(css)).to_pylist() == [5], json.dumps(css)


@pytest.mark.parametrize(
    ("tag", "attributes", "css"),
    [
        ("a", [("id", "signup"), ("class", "x")], "a#signup"),
        ("a", [("id", "item-48213"), ("class", "x y")], "a.x.y"),
        ("button", [("class", "md:flex css-1a2b3c4d5e")], r"button.md\:flex"),
        ("button", [("data-testid", "save"), ("id", "b")], 'button[data-testid="save"]'),
        ("input", [("type", "email"), ("name", "mail")], 'input[name="mail"][type="email"]'),
        ("div", [], "div"),
    ],
)
def test_selectors_name_what_lasts(tag: str, attributes: list[tuple[str, str]], css: str) -> None:
    """What was made for tests comes first, then ids and classes, but none that a program made up."""
    assert selector_of({"tag": tag, "attributes": attributes}) == css


def test_css_is_escaped() -> None:
    """Names and texts stand in CSS as the CSSOM has them."""
    assert identifier("1a") == r"\31 a"
    assert identifier("-") == r"\-"
    assert string('a"b\n') == r'"a\"b\a "'


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({}, "funnel"),
        ({"funnel": FUNNEL, "retention": {}}, "funnel"),
        ({"funnel": {"steps": ["A"]}}, "funnel.steps"),
        ({"funnel": FUNNEL, "step": 1}, "step"),
        ({"funnel": FUNNEL, "period": 1}, "period"),
        ({"funnel": FUNNEL, "confidence": 1}, "confidence"),
        ({"funnel": "A"}, "funnel"),
        ({"retention": {"start": "A", "return": "B"}, "period": 12}, "period"),
        ({"retention": {"start": "A", "return": "B", "periods": 1}}, "retention.periods"),
    ],
)
def test_what_is_wrong_is_named(context_of: ContextOf, request_: dict[str, Any], field: str) -> None:
    """A wrong request is refused, naming the field."""
    with pytest.raises(InvalidRequest) as caught:
        signals.run(request_, context_of())
    assert caught.value.field == field
