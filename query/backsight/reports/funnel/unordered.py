"""Attempts that do steps in any order: how many of them, within the window from the first of their events.

Seen from the event that completes an attempt, each step's latest event before it is the best there is: if
that lies further back than the window, all others do. Each event fills one step. Steps that the same events
fill share those out by their order; where one step's events all fill another, too, the one that fewer events
fill chooses first, which leaves the most. Steps that overlap otherwise are rare; what that leaves open is
settled by matching events with steps, attempt by attempt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backsight.parquet_rows import Integers
from backsight.reports.funnel.attempts import (
    NOT_REACHED,
    Attempts,
    attempts_of,
    fills,
    holding,
    last_of_runs,
    nobodys,
    starting_rows,
)
from backsight.reports.funnel.rules import Rules
from backsight.runs import check
from backsight.scan.order import instant_of
from backsight.timelines import Timeline, changes


@dataclass(frozen=True, slots=True)
class Alike:
    """Steps that the same events of a timeline fill."""

    steps: tuple[int, ...]
    """Counted from 0."""
    rows: Integers
    """The events."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Whether events fill several steps that are not alike, and whether such steps cross each other."""

    any: bool
    crossing: bool


def unordered_attempts(timeline: Timeline, rules: Rules) -> Attempts:
    """The attempt of each run that does most steps, and does so first; or that of the first event."""
    starts = starting_rows(timeline, rules)
    if not len(starts):
        return nobodys(timeline, rules)
    run = timeline.run[starts]
    if rules.entry == "first":
        anchors = starts[changes(run)]
        chosen = _chosen(timeline, rules, anchors, 1)
        return attempts_of(timeline, _in_order(chosen), timeline.place[anchors])
    ends = np.flatnonzero(holding(timeline, rules.step_bits))
    chosen = _chosen(timeline, rules, ends, -1)
    _begin_in_range(timeline, rules, chosen, starts, ends)
    best = _most_and_first(timeline, chosen, ends)
    return attempts_of(timeline, _in_order(chosen[:, best]), timeline.place[starts[last_of_runs(run)]])


def _chosen(timeline: Timeline, rules: Rules, anchors: Integers, way: int) -> Integers:
    """Per step and anchor an event of the window that goes on (way 1) or back (-1) from the anchor.

    Each event comes once, and as near as can be; NOT_REACHED where none is left for the step.
    """
    alike, overlap = _alike(timeline, rules)
    numbers = [number for each in alike for number in each.steps]
    chosen = _nearest(timeline, rules, alike, anchors, way, overlap.any)
    if overlap.crossing:
        hoped = _nearest(timeline, rules, alike, anchors, way, apart=False)
        short = (chosen != NOT_REACHED).sum(axis=0) < (hoped != NOT_REACHED).sum(axis=0)
        for anchor in np.flatnonzero(short).tolist():
            check()
            chosen[:, anchor] = _matched(timeline, rules, alike, int(anchors[anchor]), way)
    ordered = np.empty_like(chosen)
    ordered[numbers] = chosen
    return ordered


def _alike(timeline: Timeline, rules: Rules) -> tuple[list[Alike], Overlap]:
    """The steps by the events that fill them, fewest events first; and how these overlap."""
    kinds = np.flatnonzero(np.bincount(timeline.columns["steps"] & rules.step_bits))
    groups: dict[tuple[bool, ...], list[int]] = {}
    for step in range(rules.steps):
        groups.setdefault(tuple((kinds >> step & 1 != 0).tolist()), []).append(step)
    alike = [
        Alike(tuple(steps), np.flatnonzero(holding(timeline, 1 << steps[0]))) for steps in groups.values()
    ]
    alike.sort(key=lambda each: len(each.rows))
    filled = np.array(list(groups))
    overlap = Overlap(
        bool((filled.sum(axis=0) > 1).any()),
        any(
            (one & other).any() and (one & ~other).any() and (other & ~one).any()
            for number, one in enumerate(filled)
            for other in filled[:number]
        ),
    )
    return alike, overlap


