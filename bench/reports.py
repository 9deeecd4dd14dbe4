"""Reports against ClickHouse (chdb), over the same Parquet files in the same run: `python -m bench.reports`.

A lake is made (see generate.py), then each question is asked of both, in turns, and the ratio of the medians
is printed: ours to theirs, below 1 is faster. Ours is the whole answer, as the API would give it, persons
resolved from their statements; theirs is one query that counts devices, which is less.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import chdb.session

from backsight.engine import Engine
from backsight.lake import Lake
from backsight.reports import funnel, retention
from backsight.reports.context import Context
from backsight.selectors import parse_selector
from backsight.trie import Trie
from bench.generate import DAYS, SITE, START, generate

NOW = datetime(START.year, START.month, START.day, tzinfo=UTC) + timedelta(days=DAYS)
WINDOW_DAYS = 14


@dataclass(frozen=True)
class Question:
    """One question, put to both."""

    name: str
    figure: float
    """The ratio to reach."""
    ours: Callable[[], dict[str, Any]]
    theirs: str


class Bench:
    """A lake, open in both engines."""

    def __init__(self, root: Path) -> None:
        self.lake, self.engine = Lake(root), Engine(threads=2)
        snapshot = self.lake.snapshot(SITE)
        self.trie = Trie.build(snapshot.rows("nodes"), snapshot.rows("elements"))
        self.files = str(root / "events" / f"site={SITE}" / "*" / "*.parquet")
        self.session = chdb.session.Session()
        self.session.query("set max_threads = 2")

    def context(self) -> Context:
        """What a report starts from: a new snapshot, as every request gets."""
        return Context(self.lake.snapshot(SITE), self.engine, self.trie, {}, {}, NOW)

    def theirs(self, sql: str) -> list[list[Any]]:
        """ClickHouse's answer."""
        return list(json.loads(self.session.query(sql, "JSONCompact").data())["data"])

    def node_test(self, css: str) -> str:
        """The rule as an analyst would write it for ClickHouse, with the node ids at hand."""
        nodes = self.trie.node_ids(parse_selector(css)).to_pylist()
        return f"(type = 'click' and node_id in ({', '.join(map(str, nodes))}))"

    def funnel(self, kind: str, figure: float) -> Question:
        """Three steps, any entry, 14 days."""
        rules = [f".{kind}-{number}" for number in (1, 2, 3)]
        request = {"steps": [{"css": rule} for rule in rules], "window": f"{WINDOW_DAYS}d"}
        tests = [self.node_test(rule) for rule in rules]
        window = WINDOW_DAYS * 86_400 * 1_000_000
        clock = "toUInt64(toUnixTimestamp64Micro(time))"
        levels = (
            f"select device, windowFunnel({window})({clock}, {', '.join(tests)})"
            f" as level from file('{self.files}', Parquet) where {' or '.join(tests)} group by device"
        )
        theirs = f"select level, count() from ({levels}) group by level order by level"
        return Question(f"funnel, {kind}", figure, lambda: funnel.run(request, self.context()), theirs)

    def retention(self, figure: float) -> Question:
        """Twelve weeks: started one week, returned in it and in each after it."""
        steps = {"start": {"css": ".common-1"}, "return": {"css": ".common-2"}}
        request = {**steps, "period": "week", "periods": 12, "cohort": "recurring"}
        start, back = self.node_test(".common-1"), self.node_test(".common-2")
        weeks = (
            f"select device, groupUniqArrayIf(toMonday(time), {start}) as started,"
            f" groupUniqArrayIf(toMonday(time), {back}) as returned"
            f" from file('{self.files}', Parquet) where {start} or {back} group by device"
        )
        theirs = (
            "select began, intDiv(came - began, 7) as later, count() from"
            f" (select arrayJoin(started) as began, arrayJoin(returned) as came from ({weeks}))"
            " where came >= began group by began, later order by began, later"
        )
        return Question("retention, 12 weeks", figure, lambda: retention.run(request, self.context()), theirs)


@dataclass(frozen=True)
class Cost:
    """What one answer took, in seconds: of the clock, and of the processors."""

    clock: float
    processors: float


def cost(ask: Callable[[], object]) -> Cost:
    """Ask once."""
    clock, processors = perf_counter(), process_time()
    ask()
    return Cost(perf_counter() - clock, process_time() - processors)


def measure(bench: Bench, question: Question, rounds: int) -> tuple[Cost, Cost]:
    """Medians of ours and of theirs, asked in turns after one round that warms both up."""
    both = (question.ours, lambda: bench.theirs(question.theirs))
    taken = [[cost(ask) for ask in both] for _ in range(rounds + 1)][1:]
    ours, theirs = (
        Cost(median(each[side].clock for each in taken), median(each[side].processors for each in taken))
        for side in (0, 1)
    )
    return ours, theirs


def check(bench: Bench) -> None:
    """Both find the same funnel, where every device is its own person."""
    question = bench.funnel("common", 0)
    levels = {int(level): int(count) for level, count in bench.theirs(question.theirs)}
    reached = [sum(count for level, count in levels.items() if level >= step) for step in (1, 2, 3)]
    counts = [step["count"] for step in question.ours()["steps"]]
    if counts != reached:
        raise SystemExit(f"the answers differ: ours {counts}, theirs {reached}")


def main(arguments: list[str] | None = None) -> None:
    """Print a line a question."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--lake", type=Path, help="a lake made before; else one is made and thrown away")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="backsight-bench-") as folder:
        root = asked.lake or Path(folder)
        if not asked.lake:
            generate(root, asked.events)
        run(Bench(root), asked.rounds)


def run(bench: Bench, rounds: int) -> None:
    """Ask everything."""
    check(bench)
    print(f"{'question':22}{'ours ms':>9}{'chdb ms':>9}{'ratio':>7}{'of CPU time':>13}{'to reach':>10}")
    for question in (bench.funnel("common", 0.5), bench.funnel("rare", 0.3), bench.retention(0.5)):
        ours, theirs = measure(bench, question, rounds)
        clock, processors = ours.clock / theirs.clock, ours.processors / theirs.processors
        figures = f"{ours.clock * 1_000:9.0f}{theirs.clock * 1_000:9.0f}{clock:7.2f}{processors:13.2f}"
        print(f"{question.name:22}{figures}{question.figure:10.2f}")


if __name__ == "__main__":
    main()
