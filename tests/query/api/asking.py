"""Asking the API in its tests: clients, problem documents, the schemas, and a site that fails."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, cast

import httpx
import jsonschema  # type: ignore[import-untyped]

from backsight.api import create_api
from backsight.api.schemas import SCHEMAS
from backsight.asking import Question
from backsight.engine import Engine
from backsight.keys import Principal
from backsight.lake import Lake
from backsight.scan.context import Context
from backsight.trie import Trie

FUNNEL = {"steps": ["Viewed pricing", "Signed up"], "from": "2026-10-01", "to": "2026-10-31"}
JSON, ARROW, CSV = "application/json", "application/vnd.apache.arrow.stream", "text/csv"


def client(url: str, key: str) -> httpx.Client:
    """A client with that key."""
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30)


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem document of an answer, which has to be one, of that status."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    check("Problem", document)
    assert document["status"] in {status, 409}
    return document


def schema(name: str) -> dict[str, Any]:
    """One of the document's schemas, with those that it refers to."""
    return {"$ref": f"#/components/schemas/{name}", "components": {"schemas": SCHEMAS}}


def check(name: str, value: object) -> None:
    """Holds a value against one of the document's schemas."""
    jsonschema.Draft202012Validator(schema(name)).validate(value)


class Broken:
    """A site whose every report fails inside, or waits until it may go on."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.engine = Engine(threads=1)

    def ask(self, report: str, request: dict[str, Any]) -> Any:
        """A question that fails, or waits first."""
        snapshot = Lake("/nowhere").snapshot("broken")
        now = datetime.now(UTC)
        context = Context(snapshot, self.engine, Trie(), {}, {}, now)
        return Question(report, cast("ModuleType", self), request, context, now)

    def run(self, request: dict[str, Any], context: Context) -> Any:
        """Fails, or waits."""
        if request.get("wait"):
            assert self.go_on.wait(30)
        raise RuntimeError("the database is at /srv/secret")

    def events(self) -> list[Any]:
        """Answers at once."""
        return []

    site = "broken"


def broken_api(site: Any, seconds: float | None = None) -> Any:
    """An API over that site, at which one report may run and one wait."""
    everyone = Principal("broken", frozenset({"read"}), "k_1")
    return create_api(lambda _: site, lambda _: everyone, threads=1, waiting=1, seconds=seconds)
