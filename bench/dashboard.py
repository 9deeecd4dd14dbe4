"""A dashboard of twenty reports over HTTP while events arrive: `python -m bench.dashboard`.

A server is started as `backsight up` on a lake of ten million events, and a loader sends it batches as the
snippet does. The twenty reports are asked one by one; then at once by eight clients that share them; then at
once by eight clients of which each asks for the whole dashboard. Printed are the median and the 95th
percentile of what a client waits for one report, and their ratio to those of one by one. Clients and loader
run on the same processors as the server.
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
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from backsight.site import LAKE
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
class Waits:
    """Seconds that clients waited, one number a report asked."""

    seconds: Sequence[float]

    def percentile(self, share: float) -> float:
        """The least wait that is not exceeded by that share of them."""
        return sorted(self.seconds)[math.ceil(share * len(self.seconds)) - 1]


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


def ask_all(url: str, clients: int, lists: Sequence[Sequence[Report]]) -> Waits:
    """Each list is asked by one client, one report after the other, so many lists at once."""

    def work(reports: Sequence[Report]) -> list[float]:
        headers = {"Authorization": f"Bearer {KEYS['secret']}"}
        with httpx.Client(base_url=url, headers=headers, timeout=600) as client:
            return [ask(client, report) for report in reports]

    with ThreadPoolExecutor(clients) as pool:
        return Waits([seconds for taken in pool.map(work, lists) for seconds in taken])


def run(url: str, rounds: int, rate: int) -> bool:
    """Print the table; whether the figure is reached."""
    tell("asking each report once, for a start …")
    first = ask_all(url, 1, [REPORTS])
    with loader(url, rate) as arrived:
        ways: dict[str, Callable[[], Waits]] = {
            "one by one": lambda: ask_all(url, 1, [REPORTS]),
            f"shared by {CLIENTS} clients": lambda: ask_all(url, CLIENTS, [[report] for report in REPORTS]),
            f"all by each of {CLIENTS}": lambda: ask_all(url, CLIENTS, [REPORTS] * CLIENTS),
        }
        waits: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(rounds):
            for name, way in ways.items():
                tell(f"round {turn + 1} of {rounds}: {name} …")
                waits[name] += way().seconds
        tell("")
        print(f"{arrived():,.0f} events/s were acknowledged meanwhile (asked for: {rate:,})")
    return show(first, {name: Waits(seconds) for name, seconds in waits.items()})


def show(first: Waits, waits: dict[str, Waits]) -> bool:
    """The table."""
    alone = next(iter(waits.values()))
    print(f"{'':24}{'p50 ms':>9}{'p95 ms':>9}{'ratio of p50':>14}{'of p95':>8}   (to reach: {FIGURE:g})")
    print(f"{'the first time':24}{first.percentile(0.5) * 1_000:9.0f}{first.percentile(0.95) * 1_000:9.0f}")
    for name, each in waits.items():
        p50, p95 = each.percentile(0.5), each.percentile(0.95)
        ratio = p95 / alone.percentile(0.95)
        ratios = f"{p50 / alone.percentile(0.5):14.2f}{ratio:8.2f}"
        if each is not alone:
            note(Figure(f"dashboard, {name}", "one by one, p95", ratio, FIGURE))
        print(f"{name:24}{p50 * 1_000:9.0f}{p95 * 1_000:9.0f}{ratios}")
    return all(each.percentile(0.95) <= FIGURE * alone.percentile(0.95) for each in waits.values())


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
