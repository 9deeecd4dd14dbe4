"""Attempts in runs whose events have no complete order: every order that they can have is walked over.

Events of one time on different pages may stand in either order, and the best of all orders counts. A run in
each of its orders is put into a timeline, as a part of its own, and they are all walked over together, so
that what attempts are is said in one place. Of a run with too many orders some are tried: all its steps in
the order of the funnel, and others drawn by lot, the same each time.

Only forged events have so many. They take a time that grows with their number, no faster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from heapq import merge
from itertools import islice, product
from math import prod
from random import Random
from typing import Final

import numpy as np

from backsight.parquet_rows import Integers
from backsight.reports.funnel.attempts import NOT_REACHED, Attempts, joined
from backsight.reports.funnel.rules import Rules
from backsight.reports.funnel.ties import Page, pages_by_time, shortest_first
from backsight.reports.funnel.units import ranks
from backsight.runs import check
from backsight.scan.order import instant_of
from backsight.timelines import Timeline, changes

MAX_ORDERS: Final = 256
"""Orders of a run that are tried."""
MAX_ROWS: Final = 1_000_000
"""Rows of all orders of all runs. Where they are used up, by the longest runs, one order is tried."""
MAX_TIED: Final = 24
"""Events of one time up to which every order is looked for; of more, all are drawn by lot."""


def best_arrangements(
    timeline: Timeline, rules: Rules, walk: Callable[[Timeline, Rules], Attempts]
) -> Attempts:
    """The attempts of each run, in the order that is best for it; `walk` gives those of one order."""
    arranged, arrangement_run = _arranged(timeline)
    rows = np.concatenate(arranged)
    number = np.repeat(np.arange(len(arranged)), [len(each) for each in arranged])
    every = Timeline(timeline.person[rows], timeline.place[rows], timeline.columns.only(rows), number)
    attempts = walk(every, rules)
    arrangement = number[attempts.rows[0]] if len(attempts.person) else np.empty(0, np.int64)
    best = _best(attempts, rules, arrangement, arrangement_run)
    return joined([(attempts.only(np.isin(arrangement, best)), rows)], timeline.columns)


def _best(attempts: Attempts, rules: Rules, arrangement: Integers, run: Integers) -> Integers:
    """The best arrangement of each run that has any attempts."""
    if rules.count == "totals":
        found, index = np.unique(arrangement, return_inverse=True)
        done = attempts.places != NOT_REACHED
        counts = [-np.bincount(index, weights=each, minlength=len(found)) for each in done]
        soonest = np.bincount(index, weights=instant_of(attempts.places.max(axis=0)), minlength=len(found))
        order = np.lexsort((found, soonest, *counts, run[found]))
        runs = run[found[order]]
        totals: Integers = found[order[changes(runs)]]
        return totals
    removed = attempts.killed if rules.exclude_mode == "person" else np.zeros(len(arrangement), np.bool_)
    order = np.lexsort((arrangement, -attempts.last_start, *ranks(attempts), removed, run[arrangement]))
    runs = run[arrangement[order]]
    best: Integers = arrangement[order[changes(runs)]]
    return best


def _arranged(timeline: Timeline) -> tuple[list[Integers], Integers]:
    """The rows of each run in each of its orders, and each order's run."""
    arranged: list[Integers] = []
    runs: list[int] = []
    left = MAX_ROWS
    for run, start, end in shortest_first(timeline):
        allowed = max(1, min(MAX_ORDERS, left // (end - start)))
        orders = [np.array(rows, np.int64) for rows in _orders_of_run(timeline, start, end, allowed)]
        left -= len(orders) * (end - start)
        arranged += orders
        runs += [run] * len(orders)
    return arranged, np.array(runs, np.int64)


def _orders_of_run(timeline: Timeline, start: int, end: int, allowed: int) -> Iterator[list[int]]:
    moments = [_orders(pages, allowed) for _, pages in pages_by_time(timeline, start, end)]
    if prod(len(orders) for orders in moments) <= allowed:
        ways: Iterator[Sequence[Sequence[int]]] = product(*moments)
    else:
        draw = Random(0)  # noqa: S311  (no secret)
        drawn = ([draw.choice(orders) for orders in moments] for _ in range(allowed - 1))
        ways = iter([[orders[0] for orders in moments], *drawn])
    for way in ways:
        yield [row for moment in way for row in moment]


def _orders(pages: list[Page], allowed: int) -> list[list[int]]:
    """The orders that the events of one time can have, as rows; the first has the steps in their order."""
    check()
    if sum(map(len, pages)) <= MAX_TIED:
        every = [[row for _, row in order] for order in islice(_interleaved(pages), allowed + 1)]
        if len(every) <= allowed:
            return every
    else:
        every = [[row for _, row in merge(*pages, key=lambda event: (_lowest(event[0]), event[0]))]]
    draw = Random(0)  # noqa: S311  (no secret)
    return [every[0], *(_drawn(pages, draw) for _ in range(allowed - 1))]


def _interleaved(pages: Sequence[Page]) -> Iterator[list[tuple[int, int]]]:
    """The events in every order that keeps that of each page. Pages of which the same is left are alike."""
    done: list[tuple[int, int]] = []
    choices = [iter(_choices(pages))]
    while choices:
        if (taken := next(choices[-1], None)) is None:
            choices.pop()
            if done:
                done.pop()
            continue
        event, rest = taken
        done.append(event)
        if rest:
            choices.append(iter(_choices(rest)))
        else:
            yield list(done)
            done.pop()


def _choices(pages: Sequence[Page]) -> list[tuple[tuple[int, int], list[Page]]]:
    alike: dict[tuple[int, ...], int] = {}
    for number, page in enumerate(pages):
        alike.setdefault(tuple(_lowest(bits) for bits, _ in page) + tuple(bits for bits, _ in page), number)
    return [
        (pages[number][0], [left for other, page in enumerate(pages)
                            if (left := page[1:] if other == number else page)])
        for _, number in sorted(alike.items())
    ]  # fmt: skip


def _lowest(bits: int) -> int:
    return bits & -bits


def _drawn(pages: Sequence[Page], draw: Random) -> list[int]:
    """The rows of one order, drawn by lot."""
    turns = [number for number, page in enumerate(pages) for _ in page]
    draw.shuffle(turns)
    left = [iter(page) for page in pages]
    return [next(left[number])[1] for number in turns]
