"""What could have become of an event in a funnel: its attempts are made again as if it alone did its step.

The walk is the funnel's own (`funnel/walk.py`), over a copy of the person's events for each event that is
asked about, so that a reason never follows from other rules than the count does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from backsight.parquet_rows import Integers
from backsight.reports.funnel.attempts import NOT_REACHED
from backsight.reports.funnel.rules import Rules
from backsight.reports.funnel.walk import counted_attempts
from backsight.reports.retention.starts import ranges
from backsight.scan.order import instant_of
from backsight.timelines import Columns, Flags, Timeline

MOST_ROWS: Final = 2_000_000
"""Rows of all copies together; events beyond are not looked at one by one."""

NO_WINDOW: Final = 2**60
"""Microseconds: longer than any two events lie apart."""


@dataclass(frozen=True)
class Forced:
    """Per event, the attempt that got furthest of those in which it does the step."""

    known: Flags
    """Whether it was looked at."""
    depth: Integers
    """The last step, from 1, that was reached; 0 where the event can't be part of any attempt."""
    began: Integers
    ended: Integers
    """Places of its first and of its last event."""
    excluded: Flags
    """Whether it can't be for exclusions alone."""


def forced(timeline: Timeline, rows: Integers, step: int, rules: Rules) -> Forced:
    """What attempts can do in which each of some rows does a step (from 1)."""
    found = _nothing(len(rows))
    first, last = _near(timeline, rows, rules)
    known = np.cumsum(last - first) <= MOST_ROWS
    at = np.flatnonzero(known)
    found.known[at] = True
    if not len(at):
        return found
    number, of = ranges(first[at], last[at])
    rows = rows[at]
    steps = _only(timeline.columns["steps"][of], of == rows[number], step, rules)
    columns = {name: timeline.columns.at(name, of) for name in ("place", "page", "sequence")}
    copied = Columns({**columns, "steps": steps}, np.arange(len(of)))
    every = Timeline(number, timeline.place[of], copied)
    attempts = counted_attempts(every, _plain(rules, step))
    who = at[attempts.person]
    done = attempts.places != NOT_REACHED
    found.depth[who] = np.where(done, np.arange(1, rules.steps + 1)[:, None], 0).max(axis=0)
    found.began[who], found.ended[who] = attempts.places[0], attempts.places.max(axis=0)
    found.excluded[who] = attempts.excluded[step - 1]
    return found


def free(rules: Rules) -> Rules:
    """The same without what must not come between."""
    return replace(rules, order="ordered", exclusions=())


def endless(rules: Rules) -> Rules:
    """The same without a window either."""
    return replace(free(rules), window=NO_WINDOW)


def _plain(rules: Rules, step: int) -> Rules:
    """One attempt of each copy, to which the step belongs."""
    return replace(
        rules,
        entry="any",
        count="persons",
        optional=tuple(each for each in rules.optional if each != step),
        exclude_mode="attempt",
        held=False,
    )


def _near(timeline: Timeline, rows: Integers, rules: Rules) -> tuple[Integers, Integers]:
    """The first row, and the last plus one, of each one's run that can be in an attempt with it."""
    instants = instant_of(timeline.place)
    begins = timeline.first[rows]
    ends = begins + timeline.lengths[timeline.run[rows]]
    edges = [
        begin
        + np.array(
            [
                np.searchsorted(instants[begin:end], instants[row] - rules.window, "left"),
                np.searchsorted(instants[begin:end], instants[row] + rules.window, "right"),
            ]
        )
        for row, begin, end in zip(rows.tolist(), begins.tolist(), ends.tolist(), strict=True)
    ]
    first, last = np.array(edges, np.int64).reshape(len(rows), 2).T
    return first, last


def _only(bits: Integers, own: Flags, step: int, rules: Rules) -> Integers:
    """The bits of copies: each one's own event does the step alone, and nothing else."""
    made, bit = bits.copy(), 1 << (step - 1)
    if rules.strict:  # what the funnel names may not come between, whether it does a step or not
        made[(made & rules.naming_bits) != 0] |= 1 << rules.steps
    made[~own] &= ~bit
    made[own] = (made[own] & ~rules.step_bits) | bit
    return made


def _nothing(count: int) -> Forced:
    began, ended = (np.full(count, NOT_REACHED, np.int64) for _ in range(2))
    known, excluded = (np.zeros(count, np.bool_) for _ in range(2))
    return Forced(known, np.zeros(count, np.int64), began, ended, excluded)
