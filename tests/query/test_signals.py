"""Signals: a planted cause is found among many things that mean nothing, and nothing where there is none."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from math import comb, exp, inf, prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backsight.errors import InvalidRequest
from backsight.reports import signals
from backsight.reports.signals.candidates import rule_of, selector_of
from backsight.reports.signals.odds import (
    LEAST_CHANCE,
    Population,
    Table,
    adjusted,
    chance,
    interval,
    odds_ratio,
)
from backsight.rules.rule import parse_rule
from backsight.selectors import parse_selector
from backsight.selectors.writing import identifier, string
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
        bool(ask(context_of, visits(seed, {True: 0.4, False: 0.4}, 120))["signals"]) for seed in range(12)
    )
    # At 95 % for all comparisons together one in 20 is expected; four of 12 come once in 400 such tests.
    assert alarms < 4


MENU = [*range(1, 12), 29]
"""Buttons that persons choose among; 29 is the tip."""


def lively(seed: int, persons: int, lift: float = 0.0) -> list[dict[str, Any]]:
    """Visits as they are: most are soon over, who does more converts more often, what it is does not matter.

    Everybody meets a banner on the first visit only, some come again, and of some the window is open still.
    With a `lift` one button does matter.
    """
    drawn = random.Random(seed)
    rows = []
    for device in range(1, persons + 1):
        keen = drawn.expovariate(1 / 4)
        start = DAY + timedelta(days=drawn.uniform(0, 31))
        done = 0
        for visit in range(3):
            at = start + timedelta(days=visit, minutes=drawn.uniform(0, 600))
            rows.append(event("A", at, device=device))
            things = [0] if visit == 0 and drawn.random() < 0.8 else []
            things += [drawn.choice(MENU) for _ in range(int(drawn.expovariate(1 / keen)))]
            for thing in things:
                at += timedelta(minutes=drawn.expovariate(1))
                rows.append(click(thing, at, device, icon=False))
            done += len(things)
            keenness = 0.08 * done + lift * (29 in things)
            if drawn.random() < 1 - exp(-keenness):
                rows.append(event("B", at + timedelta(minutes=drawn.expovariate(1)), device=device))
                break
            if drawn.random() < 0.6:
                break
    return rows


def test_who_stays_and_does_more_is_no_cause(context_of: ContextOf) -> None:
    """That who converts was there for longer makes nothing of what they did a signal, not even a banner."""
    answers = [ask(context_of, lively(seed, 300)) for seed in range(12)]
    assert sum(bool(answer["signals"]) for answer in answers) < 4
    assert {answer["tested"] for answer in answers} == {13}


def test_a_cause_among_lively_visits(context_of: ContextOf) -> None:
    """What matters is told from what the active do anyway."""
    answer = ask(context_of, lively(1, 900, lift=1.0))
    assert [each["rule"]["css"] for each in answer["signals"]] == ["button.btn.tip"]
    first = answer["signals"][0]
    assert first["did"]["share"] > first["expected"] > first["did_not"]["share"]
    assert first["lift"] == pytest.approx(first["did"]["share"] / first["expected"])


def test_what_has_a_name_is_left_out(context_of: ContextOf) -> None:
    """A click that a named event or a step stands for is no news."""
    nodes, elements = trie_rows()
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
    answer = ask(context_of, rows, retention=WEEKS)
    assert answer["signals"][0]["rule"]["css"] == "button.btn.tip"
    assert answer["population"]["persons"] == 400
    back = len({row["device"] for row in rows if row["name"] == "B"})
    assert answer["population"]["outcome"] == back


WEEKS = {
    "start": "A",
    "return": "B",
    "period": "week",
    "periods": 2,
    "from": "2026-10-05",
    "to": "2026-10-11",
}


def test_no_signals_of_returning_where_nothing_matters(context_of: ContextOf) -> None:
    """Who did more in the first week comes back more often; none of what they did is to thank for it."""

    def weeks(seed: int) -> list[dict[str, Any]]:
        drawn, rows = random.Random(seed), []
        for device in range(1, 301):
            start = datetime(2026, 10, 5, tzinfo=UTC) + timedelta(hours=drawn.uniform(0, 160))
            rows.append(event("A", start, device=device))
            things = [drawn.choice(MENU) for _ in range(int(drawn.expovariate(1 / 4)))]
            rows += [
                click(each, start + timedelta(hours=drawn.random()), device, icon=False) for each in things
            ]
            if drawn.random() < 1 - exp(-0.1 * len(things)):
                rows.append(event("B", start + timedelta(days=7), device=device))
        return rows

    answers = [ask(context_of, weeks(seed), retention=WEEKS) for seed in range(12)]
    assert sum(bool(answer["signals"]) for answer in answers) < 4
    assert {answer["tested"] for answer in answers} == {12}


def test_rolling_periods_are_not_looked_into(context_of: ContextOf) -> None:
    """Of periods that roll only what is over before any return counts was watched."""
    start = datetime(2026, 10, 1, 0, tzinfo=UTC)
    rows = []
    for device in range(1, 101):
        rows.append(event("A", start, device=device))
        rows.append(click(device % 2, start + timedelta(days=1), device, icon=False))
        if device % 2:  # on the 31st day, in the calendar's month and in the second period of 30 days
            rows.append(event("B", start + timedelta(days=30, hours=1), device=device))
            rows.append(click(29, start + timedelta(days=30, hours=2), device, icon=False))
        else:
            rows.append(click(5, start + timedelta(days=2), device, icon=False))
    months = {"start": "A", "return": "B", "period": "month", "periods": 2, "mode": "rolling",
              "from": "2026-10-01", "to": "2026-10-01"}  # fmt: skip
    site_rows = [*rows, event("C", start + timedelta(days=70), device=1)]
    nodes, elements = trie_rows()
    site = context_of(site_rows, nodes=nodes, elements=elements, now=start + timedelta(days=71))
    answer = signals.run({"retention": months, "at_least": 5}, site)
    assert answer["population"] == {"persons": 100, "outcome": 50, "share": 0.5}
    assert answer["tested"] == 3
    assert "button.btn.tip" not in [each["rule"].get("css") for each in answer["signals"]]


@pytest.mark.parametrize(
    ("more", "population"),
    [
        ({}, (3, 2)),
        ({"count": "totals"}, (3, 2)),
        ({"count": "sessions", "session": {"gap": "30m"}}, (3, 2)),
        ({"exclude": [{"event": "C"}]}, (2, 1)),
        ({"order": "strict"}, (3, 0)),
        ({"order": "any"}, (4, 2)),
        ({"breakdown": {"by": ["path"]}, "interval": "day", "curve": True}, (3, 2)),
        ({"steps": ["A", {"event": "C", "optional": True}, "B"]}, (3, 2)),
        ({"entry": "any", "window": "1d"}, (3, 1)),
    ],
    ids=json.dumps,
)
def test_who_is_compared(context_of: ContextOf, more: dict[str, Any], population: tuple[int, int]) -> None:
    """Each person once, by the first attempt, whatever the funnel counts; not who may convert yet."""
    now = DAY + timedelta(days=30)
    rows = [
        *(event("A", DAY + timedelta(days=day), device=1) for day in (0, 1)),
        event("B", DAY + timedelta(days=1, hours=1), device=1),
        *(event(name, DAY + timedelta(hours=hour), device=2) for hour, name in enumerate("ACB")),
        event("A", DAY, device=3),
        event("A", now - timedelta(hours=1), device=4),
        event("B", DAY, device=5),
    ]
    site = context_of(rows, now=now)
    answer = signals.run({"funnel": {**FUNNEL, **more}}, site)
    assert (answer["population"]["persons"], answer["population"]["outcome"]) == population


def test_a_name_for_everything_makes_nothing_known(context_of: ContextOf) -> None:
    """A step or a name that any event fills leaves what is in particular to be found."""
    rows = lively(1, 900, lift=1.0)
    funnel = {
        **FUNNEL,
        "steps": [{"event": "A", "label": "Start"}, {"on": "track", "label": "Anything sent"}],
    }
    nodes, elements = trie_rows()
    names = named("A") | {"Clicked": (parse_rule({"on": "click"}),)}
    site = context_of(rows, nodes=nodes, elements=elements, names=names, now=DAY + timedelta(days=30))
    assert signals.run({"funnel": funnel}, site)["tested"] == 13


def test_filters_are_those_of_the_report(context_of: ContextOf) -> None:
    """What the report's own filter leaves out is not compared either."""
    rows = [{**row, "path": f"/{row['device'] % 2}"} for row in lively(1, 400, lift=1.0)]
    where = [{"property": "path", "op": "is", "value": "/1"}]
    every, some = ask(context_of, rows), ask(context_of, rows, funnel={**FUNNEL, "where": where})
    assert 0 < some["population"]["persons"] < every["population"]["persons"]
    clicks = [{"property": "type", "op": "is", "value": "track"}]
    assert ask(context_of, rows, funnel={**FUNNEL, "where": clicks})["tested"] == 0


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
        else:  # as active, each with two things of their own
            for other in ("/y", "/z"):
                path = f"{other}{device}"
                at = start + timedelta(minutes=2)
                rows.append(event("", at, device=device, type="pageview", name=None, path=path))
        if device % 2 == 0 or device % 10 == 1:
            rows.append(event("B", start + timedelta(minutes=5), device=device))
    found = [each["rule"] for each in ask(context_of, rows)["signals"]]
    # Both were done by the same persons: one of them says it.
    page = {"on": "pageview", "page": {"path": {"op": "is", "value": "/x"}}}
    assert found in ([page], [{"on": "track", "name": "Watched"}])


