"""Named events as a dbt schema.yml: what it holds, and that nothing from the web gets out of its place."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import backsight as bs
from backsight.cli import main
from backsight.dbt_schema import dbt_schema, to_yaml
from backsight.named_events import NamedEvent
from backsight.rules.rule import parse_rules
from backsight.sandbox.columns import COLUMNS
from shop_site import secret_key, served, write_data

AT = datetime(2026, 10, 7, 12, tzinfo=UTC)
NAMES = {"raw_events", "named_events", "persons", "nodes"}


def event(name: str, description: str = "", css: str = "a.buy") -> NamedEvent:
    return NamedEvent(name, parse_rules([{"on": "click", "css": css}]), description, 3, "ada", AT)


def read(text: str) -> dict[str, Any]:
    """The one source of a document, by dbt's own reader of YAML."""
    document = yaml.safe_load(text)
    assert set(document) == {"version", "sources"}
    assert document["version"] == 2
    (source,) = document["sources"]
    return source


def table(source: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in source["tables"] if each["name"] == name)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shop with a named event."""
    monkeypatch.chdir(tmp_path)
    write_data(tmp_path)
    with bs.open(tmp_path) as site:
        site.define("Signed up", css="form#signup", on="submit", description="The form on /join")
    return tmp_path


def test_it_is_the_same_through_every_door(data: Path) -> None:
    """The library, a server's YAML and JSON, and the command line give one and the same document."""
    with bs.open(data) as site:
        text = site.dbt_schema()
    with served(data) as url:
        headers = {"Authorization": f"Bearer {secret_key(data, 'read')}"}
        as_yaml = httpx.get(f"{url}/v1/documentation", headers={**headers, "Accept": "application/yaml"})
        as_json = httpx.get(f"{url}/v1/documentation", headers=headers)
        with bs.connect(url, key=secret_key(data, "read")) as remote:
            assert remote.dbt_schema() == text
    assert as_yaml.headers["content-type"].startswith("application/yaml")
    assert as_yaml.text == text
    assert as_json.json() == yaml.safe_load(text)
    printed = CliRunner().invoke(main, ["events", "docs", "--data", str(data)])
    assert printed.stdout == text


def test_it_says_what_is_known(data: Path) -> None:
    """Every column of every view with its type; names with rule and version; properties with their counts."""
    with bs.open(data) as site:
        source = read(site.dbt_schema())
    assert {each["name"] for each in source["tables"]} == NAMES
    for view, columns in COLUMNS.items():
        shown = [(each["name"], each["data_type"]) for each in table(source, view)["columns"]]
        assert shown == [(each.name, each.type.lower()) for each in columns]
    (named,) = table(source, "named_events")["config"]["meta"]["named_events"]
    assert (named["name"], named["rule"], named["version"]) == ("Signed up", "submit form#signup", 1)
    assert named["rules"] == [{"on": "submit", "css": "form#signup"}]
    assert "- Signed up: The form on /join" in table(source, "named_events")["description"]
    seen = table(source, "raw_events")["config"]["meta"]["properties"]
    assert [(each["name"], each["type"], each["count"]) for each in seen] == [("total", "number", 3)]


def test_dbt_takes_nothing_for_code() -> None:
    """What would begin a piece of Jinja, which dbt renders in such a file, is taken apart."""
    hostile = "{{ env_var('TOKEN') }} {% do run_query('x') %} {# c #} {{{% x"
    properties = [{"name": hostile, "kind": "custom", "type": "text", "count": 1, "of": 1, "values": []}]
    text = to_yaml(dbt_schema("main", [event(hostile, hostile, f'a[href="{hostile}"]')], properties))
    assert not re.search(r"\{[{%#]", text)
    assert not re.search(r"\{[{%#]", str(yaml.safe_load(text)))
    assert "env_var" in text


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_any_text_comes_back(text: str) -> None:
    """Names and descriptions of any characters are read back as they are, and change nothing around them."""
    source = read(to_yaml(dbt_schema("main", [event(text, text)], [])))
    assert {each["name"] for each in source["tables"]} == NAMES
    (named,) = table(source, "named_events")["config"]["meta"]["named_events"]
    expected = re.sub(r"\{(?=[{%#])", "{ ", text)
    assert (named["name"], named["description"]) == (expected, expected)
    assert to_yaml(dbt_schema("main", [event(text)], [])).isascii()
