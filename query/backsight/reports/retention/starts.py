"""Who is in which cohort: the start of each person in each row of the table, for all persons at once.

Returns count strictly after the start. What lies at the start's very time is told apart by its page: on one
page the sequence says what came after; events of different pages have no order, so that of several starts of
one time that one is taken after which most returns come, and those of other pages come after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from backsight.parquet_rows import Integers
from backsight.scan.order import SEQUENCE_BITS
from backsight.timelines import Flags, Timeline, changes

STARTS: Final = 1
RETURNS: Final = 2
"""Bits of the column `steps`."""

LATER: Final = 0
START: Final = 1
EARLIER: Final = 2
"""What an event at the time of a start is to it."""

PAGE_BITS: Final = 31
"""Bits of a tie's lower part, which is the sequence number; the upper part is the page's."""

Codes = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Starts:
    """The start of each person in each cohort, in the order of the timeline."""

    rows: Integers
    """Its row of the timeline."""
    cohorts: Integers
    """Its row of the table."""
    first: Integers
    """The first row of the timeline at its time."""
    after: Integers
    """The first row after its time."""
    ends: Integers
    """The first row of the next person."""
    order: Codes
    """Of every row of the timeline, what it is to the start at its time: LATER where there is none."""

    def __len__(self) -> int:
        return len(self.rows)


def starts_of(timeline: Timeline, cohort: str, started: tuple[int, int], edges: Integers) -> Starts:
    """The starts, from `started[0]` to before `started[1]`."""
    rows = np.flatnonzero((timeline.columns["steps"] & STARTS) != 0)
    if cohort == "first_ever":
        rows = rows[changes(timeline.run[rows])]
    instants = timeline.place[rows] >> SEQUENCE_BITS
    inside = (instants >= started[0]) & (instants < started[1])
    rows, instants = rows[inside], instants[inside]
    cohorts = period_of(instants, edges)
    runs = timeline.run[rows]
    chosen = changes(runs, cohorts) if cohort == "recurring" else changes(runs)
    rows, cohorts = rows[chosen], cohorts[chosen]
    first, after = _simultaneous(timeline, rows)
    order = np.zeros(len(timeline), np.int8)
    order[rows] = START
    rows = _settled(timeline, rows, first, after, order)
    last = timeline.run[rows]
    return Starts(rows, cohorts, first, after, timeline.starts[last] + timeline.lengths[last], order)


def period_of(instants: Integers, edges: Integers) -> Integers:
    """The number of the period of each instant: -1 before the first, one past the last after it."""
    found: Integers = np.searchsorted(edges, instants, "right") - 1
    return found


def _simultaneous(timeline: Timeline, rows: Integers) -> tuple[Integers, Integers]:
    """The first row at the time of each of some rows, and the first row after it."""
    before, behind = np.maximum(rows - 1, 0), np.minimum(rows + 1, len(timeline) - 1)
    if not (_same(timeline, rows, before) | _same(timeline, rows, behind)).any():
        return rows, rows + 1
    heads = np.flatnonzero(changes(timeline.person, timeline.place >> SEQUENCE_BITS))
    at = np.searchsorted(heads, rows, "right")
    return heads[at - 1], np.append(heads, len(timeline))[at]


def _same(timeline: Timeline, rows: Integers, others: Integers) -> Flags:
    """Whether other rows are of the same person and time."""
    instant = timeline.place[rows] >> SEQUENCE_BITS == timeline.place[others] >> SEQUENCE_BITS
    same: Flags = (rows != others) & instant & (timeline.person[rows] == timeline.person[others])
    return same


def _settled(timeline: Timeline, rows: Integers, first: Integers, after: Integers, order: Codes) -> Integers:
    """The starts, with those at whose time there are others chosen among them; writes down their `order`."""
    tied = np.flatnonzero(after - first > 1)
    if not len(tied):
        return rows
    group, members = ranges(first[tied], after[tied])
    tie, steps = timeline.columns.at("page", members), timeline.columns["steps"][members]
    starts, returns = (steps & STARTS) != 0, (steps & RETURNS) != 0
    # By page and sequence; of equal ones a start comes first, and of starts one that is no return.
    by = np.lexsort((returns, ~starts, tie, group))
    group, members, tie, starts, returns = (each[by] for each in (group, members, tie, starts, returns))
    pages = np.flatnonzero(changes(group, tie >> PAGE_BITS))
    page = np.repeat(np.arange(len(pages)), np.diff(np.append(pages, len(group))))
    start_at = np.minimum.reduceat(np.where(starts, np.arange(len(group)), len(group)), pages)
    earlier = np.arange(len(group)) < start_at[page]
    lost = np.add.reduceat(returns & (np.arange(len(group)) <= start_at[page]), pages, dtype=np.int64)
    # Of each group, the page with a start before which the fewest returns are lost.
    has = np.flatnonzero(start_at < len(group))
    best = has[np.lexsort((lost[has], group[pages[has]]))]
    best = best[changes(group[pages[best]])]
    settled = rows.copy()
    settled[tied] = members[start_at[best]]
    order[rows[tied]] = LATER
    order[members[earlier & np.isin(page, best)]] = EARLIER
    order[settled[tied]] = START
    return settled


def ranges(begins: Integers, ends: Integers) -> tuple[Integers, Integers]:
    """The whole numbers of several ranges, one range after the other: the range's index, and the number."""
    lengths = ends - begins
    index = np.repeat(np.arange(len(begins)), lengths)
    offsets = np.cumsum(lengths) - lengths
    return index, np.arange(int(lengths.sum())) - (offsets - begins)[index]
