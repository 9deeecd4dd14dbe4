"""Our side: a lake opened as a server opens it, and what one question costs in a process of its own."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Final

from backsight.data_directory import DATABASE, LAKE, open_site
from backsight.errors import Exceeded
from backsight.runs import Run
from backsight.sites import ensure_site
from backsight.store.sqlite import SQLiteStore
from bench.lake.columns import SITE

THREADS: Final = 2
MEMORY: Final = "2GB"
SECONDS: Final = 60.0
"""What `backsight up` lets reports take unless it is told otherwise."""

Request = dict[str, Any]
Asked = tuple[str, Request]
"""Which report, and the API's request."""


class Ours:
    """A lake as the one site of a data directory made for it."""

    def __init__(self, root: Path, threads: int = THREADS) -> None:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="backsight-bench-")))
            make_directory(folder, root)
            self._site = stack.enter_context(open_site(folder, threads=threads, memory=MEMORY))
            self._open = stack.pop_all()

    def ask(self, report: str, request: Request) -> dict[str, Any]:
        """The answer, whole, as the API would give it."""
        return dict(self._site.answer(report, request)[0])

    def ask_first(self, report: str, request: Request) -> dict[str, Any]:
        """The same, as if nobody had asked for such rows before: none of those that were picked are kept."""
        self._site._engine.forget()
        return self.ask(report, request)

    def close(self) -> None:
        self._open.close()


def make_directory(folder: Path, root: Path) -> None:
    """A data directory around a lake that stands elsewhere."""
    (folder / LAKE).symlink_to(root.resolve())
    with SQLiteStore(folder / DATABASE) as store:
        ensure_site(store, SITE, "bench")


@dataclass(frozen=True)
class Fresh:
    """What a question takes in a new process."""

    first: float
    """Seconds to the first answer over files never seen: opened, listed, trie and persons made."""
    new: float
    """Seconds to the first answer where another question has seen the files."""
    peak: float
    """Most memory that either process took, in GB."""


def fresh(root: Path, question: Asked, before: Asked) -> Fresh:
    """Two processes: one asks at once, one after another question."""
    cold, warm = in_process(root, [question]), in_process(root, [before, question])
    return Fresh(cold.opening + cold.costs[0].clock, warm.costs[1].clock, max(cold.peak, warm.peak))


@dataclass(frozen=True)
class Cost:
    """What an answer took, in seconds: of the clock, and of the processors."""

    clock: float
    processors: float


def cost(ask: Callable[[], object]) -> Cost:
    """Ask once."""
    clock, processors = perf_counter(), process_time()
    ask()
    return Cost(perf_counter() - clock, process_time() - processors)


@dataclass(frozen=True)
class Process:
    """What a process that asked some questions took."""

    opening: float
    """Seconds until it could ask."""
    costs: Sequence[Cost]
    refused: Sequence[str | None]
    """Why each question was not answered; null where it was."""
    peak: float
    """Most memory, in GB."""


def in_process(root: Path, asked: Sequence[Asked]) -> Process:
    """Ask questions one after another in a process of their own."""
    command = [sys.executable, "-m", "bench.ours", str(root), json.dumps(asked)]
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    costs = [Cost(*each) for each in found["costs"]]
    return Process(found["opening"], costs, found["refused"], found["peak"])


def main() -> None:
    """Ask questions one after another; prints JSON: seconds of each, and the process's memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lake", type=Path, help="made by bench.generate")
    parser.add_argument("questions", type=json.loads, help='[["funnel", {…}], …]')
    given = parser.parse_args()
    began = perf_counter()
    site = Ours(given.lake)
    opening = perf_counter() - began
    refused: list[str | None] = []
    costs = [cost(partial(_ask, site, question, refused)) for question in given.questions]
    peak = _peak()
    site.close()
    listed = [(each.clock, each.processors) for each in costs]
    print(json.dumps({"opening": opening, "costs": listed, "refused": refused, "peak": peak}))


def _peak() -> float:
    """The most memory that this process took, in GB."""
    # Not by getrusage: what it says begins with the memory of the process that started this one.
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 2**20


def _ask(site: Ours, question: Asked, refused: list[str | None]) -> None:
    try:
        with Run(SECONDS):
            site.ask(*question)
        refused.append(None)
    except Exceeded as refusal:
        refused.append(str(refusal))


if __name__ == "__main__":
    main()
