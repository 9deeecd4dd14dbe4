"""Run benchmarks one after another, each in a process of its own, and print what is held against a figure.

Without names all are run but those that take long; at ten million events that is about ten minutes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.figures import NOTED, noted, table
from bench.generate import generate
from bench.terminal import tell

BENCHMARKS: Final = {
    "snippet": "size of the built snippet and its parts, gzip",
    "handler": "what a click costs the page, beside posthog-js",
    "inp": "Interaction to Next Paint of a heavy page, with and without the snippet",
    "finder": "selectors by position among the definer's first candidates, beside @medv/finder",
    "capture": "capture requests/s against a bare ASGI echo",
    "intake": "journal-to-lake events/s",
    "sustained": "30,000 events/s for a minute, and how soon reports count them",
    "weeks": "thirty days of commits in minutes: what grows, and what stays",
    "css": "a selector never used before, over a million nodes",
    "reports": "funnels, retention, trends and new selectors against ClickHouse",
    "dashboard": "twenty reports over HTTP by eight clients at once, while events arrive",
    "memory": "the greediest questions, each in a process of its own",
    "scale": "how reports grow with the lake, up to a billion events",
}
LONG: Final = ("scale", "weeks")
"""Those that are run when they are named."""
EVENTS: Final = 10_000_000
SIZED: Final = ("reports", "dashboard", "memory")
"""Those that ask a lake of as many events as are asked for: the same one."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The worst exit status of the benchmarks that were run."""
    asked = read_arguments(arguments)
    names = asked.names or [name for name in BENCHMARKS if name not in LONG]
    with tempfile.TemporaryDirectory(prefix="backsight-bench-", dir=asked.folder) as folder:
        figures, lake = Path(folder) / "figures.jsonl", asked.lake or Path(folder) / "lake"
        figures.touch()
        if not asked.lake and set(names) & set(SIZED):
            tell(f"making a lake of {asked.events:,} events …")
            generate(lake, asked.events)
        environment = {**os.environ, NOTED: str(figures), "TMPDIR": folder}
        worst = 0
        for name in names:
            print(f"\n== {name}: {BENCHMARKS[name]}", flush=True)
            options = ["--lake", str(lake)] if name in SIZED else []
            command = [sys.executable, "-m", f"bench.{name}", *options]
            worst = max(worst, subprocess.call(command, env=environment))
        print(f"\n{table(noted(figures))}")
    return worst


def read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What is asked for; ends with a message where it is not known."""
    listed = "\n".join(f"  {name:10} {what}" for name, what in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        epilog=f"benchmarks:\n{listed}\n\nEach has options of its own: python -m bench.NAME --help",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"which (default: all but {', '.join(LONG)})"
    )
    parser.add_argument("--events", type=int, default=EVENTS,
                        help=f"of the lake that reports are asked of (default {EVENTS:,}; 100000000 takes "
                        "half an hour and 20 GB of disk)")  # fmt: skip
    parser.add_argument("--lake", type=Path, help="one of bench.generate, instead of one that is made")
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's temporary folder)")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    return asked


if __name__ == "__main__":
    raise SystemExit(main())
