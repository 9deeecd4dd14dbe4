"""Funnel attempts of the few persons whose events have no complete order, worked out one by one.

Events of the same time on different page instances may stand in either order, in the person's favour. One
person's events are read time by time; within one time, the steps that can be filled are found by trying the
pages against each other. Plain attempts alone are found so: it takes less than to try every order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

import numpy as np

from backsight.reports.funnel.attempts import NOT_REACHED, Attempts, attempts_of, nobodys
from backsight.reports.funnel.rules import Rules
from backsight.runs import check
from backsight.scan.order import SEQUENCE_BITS, instant_of
from backsight.timelines import Timeline

MAX_TRIED: Final = 500_000
"""Events of the arrangements of one time that are tried, all together; persons of few events come first.

Only someone who forges events by the dozen at one microsecond gets there; from then on, MIN_TRIED
arrangements are tried each time, and the best of them counts.
"""
MIN_TRIED: Final = 32

Page = tuple[tuple[int, int], ...]
"""What is left of a page at one time: for each event the steps (as bits) that it fills, and its row."""
Pages = tuple[Page, ...]
Times = tuple[int, ...]
"""When each step of an attempt was done, in microseconds from the origin."""
Chain = tuple[Times, tuple[int, ...]]
"""An attempt: the times of its steps, and the rows that did them."""


@dataclass
class Tries:
    """What is left of MAX_TRIED."""

    left: int

    def allowed(self, events: int) -> int:
        """How many arrangements of so many events may be tried next."""
        return max(self.left // events, MIN_TRIED)


@dataclass(frozen=True, slots=True)
class Moment:
    """A person's events at one time."""

    time: int
    pages: Pages
    starts: bool
    """Whether an attempt may start here."""


@dataclass
class Found:
    """Per number of steps done: the attempt that did so many first, and that with the latest steps by now."""

    first: dict[int, Chain] = field(default_factory=dict)
    latest: dict[int, Chain] = field(default_factory=dict)
    last_start: int | None = None

    def note(self, candidates: Iterable[Chain]) -> None:
        """Keep, of a moment's attempts of each length, that with the latest steps, from the last one back."""
        best: dict[int, Chain] = {}
        for times, rows in candidates:
            if len(times) not in best or times[::-1] > best[len(times)][0][::-1]:
                best[len(times)] = times, rows
        self.first = best | self.first
        self.latest |= best


def resolve_attempts(timeline: Timeline, rules: Rules) -> Attempts:
    """The counted attempt of each run in which one started; plain ones, as `rules.plain` says.

    `timeline` has the columns `page`, `sequence` and `steps`.
    """
    chosen: list[tuple[int, ...]] = []
    last_starts: list[int] = []
    tries = Tries(MAX_TRIED)
    for _, start, end in shortest_first(timeline):
        found = find_attempts(moments(timeline, start, end, rules), rules, tries)
        if found.last_start is not None:
            rows = found.first[max(found.first)][1]
            chosen.append(rows + (NOT_REACHED,) * (rules.steps - len(rows)))
            last_starts.append(found.last_start << SEQUENCE_BITS)
    if not chosen:
        return nobodys(timeline, rules)
    return attempts_of(timeline, np.array(chosen, np.int64).T, np.array(last_starts, np.int64))


def find_attempts(timeline: Iterable[Moment], rules: Rules, tries: Tries) -> Found:
    """One run's attempts, from moments in the order of time."""
    found = Found()
    for moment in timeline:
        check()
        chances = _first_only(found) if rules.entry == "first" else dict(found.latest)
        may_start = moment.starts and (rules.entry == "any" or found.last_start is None)
        if may_start and reach(moment.pages, 0, 1, tries):
            chances[0] = (), ()
            found.last_start = moment.time
        found.note(
            (times + (moment.time,) * more, rows + filling[:more])
            for done, (times, rows) in chances.items()
            if not times or moment.time - times[0] <= rules.window
            for filling in [reach(moment.pages, done, rules.steps, tries)]
            for more in range(1, len(filling) + 1)
        )
    return found


