"""Reports against ClickHouse (chdb), as ratios in one run: `python -m bench.reports`.

Each question is asked of us and of ClickHouse in turns, over the same Parquet files and over ClickHouse's own
MergeTree sorted by user; the ratio of the medians is printed, ours to theirs, by the clock and by the time of
the processors: below 1 is faster. Ours is the whole answer, as the API gives it, persons resolved from their
statements; theirs is one query that counts devices, which is less. Before anything is measured, our answers
are held against what was planted in the lake, and against ClickHouse's.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

import pyarrow.parquet as pq

from backsight.engine import Engine
from backsight.identity import DEVICES, PAIRS, identity_of
from backsight.lake import Lake
from backsight.selectors import parse_selector
from backsight.trie import Trie
from bench.chains import make_chains
from bench.figures import Figure, note
from bench.generate import PLANT, generate
from bench.lake.columns import DAYS, FIRST_DAY, SITE
from bench.ours import THREADS, Asked, Cost, Ours, cost, fresh
from bench.peer import (
    CHAINS,
    TREE,
    WINDOW_DAYS,
    ClickHouse,
    chain_test,
    funnel_sql,
    node_test,
    retention_sql,
    trend_sql,
)
from bench.terminal import tell

CHAIN_EVENTS: Final = 10_000_000
"""Events of the table with chains, about: whole days, as many as it takes."""
SPAN: Final = {"from": FIRST_DAY.isoformat(), "to": (FIRST_DAY + timedelta(days=DAYS - 1)).isoformat()}
MEMORY_GB: Final = 4.0

Ask = Callable[[], object]


@dataclass(frozen=True)
class Peer:
    """What a question is held against."""

    name: str
    figure: float
    """The ratio to reach."""
    ask: Ask


@dataclass(frozen=True)
class Question:
    """One question to us, and to others."""

    name: str
    ours: Asked
    peers: Sequence[Peer] = field(default=())
    first: bool = False
    """Whether it is asked for the first time in every round: none of the rows that it picks are kept."""


class Bench:
    """A lake, open on both sides, with one of a tenth of its size."""

    def __init__(self, root: Path, tenth: Path) -> None:
        self.ours, self.tenth, self.theirs = Ours(root), Ours(tenth), ClickHouse(root, THREADS)
        snapshot = Lake(root).snapshot(SITE)
        self._nodes, self._elements = snapshot.rows("nodes"), snapshot.rows("elements")
        self.trie = Trie.build(self._nodes, self._elements)
        with closing(Engine(THREADS)) as engine:
            self._identity = identity_of(snapshot, engine)
        self.plant = json.loads((root / PLANT).read_text())
        self._fresh_selectors = iter(range(10**6))

    def load(self) -> None:
        """ClickHouse's own tables."""
        self.theirs.load_events()
        until = FIRST_DAY + timedelta(days=self._chain_days())
        self.theirs.load_chains(until, make_chains(self._nodes, self._elements))
        tell("")

    def test(self, css: str) -> str:
        return node_test(self.trie.node_ids(parse_selector(css)).to_pylist())

    def against(self, files: float, tree: float | None, sql: Callable[[str], str]) -> list[Peer]:
        """ClickHouse over the same files and over its own table."""
        peers = [Peer("same files", files, lambda: self.theirs.ask(sql(self.theirs.files)))]
        if tree is not None:
            peers.append(Peer("own MergeTree", tree, lambda: self.theirs.ask(sql(TREE))))
        return peers

    def questions(self) -> list[Question]:
        """The table, but for selectors that are new each time."""
        three, twelve = steps("common", 3), steps("step", 12)
        some, rare = steps("some", 3), steps("rare", 3)
        start, back = self.test(".common-1"), self.test(".common-2")
        own = Peer("our 3 steps", 3.0, lambda: self.ours.ask(*three))
        small = Peer("ours, a tenth", 2.0, lambda: self.tenth.ask(*some))
        common = self.against(0.5, 1.0, self._funnel("common"))
        weekly = self.against(0.5, None, lambda events: retention_sql(events, start, back))
        return [
            Question("funnel, 3 steps, 8 %", three, common),
            Question("funnel, 3 steps, 8 %, first", three, common, first=True),
            Question("funnel, 12 steps, 8 %", twelve, [own]),
            Question("funnel, 3 steps, 0.1 %", rare, [*self.against(0.3, 1.0, self._funnel("rare")), small]),
            Question("retention, 12 weeks", RETENTION, weekly),
            Question("retention, 12 weeks, first", RETENTION, weekly, first=True),
            Question("trend, all raw events", TREND, self.against(1.0, None, trend_sql)),
            Question("trend, persons a day", PERSONS, self.against(1.0, None,
                     lambda events: trend_sql(events, "uniqExact(device)"))),
        ]  # fmt: skip

    def new_selectors(self) -> list[tuple[str, float, Callable[[], Sequence[Ask]]]]:
        """(name, figure, what makes the next pair of questions: ours and theirs)."""
        last = (FIRST_DAY + timedelta(days=self._chain_days() - 1)).isoformat()
        span = {"from": FIRST_DAY.isoformat(), "to": last}
        others = [[f"common-{number}"] for number in (2, 3)]

        def preview() -> Sequence[Ask]:
            css, classes = self._new_selector()
            sql = (f"select toDate(time) as day, count(), uniqExact(device) from {CHAINS}"
                   f" where {chain_test(*classes)} group by day")  # fmt: skip
            asked = {"rules": [{"on": "click", "css": css}], **span}
            return partial(self.ours.ask, "preview", asked), partial(self.theirs.ask, sql)

        def funnel() -> Sequence[Ask]:
            css, classes = self._new_selector()
            tests = [chain_test(*classes), *(chain_test(names) for names in others)]
            chosen = [{"on": "click", "css": rule} for rule in (css, ".common-2", ".common-3")]
            asked = {"steps": chosen, "window": f"{WINDOW_DAYS}d", **span}
            sql = funnel_sql(CHAINS, tests)
            return partial(self.ours.ask, "funnel", asked), partial(self.theirs.ask, sql)

        return [("new selector, preview", 0.05, preview), ("new selector, first funnel", 0.05, funnel)]

    def whole_history(self) -> list[tuple[str, Callable[[], Sequence[Ask]]]]:
        """The same over all events of the lake, for which there is no room for chains."""

        def preview() -> Sequence[Ask]:
            asked = {"rules": [{"on": "click", "css": self._new_selector()[0]}], **SPAN}
            return [partial(self.ours.ask, "preview", asked)]

        def funnel() -> Sequence[Ask]:
            chosen = [
                {"on": "click", "css": rule} for rule in (self._new_selector()[0], ".common-2", ".common-3")
            ]
            asked = {"steps": chosen, "window": f"{WINDOW_DAYS}d", **SPAN}
            return [partial(self.ours.ask, "funnel", asked)]

        return [("preview", preview), ("first funnel", funnel)]

    def _new_selector(self) -> tuple[str, list[list[str]]]:
        """One never used before, of two classes, and the classes from the target upwards."""
        # Of three digits: the expression takes any class that begins so.
        number = next(self._fresh_selectors)
        kind, name = f"kind-{10 + number % 30}", f"c{100 + number % 400}"
        return f".{kind} .{name}", [[name], [kind]]

    def persons_by_level(self, kind: str) -> list[int]:
        """How many persons got to each of three steps at least, by ClickHouse over the same files."""
        tests = [self.test(f".{kind}-{number}") for number in (1, 2, 3)]
        with tempfile.TemporaryDirectory() as folder:
            for name, rows in self._identity.tables.items():
                pq.write_table(rows, Path(folder) / f"{name}.parquet")
            pairs, devices = (
                f"(select device, user from file('{folder}/{name}.parquet', Parquet))"
                for name in (PAIRS, DEVICES)
            )
            events = (
                "(select coalesce(p.user, d.user, e.device) as person, e.time as time, e.type as type,"
                " e.node_id as node_id from"
                f" (select device, user, time, type, node_id from {self.theirs.files}) as e"
                f" left any join {pairs} as p on e.device = p.device and e.user = p.user"
                f" left any join {devices} as d on e.device = d.device where {' or '.join(tests)})"
            )
            sql = f"{funnel_sql(events, tests, who='person')} settings join_use_nulls = 1"
            levels = {int(level): int(count) for level, count in self.theirs.ask(sql)}
        return [sum(count for level, count in levels.items() if level >= step) for step in (1, 2, 3)]

    def close(self) -> None:
        """Let go of all."""
        for side in (self.ours, self.tenth, self.theirs):
            side.close()

    def _chain_days(self) -> int:
        total = 0
        for day, count in enumerate(self.plant["by_day"], 1):
            total += count
            if total >= CHAIN_EVENTS:
                return day
        return DAYS

    def _funnel(self, kind: str) -> Callable[[str], str]:
        tests = [self.test(f".{kind}-{number}") for number in (1, 2, 3)]
        return lambda events: funnel_sql(events, tests)


