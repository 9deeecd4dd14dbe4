"""PostHog's own Python library against a running Backsight: what it sends is stored, each event once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import posthog
import pytest

import backsight as bs
from backsight.contract import id64
from backsight.demo.backend import Backend, backend
from backsight.demo.serving import free_port
from backsight.demo.shop import TAG_KEY
from captures import stored
from journey.running import await_true

MANY, USERS = 1_500, 50
HISTORY = datetime(2024, 5, 1, 12, 0, 0, 125_000, tzinfo=UTC)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A `backsight up` of the module's own."""
    with backend(tmp_path_factory.mktemp("posthog_python"), free_port(0)) as started:
        yield started


@pytest.fixture(params=["plain", "gzip"])
def client(running: Backend, request: pytest.FixtureRequest) -> Iterator[posthog.Posthog]:
    """The library, told to send to Backsight; nothing that it sends may fail."""
    failed: list[str] = []
    made = posthog.Posthog(
        TAG_KEY,
        host=running.url,
        gzip=request.param == "gzip",
        flush_interval=0.1,
        max_queue_size=10 * MANY,
        on_error=lambda error, batch: failed.append(f"{error}: {len(batch)}"),
    )
    yield made
    made.shutdown()
    assert failed == []


def by_uuid(data: Path, uuids: list[str | None]) -> dict[str, list[dict[str, Any]]]:
    """The stored rows of these events, once all are there."""
    pages = {id64("page", str(uuid)): str(uuid) for uuid in uuids}
    found: dict[str, list[dict[str, Any]]] = {}

    def are_there() -> bool:
        found.clear()
        is_there = any((data / "lake" / "events" / "_delta_log").glob("*.json"))
        for row in stored(data, "events") if is_there else []:
            if row["page"] in pages:
                found.setdefault(pages[row["page"]], []).append(row)
        return len(found) == len(pages)

    await_true(f"{len(pages)} events", are_there)
    return found


def test_what_it_says(running: Backend, client: posthog.Posthog, request: pytest.FixtureRequest) -> None:
    """Events, persons' properties, aliases and times are in the lake as they were said; what came before an
    alias is the user's."""
    user, anonymous = f"ada {request.node.name}", f"anon {request.node.name}"
    uuids = [
        client.capture("Looked", distinct_id=anonymous, properties={"$process_person_profile": False}),
        client.alias(anonymous, user),
        client.capture(
            "Paid",
            distinct_id=user,
            properties={"total": 12.5, "items": [{"sku": "é\"'\\"}]},
            groups={"company": "acme"},
        ),
        client.capture("Paid", distinct_id=user, timestamp=HISTORY),
        client.set(distinct_id=user, properties={"plan": "pro", "first": 2}),
        client.set_once(distinct_id=user, properties={"first": 3, "since": "May"}),
        client.group_identify("company", "acme", {"seats": 5}, distinct_id=user),
    ]
    client.flush()
    found = by_uuid(running.data, uuids)
    assert [len(rows) for rows in found.values()] == [1] * len(uuids)
    looked, alias, paid, before, set_, once, group = (found[str(uuid)][0] for uuid in uuids)
    kinds = [(row["type"], row["name"]) for row in (looked, alias, paid, before, set_, once, group)]
    assert kinds == [
        ("track", "Looked"), ("identify", None), ("track", "Paid"), ("track", "Paid"), ("traits", None),
        ("traits", None), ("track", "$groupidentify"),
    ]  # fmt: skip
    assert (looked["device"], looked["user"]) == (id64("device", anonymous), None)
    assert (alias["device"], alias["user"]) == (id64("device", anonymous), id64("user", user))
    assert (paid["device"], paid["user"]) == (id64("device", f"user:{user}"), id64("user", user))
    props = json.loads(paid["props"])
    assert (props["total"], props["items"], props["$groups"]) == (
        12.5,
        [{"sku": "é\"'\\"}],
        {"company": "acme"},
    )
    assert (props["$lib"], paid["user_agent"]) == ("posthog-python", "")
    assert before["time"] == before["client_time"] == HISTORY
    with bs.open(running.data) as site:
        person = site.person(f"user:{user}").answer
        assert person["person"]["traits"] == {"plan": "pro", "first": 2, "since": "May"}
        assert len(person["events"]) == len(uuids)


def test_thousands_at_once(running: Backend, client: posthog.Posthog, request: pytest.FixtureRequest) -> None:
    """Each is stored once, with its own properties and user; a report counts as many."""
    name = f"Bought {request.node.name}"
    uuids = [
        client.capture(name, distinct_id=f"{name} {number % USERS}", properties={"number": number})
        for number in range(MANY)
    ]
    client.flush()
    found = by_uuid(running.data, uuids)
    assert {len(rows) for rows in found.values()} == {1}
    assert {
        json.loads(found[str(uuid)][0]["props"])["number"]: number for number, uuid in enumerate(uuids)
    } == {number: number for number in range(MANY)}
    users = Counter(rows[0]["user"] for rows in found.values())
    assert users == {id64("user", f"{name} {number}"): MANY // USERS for number in range(USERS)}
    with bs.open(running.data) as site:
        (series,) = site.trend([{"on": "track", "name": name}], "all", since="2d").answer["series"]
        assert sum(series["values"]) == MANY
