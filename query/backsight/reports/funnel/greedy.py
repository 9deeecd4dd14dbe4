"""Attempts of which each step is the earliest: of a run's first start, or one after another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backsight.parquet_rows import Integers
from backsight.reports.funnel.attempts import (
    NOT_REACHED,
    Attempts,
    attempts_of,
    holding,
    next_of,
    nobodys,
    starting_rows,
)
from backsight.reports.funnel.rules import Rules
from backsight.scan.order import instant_of
from backsight.timelines import Timeline, changes

FAR = np.iinfo(np.int64).max


def first_attempts(timeline: Timeline, rules: Rules) -> Attempts:
    """The attempt of each run that begins with its first start."""
    starts = starting_rows(timeline, rules)
    starts = starts[changes(timeline.run[starts])]
    if not len(starts):
        return nobodys(timeline, rules)
    rows, broken = _follow(timeline, rules, starts)
    return _attempts(timeline, rules, rows, broken, _killing(timeline, rules, rows, broken))


def successive_attempts(timeline: Timeline, rules: Rules) -> Attempts:
    """All attempts of each run, one after another: the next begins with the first start after one has ended.

    An attempt ends with its last step, when its window closes, with an event that excludes it, or, where the
    order is strict, with a named event that is not its next step, which may itself be a start.
    """
    starts = starting_rows(timeline, rules)
    if not len(starts):
        return nobodys(timeline, rules)
    rows, broken = _follow(timeline, rules, starts)
    killing = _killing(timeline, rules, rows, broken)
    following = _starts_after(timeline, rules, rows, broken, killing)
    chosen = np.zeros(len(starts), np.bool_)
    waiting = np.flatnonzero(changes(timeline.run[starts]))
    while len(waiting):
        chosen[waiting] = True
        waiting = following[waiting]
        waiting = waiting[waiting != NOT_REACHED]
    return _attempts(timeline, rules, rows[:, chosen], broken[chosen], killing[chosen])


def _attempts(
    timeline: Timeline, rules: Rules, rows: Integers, broken: Integers, killing: Integers
) -> Attempts:
    starts = rows[0]
    last_start = timeline.place[starts]
    if rules.strict:
        last_start = np.where(broken == NOT_REACHED, last_start, NOT_REACHED)
    attempts = attempts_of(timeline, rows, last_start)
    if not rules.exclusions:
        return attempts
    killed = killing != FAR
    attempts.places[:, killed] = NOT_REACHED
    attempts.last_start[killed] = NOT_REACHED
    # Of what came after an attempt was ended nobody can say whether it would have been part of it.
    excluded = killed & (rows != NOT_REACHED) & (rows < killing)
    return replace(attempts, killed=killed, excluded=excluded)


def _follow(timeline: Timeline, rules: Rules, starts: Integers) -> tuple[Integers, Integers]:
    """Per step and start the earliest row that does it; and the named event that broke off each attempt."""
    rows = np.full((rules.steps, len(starts)), NOT_REACHED, np.int64)
    rows[0] = starts
    standing = np.ones(len(starts), np.int64)
    broken = np.full(len(starts), NOT_REACHED, np.int64)
    for step in range(1, rules.steps):
        here = np.flatnonzero(standing == step)
        wanted = rules.next_bits(step)
        events = np.flatnonzero(holding(timeline, rules.naming_bits or wanted))
        following = next_of(events, timeline, rows[step - 1, here])
        took = instant_of(timeline.place[following]) - instant_of(timeline.place[starts[here]])
        bits = timeline.columns["steps"][following]
        there = (following != NOT_REACHED) & (took <= rules.window)
        goes_on = there & ((bits & wanted) != 0)
        if rules.strict:
            breaks = there & ~goes_on
            broken[here[breaks]] = following[breaks]
        here, following, bits = here[goes_on], following[goes_on], bits[goes_on]
        for later in rules.next(step):
            standing[here[(bits & (1 << (later - 1))) != 0]] = later
        rows[standing[here] - 1, here] = following
    return rows, broken


def _killing(timeline: Timeline, rules: Rules, rows: Integers, broken: Integers) -> Integers:
    """For each attempt the first row that excludes it; FAR where none does."""
    killing = np.full(rows.shape[1], FAR, np.int64)
    began = instant_of(timeline.place[rows[0]])
    for number, each in enumerate(rules.exclusions):
        after, before = rows[each.after - 1], rows[each.before - 1]
        excluding = np.flatnonzero(holding(timeline, rules.exclusion_bit(number)))
        first = next_of(excluding, timeline, np.maximum(after, 0))
        within = instant_of(timeline.place[first]) - began <= rules.window
        if rules.strict:
            within &= (broken == NOT_REACHED) | (first <= broken)
        kills = (after != NOT_REACHED) & (first != NOT_REACHED)
        kills &= np.where(before == NOT_REACHED, within, first < before)
        killing[kills] = np.minimum(killing[kills], first[kills])
    return killing


def _starts_after(
    timeline: Timeline, rules: Rules, rows: Integers, broken: Integers, killing: Integers
) -> Integers:
    """For each start the index of the first one after its attempt has ended; NOT_REACHED where none is."""
    starts = rows[0]
    converted = rows[-1] != NOT_REACHED
    limit = instant_of(timeline.place[starts]) + rules.window
    index = first_later(timeline, starts, limit)
    index[converted] = np.searchsorted(starts, rows[-1, converted], "right")
    early = ~converted & (broken != NOT_REACHED)
    index[early] = np.minimum(index[early], np.searchsorted(starts, broken[early], "left"))
    killed = killing != FAR
    index[killed] = np.searchsorted(starts, killing[killed], "left")
    index = np.maximum(index, np.arange(len(starts)) + 1)
    there = index < len(starts)
    run = timeline.run[starts]
    there &= run[np.minimum(index, len(starts) - 1)] == run
    return np.where(there, index, NOT_REACHED)


def first_later(timeline: Timeline, rows: Integers, limit: Integers) -> Integers:
    """For each of some sorted rows, the index of the first of them in its run that is later than a limit, or
    of the first of the next run."""
    run = timeline.run[rows]
    sizes = np.diff(np.append(np.flatnonzero(changes(run)), len(rows)))
    high = np.repeat(np.cumsum(sizes), sizes)
    low = np.arange(len(rows))
    instant = instant_of(timeline.place[rows])
    while (narrowing := low < high).any():
        middle = (low + high) // 2
        later = narrowing & (instant[np.minimum(middle, len(rows) - 1)] > limit)
        high = np.where(later, middle, high)
        low = np.where(narrowing & ~later, middle + 1, low)
    return low
