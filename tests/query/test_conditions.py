"""Conditions: rules and predicates as SQL, held against a naive reading of the same rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backsight.contract import ELEMENTS, EVENTS, NODES
from backsight.errors import InvalidRequest
from backsight.rules.conditions import INLINE_NODES, Conditions
from backsight.rules.predicates import OPERATORS
from backsight.rules.rule import parse_predicates, parse_rule, parse_rules
from backsight.rules.steps import parse_step
from backsight.trie import Trie

COLUMNS = ("type", "name", "text", "path", "x", "node_id", "props")
Row = Mapping[str, Any]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def event(**columns: Any) -> Row:
    """A click with nothing but what is given; `props` as a dictionary."""
    return {"type": "click"} | columns


def run(
    connection: duckdb.DuckDBPyConnection, conditions: Conditions, sql: str, rows: list[Row]
) -> list[Any]:
    """What the SQL says of each row; it may use nothing but what the conditions declare."""
    flat = [
        row | {"props": json.dumps(row["props"])} if row.get("props") is not None else row for row in rows
    ]
    columns = {name: [row.get(name) for row in flat] for name in COLUMNS if name in conditions.columns}
    schema = pa.schema(
        [pa.field("row", pa.int32()), *(EVENTS.field(name).with_nullable(True) for name in columns)]
    )
    table = pa.table({"row": list(range(len(rows))), **columns}, schema=schema)
    with connection.cursor() as cursor:
        cursor.register("rows", table)
        for name, nodes in conditions.tables.items():
            cursor.register(name, nodes)
        answer = cursor.execute(f"select {sql} from rows e order by row", conditions.params or None)
        return [truth for (truth,) in answer.fetchall()]


def holds(connection: duckdb.DuckDBPyConnection, where: object, *rows: Row) -> list[Any]:
    conditions = Conditions(Trie(), {})
    return run(connection, conditions, conditions.predicates(parse_predicates(where)), list(rows))


# ── The naive reading ───────────────────────────────────────────────────────────────────────────────────────

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def naive_value(row: Row, name: str) -> Any:
    if name in COLUMNS and name != "props":
        return row.get(name)
    name = name.removeprefix("props.")
    props = row.get("props") or {}
    if name in props:
        return props[name]
    for key in name.split("."):
        if isinstance(props, list) and re.fullmatch("0|[1-9][0-9]*", key) and int(key) < len(props):
            props = props[int(key)]
        elif isinstance(props, dict) and key in props:
            props = props[key]
        else:
            return None
    return props


def naive_number(value: Any) -> float | None:
    if isinstance(value, str):
        return float(value) if NUMBER.fullmatch(value) else None
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def naive_equal(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, (bool, str)):
        return type(value) is type(wanted) and bool(value == wanted)
    return naive_number(value) == float(wanted)


def naive_lower(text: str) -> str:
    return "".join(c.lower()[0] for c in text)


def naive_holds(row: Row, predicate: Mapping[str, Any]) -> bool:
    for key, join in (("all", all), ("any", any)):
        if key in predicate:
            return join(naive_holds(row, part) for part in predicate[key])
    if "not" in predicate:
        return not naive_holds(row, predicate["not"])
    value, op, wanted = naive_value(row, predicate["property"]), predicate["op"], predicate.get("value")
    if op.startswith(("is_not", "not_")) and op != "is_not_set":
        positive = {"is_not": "is", "not_contains": "contains"}[op]
        return not naive_holds(row, {**predicate, "op": positive})
    choices = wanted if isinstance(wanted, list) else [wanted]
    plain = (
        json.dumps(value) if isinstance(value, (int, float)) else value if isinstance(value, str) else None
    )
    if op in ("is_set", "is_not_set"):
        return (value is not None) == (op == "is_set")
    if op in ("is", "in"):
        return any(naive_equal(value, choice) for choice in choices)
    if op == "contains":
        return plain is not None and any(naive_lower(choice) in naive_lower(plain) for choice in choices)
    if op == "matches":
        return plain is not None and re.search(wanted, plain) is not None
    left = (value if isinstance(value, str) else None) if isinstance(wanted, str) else naive_number(value)
    return (
        left is not None
        and {"gt": left > wanted, "gte": left >= wanted, "lt": left < wanted, "lte": left <= wanted}[op]
    )


# ── Random questions over random rows ───────────────────────────────────────────────────────────────────────

# Without unassigned letters: whether they have a lower case depends on the version of Unicode.
letters = st.characters(exclude_categories=["Cs", "Cn"])
words = st.one_of(
    st.sampled_from(["", "a", "A", "Ab", "é", "É", "ß", "12", "12.5", "-3", "1e2", "true", "null"]),
    st.text(letters, max_size=6),
)
numbers = st.one_of(st.integers(-20, 20), st.integers(-80, 80).map(lambda n: n / 4))
scalars = st.one_of(words, numbers, st.booleans())
names = st.one_of(
    st.sampled_from(
        ["a", "a.b", "b", "a.b.0", "o'b", 'q"', "$.a", "/a", "a~/b", "*", "x') or 1=1 --", "$p0", "é"]
    ),
    st.text(letters, min_size=1, max_size=8).filter(lambda name: name not in EVENTS.names and name != "url"),
).filter(lambda name: not name.startswith(("person.", "props.")))
json_values = st.recursive(
    st.one_of(scalars, st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(["a", "b", "c", "0"]), inner, max_size=2)
    ),
    max_leaves=4,
)
rows = st.fixed_dictionaries(
    {"type": st.just("track")},
    optional={
        "name": words,
        "text": words,
        "path": words,
        "x": st.integers(-20, 20),
        "props": st.dictionaries(names, json_values, max_size=4),
    },
)


def predicates(properties: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        operation(
            properties, ["is", "is_not"], st.one_of(scalars, st.lists(scalars, min_size=1, max_size=3))
        ),
        operation(properties, ["in"], st.lists(scalars, min_size=1, max_size=3)),
        operation(properties, ["contains", "not_contains"], words.filter(bool)),
        operation(properties, ["matches"], words.filter(bool).map(re.escape).filter(str.isprintable)),
        operation(
            properties,
            ["gt", "gte", "lt", "lte"],
            st.one_of(numbers, st.sampled_from(["a", "2026-10-01", "é"])),
        ),
        st.builds(
            lambda name, op: {"property": name, "op": op},
            properties,
            st.sampled_from(["is_set", "is_not_set"]),
        ),
    )


def operation(
    properties: st.SearchStrategy[str], ops: list[str], values: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda name, op, value: {"property": name, "op": op, "value": value},
        properties,
        st.sampled_from(ops),
        values,
    )


custom = predicates(
    st.one_of(names, names.map("props.".__add__), st.sampled_from(["text", "name", "path", "props.text"]))
)
nested = st.recursive(
    custom,
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


@given(where=st.lists(nested, max_size=3), sample=st.lists(rows, min_size=1, max_size=6))
@example(
    where=[{"property": "a.b", "op": "is", "value": 1}],
    sample=[event(props={"a.b": None, "a": {"b": 1}}), event(props={"a": {"b": 1}})],
)
@example(where=[{"property": "a'b", "op": "is_not", "value": "'; drop table rows; --"}], sample=[event()])
@settings(deadline=None, max_examples=80)
def test_any_predicate_over_any_row_is_what_a_naive_reading_says(
    connection: duckdb.DuckDBPyConnection, where: Any, sample: list[Row]
) -> None:
    """Whatever the names and values, SQL and a plain reading agree, and no answer is NULL."""
    assert holds(connection, where, *sample) == [
        all(naive_holds(row, each) for each in where) for row in sample
    ]


# ── Behaviours by name ──────────────────────────────────────────────────────────────────────────────────────


OPERATIONS = [
    ("contains ignores case", "contains", "SIGN", {"p": "Design"}, True),
    ("not_contains holds where missing", "not_contains", "x", {}, True),
    ("is_not holds where missing", "is_not", "x", {}, True),
    ("is_not holds of null", "is_not", "x", {"p": None}, True),
    ("null equals nothing", "is", "null", {"p": None}, False),
    ("null is not set", "is_set", None, {"p": None}, False),
    ("an empty string is set", "is_set", None, {"p": ""}, True),
    ("numbers are equal by value", "is", 12, {"p": 12.0}, True),
    ("a number equals a string that spells it", "is", 12, {"p": "12"}, True),
    ("a string equals only strings", "is", "12", {"p": 12}, False),
    ("true is not 1", "is", True, {"p": 1}, False),
    ("true is not 'true'", "is", True, {"p": "true"}, False),
    ("1 is not true", "is", 1, {"p": True}, False),
    ("a list means one of", "is", ["a", 1], {"p": 1}, True),
    ("is_not of a list means none of", "is_not", ["a", 1], {"p": 1}, False),
    ("contains of a list means one of", "contains", ["x", "b"], {"p": "abc"}, True),
    ("order reads numbers in strings", "gt", 9, {"p": "10"}, True),
    ("but only where they are wholly numbers", "gt", 9, {"p": "10 kg"}, False),
    ("strings are ordered by code point", "lt", "2026-10", {"p": "2026-09-30"}, True),
    ("matches is RE2", "matches", "^a.c$", {"p": "abc"}, True),
    ("matches finds it anywhere", "matches", "b", {"p": "abc"}, True),
    ("a list is not text", "matches", "b", {"p": ["b"]}, False),
]


@pytest.mark.parametrize(
    ("op", "value", "props", "expected"), [row[1:] for row in OPERATIONS], ids=[row[0] for row in OPERATIONS]
)
def test_operators(
    connection: duckdb.DuckDBPyConnection, op: str, value: Any, props: Any, expected: bool
) -> None:
    """Each operator does what docs/reference/rules.md says of it."""
    assert holds(connection, [{"property": "p", "op": op, "value": value}], event(props=props)) == [expected]


@pytest.mark.parametrize("op", [op for op in OPERATORS if op not in ("is_set", "is_not_set")])
def test_columns_that_are_numbers_are_compared_as_numbers(
    connection: duckdb.DuckDBPyConnection, op: str
) -> None:
    """A column of numbers takes numbers; text, or an operator that reads text, is refused."""
    value: Any = [7] if op == "in" else 7
    if op in ("contains", "not_contains", "matches"):
        with pytest.raises(InvalidRequest, match="is a number"):
            holds(connection, [{"property": "x", "op": op, "value": "7"}], event(x=7))
    else:
        expected = op in ("is", "in", "gte", "lte")
        assert holds(connection, [{"property": "x", "op": op, "value": value}], event(x=7)) == [expected]
        with pytest.raises(InvalidRequest, match="is a number, and 'a' is not"):
            holds(
                connection, [{"property": "x", "op": op, "value": ["a"] if op == "in" else "a"}], event(x=7)
            )


def trie(classes: list[str | None]) -> Trie:
    """Roots with these classes, whose ids count from 1; None stands for one that was withheld."""
    elements = [
        {
            "site": "s",
            "element_id": i,
            "tag": "a",
            "namespace": "html",
            "attributes": [("class", name)],
            "first_seen": 0,
        }
        for i, name in enumerate(classes, 1)
    ]
    places = dict.fromkeys(["depth", "flags"], 0) | dict.fromkeys(
        ["child_index", "child_last", "type_index", "type_last"], 1
    )
    nodes = [
        {"site": "s", "node_id": i, "parent_id": None, "element_id": i, "first_seen": 0, **places}
        for i in range(1, len(classes) + 1)
    ]
    return Trie.build(pa.Table.from_pylist(nodes, NODES), pa.Table.from_pylist(elements, ELEMENTS))


@pytest.mark.parametrize("size", [0, 1, INLINE_NODES, INLINE_NODES + 1])
def test_a_selector_becomes_a_set_of_nodes(connection: duckdb.DuckDBPyConnection, size: int) -> None:
    """Few nodes stand in the SQL, many in a table; none is false, and so is an event without a node."""
    conditions = Conditions(trie(["b", "b", *["a"] * size]), {})
    sql = conditions.rule(parse_rule({"on": "any", "css": ".a"}))
    rows = [event(node_id=3), event(node_id=1), event(), event(node_id=2 + size)]
    assert run(connection, conditions, sql, rows) == [size > 0, False, False, size > 0]
    assert [table.num_rows for table in conditions.tables.values()] == ([size] if size > INLINE_NODES else [])


def test_a_rule_holds_where_all_its_parts_do(connection: duckdb.DuckDBPyConnection) -> None:
    """Type, selector, text, page and properties are joined by and."""
    rule = {
        "on": ["click", "submit"],
        "css": ".a",
        "text": [{"op": "contains", "value": "sign"}, {"op": "is_not", "value": "Sign out"}],
        "page": {"path": {"op": "is", "value": "/"}},
        "where": [{"property": "x", "op": "gt", "value": 1}],
    }
    right = event(node_id=1, text="Sign up", path="/", x=2)
    wrong = [
        {"type": "change"},
        {"node_id": 2},
        {"text": "Sign out"},
        {"text": "Log in"},
        {"path": "/b"},
        {"x": 1},
        {"x": None},
    ]
    conditions = Conditions(trie(["a", "b"]), {})
    sql = conditions.rule(parse_rule(rule))
    assert run(connection, conditions, sql, [right, *(right | each for each in wrong)]) == [
        True,
        *[False] * len(wrong),
    ]
    assert conditions.columns == {"type", "node_id", "text", "path", "x"}


def test_a_named_event_holds_where_one_of_its_rules_does(connection: duckdb.DuckDBPyConnection) -> None:
    """Rules of a name are joined by or; a step's own predicates narrow it."""
    names = {
        "Bought": parse_rules(
            [{"on": "track", "name": "Order"}, {"any": [{"css": ".a"}, {"css": ".b", "on": "submit"}]}]
        )
    }
    conditions = Conditions(trie(["a", "b"]), names)
    sql = conditions.step(
        parse_step({"event": "Bought", "where": [{"property": "path", "op": "is_not", "value": "/x"}]})
    )
    rows = [
        event(type="track", name="Order"),
        event(type="track", name="Other"),
        event(node_id=1),
        event(node_id=2),
        event(type="submit", node_id=2),
        event(node_id=1, path="/x"),
    ]
    assert run(connection, conditions, sql, rows) == [True, False, True, False, True, False]


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    """The error names the field, the name and the names that come closest."""
    with pytest.raises(InvalidRequest, match=r"steps\[1\]: there is no named event 'Singed up'.*'Signed up'"):
        Conditions(Trie(), {"Signed up": ()}).step(parse_step("Singed up"), "steps[1]")


