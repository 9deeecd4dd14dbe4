"""The door as strangers meet it: bytes over a connection, whole or in pieces, meant well or not."""

from __future__ import annotations

import asyncio
import json
import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from backsight.cli import connections as connections_module
from backsight.cli import protocol
from backsight.cli.connections import Connections
from backsight.cli.protocol import MAX_AHEAD, BoundedHttp, speaking
from backsight.contract import WriteKey
from backsight_collector.http.app import Collector
from backsight_collector.http.settings import CollectorSettings
from backsight_collector.journal.records import Capture, decode_record
from backsight_collector.journal.segments import DiskFile, Opener
from backsight_collector.journal.writer import JournalReader

Make = Callable[..., dict[str, Any]]
KEYS = {"wk_test": WriteKey("shop"), "wk_listed": WriteKey("shop", frozenset({"https://*.shop.example"}))}
FAST = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class SlowDisk:
    """Syncs while it may."""

    def __init__(self) -> None:
        self.may_sync = threading.Event()
        self.may_sync.set()
        self.is_asked = threading.Event()

    def __call__(self, path: Path) -> DiskFile:
        disk = self

        class File(DiskFile):
            def sync(self) -> None:
                if not disk.may_sync.is_set():
                    disk.is_asked.set()
                assert disk.may_sync.wait(20)
                super().sync()

        return File(path)


class Answer(NamedTuple):
    """One answer as it stood on the wire, its date left out."""

    status: int
    headers: dict[str, str]
    body: bytes


def answers(received: bytes) -> list[Answer]:
    """All whole answers in what a connection received; AssertionError where there is anything else."""
    found = []
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        assert re.fullmatch(r"HTTP/1\.1 [1-5]\d\d [A-Za-z -]+", status), status
        headers = dict(line.split(": ", 1) for line in lines)
        assert len(headers) == len(lines), lines
        headers.pop("date", None)
        length = int(headers.get("content-length", 0))
        assert len(rest) >= length
        found.append(Answer(int(status[9:12]), headers, rest[:length]))
        received = rest[length:]
    return found


def post(body: bytes, *lines: bytes, path: bytes = b"/v1/capture") -> bytes:
    head = [b"POST %s HTTP/1.1" % path, b"Host: x", *lines, b"Content-Length: %d" % len(body)]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def chunked(body: bytes, *lines: bytes) -> bytes:
    head = [b"POST /v1/capture HTTP/1.1", b"Host: x", *lines, b"Transfer-Encoding: chunked"]
    chunks = (body[at : at + 700] for at in range(0, len(body), 700))
    sent = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"\r\n".join(head) + b"\r\n\r\n" + sent + b"0\r\n\r\n"


# ── Without a network: every way in which bytes may arrive ──────────────────────────────────────────────────


class Line(asyncio.Transport):
    """A connection in memory, which obeys when it is told to pause."""

    def __init__(self, loop: asyncio.AbstractEventLoop, protocol: BoundedHttp) -> None:
        super().__init__()
        self._loop, self._protocol = loop, protocol
        self.written = b""
        self._waiting: list[bytes] = []
        self._is_paused = self._is_closing = False
        protocol.connection_made(self)

    def feed(self, data: bytes) -> None:
        self._waiting.append(data)
        self._deliver()

    def _deliver(self) -> None:
        while self._waiting and not self._is_paused and not self._is_closing:
            self._protocol.data_received(self._waiting.pop(0))

    def write(self, data: Any) -> None:
        if not self._is_closing:  # uvicorn does not ask
            self.written += bytes(data)

    def pause_reading(self) -> None:
        self._is_paused = True

    def resume_reading(self) -> None:
        self._is_paused = False
        self._loop.call_soon(self._deliver)

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    @property
    def is_quiet(self) -> bool:
        """Whether the server owes nothing: no request is being answered, nothing waits to be read."""
        cycle = self._protocol.cycle
        owes = cycle is not None and not cycle.response_complete and not cycle.more_body
        return self._is_closing or not (owes or self._protocol.pipeline or self._waiting)


