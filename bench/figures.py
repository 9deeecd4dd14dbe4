"""What is held against a figure to reach: `python -m bench` gathers it into one table."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

NOTED: Final = "BENCH_FIGURES"
"""Environment variable: the file in which figures are gathered. Without it they are not."""


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    what: str
    against: str
    value: float
    reach: float
    processors: float | None = None
    """The same by the time of the processors, which others on the machine change less than the clock's."""
    at_least: bool = False
    """Whether the value has to be so much at least; else, at most."""

    @property
    def reached(self) -> bool:
        return self.value >= self.reach if self.at_least else self.value <= self.reach

    @property
    def verdict(self) -> str:
        """Whether the figure is reached; by the processors' time alone, where it is by that."""
        if self.reached:
            return "reached"
        by_processors = self.processors is not None and self.processors <= self.reach
        return "by CPU only" if by_processors else "falls short"


def note(*figures: Figure) -> None:
    """Have lines in the table, if there will be one."""
    if path := os.environ.get(NOTED):
        with Path(path).open("a") as file:
            file.writelines(json.dumps(asdict(figure)) + "\n" for figure in figures)


def noted(path: Path) -> list[Figure]:
    """What was noted in a file."""
    return [Figure(**json.loads(line)) for line in path.read_text().splitlines()]


def table(figures: Sequence[Figure]) -> str:
    """The lines, with the figures to reach and whether they are."""
    head = f"{'':40}{'against':20}{'measured':>10}{'of CPU':>8}{'to reach':>11}"
    return "\n".join([head, *map(_line, figures)])


def _line(figure: Figure) -> str:
    processors = "" if figure.processors is None else f"{figure.processors:.2f}"
    bound = f"{'≥' if figure.at_least else '≤'} {_short(figure.reach)}"
    measured = f"{_short(figure.value):>10}{processors:>8}{bound:>11}"
    return f"{figure.what:40}{figure.against:20}{measured}  {figure.verdict}"


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.2f}"
