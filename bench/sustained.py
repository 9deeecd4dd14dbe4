"""Events at a fixed rate for a minute, all of it in processes of its own: `python -m bench.sustained`.

`backsight up` on an empty folder gets 10-event batches of 8 KB of four sites (see traffic.py). Meanwhile a
probe event is sent each second and asked for over HTTP until a report counts it: from its 200 to that answer
is how fresh reports are. Another client asks a funnel over everything, again and again. When the load ends,
what was acknowledged is held against what the lake's log says it holds.

The load comes from the same processors. Others on the machine spoil times, but not so much the processors'
time: what each process took of it for an event says whether the rate would hold on two that nobody else uses.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psutil
from deltalake import DeltaTable

from backsight.data_directory import LAKE
from bench.dashboard import KEYS, server
from bench.figures import Figure, note
from bench.probes import POLL_SECONDS, Probes, asking
from bench.terminal import tell

RATE: Final = 31_000
FIGURE: Final = 30_000
"""Events a second that have to be acknowledged; a little more are sent."""
FRESH_SECONDS: Final = 5.0
OTHER_SITES: Final = ("blog", "docs", "forum")
FUNNEL: Final = {
    "steps": [{"on": "pageview"}, {"on": "click", "css": "button"}, {"on": "track", "name": "Added"}],
    "window": "1h",
}
ASK_SECONDS: Final = 1.0
"""Between one funnel's answer and the next question."""
CURVE_SECONDS: Final = 10
MEGABYTE: Final = 1_000_000


@dataclass
class Curve:
    """One process over time: its memory in MB, and its processors' time in seconds."""

    process: psutil.Process
    memory: list[float] = field(default_factory=list)
    spent: list[float] = field(default_factory=list)

    def look(self) -> None:
        times = self.process.cpu_times()
        self.memory.append(self.process.memory_info().rss / MEGABYTE)
        self.spent.append(times.user + times.system)

    @property
    def processors(self) -> float:
        return self.spent[-1] - self.spent[0]


@dataclass
class Run:
    """What was measured."""

    load: list[dict[str, Any]]
    probes: Probes
    funnels: list[float]
    curves: dict[str, Curve]
    stored: int = 0
    behind: float = 0.0
    """Seconds after the load's end until the last probe was counted."""


@contextmanager
def repeated(work: Callable[[], None], seconds: float) -> Iterator[None]:
    """Does it again and again in a thread, with a pause; what it raises is raised at the end."""
    stop, failures = threading.Event(), list[Exception]()

    def go_on() -> None:
        try:
            while not stop.is_set():
                work()
                stop.wait(seconds)
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    if failures:
        raise failures[0]


