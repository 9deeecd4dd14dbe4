"""A load client of its own process: batches of realistic sites at a fixed rate, over kept connections.

    python -m bench.traffic PORT RATE SECONDS KEY...

Batches are due at fixed moments, whether or not the server keeps up, and a batch's latency counts from the
moment at which it was due: a server that stalls is not spared the batches that would have come meanwhile.
The first key gets half of the batches, the second a quarter, and so on. Each second a line of JSON says what
was answered; the last one, how long the answers took.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import statistics
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from typing import Any, Final

import uvloop

from bench.capture import batch, request

PAGES: Final = 400
"""Pages of each site, each with contexts of its own."""
EVENTS: Final = 10
CONNECTIONS: Final = 128
DEVICES: Final = 50_000
TICK_SECONDS: Final = 0.002
_TIME: Final = re.compile(rb'"(time|sent_at)":(\d{13})')
_SENT_AT: Final = 1_792_540_800_123


class Template:
    """A page's batch, to which every visit gives ids and times of its own."""

    def __init__(self, number: int, key: str) -> None:
        draw = random.Random(number)
        named = json.loads(batch(draw, EVENTS))
        named |= {"key": key, "batch": "<b>", "device": "<d>", "session": "<s>"}
        page = named["pages"][0]
        page |= {"id": "<p>", "url": f"https://shop.example/products/{number % PAGES}?mail=<m>"}
        raw = json.dumps(named, separators=(",", ":")).encode().replace(b"%", b"%%")
        times: list[int] = []

        def note_time(found: re.Match[bytes]) -> bytes:
            times.append(int(found[2]) - _SENT_AT)
            return b'"%s":%%d' % found[1]

        raw = _TIME.sub(note_time, raw)
        for token in "bdsmp":
            raw = raw.replace(b"<%s>" % token.encode(), b"\0%s\0" % token.encode())
        self._order = re.findall(rb"\0([bdsmp])\0|%d", raw)
        self._text, self._times = re.sub(rb"\0[bdsmp]\0", b"%s", raw), times

    def fill(self, draw: random.Random) -> bytes:
        """One visit's batch."""
        now, times = round(time.time() * 1000), iter(self._times)
        device = draw.randrange(DEVICES)
        visit = b"%032x" % draw.getrandbits(128)
        ids = {b"b": visit, b"d": b"%032d" % device, b"s": visit[:16], b"m": visit[16:], b"p": visit[8:28]}
        return self._text % tuple(ids[token] if token else now + next(times) for token in self._order)


class Connection(asyncio.Protocol):
    """One connection: a request, its whole answer, the next one that is due."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._answer = b""
        self._due = 0.0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self._load.lost += 1

    def send(self, due: float) -> None:
        self._due = due
        self._transport.write(self._load.next_request())

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found or len(body) < int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]):
            return
        self._answer = b""
        self._load.answered(self, int(head[9:12]), body, self._due)


class Load:
    """Batches at a rate, and what became of them."""

    def __init__(self, rate: float, keys: Sequence[str]) -> None:
        self.lost = 0
        self._rate = rate / EVENTS
        self._draw = random.Random(time.time_ns())
        self._templates = [
            [Template(place * PAGES + number, key) for number in range(PAGES)]
            for place, key in enumerate(keys)
        ]
        self._shares = [0.5 ** (place + 1) for place in range(len(keys))]
        self._idle: list[Connection] = []
        self._waiting: deque[float] = deque()
        self._latencies: list[float] = []
        self._accepted = self._asked = 0
        self._answers: Counter[int] = Counter()

    def next_request(self) -> bytes:
        (site,) = self._draw.choices(self._templates, self._shares)
        return request(self._draw.choice(site).fill(self._draw))

    def answered(self, connection: Connection, status: int, body: bytes, due: float) -> None:
        self._answers[status] += 1
        if status == 200:
            self._accepted += json.loads(body)["accepted"]
            self._latencies.append(time.perf_counter() - due)
        if self._waiting:
            connection.send(self._waiting.popleft())
        else:
            self._idle.append(connection)

    async def run(self, port: int, seconds: float) -> None:
        """Sends for so long, then waits for the answers that are still to come."""
        loop = asyncio.get_running_loop()
        for _ in range(CONNECTIONS):
            _, connection = await loop.create_connection(lambda: Connection(self), "127.0.0.1", port)
            self._idle.append(connection)
        began = told = time.perf_counter()
        while (now := time.perf_counter()) < began + seconds:
            while self._asked < (now - began) * self._rate:
                self._ask(began + self._asked / self._rate)
            if now >= told + 1:
                told += 1
                self._tell(waiting=len(self._waiting))
            await asyncio.sleep(TICK_SECONDS)
        while len(self._idle) + self.lost < CONNECTIONS:
            await asyncio.sleep(TICK_SECONDS)
        self._tell(seconds=time.perf_counter() - began, latency=self._percentiles(), lost=self.lost)

    def _ask(self, due: float) -> None:
        self._asked += 1
        if self._idle:
            self._idle.pop().send(due)
        else:
            self._waiting.append(due)

    def _percentiles(self) -> dict[str, float]:
        cuts = statistics.quantiles(self._latencies, n=100)
        return {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "max": max(self._latencies)}

    def _tell(self, **more: object) -> None:
        said = {"asked": self._asked, "accepted": self._accepted, "answers": self._answers, **more}
        print(json.dumps(said), flush=True)


def main(arguments: Sequence[str]) -> None:
    port, rate, seconds, *keys = arguments
    uvloop.run(Load(float(rate), keys).run(int(port), float(seconds)))


if __name__ == "__main__":
    main(sys.argv[1:])
