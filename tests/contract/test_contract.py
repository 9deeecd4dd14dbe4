"""The contract: schemas, hashes and names that the snippet, the collector and the query layer share."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args, get_type_hints

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backsight import contract
from backsight_collector.wire.batch import Element, Envelope, Event

PARTS = st.lists(
    st.one_of(st.none(), st.text(max_size=8), st.integers(-(2**63), 2**63 - 1)), min_size=0, max_size=5
)


@given(PARTS, PARTS)
def test_different_parts_give_different_ids(
    left: list[str | int | None], right: list[str | int | None]
) -> None:
    """Parts never run together, nor is a number taken for its text: only equal lists share an id."""
    same = [(type(p), p) for p in left] == [(type(p), p) for p in right]
    assert (contract.id64("node", *left) == contract.id64("node", *right)) == same


def test_spaces_keep_ids_apart() -> None:
    """A device that calls itself by a user's id is not that user."""
    assert contract.id64("device", "ada") != contract.id64("user", "ada")


def test_ids_are_the_same_in_every_process() -> None:
    """An id is a function of its parts alone, for ever: these values stand in lakes."""
    code = "from backsight.contract import id64; print(id64('node', None, -5, 'é'), id64('user', 'ada'))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["9202187264949232875", "-5633144461412867770"]
    assert all(-(2**63) <= int(value) < 2**63 for value in printed.split())


@pytest.mark.parametrize("table", contract.TABLES)
def test_every_table_is_partitioned_by_its_site(table: str) -> None:
    """The first partition of each table is the site, so that one site's rows can be removed alone."""
    schema, partitions = contract.TABLES[table], contract.PARTITIONS[table]
    assert partitions[0] == "site"
    assert all(not schema.field(name).nullable for name in partitions)


@pytest.mark.parametrize("table", contract.TABLES)
def test_schemas_hold_only_what_every_delta_reader_knows(table: str) -> None:
    """No unsigned, dictionary or nanosecond types: DuckDB, Polars and Spark read each column as it is."""
    allowed = {
        pa.string(),
        pa.date32(),
        pa.int32(),
        pa.int64(),
        contract.INSTANT,
        pa.map_(pa.string(), pa.string()),
    }
    assert {field.type for field in contract.TABLES[table]} <= allowed


def test_every_column_property_is_a_column() -> None:
    """A bare property name that the contract calls a column is one, and no derived name hides a column."""
    columns = set(contract.EVENTS.names)
    assert set(contract.COLUMN_PROPERTIES) <= columns
    assert not set(contract.DERIVED_PROPERTIES) & columns


def test_effects_are_columns_of_numbers() -> None:
    """What `effect_ms` is the least of stands in the lake, in milliseconds."""
    assert {contract.EVENTS.field(name).type for name in contract.EFFECTS} == {pa.int32()}


def test_the_wire_spells_the_contract() -> None:
    """The collector's types repeat two values that a type can only hold as a literal."""
    assert get_args(get_type_hints(Envelope)["v"]) == (contract.WIRE_VERSION,)
    assert get_args(get_type_hints(Element)["ns"]) == contract.NAMESPACES


def test_every_fact_of_the_wire_is_a_column() -> None:
    """What an event holds beside its place and its traits, the lake keeps under the same name."""
    elsewhere = {"page", "seq", "node", "traits"}
    assert set(Event.__struct_fields__) - elsewhere <= set(contract.EVENTS.names)


@pytest.mark.parametrize(
    "name", ["value", "style", "onclick", "onload", "srcdoc", "content", "password", "nonce"]
)
def test_what_people_type_and_code_is_never_a_kept_attribute(name: str) -> None:
    """Values, styles, handlers and secrets are outside the list."""
    assert not contract.is_captured_attribute(name)


@pytest.mark.parametrize(
    ("origin", "admitted"),
    [
        ("https://shop.example", True),
        ("https://a.blog.example", True),
        ("https://b.a.blog.example", True),
        ("https://x.dev.example:8443", True),
        ("https://blog.example", False),
        ("https://evilblog.example", False),
        ("http://a.blog.example", False),
        ("https://a.blog.example:8443", False),
        ("https://a.blog.example.evil.example", False),
        ("https://x.dev.example", False),
        ("https://SHOP.example", False),
        ("null", False),
        ("", False),
        ("https://" + "a." * 30_000 + "blog.example", False),
    ],
)
def test_origins_that_a_write_key_admits(origin: str, admitted: bool) -> None:
    """A listed origin, or a subdomain of a listed one, with its scheme and port; nothing that looks alike."""
    allowed = frozenset({"https://shop.example", "https://*.blog.example", "https://*.dev.example:8443"})
    assert contract.WriteKey("shop", allowed).admits(origin) is admitted
    assert contract.WriteKey("shop").admits(origin)


def test_a_key_for_pages_admits_nothing_without_an_origin() -> None:
    """Servers send no origin: they are admitted, whatever is listed, unless the key is for pages only."""
    allowed = frozenset({"https://shop.example"})
    assert contract.WriteKey("shop", allowed).admits(None)
    assert not contract.WriteKey("shop", allowed, pages_only=True).admits(None)
    assert contract.WriteKey("shop", pages_only=True).admits("https://any.example")


@pytest.mark.parametrize(
    ("text", "may_be_listed"),
    [
        ("https://shop.example", True),
        ("https://*.shop.example", True),
        ("http://[::1]:3000", True),
        ("https://*", False),
        ("https://shop.*", False),
        ("https://Shop.example", False),
        ("https://shop.example/", False),
        ("shop.example", False),
        ("https://*.*.example", False),
        ("http://shop.example:443", True),
        ("https://shop.example:443", False),
        ("http://shop.example:80", False),
        ("https://xn--bcher-kva.example", True),
        ("https://b\u00fccher.example", False),
        ("https://shop\u3002example", False),
        ("https://shop.example\x1b[2J", False),
        ("https://shop.example\n", False),
    ],
)
def test_origins_that_may_be_listed(text: str, may_be_listed: bool) -> None:
    """What no browser sends as `Origin` can't be listed, so that nobody lists what never matches."""
    assert bool(contract.ORIGIN.fullmatch(text)) is may_be_listed
