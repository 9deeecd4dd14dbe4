"""Segment's own libraries against a running Backsight: what they send is stored, each message once."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import uvicorn

import backsight as bs
from backsight.contract import WriteKey, id64
from backsight.demo.backend import Backend, backend
from backsight.demo.serving import free_port
from backsight.demo.shop import TAG_KEY
from backsight_collector.committer import Committer
from backsight_collector.http.app import Collector
from backsight_collector.http.settings import CollectorSettings
from captures import stored
from clients.segment_clients import BATCH, LIBRARIES, Message
from journey.running import await_true

HISTORY = "2024-05-01T12:00:00.125+00:00"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
MANY = 3_000
USERS = 50

both = pytest.mark.parametrize("library", LIBRARIES)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A `backsight up` of the module's own."""
    with backend(tmp_path_factory.mktemp("segment"), free_port(0)) as started:
        yield started


def sent_by(library: str, host: str, messages: Sequence[Message]) -> None:
    """Says the messages; nothing may fail."""
    assert LIBRARIES[library](host, TAG_KEY, messages) == []


def rows(data: Path, prefix: str) -> dict[str, list[dict[str, Any]]]:
    """The stored events by message id, of those ids that begin so and were sent."""
    ids = {id64("page", f"segment:{prefix}{number}"): f"{prefix}{number}" for number in range(MANY + 20)}
    found: dict[str, list[dict[str, Any]]] = {}
    for row in stored(data, "events") if (data / "lake" / "events").exists() else []:
        if row["page"] in ids:
            found.setdefault(ids[row["page"]], []).append(row)
    return found


def await_rows(data: Path, prefix: str, count: int) -> dict[str, list[dict[str, Any]]]:
    """The same, once there are that many."""
    found: dict[str, list[dict[str, Any]]] = {}

    def are_there() -> bool:
        found.update(rows(data, prefix))
        return len(found) >= count

    await_true(f"{count} events of {prefix}", are_there)
    return found


# ── What each method becomes ────────────────────────────────────────────────────────────────────────────────


def everything(prefix: str) -> list[Message]:
    """One message of each method and of each form of who sent it, numbered."""
    user, device = f"{prefix}ada", f"{prefix}device"
    said: list[Message] = [
        {"method": "track", "anonymousId": device, "event": "Looked around", "properties": {}},
        {
            "method": "page", "anonymousId": device, "category": "Docs", "name": "Preise 💶",
            "properties": {"url": "https://shop.example/p/12?a=1#top", "title": "Kettle", "n": 1},
        },
        {
            "method": "identify", "anonymousId": device, "userId": user,
            "traits": {"plan": f"{prefix}pro", "ünï": "💥"},
        },
        {
            "method": "track", "userId": user, "event": "Order Completed", "timestamp": HISTORY,
            "properties": {"total": 12.5, "items": [{"sku": "é\"'\\"}], "none": None, "deep": {"a": [{}]}},
            "context": {"ip": "203.0.113.7", "locale": "de-AT", "userAgent": AGENT},
        },
        {"method": "screen", "userId": user, "name": "Home", "properties": {"tab": 2}},
        {"method": "group", "userId": user, "groupId": f"{prefix}acme", "traits": {"seats": 5}},
        {"method": "track", "anonymousId": f"{prefix}phone", "event": "Tapped", "properties": {"x": 1}},
        {"method": "alias", "userId": user, "previousId": f"{prefix}phone"},
    ]  # fmt: skip
    return [message | {"messageId": f"{prefix}{number}"} for number, message in enumerate(said)]


@both
def test_every_method(running: Backend, library: str) -> None:
    """Types, names, properties, users, devices, pages and times are in the lake as they were said."""
    prefix = f"{library} é "
    began = datetime.now(UTC) - timedelta(seconds=1)
    messages = everything(prefix)
    sent_by(library, running.url, messages)
    found = await_rows(running.data, prefix, len(messages))
    assert {key: len(each) for key, each in found.items()} == {each["messageId"]: 1 for each in messages}
    told = [found[message["messageId"]][0] for message in messages]
    looked, page, identify, order, screen, group, tapped, alias = told
    assert [(row["type"], row["name"]) for row in told] == [
        ("track", "Looked around"), ("pageview", None), ("identify", None), ("track", "Order Completed"),
        ("track", "$screen"), ("track", "$group"), ("track", "Tapped"), ("identify", None),
    ]  # fmt: skip
    user, device = id64("user", f"{prefix}ada"), id64("device", f"{prefix}device")
    own, phone = id64("device", f"user:{prefix}ada"), id64("device", f"{prefix}phone")
    assert [(row["device"], row["user"]) for row in told] == [
        (device, None), (device, None), (device, user), (own, user),
        (own, user), (own, user), (phone, None), (phone, user),
    ]  # fmt: skip
    address = [page[part] for part in ("host", "path", "query", "fragment", "title")]
    assert address == ["shop.example", "/p/12", "a=1", "top", "Kettle"]
    props = [json.loads(row["props"]) for row in told]
    library_names = {"python": "analytics-python", "node": "@segment/analytics-node"}
    assert {each.pop("context")["library"]["name"] for each in props} == {library_names[library]}
    assert props[3] == messages[3]["properties"]
    assert props[1] == {"n": 1, "name": "Preise 💶", "category": "Docs"}
    assert (props[4], props[5]) == ({"tab": 2, "name": "Home"}, {"seats": 5, "group_id": f"{prefix}acme"})
    assert "203.0.113.7" not in json.dumps([str(row) for row in told])
    assert (order["language"], order["user_agent"]) == ("de-AT", AGENT)
    assert order["time"] == order["client_time"] == datetime.fromisoformat(HISTORY)
    assert {row["session"] for row in told} == {None}
    assert {row["user_agent"] for row in told} == {None, AGENT}
    for row in (looked, page, identify, screen, group, tapped, alias):
        assert began <= row["time"] <= row["received_at"] <= datetime.now(UTC)