class Door:
    """A collector behind the protocol, without sockets."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.runner = stack.enter_context(asyncio.Runner())
        self.collector = Collector(folder, KEYS.get)
        lifespan = self.collector.lifespan()
        self.runner.run(lifespan.__aenter__())
        stack.callback(lambda: self.runner.run(lifespan.__aexit__(None, None, None)))
        app = self.collector.in_front_of(Starlette(routes=self.collector.routes))
        self.speaks = speaking(self.collector.direct, Connections())
        self.config = uvicorn.Config(app, http=self.speaks, lifespan="off", ws="none", log_config=None)
        self.config.load()
        self._reader = JournalReader(folder / "journal" / "collector")
        self._position = 0

    def converse(self, pieces: list[bytes]) -> list[Answer]:
        """What is answered to bytes that arrive in these pieces."""
        return answers(self.runner.run(self._converse(pieces)))

    async def _converse(self, pieces: list[bytes]) -> bytes:
        loop = asyncio.get_running_loop()
        line = Line(loop, self.speaks(self.config, uvicorn.Server(self.config).server_state, {}, loop))
        for piece in pieces:
            line.feed(piece)
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            while not line.is_quiet:
                await asyncio.sleep(0.0005)
        line.close()
        await asyncio.sleep(0)
        return line.written

    def kept(self) -> list[str]:
        """The batches that were journalled since this was asked last."""
        records = list(self._reader.read(self._position, 2**30))
        if records:
            self._position = records[-1].position
        captures = (decode_record(record.payload) for record in records)
        return [json.loads(each.body)["batch"] for each in captures if isinstance(each, Capture)]


@pytest.fixture
def door(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Door]:
    """A door at which nothing may happen that has to be logged as an error."""
    with ExitStack() as stack:
        yield Door(tmp_path, stack)
    assert [record for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}] == []


REFUSALS: dict[str, tuple[dict[str, Any], tuple[bytes, ...], int]] = {
    "kept": ({}, (), 200),
    "kept, from a page": ({}, (b"Origin: https://a.shop.example",), 200),
    "some rejected": ({"events": [{"type": "click"}]}, (), 200),
    "empty": ({"events": []}, (), 200),
    "unsure": ({"unsure": ["never-sent"]}, (), 200),
    "malformed": ({"v": 9}, (), 400),
    "unknown key": ({"key": "wk_nobody"}, (), 401),
    "foreign page": ({"key": "wk_listed"}, (b"Origin: https://evil.example",), 403),
    "a subdomain's page": ({"key": "wk_listed"}, (b"Origin: https://a.shop.example",), 200),
    "a server": ({"key": "wk_listed"}, (), 200),
}


@pytest.mark.parametrize(("changes", "lines", "status"), REFUSALS.values(), ids=REFUSALS)
def test_however_it_arrives_the_answer_is_the_same(
    door: Door, make_batch: Make, changes: dict[str, Any], lines: tuple[bytes, ...], status: int
) -> None:
    """Whole (by the direct route), in two pieces, in chunks (by ASGI): the same status, headers and body."""
    body = json.dumps(make_batch(**changes)).encode()
    whole = post(body, *lines)
    ways = [[whole], [whole[:-20], whole[-20:]], [chunked(body, *lines)]]
    given = [door.converse(way) for way in ways]
    assert given[0] == given[1] == given[2]
    assert [answer.status for answer in given[0]] == [status]
    assert given[0][0].headers["access-control-allow-origin"] == "*"
    is_kept = status == 200 and changes != {"events": []}
    assert door.kept() == ["batch-1"] * (3 if is_kept else 0)


@FAST
@given(data=st.data())
def test_requests_in_any_pieces_are_answered_in_their_order(
    door: Door, make_batch: Make, data: st.DataObject
) -> None:
    """A stream of requests cut anywhere gets each its own answer, and each batch is kept once."""
    kinds = data.draw(st.lists(st.sampled_from(["plain", "chunked", "other", "bad", "expects"]), max_size=7))
    stream, expected, batches = b"", [], []
    for place, kind in enumerate(kinds):
        body = json.dumps(make_batch(batch=f"b{place}")).encode()
        match kind:
            case "other":
                stream += b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
            case "bad":
                stream += post(b"{")
            case "chunked":
                stream += chunked(body)
            case _:
                stream += post(body, *([b"Expect: 100-continue"] if kind == "expects" else []))
        expected.append(400 if kind == "bad" else 200)
        if kind in {"plain", "chunked", "expects"}:
            batches.append(f"b{place}")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    given = door.converse([piece for piece in pieces if piece])
    assert [answer.status for answer in given if answer.status != 100] == expected
    assert sorted(door.kept()) == sorted(batches)


SMUGGLED = b"POST /v1/capture HTTP/1.1\r\nHost: x\r\n"
ODD_HEADS = {
    "both lengths": b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX",
    "both lengths, the other way": b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nX",
    "two lengths": b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
    "a list of lengths": b"Content-Length: 2, 2\r\n\r\n{}",
    "a signed length": b"Content-Length: +2\r\n\r\n{}",
    "a negative length": b"Content-Length: -2\r\n\r\n{}",
    "a hexadecimal length": b"Content-Length: 0x2\r\n\r\n{}",
    "a length past all numbers": b"Content-Length: 99999999999999999999999999\r\n\r\n{}",
    "an empty length": b"Content-Length: \r\n\r\n{}",
    "an encoding that is none": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked, but not last": b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "chunked twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "space before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a NUL in a value": b"X: a\x00b\r\nContent-Length: 2\r\n\r\n{}",
    "a NUL in a name": b"X\x00: a\r\nContent-Length: 2\r\n\r\n{}",
    "a line that goes on": b"X: a\r\n b\r\nContent-Length\r\n : 2\r\n\r\n{}",
    "no chunk's size": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a chunk past all numbers": b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    "a chunk that is longer": b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
    "a negative chunk": b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("head", ODD_HEADS.values(), ids=ODD_HEADS)
@pytest.mark.parametrize("is_split", [False, True])
def test_what_can_be_read_in_two_ways_is_not_read(
    door: Door, make_batch: Make, head: bytes, is_split: bool
) -> None:
    """A request whose end another server might see elsewhere is refused, and with it what follows."""
    hidden = post(json.dumps(make_batch(batch="hidden")).encode())
    stream = SMUGGLED + head + hidden
    given = door.converse([stream[:60], stream[60:]] if is_split else [stream])
    assert [answer.status for answer in given] == [400]
    assert given[0].headers["connection"] == "close"
    assert door.kept() == []


def test_other_odd_beginnings_are_refused(door: Door) -> None:
    """Neither another protocol nor another version's beginning is answered with more than a 400."""
    for beginning in (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40),
        b"POST /v1/capture\r\n\r\n",
        b"POST /v1/capture HTTP/9.9\r\nContent-Length: 2\r\n\r\n{}",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST \x00 HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
        b"\r\n\r\n\r\n" + b"\x00" * 100,
    ):
        assert [answer.status for answer in door.converse([beginning])] == [400], beginning
    assert door.kept() == []


