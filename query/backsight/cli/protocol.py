"""HTTP/1.1 as uvicorn speaks it, for a server that faces the web: with bounds, and with direct routes.

uvicorn and llhttp bound neither a head's size and time nor a body's time, nor how many requests a client may
send ahead, nor how long it may leave its answers unread. And what ASGI costs a small request (a task, two
events, four messages, several dictionaries) is as much as all that a capture costs besides reading it: so a
route may be direct, which takes requests that are here as a whole and answers in one call.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from backsight.cli.connections import Connections

MAX_HEAD_BYTES: Final = 65_536
"""A head that is not complete after this many bytes (and one read more) ends the connection; so do trailers,
and what may stand between two chunks of a body."""
MAX_HEADERS: Final = 100
MAX_AHEAD: Final = 64
"""Requests that may wait behind one that is being answered."""
HEAD_SECONDS: Final = 20.0
"""A connection on which a head has begun, or nothing yet, must complete it within this time."""
BODY_SECONDS: Final = 60.0
"""A body must be complete within this time; routes may be stricter, and say so in an answer."""
UNREAD_SECONDS: Final = 60.0
"""A client that reads nothing of its answers for this long is given up."""
MAX_DIRECT_BYTES: Final = 65_536
"""Larger bodies go by ASGI."""

Lines = Sequence[tuple[bytes, bytes]]
Reply = Callable[[int, Lines, bytes], None]
Direct = Callable[[Mapping[bytes, bytes], bytes, Reply], None]
"""A route that takes a POST by its headers and body, and calls `Reply` once: now, or later in the same loop.

It is given only what has a declared length, is small, not packed and complete; all else comes to the
ASGI application, under the same path, which must do the same with it.
"""


_CLOSE: Final = (b"connection", b"close")
_NOT_PLAIN: Final = frozenset({b"content-encoding", b"transfer-encoding", b"expect"})
"""Headers of a request that is packed, or does not come as a whole."""


class _TooMuch(Exception):
    """Ends the parsing: uvicorn answers 400 to what llhttp or its callbacks refuse."""


class BoundedHttp(HttpToolsProtocol):
    """One connection. `direct` and `connections` are its server's (see `speaking`)."""

    direct: Mapping[bytes, Direct]
    open_ones: Connections

    waits_since = math.inf
    patience = HEAD_SECONDS
    _unheard = 0
    _is_idle = False
    _answered: RequestResponseCycle | _Exchange | None = None
    """The request whose answer is due next, or was given last."""
    _direct: tuple[dict[bytes, bytes], list[bytes]] | None = None
    """The headers of a request for a direct route, and what has arrived of its body."""

    # ── Whom we wait for ──

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._wait(HEAD_SECONDS)
        self.open_ones.opened(self, self.loop)

    def connection_lost(self, exc: Exception | None) -> None:
        self.open_ones.closed(self)
        super().connection_lost(exc)
        if self._answered is not None:  # uvicorn tells only the newest, which may be one that waits behind it
            self._answered.disconnected = True
            self._answered.message_event.set()

    def end(self, *, overdue: bool) -> None:
        """Closes the connection; one that is only idle may still read what was sent."""
        if overdue and self._is_idle and not self.transport.is_closing():
            self._wait(UNREAD_SECONDS)
            self.transport.close()
        else:
            self.transport.abort()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait(UNREAD_SECONDS)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._is_idle:
            self._rest()
        else:
            self._wait(math.inf if self.cycle is None or not self.cycle.more_body else BODY_SECONDS)

    def _wait(self, seconds: float) -> None:
        """For the client, from now on; inf: no longer."""
        self.waits_since = math.inf if seconds == math.inf else self.loop.time()
        self.patience = seconds

    # ── What arrives ──

    def data_received(self, data: bytes) -> None:
        if self._is_idle:
            self._is_idle = False
            self._wait(HEAD_SECONDS)
        self._unheard += len(data)
        super().data_received(data)
        if self._direct is not None:
            _, parts = self._direct
            self._pass_to_asgi(parts)  # the rest may take its time, and ASGI's routes know how long
        if self._unheard > MAX_HEAD_BYTES:
            self.transport.abort()

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= MAX_AHEAD:
            raise _TooMuch
        self.url, self.headers = b"", []  # the scope only when it is needed

    def on_header(self, name: bytes, value: bytes) -> None:
        headers = self.headers
        if len(headers) >= MAX_HEADERS:
            raise _TooMuch
        headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._unheard = 0
        if self.parser.should_upgrade() and _has_body(self.headers):
            raise _TooMuch  # httptools would take the body for another protocol: for requests, then, of ours
        if self.url in self.direct and (headers := self._direct_headers()) is not None:
            self._direct = headers, []
        else:
            self._pass_to_asgi([])

    def on_body(self, body: bytes) -> None:
        self._unheard = 0
        if self._direct is not None:
            self._direct[1].append(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._unheard = 0
        if self._direct is not None:
            (headers, parts), self._direct = self._direct, None
            self.waits_since = math.inf
            self._take_directly(headers, b"".join(parts))
            return
        super().on_message_complete()
        if self.cycle.response_complete:  # it was answered before it was complete
            self._rest()
        else:
            self._wait(math.inf)

    def on_response_complete(self) -> None:
        """The next one's turn; uvicorn's own, but for its timer, as one clock is enough for all."""
        self.server_state.total_requests += 1
        if self.pipeline and not self.transport.is_closing():
            self.flow.resume_reading()
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
            if cycle.more_body:
                self._wait(BODY_SECONDS)
        else:
            self.flow.resume_reading()
            self._rest()

    def _rest(self) -> None:
        self._is_idle = True
        self._wait(UNREAD_SECONDS if self.transport.is_closing() else self.timeout_keep_alive)

    def send_400_response(self, msg: str) -> None:
        """What can't be read ends the connection, but not before the requests in front of it are answered."""
        self._direct = None
        if self.cycle is None or self.cycle.response_complete:
            super().send_400_response(msg)
            return
        if self.cycle.more_body:  # its own body can't be read
            if not self.pipeline:
                super().send_400_response(msg)
                return
            self.pipeline.popleft()  # it is the newest, and as if it had not been sent
            self.cycle = self.pipeline[0][0] if self.pipeline else self._answered  # type: ignore[assignment]
        self.cycle.keep_alive = False
        self.flow.pause_reading()

    # ── Direct routes ──

    def _direct_headers(self) -> dict[bytes, bytes] | None:
        """The head's, when a direct route may have the request."""
        if self.cycle is not None and not self.cycle.response_complete:
            return None  # it has to wait its turn
        parser = self.parser
        if self.flow.write_paused or parser.should_upgrade():
            return None
        if parser.get_method() != b"POST" or parser.get_http_version() != "1.1":
            return None
        headers = dict(self.headers)
        length = headers.get(b"content-length", b"")
        is_small = length.isdigit() and len(length) < 7 and int(length) <= MAX_DIRECT_BYTES
        return headers if is_small and _NOT_PLAIN.isdisjoint(headers) else None

    def _pass_to_asgi(self, parts: list[bytes]) -> None:
        self._direct = None
        url, headers = self.url, self.headers
        super().on_message_begin()  # makes the scope, and these two anew
        self.url = url
        expected = (value.lower() for name, value in headers if name == b"expect")
        self.expect_100_continue = b"100-continue" in expected
        self.headers.extend(headers)
        super().on_headers_complete()
        for part in parts:
            super().on_body(part)
        self._wait(math.inf if self.pipeline else BODY_SECONDS)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def _take_directly(self, headers: dict[bytes, bytes], body: bytes) -> None:
        exchange = _Exchange(self, self.parser.should_keep_alive())
        self.cycle = self._answered = exchange  # type: ignore[assignment]  # to uvicorn it is one of its own
        try:
            self.direct[self.url](headers, body, exchange.reply)
        except Exception:
            logging.getLogger("backsight").exception("a direct route failed")
            exchange.fail()


def _has_body(headers: Lines) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0"))
        for name, value in headers
    )


