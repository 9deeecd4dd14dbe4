"""The funnel, worked out by trying every order that events can have and every attempt that these allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from query.oracles import Row, before, seconds


@dataclass(frozen=True)
class Asked:
    """A funnel; each step and exclusion is the set of names of its events. Steps count from 1."""

    steps: Sequence[frozenset[str]]
    window: timedelta
    first: datetime | None = None
    end: datetime | None = None
    whole: bool = False
    order: str = "ordered"
    entry: str = "any"
    count: str = "persons"
    optional: frozenset[int] = frozenset()
    first_ever: frozenset[int] = frozenset()
    exclude: Sequence[tuple[frozenset[str], int, int]] = ()
    mode: str = "attempt"
    held: bool = False


@dataclass(frozen=True)
class Event:
    """One event as a funnel sees it."""

    time: datetime
    page: int
    sequence: int
    fills: frozenset[int]
    excludes: frozenset[int]
    named: bool
    row: Row

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


@dataclass(frozen=True)
class Found:
    """What became of someone: the times of the steps of the attempt that counts, by step."""

    times: Mapping[int, datetime] = field(default_factory=dict)
    last_start: datetime | None = None
    killed: bool = False

    @property
    def rank(self) -> tuple[Any, ...]:
        """How good it is: further, then sooner, then with a later start, then later steps."""
        if not self.times:
            return ()
        furthest = max(self.times)
        late = [
            self.times[step].timestamp() if step in self.times else 0.0 for step in range(furthest, 0, -1)
        ]
        return (
            furthest,
            -max(self.times.values()).timestamp(),
            self.times[min(self.times)].timestamp(),
            late,
        )


Chain = tuple[tuple[int, int], ...]
"""Steps and the positions that do them."""


# ── Events ──────────────────────────────────────────────────────────────────────────────────────────────────


def events_of(rows: Sequence[Row], asked: Asked) -> list[Event]:
    """One person's events that play a part."""
    found = []
    for row in rows:
        fills = {n for n, names in enumerate(asked.steps, 1) if row["kind"] in names}
        for step in asked.first_ever & fills:
            others = [other for other in rows if other["kind"] in asked.steps[step - 1] and other is not row]
            if any(other["time"] < row["time"] or before(other, row) for other in others):
                fills.discard(step)
        excludes = frozenset(n for n, (names, _, _) in enumerate(asked.exclude) if row["kind"] in names)
        event = Event(row["time"], row["page"], row["sequence"], frozenset(fills), excludes,
                      row["type"] == "track" or bool(fills), row)  # fmt: skip
        inside = asked.first is None or row["time"] >= asked.first
        if asked.whole and asked.end is not None:
            inside = inside and row["time"] < asked.end
        if inside:
            found.append(event)
    return found


def orders(events: Sequence[Event]) -> Iterator[list[Event]]:
    """Every order that events can have."""
    times = sorted({event.time for event in events})
    moments = [list(_arranged([event for event in events if event.time == time])) for time in times]
    for way in product(*moments):
        yield [event for moment in way for event in moment]


def _arranged(events: list[Event]) -> Iterator[list[Event]]:
    if not events:
        yield []
    for event in events:
        if not any(before(other, event) for other in events):
            for rest in _arranged([other for other in events if other is not event]):
                yield [event, *rest]


# ── Attempts in one order ───────────────────────────────────────────────────────────────────────────────────


