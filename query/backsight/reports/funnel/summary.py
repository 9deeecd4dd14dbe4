"""Attempts become a funnel: how many got to each step, which may yet, and how long it took."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from backsight.parquet_rows import Integers
from backsight.reports.funnel.attempts import NOT_REACHED, Attempts
from backsight.reports.funnel.request import FunnelRequest
from backsight.scan.order import SEQUENCE_BITS

Answer = dict[str, Any]


def summary(asked: FunnelRequest, parts: Sequence[Attempts], now: datetime) -> list[Answer]:
    """The answer's `steps`."""
    open_from = asked.open_from(now) - asked.window_micros
    counts = [sum(int((part.places[step] != NOT_REACHED).sum()) for part in parts) for step in _each(asked)]
    still_open = [sum(_still_open(part, step, open_from) for part in parts) for step in _each(asked)]
    return [
        {
            "label": asked.steps[step].label,
            "count": counts[step],
            "from_start": _share(counts[step], counts[0]),
            "from_previous": _share(counts[step], counts[base]),
            "still_open": still_open[step],
            "settled": {
                "from_start": _share(counts[step], counts[0] - sum(still_open[:step])),
                "from_previous": _share(counts[step], counts[base] - sum(still_open[base:step])),
            },
            "seconds": seconds(np.concatenate([taken(part, step) for part in parts])),
            **({"optional": True} if step + 1 in asked.optional else {}),
            **_excluded(asked, parts, step),
        }
        for step in _each(asked)
        for base in [step_before(asked, step)]
    ]


def _excluded(asked: FunnelRequest, parts: Sequence[Attempts], step: int) -> Answer:
    """How many more would have got here but for the exclusions, where there are any."""
    if not asked.options.exclusions:
        return {}
    return {"excluded": sum(int(part.excluded[step].sum()) for part in parts)}


def step_before(asked: FunnelRequest, step: int) -> int:
    """The step before (both counted from 0) that everybody did who did this one; of the first, itself."""
    before = max(step - 1, 0)
    while before + 1 in asked.optional:
        before -= 1
    return before


def taken(attempts: Attempts, step: int) -> Integers:
    """Microseconds from the step before, of those who did this one; of the first step, none."""
    if step == 0:
        return np.empty(0, np.int64)
    did = attempts.places[step] != NOT_REACHED
    # Places grow from step to step, but for those left out: the greatest before is that of the step before.
    here, before = attempts.places[step, did], attempts.places[:step, did].max(axis=0)
    between: Integers = (here >> SEQUENCE_BITS) - (before >> SEQUENCE_BITS)
    return between


def seconds(micros: Integers) -> dict[str, float | None]:
    """Mean, median and p90 in seconds; null where there is nothing to take them of."""
    if not len(micros):
        return {"mean": None, "median": None, "p90": None}
    median, p90 = np.quantile(micros, [0.5, 0.9])
    return {"mean": float(micros.mean()) / 1e6, "median": float(median) / 1e6, "p90": float(p90) / 1e6}


def _each(asked: FunnelRequest) -> range:
    return range(len(asked.steps))


def _still_open(attempts: Attempts, step: int, open_from: int) -> int:
    """How many got here, no further, and have a window that is open still."""
    if step == len(attempts.places) - 1:
        return 0
    stopped = attempts.places[step] != NOT_REACHED
    stopped &= (attempts.places[step + 1 :] == NOT_REACHED).all(axis=0)
    return int((stopped & (attempts.last_start >> SEQUENCE_BITS >= open_from)).sum())


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
