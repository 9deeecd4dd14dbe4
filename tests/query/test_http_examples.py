"""The examples of docs/reference/http-api.md: each command runs, in order, and answers what the page says."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from backsight.api.operations import OPERATIONS
from backsight.api.problems import PROBLEM_JSON
from backsight.cli.identity_routes import identity_operations
from backsight.data_directory import DataDirectory
from shop_site import secret_key, served, write_data

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "http-api.md"
VOLATILE = {"ms", "at", "actor", "now", "url", "expires"}
"""What differs from one time to the next."""


def examples(text: str) -> Iterator[tuple[list[str], str]]:
    """The commands of each `sh` block, and the answer that follows it (empty where the page shows none)."""
    for found in re.finditer(r"```sh\n(.*?)```\n(?:\n```(?:json|csv)\n(.*?)```)?", text, re.DOTALL):
        commands = re.split(r"^(?=curl )", found[1], flags=re.MULTILINE)
        yield [command for command in commands if command.startswith("curl ")], found[2] or ""


def run(command: str, url: str, key: str) -> httpx.Response:
    """What curl would be answered."""
    words = iter(shlex.split(command.replace("$API", url).replace("$KEY", key))[1:])
    method, address, headers, body = "", "", {}, None
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "--json":
            body = next(words)
        else:
            address = word
    return httpx.request(
        method or ("POST" if body else "GET"), address, headers=headers, content=body, timeout=30
    )


def settled(value: Any) -> Any:
    """The value without what differs from one time to the next."""
    if isinstance(value, dict):
        return {key: settled(each) for key, each in value.items() if key not in VOLATILE}
    return [settled(each) for each in value] if isinstance(value, list) else value


def test_examples(tmp_path: Path) -> None:
    """Every command on the page is answered as the page says; refusals are those it shows."""
    write_data(tmp_path)
    key, shown = secret_key(tmp_path, "define"), 0
    with served(tmp_path) as url:
        for commands, expected in examples(PAGE.read_text()):
            answers = [run(command, url, key) for command in commands]
            for response in answers:
                assert response.is_success or response.headers["content-type"] == PROBLEM_JSON, response.text
                assert response.is_success or '"urn:backsight:problem' in expected
            if not expected:
                continue
            shown += 1
            if answers[-1].headers["content-type"].startswith("text/csv"):
                assert answers[-1].text.replace("\r\n", "\n") == expected
            else:
                assert settled(answers[-1].json()) == settled(json.loads(expected))
    assert shown >= 11


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataDirectory]:
    """The shop, as a server opens it."""
    folder = tmp_path_factory.mktemp("shop")
    write_data(folder)
    opened = DataDirectory(folder)
    yield opened
    opened.close()


def test_every_operation_has_its_section(directory: DataDirectory) -> None:
    """Every operation of a server has a section of its own on the page; those of a report's SQL, chart and
    raw events are shared.
    """
    operations = (*OPERATIONS, *identity_operations(directory.path, directory))
    shared = ("Sql", "Spec", "_events")
    paths = [f"### `{each.method} {each.path}`\n" for each in operations if not each.id.endswith(shared)]
    page = PAGE.read_text()
    assert [path for path in paths if path not in page] == []
    assert page.count("\n### `") == len(paths)
