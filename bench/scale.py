"""How the time and memory of reports grow with the lake, up to a billion events: `python -m bench.scale`.

Lakes of several sizes are made one after the other (one that --lakes names is taken instead), and each
question is asked in a process of its own, again and again. From the times a line is drawn through the sizes
by least squares, and read off at a billion events: an extrapolation, not a measurement. It is too low where a
billion events no longer fit into what is remembered of files, or into the machine's memory.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from math import isnan, nan
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np

from bench.generate import PLANT, generate
from bench.ours import Asked, in_process
from bench.reports import RETENTION, SPAN, TREND, steps
from bench.terminal import tell

SIZES: Final = (10, 50)
"""Millions of events."""
TARGET: Final = 1_000
TIMES: Final = 4
"""How often a question is asked: the first time is cold, of the others the median counts."""
PREVIEW: Final[Asked] = ("preview", {"rules": [{"on": "click", "css": ".kind-12 .c117"}], **SPAN})
QUESTIONS: Final[Mapping[str, Asked]] = {
    "funnel, 3 steps, 0.1 %": steps("rare", 3),
    "funnel, 3 steps, 8 %": steps("common", 3),
    "funnel, 12 steps, 8 %": steps("step", 12),
    "retention, 12 weeks": RETENTION,
    "trend, all raw events": TREND,
    "preview of a selector": PREVIEW,
}


def measure(root: Path) -> dict[str, tuple[float, float, float]]:
    """Of each question: seconds when cold, seconds when warm, and GB at most."""
    found = {}
    for name, question in QUESTIONS.items():
        tell(f"{name}, over {root} …")
        process = in_process(root, [question] * TIMES)
        cold, *warm = (
            nan if why else each.clock for each, why in zip(process.costs, process.refused, strict=True)
        )
        found[name] = (process.opening + cold, median(warm), process.peak)
    tell("")
    return found


def show(measured: Mapping[int, Mapping[str, tuple[float, float, float]]]) -> None:
    """A table of seconds when warm, with the line's value; then cold ones, and memory."""
    sizes = sorted(measured)
    heads = ("seconds, files seen before", "seconds, in a new process", "GB at most")
    for place, head in zip((1, 0, 2), heads, strict=True):
        print(f"\n{head:27}" + "".join(f"{size:>7} M" for size in sizes) + f"{TARGET:>9} M")
        for name in QUESTIONS:
            taken = [measured[size][name][place] for size in sizes]
            listed = "".join("  refused" if isnan(each) else f"{each:9.2f}" for each in taken)
            print(f"{name:27}{listed}{line_at(sizes, taken, TARGET):11.1f}")


def line_at(sizes: Sequence[int], taken: Sequence[float], size: int) -> float:
    """What the line through some sizes, by least squares, says of another; one size alone is scaled.

    Sizes at which the question was refused (nan) have no part in it.
    """
    known = [(each, value) for each, value in zip(sizes, taken, strict=True) if not isnan(value)]
    if len(known) == 1:
        return known[0][1] * size / known[0][0]
    slope, start = np.polyfit(*zip(*known, strict=True), 1) if known else (nan, nan)
    return float(start + slope * size)


def main(arguments: list[str] | None = None) -> None:
    """Measure every size and print the curve."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="MILLIONS",
                        help="of events (default 10 50; 200 takes 13 GB of disk)")  # fmt: skip
    parser.add_argument("--lakes", type=Path, nargs="+", default=[], help="made by bench.generate")
    parser.add_argument("--folder", type=Path, help="where to make lakes (default: the temporary folder)")
    asked = parser.parse_args(arguments)
    standing = {json.loads((lake / PLANT).read_text())["events"] // 10**6: lake for lake in asked.lakes}
    measured = {}
    for size in sorted({*asked.sizes, *standing}):
        with tempfile.TemporaryDirectory(prefix="backsight-bench-", dir=asked.folder) as folder:
            root = standing.get(size) or Path(folder) / "lake"
            if size not in standing:
                tell(f"making a lake of {size} million events …")
                generate(root, size * 10**6)
            measured[size] = measure(root)
            print(f"{size} million: {json.dumps(measured[size])}", flush=True)
    show(measured)


if __name__ == "__main__":
    main()
