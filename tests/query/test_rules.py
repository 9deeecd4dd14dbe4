"""Rules and steps: what is accepted, what it means, and what is said of the rest."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backsight.contract import COLUMN_PROPERTIES, ELEMENT_TYPES, EventType
from backsight.errors import InvalidRequest, UnsupportedSelector
from backsight.rules.predicates import OPERATORS, Predicate
from backsight.rules.rule import (
    AnyRule,
    Rule,
    parse_predicates,
    parse_rule,
    parse_rules,
    predicate_to_json,
    rule_to_json,
)
from backsight.rules.steps import Step, parse_step
from backsight.scan.person_conditions import parse_person_where

text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
scalars = st.one_of(
    text, st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), st.booleans()
)
tests = st.one_of(
    st.fixed_dictionaries(
        {
            "op": st.sampled_from(["is", "is_not"]),
            "value": st.one_of(scalars, st.lists(scalars, min_size=1, max_size=3)),
        }
    ),
    st.fixed_dictionaries({"op": st.just("in"), "value": st.lists(scalars, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"op": st.sampled_from(["contains", "not_contains"]), "value": text}),
    st.fixed_dictionaries(
        {"op": st.just("matches"), "value": st.sampled_from(["^a+$", "(?i)b|c", r"\d{2}"])}
    ),
    st.fixed_dictionaries({"op": st.sampled_from(["gt", "gte", "lt", "lte"]), "value": st.integers()}),
    st.fixed_dictionaries({"op": st.sampled_from(["is_set", "is_not_set"])}),
)
names = text.filter(lambda name: name not in COLUMN_PROPERTIES)  # some of which take only numbers
predicates = st.recursive(
    st.builds(lambda name, test: {"property": name} | test, names, tests),
    lambda inner: st.one_of(
        inner.map(lambda part: {"not": part}),
        st.builds(
            lambda key, parts: {key: parts},
            st.sampled_from(["all", "any"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
    ),
    max_leaves=4,
)
shared = {
    "text": st.one_of(tests, st.lists(tests, min_size=1, max_size=2)),
    "href": tests,
    "page": st.dictionaries(st.sampled_from(["host", "path", "title", "url"]), tests, max_size=2),
    "where": st.lists(predicates, max_size=2),
}
types = st.lists(st.sampled_from([kind.value for kind in EventType]), min_size=1, max_size=3)
element_types = st.sampled_from(sorted(kind.value for kind in ELEMENT_TYPES))
rages = st.fixed_dictionaries(
    {},
    optional={
        "clicks": st.integers(2, 20),
        "within": st.sampled_from(["1ms", "999ms", "1000ms", "2.5s", "1.05s", "60s"]),
        "radius": st.integers(0, 1_000),
    },
)
rules = st.recursive(
    st.one_of(
        st.fixed_dictionaries(
            {"on": st.one_of(st.just("any"), types, types.map(lambda on: on[0]))}, optional=shared
        ),
        st.fixed_dictionaries(
            {"css": st.sampled_from(["a", "form#signup > button.md\\:flex", ":is(a, b) c"])},
            optional=shared | {"on": element_types, "match": st.sampled_from(["closest", "target"])},
        ),
        st.fixed_dictionaries({"name": text}, optional=shared | {"on": st.sampled_from(["track", "vital"])}),
        st.fixed_dictionaries({"rage": rages}, optional=shared | {"css": st.just("a")}),
    ),
    lambda inner: st.builds(lambda each: {"any": each}, st.lists(inner, min_size=1, max_size=2)),
    max_leaves=3,
)


@given(rules)
def test_a_rule_survives_its_own_json(value: Any) -> None:
    """Writing a rule and reading it again gives the same rule, and the same JSON."""
    rule = parse_rule(value)
    written = rule_to_json(rule)
    assert parse_rule(json.loads(json.dumps(written))) == rule
    assert rule_to_json(parse_rule(written)) == written


@given(predicates)
def test_a_predicate_is_written_as_it_was_read(value: Any) -> None:
    """Nothing of a predicate is lost or reordered."""
    (condition,) = parse_predicates([value])
    assert predicate_to_json(condition) == value


KEYS = [
    "on",
    "css",
    "any",
    "where",
    "text",
    "property",
    "op",
    "value",
    "page",
    "name",
    "event",
    "label",
    "x",
    "rage",
]
ABOUT_PERSONS = [
    "not", "cohort", "did", "did_first", "did_in_periods", "at_least", "exactly", "within", "from", "to",
    "times", "periods",
]  # fmt: skip


@given(
    st.recursive(
        st.one_of(st.none(), scalars),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_any_json_is_a_rule_or_a_clear_error(value: Any) -> None:
    """Whatever JSON comes in, nothing but InvalidRequest comes out, and it names a field."""
    for parse in (parse_rule, parse_rules, parse_step, parse_predicates):
        error = raised(parse, value, "here")
        assert error is None or error.field.startswith("here")


@given(
    st.recursive(
        st.one_of(scalars, st.sampled_from(["A", "30d", "2026-10-01", "week"]), st.integers(0, 3)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.sampled_from(KEYS + ABOUT_PERSONS), inner, max_size=4),
        ),
        max_leaves=12,
    )
)
def test_any_json_is_a_condition_or_a_clear_error(value: Any) -> None:
    """Conditions on persons are as safe from whatever JSON comes in."""
    now = datetime(2026, 11, 1, tzinfo=UTC)
    for each in (value, [value], [{"did": value}], [{"not": {"did_in_periods": "A", "periods": value}}]):
        error = raised(
            lambda said, field: parse_person_where(said, field, ZoneInfo("UTC"), now), each, "here"
        )
        assert error is None or error.field.startswith("here")


def raised(parse: Callable[[Any, str], object], value: Any, field: str) -> InvalidRequest | None:
    """The error, if there is one; any other than InvalidRequest fails the test."""
    try:
        parse(value, field)
    except InvalidRequest as error:
        return error
    return None


def test_what_is_left_out_has_a_meaning() -> None:
    """A selector alone asks for clicks, a name alone for tracked events; "any" is every type."""
    assert parse_rule({"css": "a"}) == Rule(on=(EventType.CLICK,), css="a", match="closest")
    assert parse_rule({"name": "Order"}) == Rule(on=(EventType.TRACK,), name="Order")
    assert parse_rule({"on": "any"}) == Rule(on=())
    assert parse_rule({"on": ["click", "submit", "click"]}) == Rule(on=(EventType.CLICK, EventType.SUBMIT))
    assert parse_rule({"any": [{"css": "a"}]}) == AnyRule((Rule(on=(EventType.CLICK,), css="a"),))


@pytest.mark.parametrize(
    ("value", "field", "says"),
    [
        ({}, "rule.on", "'click'"),
        ([], "rule", "not an object"),
        ("click", "rule", "not an object"),
        ({"om": "click"}, "rule.om", "unknown field 'om'"),
        ({"on": "clik"}, "rule.on", "did you mean 'click'"),
        ({"on": ["click", "any"]}, "rule.on[1]", "'any' is not known here"),
        ({"on": []}, "rule.on", "0 entries"),
        ({"on": 1}, "rule.on", "1 is not a list"),
        ({"on": "pageview", "css": "a"}, "rule.on", "'pageview' has no element"),
        ({"on": ["click", "leave"], "css": "a"}, "rule.on", "'leave' has no element"),
        ({"on": "click", "match": "target"}, "rule.match", "there is none"),
        ({"css": "a", "match": "self"}, "rule.match", "'closest', 'target'"),
        ({"css": "a", "name": "x"}, "rule.name", "only tracked events and vitals have a name"),
        ({"on": "any", "name": "x"}, "rule.name", "only tracked events and vitals have a name"),
        ({"name": ""}, "rule.name", "empty"),
        ({"name": "x" * 201}, "rule.name", "201 characters"),
        ({"name": "\ud800"}, "rule.name", "surrogate"),
        ({"css": ""}, "rule.css", "empty"),
        ({"css": 1}, "rule.css", "1 is not a string"),
        ({"css": None}, "rule.css", "None is not a string"),
        ({"css": "a,"}, "rule.css", "expected a compound selector"),
        ({"css": "a", "text": "Sign"}, "rule.text", "'op', 'value'"),
        ({"css": "a", "text": {"op": "has", "value": "x"}}, "rule.text.op", "'has' is not known here"),
        (
            {"css": "a", "text": [{"op": "is", "value": "x"}, {"op": "is"}]},
            "rule.text[1].value",
            "null equals nothing",
        ),
        (
            {"css": "a", "text": {"property": "text", "op": "is", "value": "x"}},
            "rule.text.property",
            "unknown field",
        ),
        ({"css": "a", "page": {"pth": {"op": "is", "value": "/"}}}, "rule.page.pth", "did you mean 'path'"),
        ({"css": "a", "where": {}}, "rule.where", "not a list"),
        ({"css": "a", "where": [{"op": "is", "value": 1}]}, "rule.where[0].property", "missing"),
        (
            {"css": "a", "where": [{"property": "x", "op": "is_set", "value": 1}]},
            "rule.where[0].value",
            "takes no value",
        ),
        (
            {"css": "a", "where": [{"property": "x", "op": "gt", "value": True}]},
            "rule.where[0].value",
            "can't be compared",
        ),
        (
            {"css": "a", "where": [{"property": "x", "op": "gt", "value": "12"}]},
            "rule.where[0].value",
            "without quotes",
        ),
        (
            {"css": "a", "where": [{"property": "x", "op": "is", "value": 10**400}]},
            "rule.where[0].value",
            "not a finite number",
        ),
        (
            {"css": "a", "where": [{"property": "x", "op": "is", "value": float("nan")}]},
            "rule.where[0].value",
            "not a finite number",
        ),
        (
            {"css": "a", "where": [{"property": "x", "op": "is", "value": {}}]},
            "rule.where[0].value",
            "can't be compared",
        ),
        (
            {"css": "a", "where": [{"property": "x", "op": "in", "value": "y"}]},
            "rule.where[0].value",
            "not a list",
        ),
        (
            {"css": "a", "where": [{"property": "p", "op": "matches", "value": "(a"}]},
            "rule.where[0].value",
            r"missing \)",
        ),
        (
            {"css": "a", "where": [{"property": "p", "op": "matches", "value": "(?=a)"}]},
            "rule.where[0].value",
            "RE2",
        ),
        (
            {"css": "a", "where": [{"any": [{"all": [{"property": "x", "op": "?"}]}]}]},
            "rule.where[0].any[0].all[0].op",
            "not known",
        ),
        ({"css": "a", "where": [{"any": []}]}, "rule.where[0].any", "0 entries"),
        (
            {"on": "any", "where": [{"property": "x", "op": "in", "value": ["1"]}]},
            "rule.where[0].value",
            "'x' is a number",
        ),
        (
            {"on": "any", "where": [{"property": "x", "op": "contains", "value": "1"}]},
            "rule.where[0].op",
            "reads text",
        ),
        (
            {"css": "a", "page": {"url": {"op": "is", "value": "https://a.b/c"}}},
            "rule.page.url.value",
            "scheme of a page is not kept.*'a.b/c'",
        ),
        ({"css": "a", "where": [{"any": [], "op": "is"}]}, "rule.where[0].op", "unknown field 'op'"),
        (
            {"css": "a", "where": [{"property": "props.", "op": "is_set"}]},
            "rule.where[0].property",
            "'props.NAME'",
        ),
        ({"rage": 3}, "rule.rage", "not an object"),
        ({"rage": {"times": 3}}, "rule.rage.times", "unknown field 'times'"),
        ({"rage": {"clicks": 1}}, "rule.rage.clicks", "1 is out of range. Valid: 2 to 20"),
        ({"rage": {"clicks": 3.0}}, "rule.rage.clicks", "not a whole number"),
        ({"rage": {"radius": -1}}, "rule.rage.radius", "0 to 1,000"),
        (
            {"rage": {"within": "61s"}},
            "rule.rage.within",
            "no short duration. Valid: seconds or",
        ),
        ({"rage": {"within": "0.0s"}}, "rule.rage.within", "no short duration"),
        ({"rage": {"within": 1}}, "rule.rage.within", "no short duration"),
        ({"rage": {}, "on": ["click", "change"]}, "rule.rage", "only clicks come in bursts"),
        ({"rage": {}, "on": "any"}, "rule.rage", "only clicks come in bursts"),
        ({"any": [{"css": "a"}, {"css": "b", "on": "x"}]}, "rule.any[1].on", "'x' is not known here"),
        ({"any": [], "on": "click"}, "rule.on", "unknown field 'on'"),
        ({"any": [{"css": "a"}] * 101}, "rule.any", "101 entries"),
        (
            {"any": [{"any": [{"any": [{"any": [{"css": "a"}]}]}]}]},
            "rule.any[0].any[0].any[0].any[0]",
            "nest too deeply",
        ),
    ],
)
def test_errors_name_the_field_and_what_would_be_valid(value: Any, field: str, says: str) -> None:
    """The path of the field at fault, what is wrong with it, and what is valid there."""
    with pytest.raises(InvalidRequest, match=says) as caught:
        parse_rule(value)
    assert caught.value.field == field


def test_an_unsupported_selector_keeps_its_path() -> None:
    """A selector inside a rule inside a step is refused at its own field."""
    with pytest.raises(UnsupportedSelector, match="':hover' can't be matched") as caught:
        parse_step({"any": [{"css": "a"}, {"css": "a:hover"}]}, "steps[1]")
    assert caught.value.field == "steps[1].any[1].css"


def test_predicates_have_a_deepest_nesting() -> None:
    """Nesting that no one writes is refused before it can cost anything."""
    value: Any = {"property": "x", "op": "is_set"}
    for _ in range(5_000):
        value = {"any": [value]}
    with pytest.raises(InvalidRequest, match="nest too deeply"):
        parse_predicates([value])


@pytest.mark.parametrize(
    ("value", "step"),
    [
        ("Signed up", Step("Signed up", event="Signed up")),
        ({"event": "A", "label": "B"}, Step("B", event="A")),
        (
            {"event": "A", "where": [{"property": "x", "op": "is", "value": 1}]},
            Step("A", event="A", where=(Predicate("x", "is", 1),)),
        ),
        ({"css": "a"}, Step("click a", rule=Rule(on=(EventType.CLICK,), css="a"))),
        ({"on": "any", "label": "Anything"}, Step("Anything", rule=Rule())),
        ({"name": "Order"}, Step("track Order", rule=Rule(on=(EventType.TRACK,), name="Order"))),
        (
            {"any": [{"css": "a"}], "where": [{"property": "x", "op": "is_set"}]},
            Step(
                "click a",
                rule=AnyRule((Rule(on=(EventType.CLICK,), css="a"),)),
                where=(Predicate("x", "is_set"),),
            ),
        ),
    ],
)
def test_steps(value: Any, step: Step) -> None:
    """A step is a name, a name with filters, or a rule; without a label it says what it asks."""
    assert parse_step(value) == step


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (3, "step"),
        ("", "step"),
        ({"event": "A", "css": "a"}, "step.css"),
        ({"event": "A", "first_ever": True}, "step.first_ever"),
        ({"css": "a", "label": ""}, "step.label"),
        ({"css": "a", "optional": True}, "step.optional"),
        ({"any": [{"css": "a", "label": "x"}]}, "step.any[0].label"),
    ],
)
def test_steps_refuse_what_they_do_not_know(value: Any, field: str) -> None:
    """Options of other reports, or that are not built, are unknown fields."""
    with pytest.raises(InvalidRequest) as caught:
        parse_step(value)
    assert caught.value.field == field


def test_the_list_of_operators_is_closed() -> None:
    """Every operator of the documentation, and no other."""
    assert set(OPERATORS) == set(
        "is is_not contains not_contains matches gt gte lt lte in is_set is_not_set".split()
    )
