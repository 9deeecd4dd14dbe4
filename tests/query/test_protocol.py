"""The heads of HTTP requests are bounded in size and time, and everything else is uvicorn's."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from backsight.cli import protocol
from backsight.cli.connections import Connections
from backsight.cli.protocol import MAX_HEAD_BYTES, speaking

Connect = Callable[[], socket.socket]


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Opens connections to a small server that speaks the protocol."""
    app = Starlette(routes=[Route("/", echo, methods=["POST", "GET"])])
    config = uvicorn.Config(app, http=speaking({}, Connections()), lifespan="off", ws="none", log_config=None)
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    opened: list[socket.socket] = []

    def connection() -> socket.socket:
        opened.append(socket.create_connection(listener.getsockname(), timeout=20))
        return opened[-1]

    yield connection
    for each in opened:
        each.close()
    server.should_exit = True
    thread.join()


def answer(connection: socket.socket) -> bytes:
    """The next answer: its status line and its (one-segment) body; empty where the connection was ended."""
    try:
        received = connection.recv(65_536)
    except ConnectionResetError:
        return b""
    return received.splitlines()[0] + b" / " + received.rpartition(b"\r\n\r\n")[2] if received else b""


def test_requests_are_answered_on_one_connection(connect: Connect) -> None:
    """Heads in pieces, bodies larger than the bound for heads, and many requests in turn are all right."""
    connection = connect()
    for body in (b"", b"x" * 200_000, b"y"):
        head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
        connection.sendall(head[:20])
        connection.sendall(head[20:] + body)
        assert answer(connection) == b"HTTP/1.1 200 OK / %d" % len(body)


@pytest.mark.parametrize(
    "line", [b"X: " + b"x" * 1_000 + b"\r\n", b"x" * 1_003], ids=["many headers", "one header"]
)
def test_a_head_without_end_is_cut_off(connect: Connect, line: bytes) -> None:
    """A client that never finishes its headers is disconnected, having cost a bounded amount of memory."""
    connection = connect()
    connection.sendall(b"GET / HTTP/1.1\r\nX-")
    with pytest.raises(OSError, match=r"reset|[Bb]roken pipe"):
        connection.sendall(line * (100 * MAX_HEAD_BYTES // len(line)))


@pytest.mark.parametrize(
    "beginning", [b"", b"GET / HTTP/1.1\r\nX: "], ids=["says nothing", "stops in the middle"]
)
def test_a_slow_head_is_cut_off(connect: Connect, monkeypatch: pytest.MonkeyPatch, beginning: bytes) -> None:
    """A connection on which no head is completed in time is ended."""
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    connection = connect()
    connection.sendall(beginning)
    assert answer(connection) == b""


def test_a_second_head_has_its_time_too(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock runs for every request of a connection, not only for the first."""
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    connection = connect()
    connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer(connection) == b"HTTP/1.1 200 OK / 0"
    connection.sendall(b"GET / HTTP/1.1\r\n")
    assert answer(connection) == b""


@pytest.mark.parametrize("length", [b"Content-Length: 33", b"Transfer-Encoding: chunked"])
@pytest.mark.parametrize("wanted", [b"h2c", b"websocket"])
def test_a_body_is_no_request_where_another_protocol_is_asked_for(
    connect: Connect, wanted: bytes, length: bytes
) -> None:
    """What a proxy passes on as a body is never answered as a request of its own; without one all is well."""
    connection, hidden = connect(), b"GET / HTTP/1.1\r\nHost: hidden\r\n\r\n"
    upgrade = b"Upgrade: %b\r\nConnection: Upgrade\r\n\r\n" % wanted
    connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + upgrade)
    assert answer(connection) == b"HTTP/1.1 200 OK / 0"
    connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + length + b"\r\n" + upgrade)
    assert answer(connection).startswith(b"HTTP/1.1 400 ")
    with suppress(OSError):
        connection.sendall(hidden)
    assert answer(connection) == b""
