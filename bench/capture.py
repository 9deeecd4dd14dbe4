"""Capture requests a second, durable, against a bare ASGI echo under the same uvicorn.

Both servers run at once and are loaded in turn, several times over, by the same client, with the same
10-event batches of 8 KB; the ratio is that of the medians. The collector stands in front of FastAPI, as in a
deployment.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import uvicorn
import uvloop
from fastapi import FastAPI

from backsight.cli.connections import Connections
from backsight.cli.listening import Server, settings
from backsight.cli.protocol import speaking
from backsight.contract import WriteKey
from backsight_collector.http.app import Collector
from backsight_collector.http.settings import CollectorSettings
from bench.figures import Figure, note

FIGURE = 0.6
CONNECTIONS = 64
BATCHES = 64
KEY = "wk_benchmark"


# ── What is sent ────────────────────────────────────────────────────────────────────────────────────────────


def batch(random_: random.Random, events: int = 10, nodes: int = 55) -> bytes:
    """A batch of one visit, about 8 KB."""
    classes = "flex items-center justify-between px-4 py-2 text-sm md:text-base font-medium rounded-lg"
    identity = f"{random_.getrandbits(128):032x}"
    tags = random_.choices(["div", "div", "section", "button", "a", "li", "ul", "span"], k=42)
    elements = [{"tag": "html", "attrs": {"lang": "en"}}, {"tag": "body"}] + [
        {"tag": tag, "attrs": {"class": classes[: random_.randint(12, 90)], "id": f"part-{place}"}}
        for place, tag in enumerate(tags)
    ]
    chain = [[-1, 0, 1, 1, 1, 1, 0], [0, 1, 2, 1, 1, 1, 0]] + [
        [random_.randint(max(1, place - 4), place - 1), place % 42 + 2, random_.randint(1, 9), 2, 1, 1, 0]
        for place in range(2, nodes)
    ]
    clicks = [
        {
            "type": "click", "page": 0, "seq": sequence, "time": 1792540790000 + 900 * sequence,
            "node": random_.randrange(2, nodes), "x": random_.randrange(1280), "y": random_.randrange(720),
            "text": "Add to basket", "label": "Add the copper kettle to the basket", "target_text": "",
            "target_label": "", "href": f"https://shop.example/products/{random_.randrange(900)}?from=list",
        }
        for sequence in range(1, events - 1)
    ]  # fmt: skip
    shared = {"page": 0, "time": 1792540790000}
    return json.dumps(
        {
            "v": 1, "key": KEY, "batch": identity, "device": identity[::-1], "session": identity[:16],
            "sent_at": 1792540800123,
            "pages": [
                {
                    "id": identity[4:24], "url": f"https://shop.example/products/12?mail={identity}",
                    "referrer": "https://search.example/", "title": "Kettles – The Shop",
                    "viewport": [1280, 720], "language": "en-GB",
                }
            ],
            "elements": elements, "nodes": chain,
            "events": [
                {"type": "pageview", "seq": 0, **shared},
                *clicks,
                {"type": "track", "seq": events - 1, "name": "Added", "props": {"sku": 12}, **shared},
            ],
        },
        separators=(",", ":"),
    ).encode()  # fmt: skip


def request(body: bytes) -> bytes:
    """The batch as a browser would post it."""
    return (
        b"POST /v1/capture HTTP/1.1\r\nHost: collector.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux) "
        b"AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36\r\nAccept: */*\r\n"
        b"Content-Type: text/plain;charset=UTF-8\r\nOrigin: https://shop.example\r\n"
        b"Referer: https://shop.example/\r\n"
        b"Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-GB\r\nContent-Length: %d\r\n\r\n%s"
        % (len(body), body)
    )


class Visitor(asyncio.Protocol):
    """Keeps one connection busy: a request, its whole answer, the next request."""

    def __init__(self, requests: list[bytes], start: int) -> None:
        self._requests, self._next = requests, start
        self._answer = b""
        self.answers = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._next = (self._next + 1) % len(self._requests)
        self._transport.write(self._requests[self._next])

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found or len(body) < int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]):
            return
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"the server answered {head!r} {body!r}")
        self._answer = b""
        self.answers += 1
        self._send()


class Rate(NamedTuple):
    """What a server did under load, in a stretch of time."""

    requests: float
    """A second."""
    cpu: float
    """Of the server's process, all its threads, in µs a request."""


