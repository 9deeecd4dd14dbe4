"""Properties: what each name in a question reads from an event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from backsight.contract import COLUMN_PROPERTIES, DERIVED_PROPERTIES, EVENTS
from backsight.errors import InvalidRequest
from backsight.rules import user_agents
from backsight.rules.conditions import Conditions
from backsight.trie import Trie

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/131.0.0.0 Safari/537.36"
IPHONE = (
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) {WEBKIT} Version/17.0 Mobile/15E148 Safari/604.1"
)
IPAD = IPHONE.replace("iPhone; CPU iPhone OS", "iPad; CPU OS")
PHONE = f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/131.0.0.0 Mobile Safari/537.36"
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        user_agents.register(connection)
        user_agents.register(connection)  # a second time is harmless
        yield connection


def read(connection: duckdb.DuckDBPyConnection, name: str, /, **columns: Any) -> Any:
    """The property's value of one event, read from the columns that are declared and no other."""
    conditions = Conditions(Trie(), {})
    sql = conditions.property(name)
    if isinstance(columns.get("props"), dict):
        columns["props"] = json.dumps(columns["props"])
    row = pa.table(
        {"row": [0]}
        | {each: pa.array([columns.get(each)], EVENTS.field(each).type) for each in conditions.columns}
    )
    with connection.cursor() as cursor:
        cursor.register("events", row)
        return cursor.execute(f"select {sql} from events e", conditions.params or None).fetchall()[0][0]


@pytest.mark.parametrize("name", COLUMN_PROPERTIES)
def test_a_bare_name_is_the_column(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Every column property reads its column, also when a custom property has the same name."""
    value = 7 if pa.types.is_integer(EVENTS.field(name).type) else "seven"
    assert read(connection, name, **{name: value}) == value
    assert read(connection, name) is None


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        ("url", {"host": "a.b", "path": "/c", "query": "d=1", "fragment": "e"}, "a.b/c?d=1#e"),
        ("url", {"host": "a.b", "path": "/", "query": "", "fragment": None}, "a.b/"),
        ("url", {"path": "/"}, None),
        (
            "referrer_host",
            {"referrer": "https://user:pw@WWW.Google.com:8080/search?q=a/b"},
            "www.google.com:8080",
        ),
        ("referrer_host", {"referrer": "http://[::1]/"}, "[::1]"),
        ("referrer_host", {"referrer": "android-app://com.slack/"}, "com.slack"),
        ("referrer_host", {"referrer": ""}, None),
        ("referrer_host", {"referrer": "no address"}, None),
        ("utm_source", {"query": "utm_source=news"}, "news"),
        ("utm_source", {"query": "a=1&utm_source=caf%C3%A9+noir%20%26&utm_source=2"}, "café noir &"),
        ("utm_source", {"query": "xutm_source=news&utm_sources=1"}, None),
        ("utm_source", {"query": "utm_source="}, None),
        ("utm_source", {"query": "utm_source=%FF%zz"}, "%FF%zz"),
        ("utm_campaign", {"query": "utm_campaign=100%"}, "100%"),
        ("utm_medium", {}, None),
        ("browser", {"user_agent": FIREFOX}, "Firefox"),
        ("browser_version", {"user_agent": FIREFOX}, "133"),
        ("os", {"user_agent": FIREFOX}, "Linux"),
        ("os", {"user_agent": CHROME}, "Windows"),
        ("browser", {"user_agent": IPHONE}, "Mobile Safari"),
        ("device_type", {"user_agent": FIREFOX}, "desktop"),
        ("device_type", {"user_agent": IPHONE}, "mobile"),
        ("device_type", {"user_agent": IPAD}, "tablet"),
        ("device_type", {"user_agent": PHONE}, "mobile"),
        ("device_type", {"user_agent": PHONE.replace("Mobile ", "")}, "tablet"),
        ("device_type", {"user_agent": BOT}, "bot"),
        ("device_type", {"user_agent": "analytics-python/2.2"}, None),
        ("browser", {"user_agent": ""}, None),
        ("browser", {}, None),
        ("effect_ms", {"dom_ms": 40, "navigation_ms": 310, "focus_ms": 12, "error_ms": 3}, 12),
        ("effect_ms", {"scroll_ms": 0}, 0),
        ("effect_ms", {"watched_ms": 2500, "error_ms": 3}, None),
    ],
)
def test_derived_properties(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Any, expected: Any
) -> None:
    """Each derived property reads what the event holds, and is NULL where it says nothing."""
    assert read(connection, name, **columns) == expected


@pytest.mark.parametrize("name", DERIVED_PROPERTIES)
def test_every_derived_property_has_sql(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """No name of the contract is taken for a custom property."""
    assert read(connection, name, props={name: "custom"}) == ("false" if name == "bot" else None)
    assert read(connection, f"props.{name}", props={name: "custom"}) == "custom"


@pytest.mark.parametrize(
    ("name", "props", "expected"),
    [
        ("plan", {"plan": "pro"}, "pro"),
        ("plan", {"plan": 12}, "12"),
        ("plan", {"plan": True}, "true"),
        ("plan", {"plan": None}, None),
        ("plan", {"plan": [1, "a"]}, '[1,"a"]'),
        ("plan", {}, None),
        ("plan", None, None),
        ("props.text", {"text": "custom"}, "custom"),
        ("a.b", {"a": {"b": 1}}, "1"),
        ("a.b", {"a": {"b": 1}, "a.b": 2}, "2"),
        ("items.0.sku", {"items": [{"sku": "k"}]}, "k"),
        ("props.props.x", {"props.x": 1}, "1"),
        ('"', {'"': 1}, "1"),
        ("a/b~c", {"a/b~c": 1}, "1"),
        ("$.a", {"a": 1}, None),
        ("nul\0", {"nul\0": "\0"}, "\0"),
    ],
)
def test_custom_properties(
    connection: duckdb.DuckDBPyConnection, name: str, props: Any, expected: Any
) -> None:
    """A name is a key of props, else a path into them; whatever characters it has."""
    assert read(connection, name, props=props) == expected


def test_a_name_has_a_longest(connection: duckdb.DuckDBPyConnection) -> None:
    """A custom property's name that no event can have is refused."""
    with pytest.raises(InvalidRequest, match="201 characters"):
        read(connection, "x" * 201)


def test_a_column_of_user_agents_is_read_once_each(connection: duckdb.DuckDBPyConnection) -> None:
    """Many rows, few user agents, some missing: every row gets its own."""
    connection.register("agents", pa.table({"i": [0, 1, 2], "raw": [FIREFOX, CHROME, None]}))
    counted = connection.execute(
        "select backsight_browser(raw), count(*) from range(9000) t(n) join agents on n % 3 = i "
        "group by all order by all"
    )
    assert counted.fetchall() == [("Chrome", 3000), ("Firefox", 3000), (None, 3000)]
