"""The attempt that counts of each person, for all persons of a timeline at once.

`entry: any`: the attempt that gets furthest; of several, the one that gets there first, each of its steps the
latest that still leads there. For every event of step k the best attempt so far is the one through the latest
event before it that reached step k - 1: it has the latest start, so that it stays longest within the window.

`entry: first`: the person's first event of step 1, then the earliest event of each next step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backsight.parquet_rows import Integers
from backsight.reports.order import SEQUENCE_BITS
from backsight.timelines import Columns, Flags, Timeline

NOT_REACHED = -1


@dataclass(frozen=True, slots=True)
class Rules:
    """How attempts are made, in numbers."""

    steps: int
    window: int
    """Microseconds."""
    starts_before: int
    """The place before which an attempt has to start."""
    entry: str


@dataclass(frozen=True)
class Attempts:
    """The attempt that counts of each person who did step 1."""

    person: Integers
    rows: Integers
    """Per step and person, the row of the timeline that did it; NOT_REACHED where none did."""
    places: Integers
    """Per step and person, the place at which it was done; NOT_REACHED where it was not."""
    last_start: Integers
    """The place of the person's last event that might have started an attempt."""
    columns: Columns
    """What else is known of the rows."""

    def only(self, chosen: Integers | Flags) -> Attempts:
        """Some of them."""
        return Attempts(
            self.person[chosen],
            self.rows[:, chosen],
            self.places[:, chosen],
            self.last_start[chosen],
            self.columns,
        )


@dataclass(frozen=True, slots=True)
class Reached:
    """Events that got to a step."""

    rows: Integers
    began: Integers
    """The instants at which their attempts began."""
    parents: Integers
    """Which of the events that got to the step before led there."""


def counted_attempts(timeline: Timeline, rules: Rules) -> Attempts:
    """The attempts that count; `timeline` has the column `steps` (bit k-1: the event fills step k)."""
    walk = _walk_any if rules.entry == "any" else _walk_first
    levels = walk(timeline, rules)
    starts = levels[0].rows
    if not len(starts):
        none = np.empty((rules.steps, 0), np.int64)
        return Attempts(none[0], none, none, none[0], timeline.columns)
    run = timeline.run[starts]
    last = np.flatnonzero(np.append(run[1:] != run[:-1], True))
    rows = _furthest(timeline, levels, run[last])
    places = np.where(rows == NOT_REACHED, NOT_REACHED, timeline.place[rows])
    return Attempts(
        timeline.person[starts[last]], rows, places, timeline.place[starts[last]], timeline.columns
    )


def fills(timeline: Timeline, step: int) -> Flags:
    """Whether each event fills a step (counted from 1)."""
    filled: Flags = (timeline.columns["steps"] & (1 << (step - 1))) != 0
    return filled


def _walk_any(timeline: Timeline, rules: Rules) -> list[Reached]:
    """For each step, every event that gets there, by its latest way."""
    levels = [_starts(timeline, rules)]
    for step in range(2, rules.steps + 1):
        before = levels[-1]
        rows = np.flatnonzero(fills(timeline, step))
        parents = _latest_before(rows, before.rows, len(timeline))
        kept = _within(timeline, rules, rows, before, parents)
        levels.append(Reached(rows[kept], before.began[parents[kept]], parents[kept]))
    return levels


def _walk_first(timeline: Timeline, rules: Rules) -> list[Reached]:
    """For each step, at most one event of each run."""
    starts = _starts(timeline, rules)
    run = timeline.run[starts.rows]
    first = np.append(True, run[1:] != run[:-1])[: len(run)]
    levels = [Reached(starts.rows[first], starts.began[first], starts.parents[first])]
    for step in range(2, rules.steps + 1):
        before = levels[-1]
        filling = fills(timeline, step)
        candidates = np.flatnonzero(filling)
        following = np.cumsum(filling)[before.rows]  # how many came up to it, so which one comes next
        parents = np.flatnonzero(following < len(candidates))
        rows = candidates[following[parents]]
        kept = _within(timeline, rules, rows, before, parents)
        levels.append(Reached(rows[kept], before.began[parents[kept]], parents[kept]))
    return levels


def _starts(timeline: Timeline, rules: Rules) -> Reached:
    rows = np.flatnonzero(fills(timeline, 1) & (timeline.place < rules.starts_before))
    return Reached(rows, timeline.place[rows] >> SEQUENCE_BITS, rows)


def _latest_before(rows: Integers, earlier: Integers, length: int) -> Integers:
    """For each row the index of the latest of `earlier` before it, or -1. Both are sorted."""
    marked = np.zeros(length, np.bool_)
    marked[earlier] = True
    return np.cumsum(marked, dtype=np.int64)[rows] - marked[rows] - 1


def _within(timeline: Timeline, rules: Rules, rows: Integers, before: Reached, parents: Integers) -> Integers:
    """Which rows have a parent that is of their run and whose attempt began within the window."""
    if not len(before.rows):
        return np.empty(0, np.int64)
    same = (parents >= 0) & (before.rows[parents] >= timeline.first[rows])
    took = (timeline.place[rows] >> SEQUENCE_BITS) - before.began[parents]
    return np.flatnonzero(same & (took <= rules.window))


def _furthest(timeline: Timeline, levels: list[Reached], runs: Integers) -> Integers:
    """Per step and run, the row that did it in the attempt that got furthest, and there first."""
    rows = np.full((len(levels), len(runs)), NOT_REACHED, np.int64)
    at = np.full(len(timeline.starts), NOT_REACHED, np.int64)
    at[runs] = np.arange(len(runs))
    for step in range(len(levels) - 1, -1, -1):
        level = levels[step]
        chosen = _soonest(timeline, level.rows)
        column = at[timeline.run[level.rows[chosen]]]
        new = rows[step, column] == NOT_REACHED
        chosen, column = chosen[new], column[new]
        for earlier in range(step, -1, -1):
            rows[earlier, column] = levels[earlier].rows[chosen]
            chosen = levels[earlier].parents[chosen]
    return rows


def _soonest(timeline: Timeline, rows: Integers) -> Integers:
    """Of each run's rows, the index of the first; of several at its time, of the last one."""
    run = timeline.run[rows]
    first = np.flatnonzero(np.append(True, run[1:] != run[:-1])[: len(run)])
    if not len(first):
        return first
    instant = timeline.place[rows] >> SEQUENCE_BITS
    sizes = np.diff(np.append(first, len(rows)))
    at_first = instant == np.repeat(instant[first], sizes)
    return first + np.add.reduceat(at_first, first, dtype=np.int64) - 1


def disordered(timeline: Timeline) -> Integers:
    """Persons who have events of one time, filling different steps, that no sequence puts in order."""
    instant = timeline.place >> SEQUENCE_BITS
    same = (instant[1:] == instant[:-1]) & (timeline.run[1:] == timeline.run[:-1])
    pairs = np.flatnonzero(same)
    if not len(pairs):
        return np.empty(0, np.int64)
    page, following = (timeline.columns.at("page", rows) for rows in (pairs, pairs + 1))
    loose = (page != following) | (timeline.place[pairs] == timeline.place[pairs + 1])
    steps = timeline.columns["steps"]
    differ = steps[pairs] != steps[pairs + 1]
    group = np.cumsum(np.append(True, np.diff(pairs) != 1)) - 1
    both = _any(loose, group) & _any(differ, group)
    return np.unique(timeline.person[pairs[both[group]]])


def _any(flags: npt.NDArray[np.bool_], group: Integers) -> Flags:
    return np.bincount(group, weights=flags) > 0
