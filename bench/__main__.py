"""Run benchmarks one after another, each in a process of its own; all of them when none is named."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

BENCHMARKS: Final = {
    "snippet": "size of the built snippet, gzip",
    "capture": "capture requests/s against a bare ASGI echo",
    "intake": "journal-to-lake events/s",
    "css": "a selector never used before, over a million nodes",
    "reports": "funnels, retention, trends and new selectors against ClickHouse",
    "dashboard": "twenty reports over HTTP by eight clients at once, while events arrive",
    "scale": "how reports grow with the lake, up to a billion events",
}
EVENTS: Final = 10_000_000
SIZED: Final = ("reports", "dashboard")
"""Those that make a lake of as many events as are asked for."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The worst exit status of the benchmarks that were run."""
    listed = "\n".join(f"  {name:10} {what}" for name, what in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        epilog=f"benchmarks:\n{listed}\n\nEach has options of its own: python -m bench.NAME --help",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which (default: all)")
    parser.add_argument("--events", type=int, default=EVENTS,
                        help=f"of the lake that reports are asked of (default {EVENTS:,}; 100000000 takes "
                        "half an hour and 15 GB of disk)")  # fmt: skip
    asked = parser.parse_args(arguments)
    if unknown := set(asked.names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    worst = 0
    for name in asked.names or BENCHMARKS:
        print(f"\n== {name}: {BENCHMARKS[name]}", flush=True)
        options = ["--events", str(asked.events)] if name in SIZED else []
        worst = max(worst, subprocess.call([sys.executable, "-m", f"bench.{name}", *options]))
    return worst


if __name__ == "__main__":
    raise SystemExit(main())
