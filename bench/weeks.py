"""Thirty days of small commits, in minutes: does anything grow that should stay? `python -m bench.weeks`.

One day takes `--day-seconds` of the clock. Nothing is faked but how long an hour is: the periods of the
committer (vacuum, quiet partitions, how long versions are kept) are shortened alike, and batches say that
they were received at the moments of those days. So folds, merges, checkpoints, log clean-up and vacuum are
the real ones, on a real disk, as often a day as they would be; but of the 43,200 commits that one every two
seconds would make, only as many as the machine gets done (it is printed how many).

Three sites get visitors, each day a release that changes some pages, events of devices that were offline for
weeks, and on the tenth day a history of ninety days. At the end, one table is filled with as many replaced
files as a day of 43,200 commits leaves, and it is measured how long a commit, a checkpoint and a reader's
start take there.

Each day is one line; `--svg FILE` draws them.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import psutil
from deltalake.transaction import AddAction

from backsight import lake as reading
from backsight.contract import TABLES
from backsight_collector.committer import Committer
from backsight_collector.committer import committer as committing
from backsight_collector.journal.records import Capture, encode_record
from backsight_collector.journal.writer import Journal
from backsight_collector.lake import compaction, table
from backsight_collector.lake.lake import Lake
from bench.curves import draw
from bench.intake import make_body, make_template
from bench.terminal import tell

DAY: Final = 86_400
SITES: Final = ("shop", "blog", "docs")
TEMPLATES: Final = 40
HISTORY_DAY: Final = 10
HISTORY_DAYS: Final = 90
LATE_EVERY: Final = 20
"""One commit in so many holds a batch of a device that was offline for up to three weeks."""
COMMITS_A_DAY: Final = 43_200
MEGABYTE: Final = 1_000_000


@dataclass(frozen=True)
class Day:
    """What was measured on one day; times in milliseconds, sizes in MB."""

    day: int
    commits: int
    commit_p50: float
    commit_p95: float
    commit_cpu: float
    merges: int
    tidy_p95: float
    open_lake: float
    next_snapshot: float
    event_files: int
    other_files: int
    partitions: int
    log_files: int
    log_size: float
    data_size: float
    live_size: float
    memory: float
    remembered: int


class Clock:
    """Simulated moments: a day takes `day_seconds`."""

    def __init__(self, day_seconds: float, days: int) -> None:
        self.day_seconds = day_seconds
        self._began = time.perf_counter()
        self._first = time.time() - days * DAY

    @property
    def day(self) -> float:
        return (time.perf_counter() - self._began) / self.day_seconds

    @property
    def now(self) -> float:
        """Seconds since 1970."""
        return self._first + self.day * DAY


class Traffic:
    """What is captured: pages that change with each release, on the sites in turn."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._draw, self._number, self._release = clock, random.Random(11), 0, -1
        self._templates: list[dict[str, Any]] = []

    def commit(self, number: int) -> list[Capture]:
        """The batches of one commit: one or two of now, sometimes one of weeks ago."""
        self._renew()
        captures = [self._capture(place) for place in range(self._draw.randrange(1, 3))]
        if number % LATE_EVERY == 0:
            captures.append(self._capture(0, days_ago=self._draw.uniform(1, 21)))
        return captures

    def history(self) -> list[Capture]:
        """A few batches of each of many days, as an import sends them."""
        return [self._capture(0, days_ago=day) for day in range(HISTORY_DAYS) for _ in range(3)]

    def _renew(self) -> None:
        """Each day a release gives a twentieth of the pages other classes."""
        if self._release < int(self._clock.day):
            self._release = int(self._clock.day)
            made = TEMPLATES if not self._templates else TEMPLATES // 20
            self._templates = [make_template(self._draw) for _ in range(made)] + self._templates[
                : TEMPLATES - made
            ]

    def _capture(self, place: int, days_ago: float | None = None) -> Capture:
        self._number += 1
        now = self._clock.now
        then = now if days_ago is None else now - days_ago * DAY
        body = make_body(self._draw.choice(self._templates), self._number, round(then * 1000))
        if days_ago is not None:
            body = json.dumps(json.loads(body) | {"sent_at": None}).encode()
        return Capture(round(now * 1e6) + place, self._draw.choice(SITES), "Bench/1.0", body)


def simulate(data: Path, days: int, day_seconds: float) -> Iterator[Day]:
    """The days, one after the other, on an empty folder."""
    _shorten(day_seconds)
    clock = Clock(day_seconds, days)
    traffic, journal, number = Traffic(clock), Journal(data / "journal" / "collector"), 0
    committer, reader = Committer(data), reading.Lake(data / "lake")
    for day in range(days):
        waiting = traffic.history() if day == HISTORY_DAY else []
        folds, spent, tidies = list[float](), list[float](), list[float]()
        merged = committer.status.compactions
        while clock.day < day + 1:
            for capture in [*waiting, *traffic.commit(number)]:
                journal.append_now(encode_record(capture))
            waiting = []
            processor = time.thread_time()
            folds.append(_milliseconds(committer.step))
            spent.append(1_000 * (time.thread_time() - processor))
            tidies.append(_milliseconds(committer.tidy))
            number += 1
        yield _look(day, data, committer, reader, folds, spent, tidies, committer.status.compactions - merged)
    committer.close()
    journal.close()