class Walk:
    """One order of events, and what can be made of it."""

    def __init__(self, events: Sequence[Event], asked: Asked) -> None:
        self.events, self.asked, self.last = events, asked, len(asked.steps)

    def starts(self) -> list[int]:
        end = self.asked.end
        return [
            at for at, event in enumerate(self.events)
            if 1 in event.fills and (end is None or event.time < end)
        ]  # fmt: skip

    def next(self, step: int) -> list[int]:
        """The steps that can follow."""
        found = []
        for each in range(step + 1, self.last + 1):
            found.append(each)
            if each not in self.asked.optional:
                break
        return found

    def blocks(self, at: int) -> bool:
        return self.asked.order == "strict" and self.events[at].named

    def within(self, start: int, at: int) -> bool:
        return self.events[at].time - self.events[start].time <= self.asked.window

    def clean(self, chain: Chain) -> bool:
        """Whether no exclusion lies between the steps of a chain."""
        done = dict(chain)
        return not any(
            number in self.events[at].excludes
            for number, (_, after, until) in enumerate(self.asked.exclude)
            if after in done
            for at in range(done[after] + 1, done.get(until, chain[-1][1]))
        ) and not any(
            number in self.events[chain[-1][1]].excludes
            for number, (_, after, until) in enumerate(self.asked.exclude)
            if after < chain[-1][0] < until
        )

    def chains(self, start: int) -> Iterator[Chain]:
        """Every clean chain from a start."""
        waiting: list[Chain] = [((1, start),)]
        while waiting:
            chain = waiting.pop()
            yield chain
            step, at = chain[-1]
            for later in range(at + 1, len(self.events)):
                if not self.within(start, later):
                    break
                for following in self.next(step):
                    longer = (*chain, (following, later))
                    if following in self.events[later].fills and self.clean(longer):
                        waiting.append(longer)
                if self.blocks(later):
                    break

    def open_exclusions(self, step: int) -> set[int]:
        return {n for n, (_, after, until) in enumerate(self.asked.exclude) if after <= step < until}

    def verdict(self, chain: Chain) -> str:
        """What becomes of an attempt: complete, goes on, killed, or stops; "broken" where it can't go on."""
        step, at = chain[-1]
        if step == self.last:
            return "complete"
        wanted = set(self.next(step))
        open_ones = self.open_exclusions(step)
        for later in range(at + 1, len(self.events)):
            event = self.events[later]
            fit = any(
                not any(
                    after < each < until
                    for n in event.excludes
                    for _, after, until in [self.asked.exclude[n]]
                )
                for each in wanted & event.fills
            )
            if not self.within(chain[0][1], later):
                break
            if event.excludes & open_ones and not fit:
                return "killed"
            if wanted & event.fills:
                return "goes on"
            if self.blocks(later):
                return "broken"
        return "stops"

    def times(self, chain: Chain) -> dict[int, datetime]:
        return {step: self.events[at].time for step, at in chain}

    # entry: any

    def any_entry(self) -> Found | None:
        starts = self.starts()
        if not starts:
            return None
        best: dict[tuple[int, int], Chain] = {}
        for start in starts:
            for chain in self.chains(start):
                key = chain[-1]
                if key not in best or _late(chain) > _late(best[key]):
                    best[key] = chain
        verdicts = {key: self.verdict(chain) for key, chain in best.items()}
        killed = "killed" in verdicts.values()
        counting = ("complete", "stops", "broken") if self.asked.exclude else None
        found = [
            Found(self.times(chain))
            for key, chain in best.items()
            if counting is None or verdicts[key] in counting
        ]
        chosen = max(found, key=lambda each: each.rank, default=Found())
        if self.asked.exclude or self.asked.order == "strict":
            alive = [chain[0][1] for key, chain in best.items() if verdicts[key] == "stops"]
        else:
            alive = starts
        last = max((self.events[at].time for at in alive), default=None)
        return Found(chosen.times, last, killed)

    # entry: first, and totals

    def greedy(self, start: int) -> tuple[Found, int]:
        """The attempt of earliest steps from a start, and the first position at which another may start."""
        chain, broken = self.followed(start)
        if kills := self.kills(chain, broken):
            return Found({}, None, True), min(kills)
        found = Found(self.times(chain), None if broken is not None else self.events[start].time)
        if chain[-1][0] == self.last:
            return found, chain[-1][1] + 1
        closed = [at for at in range(start, len(self.events)) if not self.within(start, at)]
        return found, min([len(self.events), *closed, *([] if broken is None else [broken])])

    def followed(self, start: int) -> tuple[Chain, int | None]:
        """The earliest steps from a start; and the event that broke them off."""
        chain: Chain = ((1, start),)
        while chain[-1][0] < self.last:
            step, at = chain[-1]
            for later in range(at + 1, len(self.events)):
                if not self.within(start, later):
                    return chain, None
                fitting = [each for each in self.next(step) if each in self.events[later].fills]
                if fitting:
                    chain = (*chain, (fitting[-1], later))
                    break
                if self.blocks(later):
                    return chain, later
            else:
                return chain, None
        return chain, None

    def kills(self, chain: Chain, broken: int | None) -> list[int]:
        """The events that exclude a chain."""
        done = dict(chain)
        start = chain[0][1]
        return [
            at
            for number, (_, after, until) in enumerate(self.asked.exclude)
            if after in done
            for at in range(done[after] + 1, done.get(until, len(self.events)))
            if number in self.events[at].excludes
            if until in done or (self.within(start, at) and (broken is None or at <= broken))
        ]

    def first_entry(self) -> Found | None:
        starts = self.starts()
        return self.greedy(starts[0])[0] if starts else None

    def totals(self) -> list[Found]:
        found, at = [], 0
        for start in self.starts():
            if start >= at:
                attempt, at = self.greedy(start)
                found.append(attempt)
        return found

    # any order

    def unordered(self) -> Found | None:
        end = self.asked.end
        may = [at for at, event in enumerate(self.events)
               if event.fills and (end is None or event.time < end)]  # fmt: skip
        if not may:
            return None
        found = []
        for start in may[:1] if self.asked.entry == "first" else may:
            usable = [at for at in range(start, len(self.events)) if self.within(start, at)]
            found += [
                sorted(self.events[at].time for at in used) for used in self._assigned(start, usable, 1)
            ]
        most = [each for each in found if len(each) == max(map(len, found))]
        soonest = [each for each in most if each[-1] == min(one[-1] for one in most)]
        chosen = min(soonest) if self.asked.entry == "first" else max(soonest, key=lambda each: each[::-1])
        last = may[0] if self.asked.entry == "first" else may[-1]
        return Found(dict(enumerate(chosen, 1)), self.events[last].time)

    def _assigned(self, start: int, usable: Sequence[int], step: int) -> Iterator[frozenset[int]]:
        """Sets of events that do steps, each its own, the start among them."""
        for used in self._any(usable, step):
            if start in used:
                yield used

    def _any(self, usable: Sequence[int], step: int) -> set[frozenset[int]]:
        if step > self.last:
            return {frozenset()}
        rest = self._any(usable, step + 1)
        filled = {
            used | {at} for used in rest for at in usable if step in self.events[at].fills and at not in used
        }
        return rest | filled


