"""The server: collector and query API in one process on one port, the committer beside it.

Everything is opened in an order in which whatever can refuse refuses before anything is done, and is let go
of in the opposite order: database, journal (locked: one server a folder), port, keys, committer, requests.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.routing import Route

from backsight.cli.committing import committer_command
from backsight.cli.composed import composed, not_found
from backsight.cli.connections import Connections
from backsight.cli.first_start import ensure_access, welcome
from backsight.cli.listening import Server, address_of, bound, ending_quietly, raise_open_files, settings
from backsight.cli.protocol import BoundedHttp, speaking
from backsight.cli.server_parts import metrics_route, new_guesses, open_collector, open_query_api
from backsight.cli.supervisor import SILENT_SECONDS, Supervisor
from backsight.config import Config
from backsight.errors import ConfigurationError
from backsight.store.sqlite import SQLiteStore

if TYPE_CHECKING:
    from backsight_collector.http.app import Collector

log = logging.getLogger("backsight")


@dataclass(frozen=True)
class Parts:
    """Which parts of Backsight a process runs."""

    collector: bool = True
    query: bool = True
    committer: bool = True


def serve(config: Config, parts: Parts, tell: Callable[[str], None]) -> None:
    """Serves until SIGTERM or SIGINT; returns when everything acknowledged is on disk.

    `tell` gets what a start prints: keys as soon as they are made, the address once requests are taken.
    Raises ConfigurationError, Conflict, OSError, and what the journal raises when another server holds it.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    raise_open_files()
    loops = settings(not_found, BoundedHttp).get_loop_factory()
    with ending_quietly(), asyncio.Runner(loop_factory=loops) as runner:
        runner.run(_serve(config, parts, tell))


async def _serve(config: Config, parts: Parts, tell: Callable[[str], None]) -> None:
    _make_folder(config.data)
    async with AsyncExitStack() as stack:
        store = stack.enter_context(SQLiteStore(config.database))
        connections, guesses = Connections(), new_guesses() if parts.query else None
        collector = await open_collector(config, stack, connections, guesses) if parts.collector else None
        listener = stack.enter_context(bound(config))
        address = address_of(config, listener)
        if parts.collector:
            tell(welcome(address + config.script_path, ensure_access(store, config)))
        behind = (
            await open_query_api(config, stack, guesses, is_beside=parts.collector) if guesses else not_found
        )
        if parts.committer:
            command = committer_command(config)
            committer = Supervisor("committer", command, log.warning, silent_seconds=SILENT_SECONDS)
            stack.callback(committer.stop)
        routes = [*_routes(collector), *([metrics_route(guesses)] if guesses and not collector else [])]
        app = composed(routes, behind, config.script_path.rpartition("/")[0])
        http = speaking(collector.direct if collector else {}, connections)
        server = Server(settings(app, http), lambda: tell(_listening(address, parts)))
        await server.serve([listener])


def _listening(address: str, parts: Parts) -> str:
    page = [f"Page at {address}/: a link to it, with a key, by `backsight page`"] if parts.query else []
    return "\n".join([*page, f"Listening on {address}"])


def _make_folder(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"can't make the folder {data}: {error.strerror or error}.",
            field="data",
            value=str(data),
            valid="a folder that exists or can be made; --data, or BACKSIGHT_DATA",
        ) from error


def _routes(collector: Collector | None) -> Iterator[Route]:
    yield from (route for route in (collector.routes if collector else ()) if isinstance(route, Route))
