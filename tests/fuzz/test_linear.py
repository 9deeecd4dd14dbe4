"""Reading takes time in proportion to what was sent, whatever that is: nobody holds the door up with 1 MB."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable

import pytest

from backsight_collector.dialects import read
from backsight_collector.dialects.posthog_elements import parse_chain
from backsight_collector.http.body import inflate
from backsight_collector.http.posthog import unpack
from backsight_collector.http.problems import Problem
from backsight_collector.journal.records import Capture
from backsight_collector.wire import MalformedBatch
from fuzz.hostile import NOW

SMALL, LARGE = 125_000, 1_000_000
FLOOR = 0.04
"""Seconds of a processor below which a body of LARGE bytes holds nobody up."""

FILLINGS: dict[str, tuple[bytes, bytes, bytes]] = {
    "quotes": (b'"', b'\\"', b""),
    "strings": (b"[", b'"a",', b"1]"),
    "backslashes": (b'"', b"\\\\", b'"'),
    "lone surrogates": (b'"', b"\\ud800", b'"'),
    "pairs": (b'"', b"\\ud83d\\ude00", b'"'),
    "NaN": (b"[", b"NaN,", b"1]"),
    "digits": (b"", b"9", b""),
    "brackets": (b"", b"[", b""),
    "objects": (b"", b'{"":', b""),
    "keys": (b"{", b'"a":1,', b'"b":1}'),
    "spaces": (b"", b" ", b"1"),
    "equal signs": (b"", b"=", b""),
    "bytes": (b'"', b"\xff", b'"'),
    "unfinished": (b'"', b"\\u", b""),
}
BATCH = b'{"v":1,"key":"k","batch":"b","device":"d","pages":[{"id":"p","url":""}],"events":['
AROUND: dict[str, tuple[bytes, bytes]] = {
    "backsight": (
        BATCH + b'{"type":"track","name":"n","page":0,"seq":0,"time":0,"props":{"a":',
        b"}}]}",
    ),
    "segment": (b'{"batch":[{"type":"track","userId":"u","event":"e","properties":{"a":', b"}}]}"),
    "segment/track": (b'{"userId":"u","event":"e","context":{"page":{"url":', b"}}}"),
    "posthog": (b'{"api_key":"k","batch":[{"event":"e","distinct_id":"d","properties":{"a":', b"}}]}"),
}
MANY: dict[str, tuple[bytes, bytes, bytes]] = {
    "backsight": (
        BATCH,
        b'{"type":"x"},',
        b"1]}",
    ),
    "segment": (b'{"batch":[', b'{"userId":"u","type":"track","event":"e"},', b"1]}"),
    "posthog": (b"[", b'{"event":"e","distinct_id":"d","api_key":"k"},', b"1]"),
}


def seconds(run: Callable[[], object]) -> float:
    """The least time of a processor that it took in three runs."""
    times = []
    for _ in range(3):
        began = time.process_time()
        run()
        times.append(time.process_time() - began)
    return min(times)


def assert_linear(make: Callable[[int], Callable[[], object]]) -> None:
    """Eight times the bytes take some eight times as long, and not 64 times."""
    large = seconds(make(LARGE))
    assert large < FLOOR or large < 24 * seconds(make(SMALL))


def reading(dialect: str, body: bytes) -> Callable[[], object]:
    def run() -> None:
        try:
            read(Capture(NOW, "shop", None, body, dialect))
        except MalformedBatch:
            return

    return run


def filled(filling: tuple[bytes, bytes, bytes], size: int) -> bytes:
    head, one, tail = filling
    return head + one * (size // len(one)) + tail


@pytest.mark.parametrize("filling", FILLINGS)
@pytest.mark.parametrize("dialect", AROUND)
def test_values(dialect: str, filling: str) -> None:
    """One value that fills the body."""
    head, tail = AROUND[dialect]
    assert_linear(lambda size: reading(dialect, head + filled(FILLINGS[filling], size) + tail))


@pytest.mark.parametrize("filling", FILLINGS)
def test_bodies(filling: str) -> None:
    """Nothing else in the body; and what PostHog's forms and gzip make of it."""
    for dialect in AROUND:
        assert_linear(lambda size, dialect=dialect: reading(dialect, filled(FILLINGS[filling], size)))

    def forms(size: int) -> Callable[[], object]:
        body = filled(FILLINGS[filling], size)
        return lambda: [_refused(unpack, each) for each in (body, b"data=" + body, gzip.compress(body, 1))]

    assert_linear(forms)


@pytest.mark.parametrize("dialect", MANY)
def test_events(dialect: str) -> None:
    """As many events as a body holds: past what a request may have, they are not even looked at."""
    assert_linear(lambda size: reading(dialect, filled(MANY[dialect], size)))


@pytest.mark.parametrize("one", ["a", ".a", ":attr__", ';a:b="1"', '\\";', '\\";:attr__a', "\\"])
def test_chains(one: str) -> None:
    """PostHog's chains of elements, which a pattern reads: cut by a quote, where values and tags end."""

    def chain(size: int) -> Callable[[], object]:
        sent = one * (size // 40 // len(one)) + '"'
        return lambda: (parse_chain(sent), parse_chain(f'a:b="{sent}'))

    assert_linear(chain)


def _refused(unpack: Callable[[bytes], object], body: bytes) -> object:
    try:
        return unpack(body)
    except Problem as problem:
        return problem


def test_a_bomb() -> None:
    """A body that unpacks to far more than is allowed costs no more than what is allowed."""
    bomb = gzip.compress(bytes(200_000_000), 1)[:1_000_000]
    allowed = gzip.compress(bytes(4_999_999), 1)
    assert seconds(lambda: _refused(inflate, bomb)) < FLOOR + 4 * seconds(lambda: inflate(allowed))