def test_what_can_not_be_read_waits_for_the_answers_before_it(door: Door, make_batch: Make) -> None:
    """Garbage behind a request takes nothing from its answer: 200, and the end of the connection."""
    body = json.dumps(make_batch()).encode()
    beginning = chunked(body)[:-900] + b"zz\r\n"
    for requests in ([post(body)], [chunked(body)], [post(body), chunked(body)], [chunked(body), post(body)]):
        for garbage in (b"\x00\x01 garbage\r\n\r\n" * 3, beginning):
            given = door.converse([b"".join(requests) + garbage])
            assert [answer.status for answer in given] == [200] * len(requests)
            assert given[-1].headers["connection"] == "close"
            assert len(door.kept()) == len(requests)


junk = st.binary(max_size=4) | st.sampled_from([b"\r\n", b"\r\n\r\n"])


@FAST
@given(
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), junk), min_size=1, max_size=6),
    cuts=st.lists(st.floats(0, 1), max_size=4),
)
def test_no_bytes_do_harm(
    door: Door, make_batch: Make, edits: list[tuple[float, int, bytes]], cuts: list[float]
) -> None:
    """Requests with bytes changed anywhere: each 200 for events stands for a kept batch; none hangs."""
    body = json.dumps(make_batch()).encode()
    stream = post(body) + chunked(body) + post(body, b"Expect: 100-continue")
    for where, removed, added in edits:
        at = int(where * len(stream))
        stream = stream[:at] + added + stream[at + removed :]
    places = sorted(int(cut * len(stream)) for cut in cuts)
    pieces = [stream[start:end] for start, end in zip([0, *places], [*places, len(stream)], strict=True)]
    given = door.converse([piece for piece in pieces if piece])
    said = [json.loads(answer.body) for answer in given if answer.status == 200]
    assert len(door.kept()) >= sum(bool(each["accepted"] or each["rejected"]) for each in said)
    assert not [answer for answer in given if answer.status >= 500]


@pytest.mark.parametrize("lines", [200, 20_000])
def test_a_head_has_so_many_lines(door: Door, lines: int) -> None:
    """Past a hundred headers, or trailers, a request is refused; those of a hundred pass."""
    head = b"POST /v1/capture HTTP/1.1\r\n%sContent-Length: 2\r\n\r\n{}"
    assert [answer.status for answer in door.converse([head % (b"X: y\r\n" * lines)])] == [400]
    assert "batch" in door.converse([head % (b"X: y\r\n" * 99)])[0].body.decode()
    trailers = b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n" + b"X: y\r\n" * lines + b"\r\n"
    given = door.converse([SMUGGLED + trailers])
    assert [answer.status for answer in given] == [400]
    assert door.kept() == []