def steps(kind: str, count: int) -> Asked:
    """A funnel of the steps of a kind, any entry."""
    chosen = [{"on": "click", "css": f".{kind}-{number}"} for number in range(1, count + 1)]
    return "funnel", {"steps": chosen, "window": f"{WINDOW_DAYS}d", **SPAN}


RETENTION: Final[Asked] = ("retention", {
    "start": {"on": "click", "css": ".common-1"}, "return": {"on": "click", "css": ".common-2"},
    "period": "week", "periods": 12, "cohort": "recurring", **SPAN,
})  # fmt: skip
TREND: Final[Asked] = ("trend", {"series": [{"on": "any"}], **SPAN})
PERSONS: Final[Asked] = ("trend", {"series": [{"on": "any", "measure": "persons"}], **SPAN})


def measure(asks: Callable[[], Sequence[Ask]], rounds: int) -> list[Cost]:
    """Medians, asked in turns after one round that warms all up; each round's questions are made anew."""
    taken = [[cost(ask) for ask in asks()] for _ in range(rounds + 1)][1:]
    return [
        Cost(median(each.clock for each in side), median(each.processors for each in side))
        for side in zip(*taken, strict=True)
    ]


def check(bench: Bench) -> None:
    """Our answers are the planted ones and, where every device is resolved to its person, ClickHouse's."""
    planted = bench.ours.ask(*steps("planted", 3))["steps"]
    _same("the planted funnel", [step["count"] for step in planted], bench.plant["funnel"])
    weekly = {"start": {"css": ".weekly-1"}, "return": {"css": ".weekly-2"}}
    rows = bench.ours.ask("retention", {**RETENTION[1], **weekly})["rows"]
    truth = bench.plant["retention"]
    expected = [truth["returned"].get(str(later), 0) for later in range(12)]
    for row in rows[: truth["weeks"]]:
        _same(f"the planted retention of {row['start']}", [row["size"], *row["returned"]],
              [truth["size"], *expected])  # fmt: skip
    _same("events a day", bench.ours.ask(*TREND)["series"][0]["values"], bench.plant["by_day"])
    for kind in ("common", "rare"):
        ours = [step["count"] for step in bench.ours.ask(*steps(kind, 3))["steps"]]
        _same(f"the {kind} funnel", ours, bench.persons_by_level(kind))


