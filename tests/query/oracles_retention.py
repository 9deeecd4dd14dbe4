"""Retention, worked out person by person in plain Python, with every option."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil, floor, fsum
from typing import Any

from query.oracles import Row, before

Test = Callable[[Row], bool]
QUANTILES = {"median": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}


@dataclass
class Asked:
    """What is asked of events whose periods are numbered, the first row's being `rows[0]`."""

    rows: Sequence[int]
    lasts: Sequence[int]
    cohort: str
    returned: str
    minimum: int
    length: timedelta | None
    starts: Test
    returns: Test
    inside: Test
    """Whether a start lies in the range."""
    counts: Test
    """Whether a return does, where it has to."""
    period: Callable[[Row], int]
    measure: str | None = None
    value: Callable[[Row], float | None] = lambda row: None


@dataclass
class Member:
    """A person in a row: in which columns they returned, and the numbers of their returns in each."""

    person: int
    row: int
    start: Row
    returned: list[bool]
    values: list[list[float]] = field(default_factory=list)


def members(people: Mapping[int, Sequence[Row]], asked: Asked) -> Iterator[Member]:
    """Everybody in each row."""
    for person, events in people.items():
        back = [event for event in events if asked.returns(event) and asked.counts(event)]
        for row, firsts in _firsts([event for event in events if asked.starts(event)], asked).items():
            start = min(
                firsts, key=lambda first: (-len(_after(back, first)), first["page"], first["sequence"])
            )
            yield _member(person, row, start, back, asked)


def table(found: Sequence[Member], asked: Asked) -> list[dict[str, Any]]:
    """Size, returned and values of each row."""
    lines = []
    for row in asked.rows:
        here = [member for member in found if member.row == row]
        line: dict[str, Any] = {
            "size": len(here),
            "returned": [sum(member.returned[at] for member in here) for at in range(len(asked.lasts))],
        }
        if asked.measure:
            line["values"] = [
                statistic(asked.measure, [value for member in here for value in member.values[at]])
                for at in range(len(asked.lasts))
            ]
        lines.append(line)
    return lines


def grouped(
    found: Sequence[Member], by: Sequence[str], limit: int
) -> list[tuple[list[Any] | None, list[Member]]]:
    """The groups by size, then by value, nulls last; those past the limit pooled."""
    groups: dict[tuple[Any, ...], list[Member]] = {}
    for member in found:
        groups.setdefault(tuple(member.start.get(name) for name in by), []).append(member)
    ordered = sorted(
        groups,
        key=lambda value: (
            -len(groups[value]),
            [(each is None, 0 if each is None else each) for each in value],
        ),
    )
    alone: list[tuple[list[Any] | None, list[Member]]] = [
        (list(value), groups[value]) for value in ordered[:limit]
    ]
    rest = [member for value in ordered[limit:] for member in groups[value]]
    return alone + ([(None, rest)] if rest else [])


def statistic(kind: str, values: Sequence[float]) -> float | None:
    """A statistic of some numbers; of none it is null, a sum 0."""
    if not values:
        return 0.0 if kind == "sum" else None
    if kind in QUANTILES:
        ordered = sorted(values)
        at = (len(ordered) - 1) * QUANTILES[kind]
        low, high = ordered[floor(at)], ordered[ceil(at)]
        return low + (high - low) * (at - floor(at))
    return {"sum": fsum(values), "avg": fsum(values) / len(values), "min": min(values), "max": max(values)}[
        kind
    ]


def _member(person: int, row: int, start: Row, back: Sequence[Row], asked: Asked) -> Member:
    columns = range(len(asked.lasts))

    def column(event: Row) -> int:
        """The number of the event's column; one too many past the last."""
        lag = (
            (event["time"] - start["time"]) // asked.length
            if asked.length
            else asked.period(event) - asked.period(start)
        )
        return sum(lag > last for last in asked.lasts)

    tally = Counter(column(event) for event in _after(back, start))
    often = [tally[at] >= asked.minimum for at in columns]
    returned = {
        "on": lambda at: often[at],
        "on_or_after": lambda at: sum(tally[each] for each in tally if each >= at) >= asked.minimum,
        "streak": lambda at: often[0] if at == 0 else all(often[1 : at + 1]),
    }[asked.returned]
    measured = [*_after(back, start), *([start] if any(event is start for event in back) else [])]
    numbers = [(column(event), asked.value(event)) for event in measured]
    return Member(
        person,
        row,
        start,
        [returned(at) for at in columns],
        [
            [
                number
                for place, number in numbers
                if number is not None and (place >= at if asked.returned == "on_or_after" else place == at)
            ]
            for at in columns
        ],
    )


def _after(back: Sequence[Row], start: Row) -> list[Row]:
    """Returns that may have come after the start."""
    return [
        event
        for event in back
        if event is not start and event["time"] >= start["time"] and not before(event, start)
    ]


def _firsts(starts: Sequence[Row], asked: Asked) -> dict[int, list[Row]]:
    """Per row, the person's first starts, of which there may be several at one time."""
    if asked.cohort == "first_ever":
        starts = _earliest(starts)
    starts = [event for event in starts if asked.inside(event)]
    if asked.cohort == "first_in_range":
        starts = _earliest(starts)
    found: dict[int, list[Row]] = {}
    for event in starts:
        found.setdefault(asked.period(event), []).append(event)
    return {row: _earliest(events) for row, events in found.items()}


def _earliest(events: Sequence[Row]) -> list[Row]:
    return [event for event in events if event["time"] == min(each["time"] for each in events)]
