"""The walk over a timeline: the attempts that count, whatever a funnel's order, entry and count.

Runs in which events have no complete order (those of one time on different pages) are few; they are walked
over in every order that their events can have, and the best counts.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backsight.parquet_rows import Integers
from backsight.reports.funnel.arrangements import best_arrangements
from backsight.reports.funnel.attempts import Attempts, joined
from backsight.reports.funnel.greedy import first_attempts, successive_attempts
from backsight.reports.funnel.latest import latest_attempts
from backsight.reports.funnel.rules import Rules
from backsight.reports.funnel.ties import resolve_attempts
from backsight.reports.funnel.units import counted, with_excluded
from backsight.reports.funnel.unordered import unordered_attempts
from backsight.scan.order import SEQUENCE_BITS
from backsight.timelines import Flags, Timeline


def counted_attempts(timeline: Timeline, rules: Rules) -> Attempts:
    """The attempts that count: of each person, of each session, or one after another.

    `timeline` has the columns `page`, `sequence` and `steps` (see `rules`), and, where sessions are counted,
    `session`; its runs are what attempts are made in.
    """
    if rules.order == "any":
        return counted(unordered_attempts(timeline, rules), rules)
    attempts = counted(_of_runs(timeline, rules), rules)
    if not rules.exclusions or rules.count == "totals":
        return attempts
    free = replace(rules, exclusions=())
    return with_excluded(attempts, counted(_of_runs(timeline, free), free), rules)


def _of_runs(timeline: Timeline, rules: Rules) -> Attempts:
    attempts = _in_order(timeline, rules)
    tied = disordered(timeline)
    if not len(tied):
        return attempts
    loose = np.flatnonzero(np.isin(timeline.run, tied))
    few = timeline.only(loose)
    settled = resolve_attempts(few, rules) if rules.plain else best_arrangements(few, rules, _in_order)
    orderly = attempts.only(~np.isin(timeline.run[attempts.rows[0]], tied))
    return joined([(orderly, None), (settled, loose)], timeline.columns)


def _in_order(timeline: Timeline, rules: Rules) -> Attempts:
    """The attempts of runs whose events have an order."""
    if rules.count == "totals":
        return successive_attempts(timeline, rules)
    return first_attempts(timeline, rules) if rules.entry == "first" else latest_attempts(timeline, rules)


def disordered(timeline: Timeline) -> Integers:
    """Runs that have events of one time, of different kinds, that no sequence puts in order."""
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
    return np.unique(timeline.run[pairs[both[group]]])


def _any(flags: Flags, group: Integers) -> Flags:
    return np.bincount(group, weights=flags) > 0