# ── Odds ────────────────────────────────────────────────────────────────────────────────────────────────────

Strata = list[tuple[int, int, int, int]]
"""Of each: did with, did without, did not with, did not without."""


def table(strata: Strata) -> Table:
    a, b, c, d = np.array(strata, np.int64).T
    return Table(a + b, a, Population(a + b + c + d, a + c))


_cell = st.integers(0, 5)
_strata = st.lists(st.tuples(_cell, _cell, _cell, _cell), min_size=1, max_size=3)


def exact(strata: Strata) -> float:
    """Of all tables with the same sums, how likely those are that are no likelier than this one."""
    ways = [
        {k: comb(a + c, k) * comb(b + d, a + b - k) for k in range(a + b + 1) if k <= a + c}
        for a, b, c, d in strata
    ]
    likely: dict[int, int] = {}
    for each in product(*(way.items() for way in ways)):
        total = sum(k for k, _ in each)
        likely[total] = likely.get(total, 0) + prod(count for _, count in each)
    here = likely[sum(a for a, *_ in strata)]
    return sum(each for each in likely.values() if each <= here) / sum(likely.values())


@given(_strata)
def test_the_chance_is_the_sum_over_all_tables_that_are_no_likelier(strata: Strata) -> None:
    """The exact test over strata (Fisher's, with one), against every table with the same sums."""
    assert chance(table(strata)) == pytest.approx(exact(strata))


