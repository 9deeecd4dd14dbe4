"""The API against its own document: whatever is asked, the answer is one that the document has.

`make test` asks each operation a few questions; `FUZZ_EXAMPLES=500` before pytest asks as many of each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import backsight as bs
from backsight.api import create_api
from backsight.api.guesses import Guesses
from backsight.api.operations import OPERATIONS
from backsight.cli.identity_routes import IDENTITY_SCHEMAS, identity_operations
from backsight.data_directory import DataDirectory
from backsight.keys import Keys
from shop_site import secret_key, serve, write_data

ALL = [*(each.id for each in OPERATIONS), "listStatements", "revokeStatement"]
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "3"))
LONG = 50
"""Examples from which on others are drawn each time."""
ALWAYS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
"""What holds of every answer. A question that fits may still be refused: there may be no such event."""
SETTINGS = settings(
    deadline=None, derandomize=EXAMPLES < LONG, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop, with two named events and what the document's examples name."""
    folder = tmp_path_factory.mktemp("shop")
    write_data(folder)
    with bs.open(folder) as site:
        site.define("Viewed pricing", on="pageview", page="/pricing")
        site.define("Signed up", css="form#signup", on="submit")
    return folder


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    """Where the shop's API is served; between two guesses of a key lies a minute."""
    directory = DataDirectory(folder, threads=1)
    keys = Keys(directory.store)
    operations = identity_operations(folder, directory)
    try:
        with serve(
            create_api(
                directory.site,
                keys.authenticate,
                tokens=keys,
                operations=operations,
                schemas=IDENTITY_SCHEMAS,
                guesses=Guesses(count(step=60).__next__),
            )
        ) as address:
            yield address
    finally:
        directory.close()


@pytest.fixture(scope="module")
def key(folder: Path) -> str:
    return secret_key(folder, "admin")


@pytest.fixture(scope="module")
def schema(url: str) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{url}/v1/openapi.json")


def cases(schema: schemathesis.BaseSchema, operation: str) -> st.SearchStrategy[Case]:
    """Questions that fit the document, and some that do not."""
    described = schema.find_operation_by_id(operation)
    return st.one_of(
        described.as_strategy(generation_mode=GenerationMode.POSITIVE),
        described.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )


@pytest.mark.parametrize("operation", ALL)
def test_answers_are_those_of_the_document(schema: schemathesis.BaseSchema, key: str, operation: str) -> None:
    """Never a fault; a status, form, headers and body that the document has; what does not fit is refused."""

    @settings(SETTINGS, max_examples=EXAMPLES)
    @given(cases(schema, operation))
    def ask(case: Case) -> None:
        wrong = [] if _says_null(case.body) else [negative_data_rejection]
        case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, checks=[*ALWAYS, *wrong])

    ask()


@pytest.mark.parametrize("operation", ALL)
def test_doors_are_shut(schema: schemathesis.BaseSchema, operation: str) -> None:
    """A question that fits the document is 401 without a key and with one that is unknown."""

    @settings(SETTINGS, max_examples=1)
    @given(schema.find_operation_by_id(operation).as_strategy())
    def ask(case: Case) -> None:
        for header in ("", "Bearer sk_" + "0" * 40, "Basic c2s6"):
            answer = case.call(headers={"Authorization": header})
            assert answer.status_code == 401
            case.validate_response(answer, checks=ALWAYS)

    ask()


def test_a_method_that_is_not_there_is_told(schema: schemathesis.BaseSchema, url: str, key: str) -> None:
    """405 and the methods that there are, on every path."""
    for path, described in schema.raw_schema["paths"].items():
        answer = httpx.request("TRACE", url + path, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 405, path
        assert {method.upper() for method in described} <= set(answer.headers["allow"].split(", ")), path


def test_every_operation_is_asked(schema: schemathesis.BaseSchema) -> None:
    """What the document lists is what is asked here."""
    listed = {each.ok().definition.raw["operationId"] for each in schema.get_all_operations()}
    assert listed == set(ALL)


def _says_null(value: object) -> bool:
    """Null stands for a field that is left out (docs/reference/http-api.md), which no schema says."""
    if isinstance(value, dict):
        return any(map(_says_null, value.values()))
    return any(map(_says_null, value)) if isinstance(value, list) else value is None
