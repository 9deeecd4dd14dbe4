"""Counting a funnel: the attempts of all persons, over the whole range or period by period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backsight.parquet_rows import Integers
from backsight.reports.context import Context
from backsight.reports.funnel.attempts import Attempts, Rules, counted_attempts, disordered, fills
from backsight.reports.funnel.request import FunnelRequest
from backsight.reports.funnel.scan import Matched, tied_rows, timelines
from backsight.reports.funnel.ties import resolve_attempts
from backsight.reports.order import SEQUENCE_BITS
from backsight.timelines import Timeline

NOBODY = np.empty(0, np.int64)


def rules_of(asked: FunnelRequest) -> Rules:
    """How attempts are made."""
    return Rules(len(asked.steps), asked.window_micros, asked.starts_before, asked.entry)


def count_attempts(
    asked: FunnelRequest, found: Matched, context: Context, edges: Sequence[int] = ()
) -> tuple[list[Attempts], list[list[Attempts]]]:
    """The attempts that count, in parts: of the whole range; and of each period between `edges` (places).

    A period has the attempts that a funnel has whose range it is: a person may start one in each.
    """
    rules = rules_of(asked)

    def walk(timeline: Timeline) -> tuple[Integers, Attempts, list[Attempts]]:
        tied = disordered(timeline)
        orderly = timeline.only(np.flatnonzero(~np.isin(timeline.person, tied))) if len(tied) else timeline
        return tied, counted_attempts(orderly, rules), _by_period(orderly, rules, edges)

    walked = timelines(found, context).map(walk)
    tied = np.concatenate([NOBODY, *(persons for persons, _, _ in walked)])
    parts = [attempts for _, attempts, _ in walked]
    periods = [list(each) for each in zip(*(each for _, _, each in walked), strict=True)]
    if len(tied):
        rows = tied_rows(asked, found, tied, context)
        parts.append(resolve_attempts(rows, rules))
        for number, (period, bounded) in enumerate(_bounds(edges, rules)):
            periods[number].append(resolve_attempts(_within(rows, period, bounded), bounded))
    return parts, periods


def _bounds(edges: Sequence[int], rules: Rules) -> list[tuple[int, Rules]]:
    """Per period, its first place and the rules by which its attempts start within it."""
    starts_before = [min(edge, rules.starts_before) for edge in edges[1:]]
    return [
        (first, replace(rules, starts_before=end)) for first, end in zip(edges, starts_before, strict=False)
    ]


def _by_period(timeline: Timeline, rules: Rules, edges: Sequence[int]) -> list[Attempts]:
    """The attempts of each period, from the events of those who started one in it."""
    if not edges:
        return []
    starts = np.flatnonzero(fills(timeline, 1))
    period = np.searchsorted(np.array(edges), timeline.place[starts], "right") - 1
    runs = timeline.run[starts]
    found = []
    for number, (first, bounded) in enumerate(_bounds(edges, rules)):
        rows = _rows_of(timeline, np.unique(runs[period == number]), first, bounded)
        found.append(counted_attempts(timeline.only(rows), bounded))
    return found


def _rows_of(timeline: Timeline, runs: Integers, first: int, rules: Rules) -> Integers:
    """The rows of some runs from a place on, until the window of the last possible start has closed."""
    lengths = timeline.lengths[runs]
    skipped = timeline.starts[runs] - (np.cumsum(lengths) - lengths)
    rows = np.repeat(skipped, lengths) + np.arange(lengths.sum())
    places = timeline.place[rows]
    bounded: Integers = rows[(places >= first) & (places < _last(rules))]
    return bounded


def _within(rows: list[dict[str, Any]], first: int, rules: Rules) -> list[dict[str, Any]]:
    return [row for row in rows if first <= row["place"] < _last(rules)]


def _last(rules: Rules) -> int:
    """A place after all that an attempt may use."""
    return rules.starts_before + ((rules.window + 1) << SEQUENCE_BITS)