def _nearest(
    timeline: Timeline, rules: Rules, alike: Sequence[Alike], anchors: Integers, way: int, apart: bool
) -> Integers:
    """The nearest events, step by step; where they are to stay apart, none that a step before has taken."""
    chosen: list[Integers] = []
    for each in alike:
        index = np.searchsorted(each.rows, anchors, "left" if way > 0 else "right") - (way < 0)
        for _ in each.steps:
            rows = _taken(timeline, rules, each.rows, index, anchors)
            for _ in chosen if apart else ():
                clash = np.any([rows == other for other in chosen], axis=0) & (rows != NOT_REACHED)
                index = index + way * clash
                rows = _taken(timeline, rules, each.rows, index, anchors)
            chosen.append(rows)
            index = index + way
    return np.array(chosen)


def _matched(timeline: Timeline, rules: Rules, alike: Sequence[Alike], anchor: int, way: int) -> list[int]:
    """Events for as many steps as can have one, of one attempt, by augmenting paths."""
    options = [_options(timeline, rules, each, anchor, way) for each in alike for _ in each.steps]
    owners: dict[int, int] = {}

    def place(step: int, seen: set[int]) -> bool:
        for row in options[step]:
            if row not in seen:
                seen.add(row)
                if row not in owners or place(owners[row], seen):
                    owners[row] = step
                    return True
        return False

    for step in range(len(options)):
        place(step, set())
    found = {step: row for row, step in owners.items()}
    return [found.get(step, NOT_REACHED) for step in range(len(options))]


def _options(timeline: Timeline, rules: Rules, each: Alike, anchor: int, way: int) -> list[int]:
    """The nearest events of a step, as many as there are steps: more are never needed."""
    first = int(np.searchsorted(each.rows, anchor, "left" if way > 0 else "right")) - (way < 0)
    index = first + way * np.arange(rules.steps)
    rows = _taken(timeline, rules, each.rows, index, np.full(len(index), anchor))
    return [row for row in rows.tolist() if row != NOT_REACHED]


def _taken(timeline: Timeline, rules: Rules, rows: Integers, index: Integers, anchors: Integers) -> Integers:
    """The rows of some indices, where they are of their anchors' runs and within the window from them."""
    if not len(rows):
        return np.full(len(index), NOT_REACHED, np.int64)
    found = rows[np.clip(index, 0, len(rows) - 1)]
    there = (index >= 0) & (index < len(rows)) & (timeline.run[found] == timeline.run[anchors])
    took = np.abs(instant_of(timeline.place[found]) - instant_of(timeline.place[anchors]))
    return np.where(there & (took <= rules.window), found, NOT_REACHED)


def _begin_in_range(
    timeline: Timeline, rules: Rules, chosen: Integers, starts: Integers, ends: Integers
) -> None:
    """Where all events come after the range, the last one within it begins the attempt, or none does."""
    first = np.where(chosen == NOT_REACHED, len(timeline), chosen).min(axis=0)
    late = np.flatnonzero(timeline.place[first] >= rules.starts_before)
    if not len(late):
        return
    index = np.searchsorted(starts, ends[late], "right") - 1
    begins = _taken(timeline, rules, starts, index, ends[late])
    chosen[:, late[begins == NOT_REACHED]] = NOT_REACHED
    late, begins = late[begins != NOT_REACHED], begins[begins != NOT_REACHED]
    # The event that begins the attempt takes the place of the earliest of those of steps that it fills.
    filled = np.array([fills(timeline, step)[begins] for step in range(1, rules.steps + 1)])
    could = np.where(filled & (chosen[:, late] != NOT_REACHED), chosen[:, late], len(timeline))
    chosen[could.argmin(axis=0), late] = begins


def _most_and_first(timeline: Timeline, chosen: Integers, ends: Integers) -> Integers:
    """Of each run's attempts the index of the one that does most, and first; of several, of the last one.

    Runs whose attempts all begin after the range have none.
    """
    done = (chosen != NOT_REACHED).sum(axis=0)
    instant = instant_of(timeline.place[ends])
    order = np.lexsort((-ends, instant, -done, timeline.run[ends]))
    order = order[done[order] > 0]
    first = changes(timeline.run[ends[order]])
    best: Integers = order[first]
    return best


def _in_order(chosen: Integers) -> Integers:
    """Per number of steps done, the rows in their order."""
    far = np.iinfo(np.int64).max
    rows = np.sort(np.where(chosen == NOT_REACHED, far, chosen), axis=0)
    return np.where(rows == far, NOT_REACHED, rows)
