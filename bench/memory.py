"""How much memory the greediest questions take, each in a process of its own: `python -m bench.memory`.

Each is asked of a lake opened as `backsight up` opens it. It is answered, or refused with advice on what to
ask instead; either way the process stays under the figure.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bench.figures import Figure, note
from bench.generate import generate
from bench.ours import Asked, in_process
from bench.reports import MEMORY_GB, SPAN
from bench.terminal import tell

ANY: Final = {"on": "any"}
PLENTY: Final = {"by": ["browser", "path", "person.plan", "os", "utm_source"]}


def trend(measure: str, **more: Any) -> Asked:
    """One series of all raw events."""
    property_ = {"property": "duration_ms"} if measure == "median" else {}
    return "trend", {"series": [{**ANY, "measure": measure, **property_}], **SPAN, **more}


QUESTIONS: Final[Mapping[str, Asked]] = {
    "funnel, any → any → any": ("funnel", {"steps": [ANY] * 3, "window": "14d", **SPAN}),
    "retention, any → any": (
        "retention",
        {"start": ANY, "return": ANY, "period": "week", "periods": 12, "cohort": "recurring", **SPAN},
    ),
    "paths over everything": ("paths", {**SPAN}),
    "median by five properties": trend("median", breakdown=PLENTY),
    "persons by five properties": trend("persons", breakdown=PLENTY),
    "attribution of any event": ("attribution", {"conversion": ANY, "by": ["utm_source"], **SPAN}),
    "sessions by a gap": trend("sessions", session={"gap": "30m"}),
    "signals of a funnel": (
        "signals",
        {"funnel": {"steps": [{"on": "pageview"}, {"on": "track"}], "window": "14d", **SPAN}, "step": 2},
    ),
}


def run(root: Path) -> bool:
    """Print the table; whether all stay under the figure."""
    print(f"{'question':28}{'seconds':>9}{'GB at most':>12}   (to reach: {MEMORY_GB:.0f} GB)")
    worst = 0.0
    for name, question in QUESTIONS.items():
        tell(name)
        process = in_process(root, [question])
        tell("")
        worst = max(worst, process.peak)
        [refused], [cost] = process.refused, process.costs
        print(f"{name:28}{cost.clock:9.1f}{process.peak:12.2f}   {refused or 'answered'}", flush=True)
    note(figure := Figure("memory, greediest question", "GB", worst, MEMORY_GB))
    return figure.reached


def main(arguments: list[str] | None = None) -> int:
    """Measure; 1 where a question takes more."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=10_000_000, help="of the lake (default 10 million)")
    parser.add_argument("--lake", type=Path, help="one of bench.generate; else one is made")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="backsight-bench-") as folder:
        if not asked.lake:
            tell(f"making a lake of {asked.events:,} events …")
            generate(Path(folder) / "lake", asked.events)
        return 0 if run(asked.lake or Path(folder) / "lake") else 1


if __name__ == "__main__":
    raise SystemExit(main())
