"""A dashboard of twenty reports over HTTP while events arrive: `python -m bench.dashboard`.

A server is started as `backsight up` on a lake of ten million events, and a loader sends it batches as the
snippet does. The twenty reports are asked one by one, and then, all at the same time, by eight clients:

- each asks for the whole dashboard, one report after the other (this is held against the figure), six at a
  time, as a browser does, or all twenty at once;
- or each asks for its part of one dashboard only: eight different reports at a time, of which none can share
  the answer of another. On two processors, which one report keeps busy, they have to wait for each other.

Printed are the median and the 95th percentile of what a client waits for one report, how long it waits until
its dashboard is whole, and the ratios to those of one by one. Clients and loader run on the same processors
as the server.
"""

from __future__ import annotations

import argparse
import http.client
import json
import math
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from backsight.data_directory import LAKE
from bench.figures import Figure, note
from bench.generate import generate
from bench.intake import EVENTS, make_body, make_template
from bench.lake.columns import FIRST_DAY, SITE
from bench.terminal import tell

CLIENTS: Final = 8
RATE: Final = 5_000
VISITORS: Final = 32
"""Connections of the loader: each waits for one batch to be on disk before it sends the next."""
FIGURE: Final = 2.0
KEYS: Final = {"write": "wk_" + "b" * 32, "secret": "sk_" + "b" * 32}
SINCE: Final = {"from": FIRST_DAY.isoformat()}
"""Open towards now: every answer takes in what has just arrived."""


Report = tuple[str, dict[str, Any]]


def click(css: str) -> dict[str, Any]:
    return {"on": "click", "css": css}


def funnel(steps: Sequence[str], window: str = "14d", **more: object) -> Report:
    """A funnel of clicks."""
    return "funnel", {"steps": [click(step) for step in steps], "window": window, **SINCE, **more}


def retention(period: str, **more: object) -> Report:
    """Who clicked one thing and then another."""
    asked = {"start": click(".common-1"), "return": click(".common-2"), "period": period, "periods": 12}
    return "retention", {**asked, **SINCE, **more}


def trend(step: dict[str, Any], measure: str = "events", **more: object) -> Report:
    """One series."""
    return "trend", {"series": [{**step, "measure": measure}], **SINCE, **more}


COMMON: Final = [".common-1", ".common-2", ".common-3"]
REPORTS: Final[Sequence[Report]] = (
    funnel(COMMON), funnel(COMMON, "1d"), funnel(COMMON, entry="first"),
    funnel(COMMON, breakdown={"by": ["browser"]}),
    funnel([".rare-1", ".rare-2", ".rare-3"]), funnel([".some-1", ".some-2", ".some-3"]),
    funnel([f".step-{number}" for number in range(1, 13)]),
    funnel(COMMON[:2], where=[{"property": "browser", "op": "is", "value": "Firefox"}]),
    retention("week"), retention("day"), retention("week", returned="on_or_after"),
    retention("month", cohort="recurring"),
    trend({"on": "any"}), trend({"on": "any"}, "persons", interval="week"),
    trend({"on": "pageview"}, "sessions"),
    trend(click(".common-1"), "persons"), trend({"on": "track", "name": "Order Completed"}),
    trend({"on": "track", "name": "Order Completed"}, breakdown={"by": ["plan"]}),
    trend(click(".kind-3 .c17"), interval="week"),
    trend({"on": "pageview"}, breakdown={"by": ["utm_source"]}),
)  # fmt: skip


@dataclass(frozen=True)
class Way:
    """How the dashboard is asked for."""

    name: str
    clients: int
    """Each asks for all of it."""
    at_once: int
    """So many of its reports at a time."""


ALONE: Final = Way("1, one by one", 1, 1)
WAYS: Final = (
    Way("8, each one by one", CLIENTS, 1),
    Way("8, each 6 at a time", CLIENTS, 6),
    Way("8, each all at once", CLIENTS, len(REPORTS)),
    Way("8 share one", 1, CLIENTS),
)
"""The first is held against the figure."""


@dataclass(frozen=True)
class Waits:
    """Seconds that clients waited."""

    seconds: Sequence[float] = ()
    """For each report that was asked."""
    whole: Sequence[float] = ()
    """For each dashboard."""

    def __add__(self, more: Waits) -> Waits:
        return Waits([*self.seconds, *more.seconds], [*self.whole, *more.whole])

    def percentile(self, share: float) -> float:
        """The least wait that is not exceeded by that share of them."""
        return sorted(self.seconds)[math.ceil(share * len(self.seconds)) - 1]

    @property
    def figures(self) -> tuple[float, float, float]:
        """The median and the 95th percentile of the reports', and the mean of the dashboards'."""
        return self.percentile(0.5), self.percentile(0.95), sum(self.whole) / len(self.whole)


@contextmanager
def server(data: Path) -> Iterator[str]:
    """`backsight up` in a folder; its address, once it listens."""
    environment = {**os.environ, "BACKSIGHT_WRITE_KEY": KEYS["write"], "BACKSIGHT_SECRET_KEY": KEYS["secret"]}
    command = [
        sys.executable,
        "-m",
        "backsight.cli",
        "up",
        "--data",
        str(data),
        "--site",
        SITE,
        "--port",
        "0",
    ]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            lines = iter(process.stdout or ())
            listening = next((line for line in lines if line.startswith("Listening on ")), None)
            if listening is None:
                raise SystemExit("the server did not start")
            yield listening.removeprefix("Listening on ").strip()
        finally:
            process.terminate()


def send(url: str, rate: int, sent: Any, stop: Any) -> None:
    """Send so many events a second over several connections; counts those acknowledged in `sent`."""
    with ThreadPoolExecutor(VISITORS) as pool:
        for visitor in range(VISITORS):
            pool.submit(visit, url, visitor, rate / VISITORS, sent, stop)


