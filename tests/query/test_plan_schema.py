"""The JSON schema of an events file takes what the parser takes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from backsight.api.examples import REQUESTS
from backsight.api.schemas.definitions import file_schema
from backsight.definitions import read_definitions
from backsight.definitions.document import parse_document
from backsight.definitions.writing import yaml_text
from backsight.errors import InvalidRequest
from backsight.ready import ready_rules
from query.test_plan import FIRST, file_of
from query.test_rules import rules

SCHEMA = jsonschema.Draft202012Validator(file_schema())
PUBLISHED = Path(__file__).parents[2] / "docs" / "reference" / "events.schema.json"


def takes(file: Any) -> bool:
    """Whether the parser takes a file."""
    try:
        read_definitions(file)
    except InvalidRequest:
        return False
    return True


def test_the_schema_is_one() -> None:
    """It is valid by its own standard, and refers to nothing outside of it."""
    jsonschema.Draft202012Validator.check_schema(file_schema())
    assert "#/components" not in json.dumps(file_schema())


@settings(max_examples=60, deadline=None)
@given(rule=rules)
def test_every_rule_that_can_be_asked_validates(rule: dict[str, Any]) -> None:
    """Whatever rule our tests of rules make can stand in a file, in the short form and in the long one, and
    is the same rule after it was written and read.
    """
    for entry in (rule, {"rules": [rule], "description": "x"}):
        file = file_of({"It": entry})
        meant = read_definitions(file).each["event", "It"]
        assert not list(SCHEMA.iter_errors(file))
        assert read_definitions(parse_document(yaml_text(file)).value).each["event", "It"] == meant


@pytest.mark.parametrize(
    "rule", [each["rule"] for each in ready_rules()], ids=lambda rule: json.dumps(rule)[:40]
)
def test_ready_made_rules_validate(rule: Any) -> None:
    """What the definer offers can be kept in a file."""
    assert takes(file_of({"It": rule}))
    assert not list(SCHEMA.iter_errors(file_of({"It": rule})))


@pytest.mark.parametrize(
    "file",
    [
        FIRST,
        {"version": 1, "events": None},
        {"version": 1, "cohorts": {}, "name": "team.yaml"},
        REQUESTS["PlanRequest"]["definitions"],
        file_of({}, cohorts={"C": {"person_where": REQUESTS["CohortDefinition"]["person_where"]}}),
    ],
    ids=range(5),
)
def test_files_that_are_taken_validate(file: Any) -> None:
    """Examples of files are what both take."""
    assert takes(file)
    assert not list(SCHEMA.iter_errors(file))


@pytest.mark.parametrize(
    "file",
    [
        [],
        {},
        {"version": 1},
        {"version": 2, "events": {}},
        {"version": "1", "events": {}},
        {"version": 1, "event": {}},
        {"version": 1, "events": []},
        file_of({"A": None}),
        file_of({"A": {}}),
        file_of({"A": {"description": "x"}}),
        file_of({"A": {"on": "clck"}}),
        file_of({"A": {"on": ["click", "any"]}}),
        file_of({"A": {"on": "click", "wher": []}}),
        file_of({"A": {"css": ""}}),
        file_of({"A": {"css": "a", "match": "near"}}),
        file_of({"A": {"rules": []}}),
        file_of({"A": {"rules": [{"css": "a"}], "on": "click"}}),
        file_of({"A": {"any": []}}),
        file_of({"A": {"css": "a", "text": "x"}}),
        file_of({"A": {"css": "a", "text": {"op": "iss", "value": "x"}}}),
        file_of({"A": {"css": "a", "page": {"paths": {"op": "is", "value": "/"}}}}),
        file_of({"A": {"on": "any", "where": [{"op": "is", "value": 1}]}}),
        file_of({"A": {"css": "a", "description": 3}}),
        file_of({"x" * 201: {"css": "a"}}),
        file_of({}, cohorts={"C": {"static": {"users": ["ada"]}}}),
        file_of({}, cohorts={"C": {"person_where": []}}),
        file_of({}, cohorts={"C": {"person_where": [{"did": "A", "exactly": 1, "at_least": 2}]}}),
    ],
    ids=lambda file: json.dumps(file)[:60],
)
def test_what_a_schema_can_catch_it_catches(file: Any) -> None:
    """What the parser refuses by its shape, an editor underlines."""
    assert not takes(file)
    assert list(SCHEMA.iter_errors(file))


def test_the_published_schema_is_this_one() -> None:
    """docs/reference/events.schema.json is what `backsight events schema` prints."""
    assert json.loads(PUBLISHED.read_text()) == file_schema()


def test_the_file_of_the_guide_is_one() -> None:
    """The file that docs/how-to/definitions-as-code.md shows is taken, and validates."""
    page = (PUBLISHED.parents[1] / "how-to" / "definitions-as-code.md").read_text()
    (shown,) = re.findall(r"^```yaml\n(# yaml-language-server.*?)^```", page, re.DOTALL | re.MULTILINE)
    file = parse_document(shown).value
    assert takes(file)
    assert not list(SCHEMA.iter_errors(file))