def _late(chain: Chain) -> tuple[Any, ...]:
    return chain[0][1], [(step, at) for step, at in reversed(chain)]


# ── What counts ─────────────────────────────────────────────────────────────────────────────────────────────


def funnel(people: Mapping[int, Sequence[Row]], asked: Asked, now: datetime) -> list[dict[str, Any]]:
    """Count, still open, excluded and seconds of each step."""
    found = [each for rows in people.values() for each in counted(rows, asked)]
    free = [each for rows in people.values() for each in counted(rows, replace(asked, exclude=()))]
    closed = asked.whole and asked.end is not None and asked.end <= now
    answer = []
    for step in range(1, len(asked.steps) + 1):
        reached = [each for each in found if step in each.times]
        waiting = [
            each
            for each in reached
            if max(each.times) == step < len(asked.steps)
            and each.last_start is not None
            and each.last_start + asked.window >= now
            and not closed
        ]
        taken = [
            (
                each.times[step] - max(time for other, time in each.times.items() if other < step)
            ).total_seconds()
            for each in reached
            if step > 1
        ]
        answer.append(
            {
                "count": len(reached),
                "still_open": len(waiting),
                "excluded": sum(step in each.times for each in free) - len(reached),
                "seconds": seconds(taken),
            }
        )
    return answer


def counted(rows: Sequence[Row], asked: Asked) -> list[Found]:
    """What counts of one person: the person, each session, or each attempt."""
    events = events_of(rows, asked)
    units = [events]
    if asked.count == "sessions":
        names = {event.row["session"] for event in events} - {None}
        units = [[event for event in events if event.row["session"] == name] for name in names]
    made = [_of_unit(unit, asked) for unit in units]
    if asked.mode == "person" and any(each.killed for attempts in made for each in attempts):
        return []
    return [each for attempts in made for each in _counting(attempts, asked)]


def _of_unit(events: Sequence[Event], asked: Asked) -> list[Found]:
    """The attempts that are made in each part; of the first start alone, those that begin with it."""
    parts = _parts(events, asked)
    if asked.held and asked.entry == "first" and asked.count != "totals":
        began = [_began(part, asked) for part in parts]
        least = min((each for each in began if each is not None), default=None)
        parts = [part for part, when in zip(parts, began, strict=True) if when is not None and when == least]
    return [each for part in parts for each in _run(part, asked)]


def _counting(attempts: list[Found], asked: Asked) -> list[Found]:
    if asked.count == "totals" or not attempts:
        return attempts
    best = max(attempts, key=lambda each: each.rank)
    last = max((each.last_start for each in attempts if each.last_start is not None), default=None)
    return [replace(best, last_start=last)]


def _began(events: Sequence[Event], asked: Asked) -> datetime | None:
    wanted = set(range(1, len(asked.steps) + 1)) if asked.order == "any" else {1}
    times = [event.time for event in events
             if event.fills & wanted and (asked.end is None or event.time < asked.end)]  # fmt: skip
    return min(times, default=None)


def _parts(events: Sequence[Event], asked: Asked) -> list[list[Event]]:
    """The events by the value that they hold; those without one are everywhere, and fill nothing."""
    if not asked.held:
        return [list(events)]
    values = {value for event in events for value in event.row["holds"]}
    return [
        [
            event
            if event.row["holds"]
            else replace(event, fills=frozenset(), named=event.row["type"] == "track")
            for event in events
            if value in event.row["holds"] or not event.row["holds"]
        ]
        for value in values
    ]


def _run(events: Sequence[Event], asked: Asked) -> list[Found]:
    """The attempts of a run in the order that is best for it."""
    walks = [Walk(order, asked) for order in orders(events)]
    if asked.count == "totals":
        return max((walk.totals() for walk in walks), key=lambda found: _totals_rank(found, len(asked.steps)))
    if asked.order == "any":
        found = [walk.unordered() for walk in walks[:1]]
    else:
        found = [walk.first_entry() if asked.entry == "first" else walk.any_entry() for walk in walks]
    known = [each for each in found if each is not None]
    if not known:
        return []
    removed = asked.mode == "person" and asked.exclude
    return [max(known, key=lambda each: (not (removed and each.killed), each.rank, _stamp(each.last_start)))]


def _stamp(time: datetime | None) -> float:
    return 0.0 if time is None else time.timestamp()


def _totals_rank(found: Sequence[Found], steps: int) -> tuple[int, ...]:
    return tuple(sum(step in each.times for each in found) for step in range(steps, 0, -1))