def test_withheld_values_match_nothing_and_are_said(connection: duckdb.DuckDBPyConnection) -> None:
    """A value that was not kept passes no test of values; its presence is known, and a warning says so."""
    conditions = Conditions(trie(["a", None]), {})
    sql = conditions.rule(parse_rule({"css": ".a"}))
    assert run(connection, conditions, sql, [event(node_id=1), event(node_id=2)]) == [True, False]
    assert len(conditions.warnings) == 1
    assert "[class]" in conditions.warnings[0]
    presence = Conditions(trie(["a", None]), {})
    sql = presence.rule(parse_rule({"css": "[class]"}))
    assert run(connection, presence, sql, [event(node_id=1), event(node_id=2)]) == [True, True]
    assert not presence.warnings


def test_traits_need_a_person(connection: duckdb.DuckDBPyConnection) -> None:
    """person.x reads the traits that the query has joined, and is refused where it has joined none."""
    where = parse_predicates([{"property": "person.plan", "op": "is", "value": "pro"}])
    with pytest.raises(InvalidRequest, match=r"where\[0\].*traits can't be used here"):
        Conditions(Trie(), {}).predicates(where)
    conditions = Conditions(Trie(), {}, traits="e.props")
    sql = conditions.predicates(where)
    conditions.columns.add("props")
    assert run(
        connection, conditions, sql, [event(props={"plan": "pro"}), event(props={"person.plan": "pro"})]
    ) == [True, False]


def test_equal_values_share_a_parameter() -> None:
    """What is bound once is not bound again; true, 1 and 1.0 stay apart."""
    conditions = Conditions(Trie(), {})
    assert conditions.bind("a") == conditions.bind("a") == "$p0"
    assert [conditions.bind(value) for value in (1, 1.0, True)] == ["$p1", "$p2", "$p3"]
    assert conditions.params == {"p0": "a", "p1": 1, "p2": 1.0, "p3": True}