def _look(
    day: int,
    data: Path,
    committer: Committer,
    reader: reading.Lake,
    folds: Sequence[float],
    spent: Sequence[float],
    tidies: Sequence[float],
    merges: int,
) -> Day:
    opened = _milliseconds(lambda: reading.Lake(data / "lake").snapshot(SITES[0]))
    following = _milliseconds(lambda: reader.snapshot(SITES[0]))
    folding = committer._opened()
    lake = folding.lake  # its own view of the committed files
    files = {name: lake[name].files() for name in TABLES}
    log = [path.stat().st_size for name in TABLES for path in lake[name].log.iterdir()]
    parquet = sum(path.stat().st_size for path in (data / "lake").glob("*/site=*/**/*.parquet"))
    live = sum(file.size for listed in files.values() for file in listed)
    memory = folding.memory
    return Day(
        day + 1,
        len(folds),
        statistics.median(folds),
        statistics.quantiles(folds, n=20)[-1],
        statistics.median(spent),
        merges,
        statistics.quantiles(tidies, n=20)[-1],
        opened,
        following,
        len(files["events"]),
        sum(len(listed) for name, listed in files.items() if name != "events"),
        len({tuple(file.partition.values()) for file in files["events"]}),
        len(log),
        sum(log) / MEGABYTE,
        parquet / MEGABYTE,
        live / MEGABYTE,
        psutil.Process().memory_info().rss / MEGABYTE,
        len(memory.events) if memory else 0,
    )


def crowd(data: Path, files: int) -> Mapping[str, float]:
    """What takes how long (ms) where so many replaced files are kept in the log of `events`."""
    lake = Lake(data / "lake")
    events = lake["events"]
    for _ in range(0, files, 1_000):
        added = [_file_of_nothing() for _ in range(1_000)]
        events._commit(added, {})  # the files themselves are never read
        events.replace([table.DataFile(add.path, 1, 1, dict(_NOWHERE), 0, None) for add in added], [])
    taken = {"checkpoint": _milliseconds(events.checkpoint)}
    taken["checkpoint, MB"] = (
        max(path.stat().st_size for path in events.log.glob("*.checkpoint.parquet")) / MEGABYTE
    )
    commits = [
        _milliseconds(lambda: events._commit([_file_of_nothing()], {}))
        for _ in range(table.CHECKPOINT_EVERY - 1)
    ]
    taken |= {"commit p50": statistics.median(commits), "commit p95": statistics.quantiles(commits, n=20)[-1]}
    taken["opening"] = _milliseconds(lambda: reading.Lake(data / "lake").snapshot(SITES[0]))
    lake.close()
    return taken


_NOWHERE: Final = {"site": "nowhere", "date": "2026-01-01"}


def _file_of_nothing() -> AddAction:
    name = f"site=nowhere/date=2026-01-01/{uuid.uuid4()}.parquet"
    return AddAction(name, 1, dict(_NOWHERE), round(time.time() * 1_000), True, '{"numRecords": 1}')


def _shorten(day_seconds: float) -> None:
    """Makes an hour of the committer's as short as the simulated one."""
    factor = day_seconds / DAY
    committing.VACUUM_SECONDS *= factor  # type: ignore[misc]
    compaction.QUIET_SECONDS *= factor  # type: ignore[misc]
    compaction.FINAL_SECONDS *= factor  # type: ignore[misc]
    compaction.LOOK_SECONDS *= factor  # type: ignore[misc]
    table.interval = lambda hours: f"interval {max(1, round(hours * 3_600 * factor))} seconds"  # type: ignore[assignment]


def _milliseconds(work: Any) -> float:
    began = time.perf_counter()
    work()
    return 1_000 * (time.perf_counter() - began)


def main() -> int:
    """Measure, print, and draw if asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--day-seconds", type=float, default=24.0, help="of the clock, for one day")
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's temporary folder)")
    parser.add_argument("--svg", type=Path, help="where to draw the curves")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="backsight-bench-", dir=asked.folder) as folder:
        days = []
        for day in simulate(Path(folder), asked.days, asked.day_seconds):
            days.append(day)
            tell("")
            print(json.dumps({name: round(value, 2) for name, value in asdict(day).items()}), flush=True)
        crowded = crowd(Path(folder), COMMITS_A_DAY)
    print(f"{sum(day.commits for day in days):,} commits in {asked.days} days")
    print(
        f"with {COMMITS_A_DAY:,} replaced files: {json.dumps({k: round(v, 1) for k, v in crowded.items()})}"
    )
    if asked.svg:
        draw([asdict(day) for day in days], asked.svg)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