def _same(what: str, ours: object, truth: object) -> None:
    if ours != truth:
        raise SystemExit(f"{what}: ours is {ours}, the truth {truth}")


def run(bench: Bench, rounds: int) -> None:
    """Everything that has a ratio to reach."""
    print(f"{'question':27} {'against':14}{'ours ms':>9}{'theirs ms':>10}", end="")
    print(f"{'ratio':>7}{'of CPU':>8}{'to reach':>10}")
    for question in bench.questions():
        tell(question.name)
        ask = bench.ours.ask_first if question.first else bench.ours.ask
        asks = [partial(ask, *question.ours), *(peer.ask for peer in question.peers)]
        ours, *others = measure(partial(list, asks), rounds)
        tell("")
        for peer, theirs in zip(question.peers, others, strict=True):
            _line(question.name, peer.name, peer.figure, ours, theirs)
    for name, figure, make in bench.new_selectors():
        tell(name)
        ours, theirs = measure(make, min(rounds, 3))
        tell("")
        _line(name, "chain, regex", figure, ours, theirs)
    for name, make in bench.whole_history():
        [ours] = measure(make, rounds)
        print(f"  {name} of a new selector over all events: {ours.clock * 1_000:.0f} ms")


def _line(question: str, peer: str, figure: float, ours: Cost, theirs: Cost) -> None:
    clock, processors = ours.clock / theirs.clock, ours.processors / theirs.processors
    figures = f"{ours.clock * 1_000:9.0f}{theirs.clock * 1_000:10.0f}{clock:7.2f}{processors:8.2f}"
    line = Figure(question, peer, clock, figure, processors)
    note(line)
    print(f"{question:27} {peer:14}{figures}{figure:10.2f}  {line.verdict}", flush=True)


def run_fresh(bench: Bench, root: Path) -> None:
    """Each question in processes of its own: cold, new, and the memory that it takes."""
    print(f"\n{'question':27}{'cold s':>8}{'new s':>8}{'peak GB':>9}   (to reach: {MEMORY_GB:.0f} GB)")
    peak = 0.0
    for question in (each for each in bench.questions() if not each.first):
        tell(f"{question.name}, in a new process")
        found = fresh(root, question.ours, steps("planted", 3))
        peak = max(peak, found.peak)
        tell("")
        print(f"{question.name:27}{found.first:8.2f}{found.new:8.2f}{found.peak:9.2f}", flush=True)
    note(Figure("memory of these", "GB", peak, MEMORY_GB))


def main(arguments: list[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=10_000_000,
                        help="how many (default 10 million; ten times more takes 15 GB of disk)")  # fmt: skip
    parser.add_argument("--rounds", type=int, default=5, help="how often each is asked (default 5)")
    parser.add_argument("--lake", type=Path, help="one of bench.generate; else one is made")
    parser.add_argument("--tenth", type=Path, help="one of a tenth of its events; else one is made, too")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="backsight-bench-") as folder, ExitStack() as stack:
        root = asked.lake or _made(Path(folder) / "lake", asked.events)
        events = json.loads((root / PLANT).read_text())["events"]
        bench = Bench(root, asked.tenth or _made(Path(folder) / "tenth", events // 10))
        stack.callback(bench.close)
        bench.load()
        check(bench)
        run(bench, asked.rounds)
        run_fresh(bench, root)


def _made(root: Path, events: int) -> Path:
    tell(f"making a lake of {events:,} events …")
    generate(root, events)
    return root


if __name__ == "__main__":
    main()
