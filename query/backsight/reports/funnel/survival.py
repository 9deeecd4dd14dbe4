"""How the share of those who converted grows with time: a Kaplan-Meier estimate.

Persons whose window is still open have had less time than others. To leave them out, or to count them as
lost, would bend the curve; here each counts for as long as they could be watched. Of those who converted,
time runs from the start of the attempt that counts; of the others, from their last start, until the window
closes or the question is asked.

E. L. Kaplan, P. Meier: Nonparametric Estimation from Incomplete Observations (1958).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from backsight.parquet_rows import Integers
from backsight.reports.funnel.attempts import NOT_REACHED, Attempts
from backsight.scan.order import instant_of

POINTS: Final = 100
"""Most points of a curve; of more, the ones at even steps of the share are given."""


def survival(parts: Sequence[Attempts], window: int, now: int) -> list[dict[str, Any]]:
    """Points of the curve: `seconds` since the start, the share `converted` by then, those `at_risk`.

    `window` is in microseconds, `now` an instant.
    """
    watched, converted = (
        np.concatenate(columns)
        for columns in zip(
            *(_watched(part.only(part.places[0] != NOT_REACHED), window, now) for part in parts), strict=True
        )
    )
    if not converted.any():
        return []
    times, events = np.unique(watched[converted], return_counts=True)
    # A person who is watched until the very moment of an event was at risk of it.
    at_risk = len(watched) - np.searchsorted(np.sort(watched), times, "left")
    share = 1 - np.cumprod(1 - events / at_risk)
    return [
        {
            "seconds": float(times[point]) / 1e6,
            "converted": float(share[point]),
            "at_risk": int(at_risk[point]),
        }
        for point in _points(len(times), share)
    ]


def _watched(attempts: Attempts, window: int, now: int) -> tuple[Integers, Any]:
    """How long each person was watched, in microseconds, and whether they then converted."""
    converted = attempts.places[-1] != NOT_REACHED
    could = np.clip(now - instant_of(attempts.last_start), 0, window)
    took = instant_of(attempts.places[-1]) - instant_of(attempts.places[0])
    return np.where(converted, took, could), converted


def _points(count: int, share: Any) -> list[int]:
    if count <= POINTS:
        return list(range(count))
    wanted = np.linspace(share[0], share[-1], POINTS)
    return sorted({*np.searchsorted(share, wanted, "left").clip(0, count - 1).tolist(), count - 1})