def _first_only(found: Found) -> dict[int, Chain]:
    """The one attempt that goes on where only the first counts: each of its steps is the earliest."""
    furthest = max(found.first, default=0)
    return {furthest: found.first[furthest]} if furthest else {}


def moments(timeline: Timeline, start: int, end: int, rules: Rules) -> Iterator[Moment]:
    """One run's events by time, in its order. Of pages that are alike an attempt needs one a step at most."""
    for time, pages in pages_by_time(timeline, start, end):
        kept: list[Page] = []
        alike: Counter[tuple[int, ...]] = Counter()
        for page in sorted(pages):
            kind = tuple(bits for bits, _ in page)
            alike[kind] += 1
            if alike[kind] <= rules.steps:
                kept.append(page)
        yield Moment(time, tuple(kept), time << SEQUENCE_BITS < rules.starts_before)


def pages_by_time(timeline: Timeline, start: int, end: int) -> Iterator[tuple[int, list[Page]]]:
    """The times of a run, and its pages at each: the bits and the row of every event, in their order."""
    rows = np.arange(start, end)
    columns = [timeline.columns.at(name, rows).tolist() for name in ("page", "sequence", "steps")]
    times: dict[int, dict[int, list[tuple[int, int, int]]]] = {}
    instants = instant_of(timeline.place[rows]).tolist()
    for instant, page, sequence, bits, row in zip(instants, *columns, rows.tolist(), strict=True):
        times.setdefault(instant, {}).setdefault(page, []).append((sequence, bits, row))
    for time, pages in times.items():
        yield time, [tuple((bits, row) for _, bits, row in sorted(page)) for page in pages.values()]


def shortest_first(timeline: Timeline) -> Iterator[tuple[int, int, int]]:
    """Every run, the shortest first, with its first row and the one after its last: what may be tried is for
    those who have few ties before it is for who has forged them.
    """
    for run in np.argsort(timeline.lengths, kind="stable").tolist():
        check()
        start = int(timeline.starts[run])
        yield run, start, start + int(timeline.lengths[run])


def reach(pages: Pages, done: int, steps: int, tries: Tries) -> tuple[int, ...]:
    """The rows that do as many of the first `steps` steps as can be, where the first `done` already are.

    Pages are tried against each other; within one, the earliest event that fills a step leaves the most.
    """
    best: tuple[int, ...] = ()
    waiting: list[tuple[tuple[int, ...], Pages]] = [((), pages)]
    seen = {_left(waiting[0])}
    events = sum(map(len, pages))
    allowed = tries.allowed(events)
    while waiting and done + len(best) < steps and len(seen) <= allowed:
        filled, left = waiting.pop()
        best = max(best, filled, key=len)
        for taken in islice(_taken(done, filled, left), allowed):
            if _left(taken) not in seen:
                seen.add(_left(taken))
                waiting.append(taken)
    tries.left -= (len(seen) - 1) * events
    return max([best, *(filled for filled, _ in waiting)], key=len)[: steps - done]


def _left(state: tuple[tuple[int, ...], Pages]) -> tuple[int, tuple[tuple[int, ...], ...]]:
    """What matters of a state: how many steps it did, and what is left of the pages."""
    filled, pages = state
    return len(filled), tuple(sorted(tuple(bits for bits, _ in page) for page in pages))


def _taken(done: int, filled: tuple[int, ...], pages: Pages) -> Iterable[tuple[tuple[int, ...], Pages]]:
    """What follows from filling the next step, by each page that can."""
    wanted = 1 << (done + len(filled))
    for index, page in enumerate(pages):
        at = next((place for place, (bits, _) in enumerate(page) if bits & wanted), None)
        if at is not None:
            rest = page[at + 1 :]
            yield (*filled, page[at][1]), (*pages[:index], *([rest] if rest else []), *pages[index + 1 :])
