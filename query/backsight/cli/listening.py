"""How a server listens: its socket, uvicorn's settings, and what a process needs for many connections."""

from __future__ import annotations

import atexit
import gc
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import uvicorn
from starlette.types import ASGIApp

from backsight.cli.addresses import reached_at
from backsight.cli.protocol import BoundedHttp
from backsight.config import Config
from backsight.errors import ConfigurationError

GRACE_SECONDS: Final = 5
"""How long requests may take to end after the server was asked to stop; then reports are interrupted.

Together with the committer's last fold within the 10 s that containers give.
"""
KEEP_ALIVE_SECONDS: Final = 15
OPEN_FILES: Final = 65_536
COLLECTED_AFTER: Final = 20_000
"""New objects, after which cycles among them are looked for. By default it is 700: less than belong to the
requests that wait for the disk together, all of which would be looked at again and again, in vain."""


class Server(uvicorn.Server):
    """Calls `on_started` once requests are taken."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        collect_rarely()
        self._on_started()


def settings(app: ASGIApp, http: type[BoundedHttp]) -> uvicorn.Config:
    """How uvicorn serves `app`, and by which protocol it is spoken to."""
    return uvicorn.Config(
        app,
        loop="auto",
        http=http,
        ws="none",
        lifespan="off",  # entered by whoever opens the parts, in its order
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
def ending_quietly() -> Iterator[None]:
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
def bound(config: Config) -> Iterator[socket.socket]:
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


def address_of(config: Config, listener: socket.socket) -> str:
    """The URL at which it is reached from this machine."""
    return reached_at(config.host, listener.getsockname()[1])


def raise_open_files() -> None:
    """A connection is an open file, and the usual 1,024 are few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def collect_rarely() -> None:
    """Looks for garbage less often from now on, and never again among what is there now: for a process that
    has loaded all it needs. A twentieth of what a capture costs, and pauses of 40 ms."""
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # DuckDB tells the terminal of whatever of it is never freed
    gc.set_threshold(COLLECTED_AFTER, *gc.get_threshold()[1:])
