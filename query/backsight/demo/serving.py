"""An ASGI application on a loopback port, in a thread of this process, for as long as a `with` lasts."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from backsight.demo.shop import Application
from backsight.errors import ConfigurationError

HOST = "127.0.0.1"


def listening(port: int = 0) -> socket.socket:
    """A listening socket on loopback; port 0 takes any free one."""
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise ConfigurationError(
            f"the port can't be used: {error.strerror}",
            field="port",
            value=port,
            valid="a free port, or 0 for any",
        ) from error


def free_port(wanted: int = 0) -> int:
    """The port wanted, where it is free, else any that is."""
    for port in (wanted, 0):
        try:
            with listening(port) as listener:
                return int(listener.getsockname()[1])
        except ConfigurationError:
            continue
    raise ConfigurationError(f"no port is free on {HOST}", field="port", value=wanted)


def origin(listener: socket.socket) -> str:
    """What a browser calls the server behind this socket."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


@contextmanager
def serving(application: Application, listener: socket.socket) -> Iterator[None]:
    """Serves until the block ends; the socket listens already, so no request is too early."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(application, log_level="warning", lifespan="off"))
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