def test_so_many_requests_may_be_sent_ahead(door: Door) -> None:
    """Whoever sends thousands at once gets answers to some, and then the end; they are not all held."""
    given = door.converse([b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 5_000])
    assert {answer.status for answer in given} == {200}
    assert MAX_AHEAD <= len(given) <= MAX_AHEAD + 2


def test_a_connection_that_is_to_end_ends(door: Door, make_batch: Make) -> None:
    """After `Connection: close`, and after every request of HTTP/1.0, nothing more is answered."""
    body = json.dumps(make_batch()).encode()
    closing = post(body, b"Connection: close")
    for request in (
        closing,
        closing.replace(b"HTTP/1.1", b"HTTP/1.0"),
        post(body).replace(b"/1.1", b"/1.0", 1),
    ):
        given = door.converse([request + post(body)])
        assert [(answer.status, answer.headers["connection"]) for answer in given] == [(200, "close")]
        assert len(door.kept()) == 1


def test_a_route_that_fails_is_an_answer_too(
    tmp_path: Path, make_batch: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault of ours is 500 and a line in the log, not silence."""
    with ExitStack() as stack:
        door = Door(tmp_path, stack)

        def fail(*_: object) -> None:
            raise RuntimeError("ours")

        door.speaks.direct = {b"/v1/capture": fail}
        given = door.converse([post(json.dumps(make_batch()).encode())])
    assert [(answer.status, answer.headers["connection"]) for answer in given] == [(500, "close")]
    assert "a direct route failed" in caplog.text


# ── Over sockets: time, and many at once ────────────────────────────────────────────────────────────────────


class Served:
    """A collector on a port of its own, in a thread."""

    def __init__(
        self, folder: Path, stack: ExitStack, opener: Opener, most: int | None, **changes: Any
    ) -> None:
        self.connections = Connections(most)
        self.collector = Collector(
            folder, KEYS.get, CollectorSettings(**changes), opener=opener, connections=self.connections
        )
        app = Starlette(routes=self.collector.routes, lifespan=self.collector.lifespan)
        http = speaking(self.collector.direct, self.connections)
        config = uvicorn.Config(
            self.collector.in_front_of(app), http=http, ws="none", log_config=None, timeout_keep_alive=1
        )
        self.server = uvicorn.Server(config)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        self._thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self._listener]})
        self._thread.start()
        self._address = self._listener.getsockname()
        self._stack = stack
        stack.callback(self.stop)
        asked = self.connect()
        asked.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        until_the_end(asked)  # it has started

    def stop(self) -> None:
        self.server.should_exit = True
        self._thread.join()
        self._listener.close()

    def connect(self) -> socket.socket:
        connection = self._stack.enter_context(socket.socket())
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(20)
        connection.connect(self._address)
        return connection


@pytest.fixture
def open_door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Served]]:
    """Starts a server whose patience is short."""
    monkeypatch.setattr(connections_module, "LOOK_SECONDS", 0.02)
    with ExitStack() as stack:

        def start(opener: Opener = DiskFile, most: int | None = None, **changes: Any) -> Served:
            return Served(tmp_path, stack, opener, most, **changes)

        yield start


def until_the_end(connection: socket.socket) -> bytes:
    received = b""
    try:
        while data := connection.recv(65_536):
            received += data
    except ConnectionResetError:
        pass
    return received


def one_answer(connection: socket.socket) -> Answer:
    received = b""
    while True:
        data = connection.recv(65_536)
        assert data, received
        received += data
        head, found, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        if found and length and len(body) >= int(length[1]):
            return answers(received)[0]


def test_a_body_byte_by_byte_is_told_to_end(open_door: Callable[..., Served], make_batch: Make) -> None:
    """However steadily it drips, a body that takes too long gets 408, and the connection is ended."""
    served = open_door(body_seconds=0.2)
    connection = served.connect()
    connection.sendall(post(json.dumps(make_batch()).encode())[:200])
    connection.settimeout(0.02)
    while True:
        connection.sendall(b" ")
        try:
            assert b" 408 " in connection.recv(65_536)
            break
        except TimeoutError:
            continue
    assert until_the_end(connection) == b""


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HT", b"POST /v1/capture HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"],
    ids=["none", "head", "body"],
)
def test_silence_has_an_end(
    open_door: Callable[..., Served], monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    """Before a head, within it, and within a body, though its route would wait longer."""
    served = open_door()
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    monkeypatch.setattr(protocol, "BODY_SECONDS", 0.1)
    connection = served.connect()
    connection.sendall(sent)
    assert until_the_end(connection) == b""
    assert served.connections.ended["overdue"] == 1


def test_whoever_reads_nothing_is_given_up(
    open_door: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers that nobody reads are not written for ever: the connection is ended, with few of them made."""
    monkeypatch.setattr(protocol, "UNREAD_SECONDS", 0.2)
    served = open_door()
    connection = served.connect()
    connection.sendall(b"GET /definer.js HTTP/1.1\r\nHost: x\r\n\r\n" * MAX_AHEAD)
    ended = served.connections.ended
    deadline = time.monotonic() + 10
    while not ended["overdue"] and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert ended["overdue"] == 1
    assert served.server.server_state.total_requests < MAX_AHEAD


def test_connections_that_say_nothing_make_room(open_door: Callable[..., Served], make_batch: Make) -> None:
    """With all places taken by silent connections a request gets in, and one under way stays."""
    disk = SlowDisk()
    served = open_door(disk, most=20)
    request = post(json.dumps(make_batch()).encode())
    answered = served.connect()
    disk.may_sync.clear()
    answered.sendall(request)
    assert disk.is_asked.wait(10)
    silent = [served.connect() for _ in range(60)]
    newcomer = served.connect()
    newcomer.sendall(request)
    disk.may_sync.set()
    assert one_answer(newcomer).status == one_answer(answered).status == 200
    assert len(served.connections) <= 20
    assert served.connections.ended["crowded"] >= 40
    assert until_the_end(silent[0]) == b""
    newcomer.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    shown = one_answer(newcomer).body.decode()
    assert re.search(r"^backsight_connections \d+$", shown, re.MULTILINE)
    assert re.search(r'^backsight_connections_ended_total{reason="crowded"} \d+$', shown, re.MULTILINE)


def test_who_waits_for_the_disk_is_answered_before_the_end(
    open_door: Callable[..., Served], make_batch: Make
) -> None:
    """A server that is told to stop first answers what it has taken in, and then ends the connection."""
    disk = SlowDisk()
    served = open_door(disk)
    connection, idle = served.connect(), served.connect()
    disk.may_sync.clear()
    connection.sendall(post(json.dumps(make_batch()).encode()))
    assert disk.is_asked.wait(10)
    served.server.should_exit = True
    assert until_the_end(idle) == b""
    disk.may_sync.set()
    (answer,) = answers(until_the_end(connection))
    assert (answer.status, answer.headers["connection"]) == (200, "close")


def test_who_has_left_is_kept_all_the_same(
    open_door: Callable[..., Served], make_batch: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """A page that goes away without waiting for the answer loses nothing, and nothing is logged of it."""
    disk = SlowDisk()
    served = open_door(disk)
    leaving, staying = served.connect(), served.connect()
    disk.may_sync.clear()
    leaving.sendall(post(json.dumps(make_batch(batch="left")).encode()))
    assert disk.is_asked.wait(10)
    leaving.close()
    staying.sendall(post(json.dumps(make_batch(batch="asks", unsure=["left"])).encode()))
    disk.may_sync.set()
    assert json.loads(one_answer(staying).body)["missing"] == []
    assert caplog.records == []


def test_a_key_that_fills_the_queue_leaves_room_for_others(
    open_door: Callable[..., Served], make_batch: Make
) -> None:
    """While the disk stalls, a hundred requests of one key are told to come back; a few of another get in."""
    disk = SlowDisk()
    served = open_door(disk, max_pending_bytes=40_000)
    hot = [served.connect() for _ in range(100)]
    light = [served.connect() for _ in range(3)]
    disk.may_sync.clear()
    for place, connection in enumerate(hot):
        connection.sendall(post(json.dumps(make_batch(batch=f"hot-{place}")).encode()))
    refused = select.select(hot, [], [], 20)[0][0]
    assert one_answer(refused).status == 503
    hot.remove(refused)
    for place, connection in enumerate(light):
        body = json.dumps(make_batch(batch=f"light-{place}", key="wk_listed")).encode()
        connection.sendall(post(body))
    journal = served.collector._intake.journal
    assert journal is not None
    shown = served.connect()
    shown.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b'backsight_capture_refused_total{reason="unfair_share"}' in one_answer(shown).body
    assert 15_000 < journal.pending_bytes < 40_000
    disk.may_sync.set()
    assert [one_answer(each).status for each in light] == [200] * 3
    answered = [one_answer(each) for each in hot]
    statuses = [answer.status for answer in answered]
    assert 15 < statuses.count(200) < 30
    assert statuses.count(200) + statuses.count(503) == len(hot)
    assert {answer.headers["retry-after"] for answer in answered if answer.status == 503} == {"1"}