def visit(url: str, visitor: int, rate: float, sent: Any, stop: Any) -> None:
    """One connection's part of it, in batches of ten."""
    draw = random.Random(visitor)
    templates = [{**make_template(draw), "key": KEYS["write"]} for _ in range(10)]
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    began = time.perf_counter()
    number = 0
    while not stop.is_set():
        identity = number * VISITORS + visitor
        body = make_body(draw.choice(templates), identity, round(time.time() * 1_000))
        connection.request("POST", "/v1/capture", body, {"Content-Type": "text/plain"})
        answer = connection.getresponse()
        answer.read()
        if answer.status == http.HTTPStatus.OK:
            with sent.get_lock():
                sent.value += EVENTS
        number += 1
        stop.wait(max(0.0, began + number * EVENTS / rate - time.perf_counter()))


@contextmanager
def loader(url: str, rate: int) -> Iterator[Callable[[], float]]:
    """Events arrive meanwhile; gives what tells how many a second were acknowledged so far."""
    context: Any = multiprocessing.get_context("spawn")  # its Event has no types
    stop: Any = context.Event()
    sent, began = context.Value("q", 0), time.perf_counter()
    process = context.Process(target=send, args=(url, rate, sent, stop), daemon=True)
    process.start()
    try:
        yield lambda: sent.value / (time.perf_counter() - began)
    finally:
        stop.set()
        process.join()


def ask(client: httpx.Client, report: Report) -> float:
    """How long one answer takes."""
    began = time.perf_counter()
    answer = client.post(f"/v1/reports/{report[0]}", json=report[1])
    if answer.status_code != http.HTTPStatus.OK:
        raise SystemExit(f"{report[0]} {json.dumps(report[1])}: {answer.status_code} {answer.text}")
    return time.perf_counter() - began


def ask_all(url: str, way: Way) -> Waits:
    """Each client asks for the dashboard."""

    def work(_: int) -> Waits:
        headers = {"Authorization": f"Bearer {KEYS['secret']}"}
        with (
            httpx.Client(base_url=url, headers=headers, timeout=600) as client,
            ThreadPoolExecutor(way.at_once) as pool,
        ):
            began = time.perf_counter()
            seconds = list(pool.map(lambda report: ask(client, report), REPORTS))
            return Waits(seconds, [time.perf_counter() - began])

    with ThreadPoolExecutor(way.clients) as pool:
        return sum(pool.map(work, range(way.clients)), Waits())


def run(url: str, rounds: int, rate: int) -> bool:
    """Print the table; whether the figure is reached."""
    tell("asking each report once, for a start …")
    first = ask_all(url, ALONE)
    with loader(url, rate) as arrived:
        waits = dict.fromkeys((ALONE, *WAYS), Waits())
        for turn in range(rounds):
            for way in waits:
                tell(f"round {turn + 1} of {rounds}: {way.name} …")
                waits[way] += ask_all(url, way)
        tell("")
        print(f"{arrived():,.0f} events/s were acknowledged meanwhile (asked for: {rate:,})")
    return show(first, waits)


def show(first: Waits, waits: Mapping[Way, Waits]) -> bool:
    """The table; whether the figure is reached."""
    alone = waits[ALONE]
    print(
        f"{'clients':22}{'p50 ms':>8}{'p95 ms':>8}{'whole ms':>9}{'ratio of p50':>14}{'p95':>7}{'whole':>7}"
    )
    print(f"{'the first time':22}{shown(first)}")
    for way, each in waits.items():
        ratios = [other / own for other, own in zip(each.figures, alone.figures, strict=True)]
        if way is not ALONE:
            note(Figure(f"dashboard: {way.name}", "one by one, p95", ratios[1], FIGURE))
        print(f"{way.name:22}{shown(each)}{ratios[0]:14.2f}{ratios[1]:7.2f}{ratios[2]:7.2f}")
    held = waits[WAYS[0]].figures[1] / alone.figures[1]
    print(
        f"p95 of eight clients, each asking one by one: {held:.2f} times that of one (to reach: {FIGURE:g})"
    )
    return held <= FIGURE


def shown(waits: Waits) -> str:
    """The columns of their milliseconds."""
    return "".join(
        f"{seconds * 1_000:{width}.0f}" for seconds, width in zip(waits.figures, (8, 8, 9), strict=True)
    )


def linked(lake: Path, data: Path) -> None:
    """A copy of a lake whose data files are those of the other: they never change, only their lists do."""
    for path in lake.glob("*/**/*"):
        target = data / LAKE / path.relative_to(lake)
        if path.is_file() and "clickhouse" not in path.parts:
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".parquet" and "_delta_log" not in path.parts:
                target.hardlink_to(path)
            else:
                target.write_bytes(path.read_bytes())


def main(arguments: list[str] | None = None) -> int:
    """Measure; 1 where the figure is not reached."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=10_000_000, help="of the lake (default 10 million)")
    parser.add_argument(
        "--lake", type=Path, help="one of bench.generate, on the disk of --folder; else one is made"
    )
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's temporary folder)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="how often the dashboard is asked for (default 3)"
    )
    parser.add_argument("--rate", type=int, default=RATE, help="events/s that arrive (default 5,000)")
    asked = parser.parse_args(arguments)
    with ExitStack() as stack:
        data = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="backsight-bench-", dir=asked.folder))
        )
        if asked.lake:
            linked(asked.lake, data)
        else:
            tell(f"making a lake of {asked.events:,} events …")
            generate(data / LAKE, asked.events)
        return 0 if run(stack.enter_context(server(data)), asked.rounds, asked.rate) else 1


if __name__ == "__main__":
    raise SystemExit(main())
