"""The door over sockets: time, and many at once."""

from __future__ import annotations

import json
import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette

from backsight.cli import connections as connections_module
from backsight.cli import protocol
from backsight.cli.connections import Connections
from backsight.cli.protocol import MAX_AHEAD, speaking
from backsight_collector.http.app import Collector
from backsight_collector.http.settings import CollectorSettings
from backsight_collector.journal.segments import DiskFile, Opener
from door_talk import KEYS, Answer, SlowDisk, answers, post

Make = Callable[..., dict[str, Any]]


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
