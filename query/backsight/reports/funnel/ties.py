"""Funnel attempts of the few persons whose events have no complete order, worked out one by one.

Events of the same time on different page instances may stand in either order, in the person's favour. One
person's events are read time by time; within one time, the steps that can be filled are found by trying the
pages against each other. Everywhere else a person's events are in order, and SQL does the work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import numpy as np

from backsight.reports.funnel.attempts import NOT_REACHED, Attempts, Rules
from backsight.reports.order import SEQUENCE_BITS, instant_of
from backsight.timelines import Columns
from backsight.timelines import Columns

MAX_TRIED: Final = 50_000
"""Arrangements of events of one time that are tried for a report, in the order of persons and times.

Only someone who forges events by the dozen at one microsecond gets there; from then on, MIN_TRIED are tried
each time, and the best of them counts.
"""
MIN_TRIED: Final = 32

Pages = tuple[tuple[int, ...], ...]
"""What is left of each page at one time: the steps (as bits) that its events fill, in their order."""
Times = tuple[int, ...]
"""When each step of an attempt was done, in microseconds from the origin."""


@dataclass
class Tries:
    """What is left of MAX_TRIED."""

    left: int

    @property
    def allowed(self) -> int:
        """How many arrangements may be tried next."""
        return max(self.left, MIN_TRIED)


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

    first: dict[int, Times] = field(default_factory=dict)
    latest: dict[int, Times] = field(default_factory=dict)
    last_start: int | None = None

    def note(self, candidates: Iterable[Times]) -> None:
        """Keep, of a moment's attempts of each length, that with the latest steps, from the last one back."""
        best: dict[int, Times] = {}
        for times in candidates:
            if times[::-1] > best.get(len(times), ())[::-1]:
                best[len(times)] = times
        self.first = best | self.first
        self.latest |= best


def resolve_attempts(rows: Sequence[Mapping[str, Any]], rules: Rules) -> Attempts:
    """The counted attempt of each person who started one.

    `rows` have `person`, `place`, `page`, `sequence` and `steps` (bit k-1: fills step k).
    """
    persons: list[int] = []
    places: list[list[int]] = []
    chosen: list[list[int]] = []
    rows = sorted(rows, key=itemgetter("person", "place"))
    numbers = {id(row): number for number, row in enumerate(rows)}
    last_starts: list[int] = []
    tries = Tries(MAX_TRIED)
    for person, each in groupby(rows, key=itemgetter("person")):
        events = list(each)
        found = attempts_of(
            moments(events, rules.starts_before), rules.steps, rules.window, rules.entry, tries
        )
        if found.last_start is not None:
            times = found.first[max(found.first)]
            persons.append(person)
            places.append(
                [time << SEQUENCE_BITS for time in times] + [NOT_REACHED] * (rules.steps - len(times))
            )
            last_starts.append(found.last_start << SEQUENCE_BITS)
            filled = _rows_of(times, events, numbers)
            chosen.append(filled + [NOT_REACHED] * (rules.steps - len(times)))
    reached = np.array(places, np.int64).reshape(-1, rules.steps).T
    return Attempts(
        np.array(persons, np.int64),
        np.array(chosen, np.int64).reshape(-1, rules.steps).T,
        reached,
        np.array(last_starts, np.int64),
        np.zeros_like(reached, np.bool_),
        _columns(rows),
    )


def _rows_of(times: Times, events: Iterable[Mapping[str, Any]], numbers: Mapping[int, int]) -> list[int]:
    """For each step an event of its time that fills it, each event once where that can be."""
    found: list[int] = []
    for step, time in enumerate(times):
        fit = [
            numbers[id(event)]
            for event in events
            if instant_of(event["place"]) == time and event["steps"] >> step & 1
        ]
        found.append(next((row for row in fit if row not in found), fit[0]))
    return found


def _columns(rows: Sequence[Mapping[str, Any]]) -> Columns:
    names = rows[0] if rows else ()
    return Columns({name: np.array([row[name] for row in rows]) for name in names}, np.arange(len(rows)))


def attempts_of(timeline: Iterable[Moment], steps: int, window: int, entry: str, tries: Tries) -> Found:
    """One person's attempts, from moments in the order of time."""
    found = Found()
    for moment in timeline:
        chances = _first_only(found) if entry == "first" else dict(found.latest)
        may_start = moment.starts and (entry == "any" or found.last_start is None)
        if may_start and reach(moment.pages, 0, 1, tries) == 1:
            chances[0] = ()
            found.last_start = moment.time
        found.note(
            times + (moment.time,) * (more - done)
            for done, times in chances.items()
            if not times or moment.time - times[0] <= window
            for more in range(done + 1, reach(moment.pages, done, steps, tries) + 1)
        )
    return found


def _first_only(found: Found) -> dict[int, Times]:
    """The one attempt that goes on where only the first counts: each of its steps is the earliest."""
    furthest = max(found.first, default=0)
    return {furthest: found.first[furthest]} if furthest else {}


def moments(events: Iterable[Mapping[str, Any]], starts_before: int) -> list[Moment]:
    """One person's events by time, in its order."""
    times: dict[int, dict[int, dict[int, int]]] = {}
    for event in events:
        page = times.setdefault(instant_of(event["place"]), {}).setdefault(event["page"], {})
        page[event["sequence"]] = page.get(event["sequence"], 0) | event["steps"]
    return [
        Moment(
            time,
            tuple(tuple(bits for _, bits in sorted(page.items())) for page in pages.values()),
            time << SEQUENCE_BITS < starts_before,
        )
        for time, pages in sorted(times.items())
    ]


def reach(pages: Pages, done: int, steps: int, tries: Tries) -> int:
    """How many of the first `steps` steps can be done by these events, where the first `done` already are.

    Pages are tried against each other; within one, the earliest event that fills a step leaves the most.
    """
    best = done
    waiting = [(done, tuple(sorted(pages)))]
    seen = set(waiting)
    allowed = tries.allowed
    while waiting and best < steps and len(seen) <= allowed:
        reached, left = waiting.pop()
        best = max(best, reached)
        for state in _taken(reached, left):
            if state not in seen:
                seen.add(state)
                waiting.append(state)
    tries.left -= len(seen) - 1
    return min(max([best, *(reached for reached, _ in waiting)]), steps)


def _taken(done: int, pages: Pages) -> Iterable[tuple[int, Pages]]:
    """What follows from filling the next step, by each page that can."""
    for index, page in enumerate(pages):
        at = next((place for place, bits in enumerate(page) if bits >> done & 1), None)
        if at is not None:
            rest = page[at + 1 :]
            others = (*pages[:index], *([rest] if rest else []), *pages[index + 1 :])
            yield done + 1, tuple(sorted(others))
