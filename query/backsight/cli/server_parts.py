"""The parts of a server, each opened on a stack that lets it go: the collector, and the query API."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from starlette.routing import Route
from starlette.types import ASGIApp

from backsight.cli.connections import Connections
from backsight.config import Config
from backsight.errors import BacksightError
from backsight.keys import Keys, LiveWriteKeys
from backsight.store.sqlite import SQLiteStore

if TYPE_CHECKING:
    from backsight.api.guesses import Guesses
    from backsight.data_directory import DataDirectory
    from backsight_collector.http.app import Collector

METRICS: Final = "text/plain; version=0.0.4"
DELETIONS_SECONDS: Final = 2.0
"""How often it is looked whether persons were deleted."""

log = logging.getLogger("backsight")


async def open_collector(
    config: Config, stack: AsyncExitStack, connections: Connections, guesses: Guesses | None
) -> Collector:
    """The collector, with its journal locked and its keys in memory, until `stack` is left."""
    from backsight_collector.disk import DiskSpace
    from backsight_collector.http.app import Collector
    from backsight_collector.http.settings import CollectorSettings

    # A connection of its own: the event loop must not wait behind a thread that waits for its turn to write.
    keys = Keys(stack.enter_context(SQLiteStore(config.database)))
    noting = Keys(stack.enter_context(SQLiteStore(config.database)))
    settings = CollectorSettings(
        events_per_second=config.events_per_second,
        device_events_per_second=config.device_events_per_second,
        origins=config.origins,
        script_path=config.script_path,
    )
    space = DiskSpace(config.data, config.min_free_bytes)
    live = LiveWriteKeys(keys, note=noting.note_use)
    collector = Collector(
        config.data,
        live,
        settings,
        connections=connections,
        space=space,
        others=guesses.metrics if guesses else str,
    )
    await stack.enter_async_context(collector.lifespan())
    return collector


async def open_query_api(
    config: Config, stack: AsyncExitStack, guesses: Guesses, *, is_beside: bool
) -> ASGIApp:
    """The query API, until `stack` is left; `is_beside`: a collector stands on the same port."""
    from backsight.api import create_api
    from backsight.api.proxies import TrustedProxies
    from backsight.cli.collector_paths import COLLECTOR_PATHS
    from backsight.cli.identity_routes import IDENTITY_SCHEMAS, identity_operations
    from backsight.data_directory import DataDirectory

    directory = DataDirectory(config.data, config.threads, config.memory, config.database)
    stack.callback(directory.close)
    keys = Keys(directory.store)
    operations = identity_operations(config.data, directory)
    api = create_api(
        directory.site,
        keys.authenticate,
        tokens=keys,
        operations=operations,
        schemas=IDENTITY_SCHEMAS,
        threads=directory.threads,
        seconds=config.query_seconds,
        guesses=guesses,
        beside=COLLECTOR_PATHS if is_beside else None,
    )
    await stack.enter_async_context(api.router.lifespan_context(api))
    watching = asyncio.create_task(_watch_deletions(directory, api.state.forget))
    stack.callback(watching.cancel)
    return TrustedProxies(config.trusted_proxies, config.proxy_header).in_front_of(api)


async def _watch_deletions(directory: DataDirectory, forget: Callable[[], None]) -> None:
    """Who is deleted is forgotten here too, though nobody asks anything, and stands in the audit trail."""
    while True:
        try:
            if await asyncio.to_thread(directory.notice_deletions):
                forget()
        except (BacksightError, OSError) as error:
            log.warning(f"deletions of persons can't be followed: {error}")
        await asyncio.sleep(DELETIONS_SECONDS)


def new_guesses() -> Guesses:
    """Counts failed attempts at keys of the query API."""
    from backsight.api.guesses import Guesses

    return Guesses()


def metrics_route(guesses: Guesses) -> Route:
    """`/metrics` of a query API without a collector."""
    from starlette.requests import Request
    from starlette.responses import Response

    async def metrics(_: Request) -> Response:
        return Response(guesses.metrics(), media_type=METRICS)

    return Route("/metrics", metrics)
