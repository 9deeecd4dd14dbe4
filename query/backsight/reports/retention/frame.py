"""The table of a retention report: a row for every cohort, a column for every period or bracket of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from backsight.fields import refuse
from backsight.parquet_rows import Integers
from backsight.reports.retention.request import RetentionRequest
from backsight.scan.context import Context
from backsight.scan.moments import MICROSECOND, Range, micros
from backsight.scan.order import ORIGIN
from backsight.scan.periods import LENGTHS, Periods, cover, periods_between

MAX_ROWS: Final = 1_000
MAX_CELLS: Final = 1_000_000
"""Most cells of all groups together."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a report covers: `rows` cohorts, then the periods in which the last of them may return."""

    asked: RetentionRequest
    rows: int
    periods: Periods
    starts: Range
    bounds: Range
    """What events have to lie within."""
    over_by: datetime
    """The instant by which a period has to have ended to be complete."""

    @property
    def labels(self) -> list[str]:
        """The rows' names."""
        return self.periods.labels[: self.rows]

    @property
    def edges(self) -> Integers:
        """Where the calendar's periods begin, then where the last one ends: microseconds since the origin."""
        return np.array([_instant(edge) for edge in self.periods.edges], np.int64)

    @property
    def started(self) -> tuple[int, int]:
        """From when to before when a person may start, in microseconds since the origin."""
        first, end = self.starts.closed
        return _instant(first), _instant(end)

    @property
    def length(self) -> int | None:
        """How long a period is, in microseconds; null where the calendar says so."""
        return LENGTHS[self.asked.period] // MICROSECOND if self.asked.rolling else None

    def complete(self, row: int) -> list[bool]:
        """Per column, whether its last period is over for everybody who may be in the row."""
        return [self._end(row, last) <= self.over_by for last in self.asked.lasts]

    def _end(self, row: int, last: int) -> datetime:
        if not self.asked.rolling:
            return self.periods.edges[row + last + 1]
        latest = min(self.periods.edges[row + 1], self.starts.closed[1])
        return latest + LENGTHS[self.asked.period] * (last + 1)


def frame_of(asked: RetentionRequest, context: Context) -> tuple[Frame, list[str]]:
    """The frame, and warnings."""
    starts, warnings = cover(asked.common.range, asked.period, context, MAX_ROWS)
    more = 0 if asked.rolling else asked.reach - 1
    periods = periods_between(asked.period, asked.common.zone, starts, asked.week_start, MAX_ROWS, more)
    rows = len(periods) - more
    _check_size(asked, rows)
    over_by = min(context.now, starts.closed[1]) if asked.whole else context.now
    return Frame(asked, rows, periods, starts, _bounds(asked, starts, periods), over_by), warnings


def _bounds(asked: RetentionRequest, starts: Range, periods: Periods) -> Range:
    first = None if asked.cohort == "first_ever" else starts.first
    if asked.whole:
        return Range(first, starts.end)
    if asked.returned == "on_or_after":  # a return past the last column counts for all of them
        return Range(first, None)
    if asked.rolling:
        return Range(first, starts.closed[1] + LENGTHS[asked.period] * asked.reach)
    return Range(first, periods.edges[-1])


def _check_size(asked: RetentionRequest, rows: int) -> None:
    if asked.breakdown is None:
        return
    cells = rows * len(asked.lasts) * (asked.breakdown.limit + 2)
    if cells > MAX_CELLS:
        refuse(
            f"the groups may have {cells:,} cells together.",
            "breakdown.limit",
            asked.breakdown.limit,
            f"at most {MAX_CELLS:,} cells: fewer groups or periods, or a shorter range",
        )


def _instant(moment: datetime) -> int:
    return micros(moment) - ORIGIN