@both
def test_persons(running: Backend, library: str) -> None:
    """What was done before, on whichever device, is the user's; both ways of asking say so."""
    prefix = f"{library} persons "
    messages = everything(prefix)
    sent_by(library, running.url, messages)
    await_rows(running.data, prefix, len(messages))
    tapped = {"on": "track", "name": "Tapped"}
    steps = [
        {"on": "pageview", "where": [{"property": "props.name", "op": "is", "value": "Preise 💶"}]},
        tapped,
    ]
    whose = [{"property": "plan", "op": "is", "value": f"{prefix}pro"}]
    with bs.open(running.data) as here, bs.connect(running.url, key=running.secret_key) as there:
        for site in (here, there):
            funnel = site.funnel(steps, person_where=whose, order="any", since="2d")
            assert [step["count"] for step in funnel.answer["steps"]] == [1, 1]
            (person,) = funnel.persons(step=2).persons
            assert person["user_id"] == f"{prefix}ada"


# ── Many ────────────────────────────────────────────────────────────────────────────────────────────────────


@both
def test_thousands_at_once(running: Backend, library: str) -> None:
    """Each is stored once, with its own properties and user; counts and sums of a report are exact."""
    prefix = f"{library} many "
    sent_by(library, running.url, many(prefix, MANY))
    found = await_rows(running.data, prefix, MANY)
    assert {len(each) for each in found.values()} == {1}
    numbers = {key: json.loads(row["props"])["number"] for key, (row,) in found.items()}
    assert numbers == {f"{prefix}{number}": number for number in range(MANY)}
    users = Counter(row["user"] for (row,) in found.values())
    assert users == {id64("user", f"{prefix}user {number}"): MANY // USERS for number in range(USERS)}
    with bs.connect(running.url, key=running.secret_key) as site:
        bought = {"on": "track", "name": f"{prefix}bought"}
        (series,) = site.trend([bought], since="2d").answer["series"]
        assert sum(series["values"]) == MANY


def many(prefix: str, count: int) -> list[Message]:
    return [
        {"method": "track", "userId": f"{prefix}user {number % USERS}", "event": f"{prefix}bought",
         "properties": {"number": number}, "messageId": f"{prefix}{number}"}
        for number in range(count)
    ]  # fmt: skip


# ── When a server refuses, or an answer is lost ─────────────────────────────────────────────────────────────


class Door:
    """A collector behind uvicorn, in trouble with its first requests; `statuses` are its answers."""

    def __init__(self, folder: Path, settings: CollectorSettings, troubles: Sequence[str]) -> None:
        self.collector = Collector(folder, {TAG_KEY: WriteKey("shop")}.get, settings)
        self.statuses: list[int] = []
        self._troubles = list(troubles)
        self._routes = {route.path: route.app for route in self.collector.routes}  # type: ignore[attr-defined]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        trouble = self._troubles.pop(0) if self._troubles else "none"

        async def answer(message: Any) -> None:
            if message["type"] == "http.response.start":
                if trouble == "lost":
                    message = {**message, "status": 500}
                self.statuses.append(message["status"])
            await send(message)

        intake = self.collector._intake
        journal = intake.journal
        if trouble == "unavailable":
            intake.shut()
        await self._routes[scope["path"]](scope, receive, answer)
        intake.open(journal)

    @contextmanager
    def open(self) -> Iterator[str]:
        """Serves; gives the address. Nothing is served any more at the end, and all is on disk."""
        port = free_port(0)
        server = uvicorn.Server(uvicorn.Config(self, port=port, lifespan="off", log_level="warning"))

        async def serve() -> None:
            async with self.collector.lifespan():
                await server.serve()

        with ExitStack() as stack:
            thread = Thread(target=lambda: asyncio.run(serve()))
            thread.start()
            stack.callback(thread.join)
            stack.callback(setattr, server, "should_exit", True)
            await_true("the door", lambda: server.started)
            yield f"http://127.0.0.1:{port}"


@both
@pytest.mark.parametrize(
    ("settings", "troubles", "statuses"),
    [
        pytest.param({}, ["unavailable", "lost"], Counter({200: 3, 500: 1, 503: 1}), id="unkept, unheard"),
        pytest.param({"events_per_second": 1_000, "burst_seconds": 0.01}, [], None, id="past its rate"),
    ],
)
def test_what_was_not_answered_is_sent_again_and_stored_once(
    tmp_path: Path, library: str, settings: dict[str, Any], troubles: list[str], statuses: Counter[int] | None
) -> None:
    """After 503 and 429 the library comes back when it was told to; what had been kept is no second event."""
    door = Door(tmp_path, CollectorSettings(**settings), troubles)
    count = 3 * BATCH
    with door.open() as url:
        sent_by(library, url, many("again ", count))
    committer = Committer(tmp_path)
    counts = committer.step()
    committer.close()
    assert counts.events == count
    assert {key: len(each) for key, each in rows(tmp_path, "again ").items()} == {
        f"again {number}": 1 for number in range(count)
    }
    if statuses is None:
        assert {200, 429} == set(door.statuses)
    else:
        assert Counter(door.statuses) - statuses == Counter()
        assert counts.duplicates == BATCH
