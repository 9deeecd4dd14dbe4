"""Run benchmarks one after another: `python -m bench [NAME …]`; all of them when none is named."""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = {
    "snippet": "size of the built snippet, gzip",
    "capture": "capture requests/s against a bare ASGI echo",
    "intake": "journal-to-lake events/s",
    "css": "a selector never used before, over a million nodes",
    "reports": "funnel and retention against ClickHouse on the same Parquet files",
}


def main(names: list[str]) -> int:
    """Run each named benchmark in a process of its own; the worst exit status is ours."""
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        listed = "\n".join(f"  {name:10} {what}" for name, what in BENCHMARKS.items())
        print(f"no such benchmark: {', '.join(sorted(unknown))}. There are:\n{listed}", file=sys.stderr)
        return 2
    worst = 0
    for name in names or BENCHMARKS:
        print(f"\n== {name}: {BENCHMARKS[name]}", flush=True)
        worst = max(worst, subprocess.call([sys.executable, "-m", f"bench.{name}"]))
    return worst


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
