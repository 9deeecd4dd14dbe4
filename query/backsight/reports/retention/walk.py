"""In which columns each person of a cohort returned: a few passes over all starts and returns.

Every start is paired with the returns that may count for it; where a person has one start, each return stands
in one pair. Recurring starts are many, and so are returns: those of one period are taken together first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from backsight.parquet_rows import Integers
from backsight.reports.retention.starts import (
    EARLIER,
    LATER,
    RETURNS,
    Starts,
    period_of,
    ranges,
    starts_of,
)
from backsight.scan.order import SEQUENCE_BITS
from backsight.timelines import Array, Timeline, changes

MOST_PAIRS: Final = 4_000_000
"""Pairs of a start and a return that are looked at together, about."""

VALUE: Final = "value"
"""Column of the scan's rows: the number that a measure takes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to look for, in numbers; instants are microseconds since the origin."""

    cohort: str
    returned: str
    minimum: int
    started: tuple[int, int]
    edges: Integers
    length: int | None
    columns: Integers
    """By a period's number, counted from the cohort's own: its column."""
    measured: bool
    groups: Sequence[str]
    """Columns of the scan's rows that say to which group a start belongs."""

    @property
    def together(self) -> bool:
        """Whether returns of one period may be taken together."""
        return self.cohort == "recurring" and self.length is None and not self.measured


@dataclass(frozen=True)
class Walked:
    """What was found: members are persons in cohorts."""

    persons: Integers
    cohorts: Integers
    groups: list[Array]
    """Of each column of groups, the members' values."""
    members: Integers
    columns: Integers
    """A member and a column in which they returned, each once; of `on_or_after` only the last one."""
    valued: Integers
    valued_columns: Integers
    values: npt.NDArray[np.float64]
    """Of each number that is measured, whose it is, in which column, and the number."""


def together(parts: Sequence[Walked]) -> Walked:
    """What several walks found, as one."""
    before = np.cumsum([0, *(len(part.persons) for part in parts)]).tolist()
    return Walked(
        np.concatenate([part.persons for part in parts]),
        np.concatenate([part.cohorts for part in parts]),
        [np.concatenate(columns) for columns in zip(*(part.groups for part in parts), strict=True)],
        np.concatenate([part.members + offset for part, offset in zip(parts, before, strict=False)]),
        np.concatenate([part.columns for part in parts]),
        np.concatenate([part.valued + offset for part, offset in zip(parts, before, strict=False)]),
        np.concatenate([part.valued_columns for part in parts]),
        np.concatenate([part.values for part in parts]),
    )


@dataclass(frozen=True)
class Visits:
    """Returns in the order of the timeline; each stands for `counts` of them."""

    rows: Integers
    instants: Integers
    periods: Integers | None
    """By the calendar, where that counts."""
    counts: Integers | None
    """Null where each is one."""


@dataclass(frozen=True)
class Pairs:
    """Starts and visits that belong together, in order; one visit may be the start itself."""

    members: Integers
    visits: Integers
    columns: Integers


def walk(timeline: Timeline, plan: Plan) -> Walked:
    """What is found in a timeline; it has the columns `steps` and `page`, and those that the plan names."""
    starts = starts_of(timeline, plan.cohort, plan.started, plan.edges)
    visits = visits_of(timeline, starts, plan)
    members, columns, valued = [], [], []
    if plan.returned == "on_or_after":
        found, last = _last_columns(timeline, starts, visits, plan)
        members.append(found)
        columns.append(last)
    if plan.measured or plan.returned != "on_or_after":
        for pairs in pairs_of(timeline, starts, visits, plan):
            if plan.measured:
                valued.append(_values(timeline, visits, pairs))
            if plan.returned != "on_or_after":
                found, in_columns = _cells(starts, visits, pairs, plan)
                members.append(found)
                columns.append(in_columns)
    groups = [timeline.columns.at(name, starts.rows) for name in plan.groups]
    return Walked(
        timeline.person[starts.rows],
        starts.cohorts,
        groups,
        _joined(members, np.int64),
        _joined(columns, np.int64),
        _joined([each[0] for each in valued], np.int64),
        _joined([each[1] for each in valued], np.int64),
        _joined([each[2] for each in valued], np.float64),
    )


def visits_of(timeline: Timeline, starts: Starts, plan: Plan) -> Visits:
    rows = np.flatnonzero((timeline.columns["steps"] & RETURNS) != 0)
    if plan.cohort != "recurring":
        rows = _within(rows, starts)
    instants = timeline.place[rows] >> SEQUENCE_BITS
    if plan.length is not None:
        return Visits(rows, instants, None, None)
    periods = period_of(instants, plan.edges)
    if not plan.together or plan.returned == "on_or_after":
        return Visits(rows, instants, periods, None)
    # Those before, at and after a start of the same period stay apart.
    marks = np.zeros(len(timeline) + 1, np.int64)
    marks[starts.first] += 1
    marks[starts.after] += 1
    parts = np.cumsum(marks)[rows]
    heads = np.flatnonzero(changes(timeline.run[rows], periods, parts, starts.order[rows]))
    counts = np.diff(np.append(heads, len(rows)))
    return Visits(rows[heads], instants[heads], periods[heads], counts)


def _within(rows: Integers, starts: Starts) -> Integers:
    """Those of the rows that lie between a start and the person's end."""
    return rows[np.searchsorted(starts.first, rows, "right") > np.searchsorted(starts.ends, rows, "right")]