class _Exchange:
    """A request that a direct route answers, with what uvicorn's protocol looks at in its place."""

    more_body = False
    message_event: Final = asyncio.Event()
    """Set when the client is gone; nobody waits for it."""

    def __init__(self, connection: BoundedHttp, keep_alive: bool) -> None:
        self._connection, self.keep_alive = connection, keep_alive
        self.disconnected = self.response_complete = False

    def reply(self, status: int, lines: Lines, body: bytes) -> None:
        """The whole answer in one write; nothing where the client is gone."""
        transport = self._connection.transport
        if self.disconnected or self.response_complete or transport.is_closing():
            return
        if _CLOSE in lines:
            self.keep_alive = False
        elif not self.keep_alive:
            lines = [*lines, _CLOSE]
        lines = (*self._connection.server_state.default_headers, *lines)
        self.response_complete = True
        transport.write(_head(status, lines) + body)
        if not self.keep_alive:
            transport.close()
        self._connection.on_response_complete()

    def fail(self) -> None:
        """The route is at fault: 500, unless it has answered."""
        lines = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"21")]
        self.reply(500, [*lines, _CLOSE], b"Internal Server Error")


@lru_cache(maxsize=64)
def _head(status: int, lines: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The head of an answer; nearly all within a second have the same."""
    return b"".join((STATUS_LINE[status], *(b"%s: %s\r\n" % line for line in lines), b"\r\n"))


def speaking(direct: Mapping[str, Direct], connections: Connections) -> type[BoundedHttp]:
    """The protocol of a server (uvicorn's `http`) with these direct routes, by path."""

    class Speaking(BoundedHttp):
        pass

    Speaking.direct = {path.encode(): route for path, route in direct.items()}
    Speaking.open_ones = connections
    return Speaking