def measure(folder: Path, rate: int, seconds: float) -> Run:
    """One run on an empty folder."""
    with server(folder) as url:
        keys = [KEYS["write"], *(_write_key(folder, site) for site in OTHER_SITES)]
        probes, funnels = Probes(url), list[float]()
        probes.send()  # the first event makes the tables
        probes.await_all()
        probes.answers.clear()
        command = [
            sys.executable,
            "-m",
            "bench.traffic",
            str(urlsplit(url).port),
            str(rate),
            str(seconds),
            *keys,
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
            run = Run([], probes, funnels, _curves(client.pid))
            with (
                repeated(probes.send, 1.0),
                repeated(probes.ask, POLL_SECONDS),
                repeated(lambda: funnels.append(_asked(url)), ASK_SECONDS),
            ):
                _follow(client, run)
        if client.returncode:
            raise RuntimeError(f"the load ended with exit code {client.returncode}")
        ended = time.perf_counter()
        probes.send()  # the journal is in order: when this one is counted, so is everything before it
        probes.await_all()
        run.behind = time.perf_counter() - ended
        for name in ("server", "committer"):
            run.curves[name].look()
    run.stored = _stored(folder)
    return run


def show(run: Run) -> bool:
    """Print what was measured; whether the figures are reached."""
    last = run.load[-1]
    rate = last["accepted"] / last["seconds"]
    refused = sum(count for status, count in last["answers"].items() if status != "200")
    expected = last["accepted"] + run.probes.counted
    fresh, latency = run.probes.freshness, last["latency"]
    print(f"{rate:,.0f} events/s were acknowledged for {last['seconds']:.1f} s; {refused} batches refused")
    print(
        "latency of the 200, ms: "
        + "  ".join(f"{name} {1000 * value:.1f}" for name, value in latency.items())
    )
    print(
        f"from the 200 until a report counts it, s: {_spread(fresh)}; after the load's end {run.behind:.1f}"
    )
    print(f"trend (asked every {POLL_SECONDS} s), s: {_spread(run.probes.answers)}")
    print(f"funnel over everything (asked all the time), s: {_spread(run.funnels)}")
    print(f"stored {run.stored:,} of {expected:,} acknowledged events")
    for name, curve in run.curves.items():
        memory = " ".join(f"{value:.0f}" for value in curve.memory[::CURVE_SECONDS])
        share = 1e6 * curve.processors / last["accepted"]
        print(f"{name:10} {curve.processors:6.1f} s of CPU, {share:5.1f} µs an event; memory, MB: {memory}")
    spent = sum(curve.processors for curve in run.curves.values())
    print(f"processors that {RATE:,} events/s take: {RATE * spent / last['accepted']:.2f}")
    note(
        Figure("sustained: events/s", "asked for", rate, FIGURE, at_least=True),
        Figure("sustained: seconds until seen, p95", "a report", _percentile(fresh, 0.95), FRESH_SECONDS),
    )
    return (
        rate >= FIGURE
        and run.stored == expected
        and not refused
        and _percentile(fresh, 0.95) <= FRESH_SECONDS
    )


def _curves(client: int) -> dict[str, Curve]:
    (server_,) = (each for each in psutil.Process().children() if each.pid != client)
    (committer,) = server_.children()
    processes = {"server": server_, "committer": committer, "client": psutil.Process(client)}
    return {name: Curve(process) for name, process in processes.items()}


def _follow(client: subprocess.Popen[str], run: Run) -> None:
    """Until the client has ended: what it says each second, and what the processes take meanwhile."""
    for line in client.stdout or ():
        run.load.append(json.loads(line))
        if "latency" not in run.load[-1]:
            tell(f"{run.load[-1]['accepted']:,} events acknowledged …")
            for curve in run.curves.values():
                curve.look()
    tell("")


def _asked(url: str) -> float:
    """How long a funnel takes."""
    began = time.perf_counter()
    with asking(url) as client:
        client.post("/v1/reports/funnel", json=FUNNEL | {"from": date.today().isoformat()}).raise_for_status()
    return time.perf_counter() - began


def _write_key(folder: Path, site: str) -> str:
    """Makes a site known; its key."""
    command = [sys.executable, "-m", "backsight.cli", "sites", "create", site, "--data", str(folder)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return next(word.rstrip(".") for word in said.split() if word.startswith("wk_"))


def _stored(folder: Path) -> int:
    """Events that the lake's log says it holds."""
    actions = DeltaTable(str(folder / LAKE / "events")).get_add_actions(flatten=True)
    return sum(actions.column("num_records").to_pylist())


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _spread(values: Sequence[float]) -> str:
    shares = f"p50 {statistics.median(values):.2f}  p95 {_percentile(values, 0.95):.2f}"
    return f"{shares}  max {max(values):.2f} (of {len(values)})"


def main() -> int:
    """Measure; 1 where a figure is not reached."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=int, default=RATE, help=f"events a second (default {RATE:,})")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (default 60)")
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's temporary folder)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="backsight-bench-", dir=asked.folder) as folder:
        return 0 if show(measure(Path(folder), asked.rate, asked.seconds)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
