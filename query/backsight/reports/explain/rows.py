"""Which rows of a timeline the events of a page are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from backsight.reports.explain.explanation import Event
from backsight.reports.explain.request import Place
from backsight.timelines import Timeline

PAGE_MASK: Final = -2147483648


def rows_by_tie(timeline: Timeline, events: Sequence[Event]) -> dict[int, int]:
    """By an event's index, its row of a timeline whose `page` is a TIE (see `order`)."""
    wanted = {(seen.place[0], _tie(seen.place)): at for at, (seen, _) in enumerate(events)}
    near = np.flatnonzero(np.isin(timeline.place, np.array([place for place, _ in wanted], np.int64)))
    columns = zip(
        near.tolist(), timeline.place[near].tolist(), timeline.columns.at("page", near).tolist(), strict=True
    )
    found: dict[int, int] = {}
    for row, place, tie in columns:
        at = wanted.get((place, tie))
        if at is not None:
            found.setdefault(at, row)
    return found


def _tie(place: Place) -> int:
    return (place[1] & PAGE_MASK) + place[2]
