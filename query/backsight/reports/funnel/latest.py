"""Attempts that any first step may open: for each event the one with the latest steps that lead there.

For every event of a step the best way so far leads through the latest event before it that got to the step
before: it has the latest start, so that it stays longest within the window. Nor could another get past what
must not come between: what lies between the latest one and this event lies between all earlier ones and it.
Where optional steps leave several steps to come from, the latest start decides, then the nearest step.

An attempt that stops short of the last step ends when its window closes or, where the order is strict, at
the next named event. It counts unless an excluded event comes before that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from backsight.parquet_rows import Integers
from backsight.reports.funnel.attempts import (
    NOT_REACHED,
    Attempts,
    attempts_of,
    fills,
    holding,
    last_of_runs,
    next_of,
    nobodys,
    starting_rows,
)
from backsight.reports.funnel.rules import Rules
from backsight.scan.order import SEQUENCE_BITS, instant_of
from backsight.timelines import Flags, Timeline, changes


@dataclass(frozen=True, slots=True)
class Reached:
    """Events that got to a step."""

    rows: Integers
    began: Integers
    """The instants at which their attempts began."""
    parents: Integers
    """Which of the events that got to an earlier step led there."""
    came: Integers | None = None
    """Which step that is; without, the one before."""


@dataclass(frozen=True, slots=True)
class Ends:
    """What becomes of attempts that got to a step which is not the last."""

    stop: Flags
    """They neither go on nor are they excluded."""
    killed: Flags
    """An excluded event came before they went on."""
    open: Flags
    """They stopped, and nothing since keeps them from going on."""


def latest_attempts(timeline: Timeline, rules: Rules) -> Attempts:
    """The attempt of each run that gets furthest, and there first."""
    levels = reach(timeline, rules)
    starts = levels[0].rows
    if not len(starts):
        return nobodys(timeline, rules)
    last = last_of_runs(timeline.run[starts])
    runs = timeline.run[starts[last]]
    if not (rules.exclusions or rules.strict):
        return attempts_of(timeline, _furthest(timeline, levels, None, runs), timeline.place[starts[last]])
    ends = [_ends(timeline, rules, step, level) for step, level in enumerate(levels[:-1], 1)]
    last_open = _last_open(timeline, levels, ends, runs)
    if not rules.exclusions:
        return attempts_of(timeline, _furthest(timeline, levels, None, runs), last_open)
    killed = np.zeros(len(timeline.starts), np.bool_)
    rows = _furthest(timeline, levels, ends, runs)
    nowhere = rows[0] == NOT_REACHED
    rows[0, nowhere] = starts[last][nowhere]
    attempts = attempts_of(timeline, rows, last_open)
    attempts.places[:, nowhere] = NOT_REACHED
    for level, end in zip(levels, ends, strict=False):
        killed[timeline.run[level.rows[end.killed]]] = True
    return replace(attempts, killed=killed[runs])


def reach(timeline: Timeline, rules: Rules) -> list[Reached]:
    """For each step, every event that gets there, by its latest way."""
    starts = starting_rows(timeline, rules)
    levels = [Reached(starts, timeline.place[starts] >> SEQUENCE_BITS, starts)]
    for step in range(2, rules.steps + 1):
        filling = fills(timeline, step)
        if unfit := rules.unfit(step):
            filling &= ~holding(timeline, unfit)
        rows = np.flatnonzero(filling)
        ways = [_from(timeline, rules, rows, levels, each) for each in rules.before(step)]
        levels.append(_best(rows, ways))
    return levels


def _from(
    timeline: Timeline, rules: Rules, rows: Integers, levels: list[Reached], step: int
) -> tuple[int, Integers, Integers, Integers]:
    """The step, which rows can be reached from it, their parents there, and when their attempts began."""
    before = levels[step - 1]
    parents = _latest_before(rows, before.rows, len(timeline))
    kept = _within(timeline, rules, rows, before, parents)
    bits = rules.naming_bits | rules.excluding(step)
    if bits and len(kept):
        kept = kept[_nothing_between(holding(timeline, bits), before.rows[parents[kept]], rows[kept])]
    return step, kept, parents[kept], before.began[parents[kept]]


def _best(rows: Integers, ways: list[tuple[int, Integers, Integers, Integers]]) -> Reached:
    if len(ways) == 1:
        _, kept, parents, began = ways[0]
        return Reached(rows[kept], began, parents)
    began, parents, came = (np.full(len(rows), NOT_REACHED, np.int64) for _ in range(3))
    for step, kept, through, when in ways:
        better = when > began[kept]
        kept = kept[better]
        began[kept], parents[kept], came[kept] = when[better], through[better], step
    found = np.flatnonzero(came != NOT_REACHED)
    return Reached(rows[found], began[found], parents[found], came[found])


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


def _nothing_between(flags: Flags, earlier: Integers, later: Integers) -> Flags:
    """Whether no row between two, themselves left out, has the flag."""
    count = np.cumsum(flags, dtype=np.int32)
    nothing: Flags = count[later] - flags[later] == count[earlier]
    return nothing


def _ends(timeline: Timeline, rules: Rules, step: int, level: Reached) -> Ends:
    goes_on, excludes = rules.next_bits(step), rules.excluding(step)
    events = np.flatnonzero(holding(timeline, goes_on | excludes | rules.naming_bits))
    following = next_of(events, timeline, level.rows)
    bits = np.where(following == NOT_REACHED, 0, timeline.columns["steps"][following])
    late = instant_of(timeline.place[following]) - level.began > rules.window
    bits[late & (following != NOT_REACHED)] = 0
    fit = np.zeros(len(bits), np.bool_)
    for later in rules.next(step):
        fit |= ((bits & (1 << (later - 1))) != 0) & ((bits & rules.unfit(later)) == 0)
    stop = (bits & (goes_on | excludes)) == 0
    return Ends(stop, ((bits & excludes) != 0) & ~fit, stop & _unbroken(timeline, rules, level))


def _unbroken(timeline: Timeline, rules: Rules, level: Reached) -> Flags:
    """Whether nothing that may not come between follows within the window."""
    if not rules.strict:
        return np.ones(len(level.rows), np.bool_)
    following = next_of(np.flatnonzero(holding(timeline, rules.naming_bits)), timeline, level.rows)
    late = instant_of(timeline.place[following]) - level.began > rules.window
    unbroken: Flags = (following == NOT_REACHED) | late
    return unbroken


def _last_open(timeline: Timeline, levels: list[Reached], ends: list[Ends], runs: Integers) -> Integers:
    """The place of the latest start of an attempt of each run that may still go on."""
    latest = np.full(len(timeline.starts), NOT_REACHED, np.int64)
    for level, end in zip(levels, ends, strict=False):
        np.maximum.at(latest, timeline.run[level.rows[end.open]], level.began[end.open])
    found = latest[runs]
    return np.where(found == NOT_REACHED, NOT_REACHED, found << SEQUENCE_BITS)


def _furthest(timeline: Timeline, levels: list[Reached], ends: list[Ends] | None, runs: Integers) -> Integers:
    """Per step and run, the row that did it in the attempt that got furthest, and there first."""
    rows = np.full((len(levels), len(runs)), NOT_REACHED, np.int64)
    at = np.full(len(timeline.starts), NOT_REACHED, np.int64)
    at[runs] = np.arange(len(runs))
    found = np.zeros(len(runs), np.bool_)
    for number in range(len(levels) - 1, -1, -1):
        level = levels[number]
        short = ends is not None and number < len(ends)
        ending = np.flatnonzero(ends[number].stop) if ends is not None and short else None
        reaching = level.rows if ending is None else level.rows[ending]
        chosen = _soonest(timeline, reaching)
        column = at[timeline.run[reaching[chosen]]]
        new = ~found[column]
        chosen, column = chosen[new], column[new]
        found[column] = True
        _trace(rows, levels, number, chosen if ending is None else ending[chosen], column)
    return rows


def _trace(rows: Integers, levels: list[Reached], number: int, chosen: Integers, column: Integers) -> None:
    """Note the events through which attempts came to a step, from that step back."""
    at = np.full(len(chosen), number)
    optional = any(level.came is not None for level in levels)
    for earlier in range(number, -1, -1):
        level, here = levels[earlier], at == earlier if optional else slice(None)
        of = chosen[here]
        rows[earlier, column[here]] = level.rows[of]
        chosen[here] = level.parents[of]
        at[here] = earlier - 1 if level.came is None else level.came[of] - 1


def _soonest(timeline: Timeline, rows: Integers) -> Integers:
    """Of each run's rows, the index of the first; of several at its time, of the last one."""
    run = timeline.run[rows]
    first = np.flatnonzero(changes(run))
    if not len(first):
        return first
    instant = timeline.place[rows] >> SEQUENCE_BITS
    sizes = np.diff(np.append(first, len(rows)))
    at_first = instant == np.repeat(instant[first], sizes)
    return first + np.add.reduceat(at_first, first, dtype=np.int64) - 1