def pairs_of(timeline: Timeline, starts: Starts, visits: Visits, plan: Plan) -> Iterator[Pairs]:
    """Every start with its own visits, a few millions at a time."""
    begins = np.searchsorted(visits.rows, starts.first)
    ends = _ends(timeline, starts, visits, plan)
    total = np.cumsum(ends - begins)
    edges = np.searchsorted(total, np.arange(MOST_PAIRS, int(total[-1]) if len(total) else 0, MOST_PAIRS))
    batches = np.unique([0, *edges.tolist(), len(starts)]).tolist()
    for first, end in pairwise(batches):
        member, visit = ranges(begins[first:end], ends[first:end])
        member += first
        lags = _lags(timeline, starts, visits, plan, member, visit)
        kept = starts.order[visits.rows[visit]] != EARLIER
        kept |= visits.rows[visit] >= starts.after[member]
        if plan.returned != "on_or_after":
            kept &= lags < len(plan.columns)
        member, visit, lags = member[kept], visit[kept], lags[kept]
        yield Pairs(member, visit, plan.columns[np.minimum(lags, len(plan.columns) - 1)])


def _ends(timeline: Timeline, starts: Starts, visits: Visits, plan: Plan) -> Integers:
    """Of each start, the first visit that can't count for it."""
    ends: Integers = np.searchsorted(visits.rows, starts.ends)
    if plan.cohort != "recurring" or plan.returned == "on_or_after" or not len(visits.rows):
        return ends
    reach = len(plan.columns)
    if plan.length is None:
        until = plan.edges[np.minimum(starts.cohorts + reach, len(plan.edges) - 1)]
    else:
        until = (timeline.place[starts.rows] >> SEQUENCE_BITS) + plan.length * reach
    # Person and time as one number each; time is coarser where it has to be, so that a few more are taken.
    origin = int(min(visits.instants.min(), until.min(initial=0)))
    most = int(max(visits.instants.max(), until.max(initial=0))) - origin
    coarse = max(0, most.bit_length() + len(timeline.starts).bit_length() - 62)
    width = max(0, most.bit_length() - coarse)
    keys = timeline.run[visits.rows] << width | (visits.instants - origin) >> coarse
    wanted = timeline.run[starts.rows] << width | (until - origin) >> coarse
    return np.minimum(ends, np.searchsorted(keys, wanted, "right"))


def _lags(
    timeline: Timeline, starts: Starts, visits: Visits, plan: Plan, member: Integers, visit: Integers
) -> Integers:
    """How many periods after the start's own each visit lies."""
    if visits.periods is not None:
        return visits.periods[visit] - starts.cohorts[member]
    since = visits.instants[visit] - (timeline.place[starts.rows] >> SEQUENCE_BITS)[member]
    return since // plan.length


def _cells(starts: Starts, visits: Visits, pairs: Pairs, plan: Plan) -> tuple[Integers, Integers]:
    """Members and the columns in which they returned often enough."""
    rows = visits.rows[pairs.visits]
    later = (starts.order[rows] == LATER) | (rows >= starts.after[pairs.members])
    members, columns = pairs.members[later], pairs.columns[later]
    heads = np.flatnonzero(changes(members, columns))
    if plan.minimum > 1:
        each = (
            np.ones(len(members), np.int64) if visits.counts is None else visits.counts[pairs.visits[later]]
        )
        heads = heads[np.add.reduceat(each, heads) >= plan.minimum] if len(heads) else heads
    members, columns = members[heads], columns[heads]
    return (members, columns) if plan.returned == "on" else _unbroken(members, columns)


def _unbroken(members: Integers, columns: Integers) -> tuple[Integers, Integers]:
    """Only those columns before which no later one than the cohort's own is missing."""
    rest = np.flatnonzero(columns > 0)
    heads = changes(members[rest])
    number = np.arange(len(rest)) - np.maximum.accumulate(np.where(heads, np.arange(len(rest)), 0))
    kept = columns == 0
    kept[rest] = columns[rest] == number + 1
    return members[kept], columns[kept]


def _last_columns(
    timeline: Timeline, starts: Starts, visits: Visits, plan: Plan
) -> tuple[Integers, Integers]:
    """Members and the last column in which, or after which, they returned often enough."""
    begins, ends = (np.searchsorted(visits.rows, edge) for edge in (starts.first, starts.ends))
    behind = np.searchsorted(visits.rows, starts.after)
    later = np.append(0, np.cumsum(starts.order[visits.rows] == LATER))
    enough = (ends - behind) + (later[behind] - later[begins]) >= plan.minimum
    member = np.flatnonzero(enough)
    wanted = ends[member] - plan.minimum
    simultaneous = wanted < behind[member]
    lags = np.zeros(len(member), np.int64)
    far = np.flatnonzero(~simultaneous)
    lags[far] = _lags(timeline, starts, visits, plan, member[far], wanted[far])
    return member, plan.columns[np.minimum(lags, len(plan.columns) - 1)]


def _values(
    timeline: Timeline, visits: Visits, pairs: Pairs
) -> tuple[Integers, Integers, npt.NDArray[np.float64]]:
    """Of each pair that has a number: member, column, number."""
    numbers = timeline.columns.at(VALUE, visits.rows[pairs.visits]).astype(np.float64)
    known = ~np.isnan(numbers)
    return pairs.members[known], pairs.columns[known], numbers[known]


def _joined(parts: list[Array], kind: type) -> Array:
    return np.concatenate([np.empty(0, kind), *parts])
