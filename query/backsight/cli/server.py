"""The server: collector and query API in one process on one port, the committer beside it.

Everything is opened in an order in which whatever can refuse refuses before anything is done, and is let go
of in the opposite order: database, journal (locked: one server a folder), port, keys, committer, requests.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import uvicorn
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backsight.cli.connections import Connections
from backsight.cli.first_start import ensure_access, welcome
from backsight.cli.protocol import BoundedHttp, speaking
from backsight.cli.serving import committer_command
from backsight.cli.supervisor import SILENT_SECONDS, Supervisor
from backsight.config import Config
from backsight.errors import BacksightError, ConfigurationError
from backsight.keys import Keys, LiveWriteKeys
from backsight.store.sqlite import SQLiteStore

if TYPE_CHECKING:
    from backsight.api.guesses import Guesses
    from backsight.data_directory import DataDirectory
    from backsight_collector.http.app import Collector

GRACE_SECONDS: Final = 5
"""How long requests may take to end after the server was asked to stop; then reports are interrupted.

Together with the committer's last fold within the 10 s that containers give.
"""
KEEP_ALIVE_SECONDS: Final = 15
GUARDS: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
"""Headers of an answer that brings none of its own."""
METRICS: Final = "text/plain; version=0.0.4"
OPEN_FILES: Final = 65_536
DELETIONS_SECONDS: Final = 2.0
"""How often it is looked whether persons were deleted."""


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
    _raise_open_files()
    settings = _settings(_not_found, BoundedHttp)
    with _ending_quietly(), asyncio.Runner(loop_factory=settings.get_loop_factory()) as runner:
        runner.run(_serve(config, parts, tell))


async def _serve(config: Config, parts: Parts, tell: Callable[[str], None]) -> None:
    _make_folder(config.data)
    async with AsyncExitStack() as stack:
        store = stack.enter_context(SQLiteStore(config.database))
        connections, guesses = Connections(), _guesses() if parts.query else None
        collector = await _collector(config, stack, connections, guesses) if parts.collector else None
        listener = stack.enter_context(_bound(config))
        address = _address(config, listener)
        if parts.collector:
            tell(welcome(address + config.script_path, ensure_access(store, config)))
        behind = (
            await _query_api(config, stack, guesses, is_beside=parts.collector) if guesses else _not_found
        )
        if parts.committer:
            command = committer_command(config)
            committer = Supervisor("committer", command, _warn, silent_seconds=SILENT_SECONDS)
            stack.callback(committer.stop)
        routes = [*_routes(collector), *([_metrics_route(guesses)] if guesses and not collector else [])]
        app = _composed(routes, behind, config.script_path.rpartition("/")[0])
        http = speaking(collector.direct if collector else {}, connections)
        server = _Server(_settings(app, http), lambda: tell(f"Listening on {address}"))
        await server.serve([listener])


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


def _guesses() -> Guesses:
    from backsight.api.guesses import Guesses

    return Guesses()


def _metrics_route(guesses: Guesses) -> Route:
    """`/metrics` of a query API without a collector."""
    from starlette.requests import Request
    from starlette.responses import Response

    async def metrics(_: Request) -> Response:
        return Response(guesses.metrics(), media_type=METRICS)

    return Route("/metrics", metrics)


async def _collector(
    config: Config, stack: AsyncExitStack, connections: Connections, guesses: Guesses | None
) -> Collector:
    from backsight_collector.disk import DiskSpace
    from backsight_collector.http.app import Collector
    from backsight_collector.http.settings import CollectorSettings

    # A connection of its own: the event loop must not wait behind a thread that waits for its turn to write.
    keys = Keys(stack.enter_context(SQLiteStore(config.database)))
    noting = Keys(stack.enter_context(SQLiteStore(config.database)))
    settings = CollectorSettings(
        events_per_second=config.events_per_second, origins=config.origins, script_path=config.script_path
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


async def _query_api(config: Config, stack: AsyncExitStack, guesses: Guesses, *, is_beside: bool) -> ASGIApp:
    """The query API, and whether it stands beside a collector."""
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
            _warn(f"deletions of persons can't be followed: {error}")
        await asyncio.sleep(DELETIONS_SECONDS)


def _composed(front: Sequence[Route], behind: ASGIApp, folder: str) -> ASGIApp:
    """The collector's routes, before everything else and its middleware: by exact path, then those of which
    a part is a name.

    What is asked below the script's folder is asked of `behind` as if it stood at the root.
    """
    by_path = {route.path: route.handle for route in front if not route.param_convertors}
    by_name = [route for route in front if route.param_convertors]
    inside, raw = f"{folder}/v1/", f"{folder}/v1/".encode()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path, sent, send = scope["path"], scope["raw_path"], _guarded(send)
        if (found := by_path.get(path)) is not None:
            await found(scope, receive, send)
        elif folder and path.startswith(inside) and sent.startswith(raw):
            below = {"path": path.removeprefix(folder), "raw_path": sent[len(folder) :]}
            await behind({**scope, **below}, receive, send)
        elif named := _named(by_name, scope):
            route, names = named
            await route.handle({**scope, **names}, receive, send)
        else:
            await behind(scope, receive, send)

    return app


def _named(routes: Sequence[Route], scope: Scope) -> tuple[Route, Scope] | None:
    """The route that takes the path, and what its names stand for."""
    for route in routes:
        match, names = route.matches(scope)
        if match is not Match.NONE:
            return route, names
    return None


def _guarded(send: Send) -> Send:
    """`send`, by which no answer goes without its headers: the framework's own, such as 405s, have none."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            lines = list(message.get("headers", ()))
            present = {name for name, _ in lines}
            if b"x-content-type-options" not in present:
                lines += [line for line in GUARDS if line[0] not in present]
                message = {**message, "headers": lines}
        await send(message)

    return guarded


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """What a collector without a query API answers to any other path."""
    from starlette.responses import JSONResponse

    document = {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "no such path on a collector",
    }
    await JSONResponse(document, 404, media_type="application/problem+json")(scope, receive, send)


# ── uvicorn ─────────────────────────────────────────────────────────────────────────────────────────────────


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_started()


def _settings(app: ASGIApp, http: type[BoundedHttp]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="auto",
        http=http,
        ws="none",
        lifespan="off",  # entered by _serve, in its order
        interface="asgi3",
        log_config=None,
        log_level="error",  # its warnings are about what strangers send
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


@contextmanager
def _ending_quietly() -> Iterator[None]:
    """SIGTERM and SIGINT end the process with exit code 0, whichever part of it is running.

    While it serves, uvicorn takes them instead, finishes what is under way and then raises them again.
    """

    def leave(number: int, frame: object) -> NoReturn:
        raise SystemExit(0)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _bound(config: Config) -> Iterator[socket.socket]:
    """A socket that is bound, and listens once uvicorn takes it."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise ConfigurationError(
            f"can't listen on {config.host}:{config.port}: {error.strerror or error}.",
            field="host, port",
            value=f"{config.host}:{config.port}",
            valid="an address of this machine (--host, or BACKSIGHT_HOST), "
            "and a port that is free, or 0 for any (--port, or BACKSIGHT_PORT)",
        ) from error
    with listener:
        yield listener


def _address(config: Config, listener: socket.socket) -> str:
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(config.host, config.host)  # noqa: S104  # shown only
    return f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"


def _raise_open_files() -> None:
    """A connection is an open file, and the usual 1,024 are few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _warn(message: str) -> None:
    logging.getLogger("backsight").warning(message)
