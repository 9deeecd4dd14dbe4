"""Counting a funnel: the attempts of all persons, over the whole range or period by period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from backsight.parquet_rows import Integers
from backsight.reports.funnel.attempts import Attempts, holding
from backsight.reports.funnel.request import FunnelRequest
from backsight.reports.funnel.rules import Rules
from backsight.reports.funnel.scan import Matched, timelines
from backsight.reports.funnel.walk import counted_attempts
from backsight.scan.context import Context
from backsight.scan.order import SEQUENCE_BITS
from backsight.timelines import Timeline


def rules_of(asked: FunnelRequest) -> Rules:
    """How attempts are made."""
    options = asked.options
    return Rules(
        len(asked.steps),
        asked.window_micros,
        asked.starts_before,
        options.entry,
        options.order,
        options.count,
        asked.optional,
        tuple(each.between for each in options.exclusions),
        options.exclude_mode,
        bool(options.hold),
    )


def count_attempts(
    asked: FunnelRequest, found: Matched, context: Context, edges: Sequence[int] = ()
) -> tuple[list[Attempts], list[list[Attempts]]]:
    """The attempts that count, in parts: of the whole range; and of each period between `edges` (places).

    A period has the attempts that a funnel has whose range it is: a person may start one in each.
    """
    rules = rules_of(asked)

    def walk(timeline: Timeline) -> tuple[Attempts, list[Attempts]]:
        return counted_attempts(timeline, rules), _by_period(timeline, rules, edges)

    walked = timelines(found, context).map(walk)
    return [whole for whole, _ in walked], [
        list(each) for each in zip(*(each for _, each in walked), strict=True)
    ]


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
    starts = np.flatnonzero(holding(timeline, rules.starting_bits))
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


def _last(rules: Rules) -> int:
    """A place after all that an attempt may use."""
    return rules.starts_before + ((rules.window + 1) << SEQUENCE_BITS)