async def load(server: Running, requests: list[bytes], seconds: float) -> Rate:
    """What it answers over `seconds`, after a short warm-up."""
    loop = asyncio.get_running_loop()
    connections = [
        await loop.create_connection(lambda start=place: Visitor(requests, start), "127.0.0.1", server.port)  # type: ignore[misc]
        for place in range(CONNECTIONS)
    ]
    while not any(visitor.answers for _, visitor in connections):  # it is still starting
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
    before, cpu, started = (
        sum(visitor.answers for _, visitor in connections),
        server.cpu(),
        time.perf_counter(),
    )
    await asyncio.sleep(seconds)
    answers = sum(visitor.answers for _, visitor in connections) - before
    cpu, elapsed = server.cpu() - cpu, time.perf_counter() - started
    for transport, _ in connections:
        transport.abort()
    return Rate(answers / elapsed, 1e6 * cpu / max(1, answers))


# ── What is measured ────────────────────────────────────────────────────────────────────────────────────────


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Sends the body back: the least that a server can do with it."""
    parts, is_more = [], True
    while is_more:
        message = await receive()
        parts.append(message["body"])
        is_more = message["more_body"]
    body = b"".join(parts)
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def serve_echo(listener: socket.socket) -> None:
    """The echo, by uvicorn's quickest protocol."""
    config = uvicorn.Config(echo, http="httptools", lifespan="off", access_log=False, log_level="warning")
    await uvicorn.Server(config).serve([listener])


async def serve_collector(listener: socket.socket, folder: Path) -> None:
    """The collector's routes in a FastAPI application, by its protocol, as `backsight up` serves them."""
    connections = Connections()
    # The batches are of few devices, which are sent by as many as the load asks for.
    limits = CollectorSettings(device_events_per_second=1e9)
    built = Collector(folder, {KEY: WriteKey("main")}.get, limits, connections=connections)
    async with built.lifespan():
        app = built.in_front_of(FastAPI(routes=built.routes))
        await Server(settings(app, speaking(built.direct, connections)), lambda: None).serve([listener])


def serve(what: str, descriptor: int, folder: Path) -> None:
    """Runs one of the servers in this process, on an open socket."""
    listener = socket.socket(fileno=descriptor)
    uvloop.run(serve_echo(listener) if what == "echo" else serve_collector(listener, folder))


class Running(NamedTuple):
    """A server in a process of its own."""

    port: int
    process: int

    def cpu(self) -> float:
        """Seconds that its threads have run."""
        threads = Path(f"/proc/{self.process}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


@contextmanager
def server(what: str, folder: Path) -> Iterator[Running]:
    """One of the servers."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        command = [
            sys.executable,
            "-m",
            "bench.capture",
            "--serve",
            what,
            str(listener.fileno()),
            str(folder),
        ]
        process = subprocess.Popen(command, pass_fds=[listener.fileno()])
        try:
            yield Running(listener.getsockname()[1], process.pid)
        finally:
            process.terminate()
            process.wait(10)


def compare(rounds: int, seconds: float, say: Callable[[str], None] = print) -> float:
    """The collector's requests a second over the echo's."""
    random_ = random.Random(1)
    bodies = [batch(random_) for _ in range(BATCHES)]
    requests = [request(body) for body in bodies]
    say(f"batches of 10 events, {statistics.mean(map(len, bodies)):,.0f} bytes; {CONNECTIONS} connections")
    rates: dict[str, list[Rate]] = {"echo": [], "collector": []}
    with (
        tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder,
        server("echo", Path(folder)) as bare,
        server("collector", Path(folder)) as ours,
    ):
        for _ in range(rounds):
            for what, running in (("echo", bare), ("collector", ours)):
                rates[what].append(uvloop.run(load(running, requests, seconds)))
            say("   ".join(f"{what} {_shown(rates[what][-1])}" for what in rates))
    echo_rate, rate = (Rate(*map(statistics.median, zip(*rates[what], strict=True))) for what in rates)
    ratio = rate.requests / echo_rate.requests
    say(f"bare ASGI echo {_shown(echo_rate)}, collector (synced to disk) {_shown(rate)},")
    say(f"that is {10 * rate.requests:,.0f} events/s; ratio {ratio:.2f} (figure: {FIGURE})")
    say(f"by CPU time, which others on the machine disturb less: {echo_rate.cpu / rate.cpu:.2f}")
    return ratio


def _shown(rate: Rate) -> str:
    return f"{rate.requests:8,.0f}/s with {rate.cpu:5.1f} µs of CPU each"


def main() -> int:
    """Print both rates and their ratio; fail below the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of load, each round and server")
    parser.add_argument("--serve", nargs=3, metavar=("WHAT", "DESCRIPTOR", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        what, descriptor, folder = arguments.serve
        serve(what, int(descriptor), Path(folder))
        return 0
    ratio = compare(arguments.rounds, arguments.seconds)
    note(Figure("capture, requests/s", "bare ASGI echo", ratio, FIGURE, at_least=True))
    return int(ratio < FIGURE)


if __name__ == "__main__":
    raise SystemExit(main())
