"""Fixtures of the query layer's tests: one engine, and contexts over rows made for a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pytest

from backsight.cohorts import Meaning
from backsight.engine import Engine
from backsight.rules.rule import Rule
from backsight.scan.context import Context
from backsight.trie import Trie
from query.rows import NOW, named, snapshot_of


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close()


ContextOf = Callable[..., Context]


@pytest.fixture(scope="session")
def context_of(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> ContextOf:
    """Gives the context of a site with these rows: `context_of(events, statements, names=…, now=…)`."""
    # One for all: to make, number and clear away a folder a context takes longer than many a report.
    folder = tmp_path_factory.mktemp("rows")

    def make(
        events: Sequence[Mapping[str, Any]] = (),
        statements: Sequence[Mapping[str, Any]] = (),
        names: Mapping[str, tuple[Rule, ...]] | None = None,
        now: datetime = NOW,
        nodes: Sequence[Mapping[str, Any]] = (),
        elements: Sequence[Mapping[str, Any]] = (),
        cohorts: Mapping[str, Meaning] | None = None,
        dead_letters: Sequence[Mapping[str, Any]] = (),
    ) -> Context:
        snapshot = snapshot_of(
            folder,
            events=events,
            statements=statements,
            nodes=nodes,
            elements=elements,
            dead_letters=dead_letters,
        )
        trie = Trie.build(snapshot.rows("nodes"), snapshot.rows("elements"))
        known = named("A", "B", "C", "D") if names is None else names
        versions = dict.fromkeys(known, 1)
        return Context(snapshot, engine, trie, known, versions, now, cohorts=cohorts or {})

    return make
