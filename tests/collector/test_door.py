"""The door as strangers meet it, without a network: bytes however they may arrive, meant well or not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from backsight.cli.connections import Connections
from backsight.cli.protocol import MAX_AHEAD, BoundedHttp, speaking
from backsight_collector.http.app import Collector
from backsight_collector.journal.records import Capture, decode_record
from backsight_collector.journal.writer import JournalReader
from door_talk import KEYS, Answer, answers, chunked, post

Make = Callable[..., dict[str, Any]]
FAST = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


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
