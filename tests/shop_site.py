"""A small shop, written by the contract and served: what the tests of the interfaces and the documentation
ask.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pyarrow as pa
import uvicorn
from deltalake import write_deltalake

from backsight.api import create_api
from backsight.contract import PARTITIONS, TABLES, id64
from backsight.data_directory import DataDirectory
from backsight.keys import Keys
from backsight.sites import ensure_site
from backsight.store.sqlite import SQLiteStore

SITE = "shop"
HTML, BODY, FORM, BUTTON = (id64("element", name) for name in ("html", "body", "form", "button"))
ELEMENTS = [
    (HTML, "html", {}),
    (BODY, "body", {}),
    (FORM, "form", {"class": "card md:flex", "id": "signup"}),
    (BUTTON, "button", {"class": "btn btn-primary"}),
]
NODES = [(1, None, HTML), (2, 1, BODY), (3, 2, FORM), (4, 3, BUTTON)]
"""(node, parent, element): html > body > form#signup > button."""

VISITS = {
    "ada": ["01 09:00 pricing", "01 09:02 signup", "03 12:00 order"],
    "bob": ["01 10:00 pricing", "04 10:00 signup"],
    "cyd": ["02 08:00 pricing", "05 08:00 pricing", "05 08:01 signup", "06 08:00 order"],
    "dan": ["02 20:00 pricing"],
    "eve": ["03 07:30 pricing", "03 07:31 order"],
    "fay": ["06 06:00 signup"],
}
"""What each visitor did in October 2026, in UTC."""

FACTS: dict[str, dict[str, Any]] = {
    "pricing": {"type": "pageview", "path": "/pricing"},
    "signup": {"type": "submit", "node_id": 3, "path": "/join", "text": "Sign up"},
    "click": {"type": "click", "node_id": 4, "path": "/join", "text": "Sign up", "label": "Sign up"},
    "order": {"type": "track", "name": "Order Completed", "path": "/thanks", "props": '{"total": 12.5}'},
}
ARRIVED = datetime(2026, 10, 7, tzinfo=UTC)


def write_lake(folder: Path, site: str = SITE) -> None:
    """The shop's tables under `folder`."""
    _write(folder, "elements", (
        {"site": site, "element_id": element, "tag": tag, "namespace": "html", "attributes": attributes,
         "first_seen": ARRIVED}
        for element, tag, attributes in ELEMENTS
    ))  # fmt: skip
    _write(folder, "nodes", (_node(site, depth, *node) for depth, node in enumerate(NODES)))
    _write(
        folder,
        "events",
        (event for visitor, visits in VISITS.items() for event in _events(site, visitor, visits)),
    )


def write_data(folder: Path, *sites: str) -> None:
    """A data directory with these sites (the shop alone, if none is given)."""
    with SQLiteStore(folder / "backsight.sqlite") as store:
        for site in sites or (SITE,):
            ensure_site(store, site, "test")
            write_lake(folder / "lake", site)


def write_more(folder: Path, visitor: str, *visits: str, site: str = SITE) -> None:
    """Another visitor's events, in a commit of their own."""
    _write(folder / "lake", "events", _events(site, visitor, visits))


def secret_key(folder: Path, scope: str, site: str = SITE) -> str:
    """A new secret key with that scope."""
    with SQLiteStore(folder / "backsight.sqlite") as store:
        return Keys(store).create_secret(site, [scope], "test").key


def definer_token(folder: Path, origin: str, minutes: int = 60, site: str = SITE) -> str:
    """A new definer's token for pages of that origin."""
    with SQLiteStore(folder / "backsight.sqlite") as store:
        expires = datetime.now(UTC) + timedelta(minutes=minutes)
        return Keys(store).create_definer(site, origin, expires, "test").key


@contextmanager
def serve(application: Callable[..., Any]) -> Iterator[str]:
    """The URL at which an ASGI application is served by uvicorn, on a port of its own."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(application, log_config=None, timeout_graceful_shutdown=5))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            # The socket listens already, so this first request waits until the server accepts.
            httpx.get(f"{url}/", timeout=30)
            yield url
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The URL of the query API over a data directory."""
    directory = DataDirectory(folder, threads=1)
    try:
        keys = Keys(directory.store)
        with serve(create_api(directory.site, keys.authenticate, tokens=keys)) as url:
            yield url
    finally:
        directory.close()


def _node(site: str, depth: int, node: int, parent: int | None, element: int) -> dict[str, Any]:
    places = dict.fromkeys(("child_index", "child_last", "type_index", "type_last"), 1)
    return {"site": site, "node_id": node, "parent_id": parent, "element_id": element, "depth": depth,
            "flags": 0, "first_seen": ARRIVED, **places}  # fmt: skip


def _events(site: str, visitor: str, visits: Sequence[str]) -> Iterable[dict[str, Any]]:
    for sequence, visit in enumerate(visits):
        day, clock, what = visit.split()
        time = datetime.fromisoformat(f"2026-10-{day}T{clock}:00Z")
        yield {
            "site": site, "date": time.date(), "time": time, "client_time": time, "received_at": ARRIVED,
            "device": id64("device", visitor), "session": id64("session", f"{visitor} {day}"),
            "page": id64("page", visitor), "sequence": sequence, "host": "shop.example", **FACTS[what],
        }  # fmt: skip


def _write(folder: Path, table: str, rows: Iterable[dict[str, Any]]) -> None:
    data = pa.Table.from_pylist(list(rows), schema=TABLES[table])
    write_deltalake(str(folder / table), data, mode="append", partition_by=PARTITIONS[table])
