"""Our side: a lake opened as a server opens it, and what one question costs in a process of its own."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Final

from backsight.site import DATABASE, LAKE, open_site
from backsight.sites import ensure_site
from backsight.store.sqlite import SQLiteStore
from bench.lake.columns import SITE

THREADS: Final = 2

Request = dict[str, Any]
Asked = tuple[str, Request]
"""Which report, and the API's request."""


class Ours:
    """A lake as the one site of a data directory made for it."""

    def __init__(self, root: Path, threads: int = THREADS) -> None:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="backsight-bench-")))
            make_directory(folder, root)
            self._site = stack.enter_context(open_site(folder, threads=threads))
            self._open = stack.pop_all()

    def ask(self, report: str, request: Request) -> dict[str, Any]:
        """The answer, whole, as the API would give it."""
        return dict(self._site.answer(report, request)[0])

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
    cold, warm = (_in_process(root, asked) for asked in ([question], [before, question]))
    return Fresh(cold["seconds"], warm["seconds"], max(cold["peak"], warm["peak"]))


def _in_process(root: Path, asked: list[Asked]) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.ours", str(root), json.dumps(asked)]
    return dict(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))


def main() -> None:
    """Ask questions one after another; the last one's time and the process's memory, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lake", type=Path)
    parser.add_argument("questions", type=json.loads, help='[["funnel", {…}], …]')
    given = parser.parse_args()
    clock, processors = perf_counter(), process_time()
    site = Ours(given.lake)
    for report, request in given.questions:
        if (report, request) != tuple(given.questions[0]):
            clock, processors = perf_counter(), process_time()
        site.ask(report, request)
    seconds, worked = perf_counter() - clock, process_time() - processors
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"seconds": seconds, "processors": worked, "peak": peak}))


if __name__ == "__main__":
    main()