def test_chance_of_large_tables() -> None:
    """Millions of persons in many strata are weighed at once, and nothing is said to be impossible."""
    even = [(20_000, 60_000, 40_000, 120_000)] * 30
    assert chance(table(even)) == pytest.approx(1.0, abs=0.01)
    assert chance(table([(40_000, 60_000, 20_000, 120_000)] * 30)) == LEAST_CHANCE


@given(_strata)
def test_who_is_as_active_is_compared(strata: Strata) -> None:
    """What is expected, and how far off it is, follow from the sums of each stratum (Mantel and Haenszel)."""
    every = [(a, a + b, a + c, a + b + c + d) for a, b, c, d in strata if a + b + c + d]
    expected = sum(did * with_ / n for _, did, with_, n in every)
    variance = sum(
        did * (n - did) * with_ * (n - with_) / (n * n * (n - 1)) for _, did, with_, n in every if n > 1
    )
    seen = sum(a for a, *_ in every)
    assert table(strata).expected == pytest.approx(expected)
    wanted = abs(seen - expected) / variance**0.5 if variance else 0.0
    assert table(strata).distance == pytest.approx(wanted)


def test_what_only_the_active_do_is_no_signal() -> None:
    """Who does much goes on more often and does it more often: within a stratum, nothing is left of that."""
    strata = [(1, 9, 10, 90), (40, 40, 10, 10)]
    assert odds_ratio(table(strata)) == pytest.approx(1, abs=0.01)
    assert chance(table(strata)) > 0.99
    assert odds_ratio(table([(41, 49, 20, 100)])) > 3


def test_holm() -> None:
    """The smallest chance counts once for each comparison, the next once less; none falls below another."""
    assert adjusted([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_odds_and_their_interval() -> None:
    """As textbooks have it (Mantel-Haenszel; Robins, Breslow and Greenland), a stratum of halves added."""
    strata = [(20, 10, 20, 50), (30, 15, 10, 12)]
    every = [*strata, (0.5, 0.5, 0.5, 0.5)]
    up = sum(a * d / (a + b + c + d) for a, b, c, d in every)
    down = sum(b * c / (a + b + c + d) for a, b, c, d in every)
    assert odds_ratio(table(strata)) == pytest.approx(up / down)
    # One stratum: Woolf's variance, the sum of what each cell is a part of, about.
    low, high = interval(table([(200, 100, 200, 500)]), 0.95, 1)
    reach = 1.96 * (1 / 200 + 1 / 100 + 1 / 200 + 1 / 500) ** 0.5
    assert (low, high) == (pytest.approx(5 * exp(-reach), rel=0.01), pytest.approx(5 * exp(reach), rel=0.01))
    assert interval(table(strata), 0.95, 10)[0] < interval(table(strata), 0.95, 1)[0]
    assert 0 < interval(table([(5, 0, 0, 5)]), 0.95, 1)[0] < inf


def test_intervals_hold_what_is_true() -> None:
    """Of drawn tables whose true odds ratio is 2, 95 % of the intervals hold it, and chance is fair at 1."""
    drawn = np.random.default_rng(5)
    held, alarms, every = 0, 0, 400
    for _ in range(every):
        for odds in (2.0, 1.0):
            sizes = drawn.integers(5, 60, 12)
            base = drawn.uniform(0.2, 2.0, 12)
            did = drawn.binomial(sizes, 0.4)
            with_ = drawn.binomial(did, odds * base / (1 + odds * base))
            other = drawn.binomial(sizes - did, base / (1 + base))
            found = Table(did, with_, Population(sizes, with_ + other))
            if odds > 1:
                low, high = interval(found, 0.95, 1)
                held += low <= odds <= high
            else:
                alarms += chance(found) <= 0.05
    assert held / every > 0.92
    assert alarms / every < 0.08


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
