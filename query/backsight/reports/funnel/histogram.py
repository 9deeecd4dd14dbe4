"""How long it took from one step to another: a histogram over the attempts that count.

"histogram": {"from": 1, "to": 3, "bins": 20}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

import numpy as np

from backsight.fields import read_object, read_whole, refuse
from backsight.parquet_rows import Integers
from backsight.reports.funnel.attempts import NOT_REACHED, Attempts
from backsight.scan.order import instant_of

FIELDS: Final = ("from", "to", "bins")
MAX_BINS: Final = 200
DEFAULT_BINS: Final = 20


@dataclass(frozen=True, slots=True)
class HistogramRequest:
    """Between which steps (counted from 1), in how many bins."""

    first: int
    last: int
    bins: int


def parse_histogram(value: object, steps: int) -> HistogramRequest:
    """A histogram's request, checked; from the first step to the last where it does not say."""
    fields = read_object(value, "histogram", FIELDS)
    if steps < 2:
        refuse("one step takes no time.", "histogram", value, "a funnel of two steps or more")
    first = read_whole(fields.get("from", 1), "histogram.from", 1, steps - 1)
    last = read_whole(fields.get("to", steps), "histogram.to", first + 1, steps)
    return HistogramRequest(
        first, last, read_whole(fields.get("bins", DEFAULT_BINS), "histogram.bins", 1, MAX_BINS)
    )


def durations(parts: Sequence[Attempts], first: int, last: int) -> Integers:
    """Microseconds from one step (counted from 1) to another, of the attempts that did both."""
    return np.concatenate([_durations(part, first - 1, last - 1) for part in parts])


def histogram(asked: HistogramRequest, micros: Integers) -> list[dict[str, Any]]:
    """The bins, of whole seconds each and all of one width, from the shortest time on; the last is closed."""
    if not len(micros):
        return []
    least, most = int(micros.min()) // 1_000_000, -(-int(micros.max()) // 1_000_000)
    width = max(1, ceil((most - least) / asked.bins))
    bins = np.minimum((micros // 1_000_000 - least) // width, asked.bins - 1)
    counts = np.bincount(bins, minlength=asked.bins)
    return [
        {"from": least + number * width, "to": least + (number + 1) * width, "count": int(count)}
        for number, count in enumerate(counts)
    ]


def _durations(attempts: Attempts, first: int, last: int) -> Integers:
    did = (attempts.places[first] != NOT_REACHED) & (attempts.places[last] != NOT_REACHED)
    micros: Integers = instant_of(attempts.places[last, did]) - instant_of(attempts.places[first, did])
    return micros
