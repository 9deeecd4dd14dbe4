"""What trends, lifecycles and stickiness have to answer, worked out the slow way, in plain Python.

Rows are events of `oracles`; each question is answered anew from all of them, for every group and period.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from query.oracles import Row, labels, period_of

Group = tuple[Any, ...]
MICROSECOND = timedelta(microseconds=1)
QUANTILES = {"median": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True)
class Calendar:
    """A range (both ends inclusive) and its periods."""

    kind: str
    zone: ZoneInfo
    week_start: str
    first: datetime
    last: datetime

    @property
    def labels(self) -> list[str]:
        if self.kind == "all":
            return [self.first.astimezone(self.zone).date().isoformat()]
        return labels(self.kind, self.zone, self.first, self.last + MICROSECOND, self.week_start)

    def label(self, time: datetime) -> str:
        if self.kind == "all":
            return self.labels[0]
        return period_of(time, self.kind, self.zone, self.week_start)

    def inside(self, row: Row) -> bool:
        return bool(self.first <= row["time"] <= self.last)

    def day(self, time: datetime) -> date:
        return time.astimezone(self.zone).date()

    def last_day(self, label: str, now: datetime) -> date:
        """The last day of a period; that of the range, or today, where these end within it."""
        step = timedelta(minutes=15)
        count = int((self.last - self.first) / step) + 1
        moments = [self.last, now, *(self.first + step * number for number in range(count))]
        stop = now if self.label(now) == label else self.last
        mine = [
            moment for moment in moments if moment <= min(stop, self.last) and self.label(moment) == label
        ]
        return self.day(max(mine))


# ── Measures ────────────────────────────────────────────────────────────────────────────────────────────────


def value_at(row: Row, name: str) -> Any:
    """A property: a column, or a key of `props`."""
    if name.startswith("props."):
        return json.loads(row.get("props") or "{}").get(name.removeprefix("props."))
    return row.get(name)


def number_at(row: Row, name: str) -> float | None:
    """Its number."""
    value = value_at(row, name)
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str) and not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", value):
        return None
    return float(value) if isinstance(value, (int, float, str)) and abs(float(value)) <= 1e308 else None


def measured(asked: Mapping[str, Any], rows: Sequence[Row], person: Callable[[Row], int]) -> float | None:
    """One measure of some rows."""
    kind = asked.get("measure", "events")
    persons = {person(row) for row in rows}
    if kind == "events":
        return len(rows)
    if kind in ("persons", "active_persons"):
        return len(persons)
    if kind == "sessions":
        return len({row["session"] for row in rows if row.get("session") is not None})
    if kind == "events_per_person":
        return len(rows) / len(persons) if persons else None
    numbers = [number for row in rows if (number := number_at(row, asked["property"])) is not None]
    if kind == "sum":
        return float(sum(map(Fraction, numbers)))
    if not numbers:
        return None
    if kind in QUANTILES:
        return float(np.quantile(numbers, QUANTILES[kind]))
    exact = {"min": min, "max": max, "avg": lambda each: sum(map(Fraction, each)) / len(each)}[kind]
    return float(exact(numbers))


def values(
    asked: Mapping[str, Any],
    rows: Sequence[Row],
    calendar: Calendar,
    person: Callable[[Row], int],
    now: datetime,
    cumulative: bool = False,
) -> list[float | None]:
    """The measure in each period, of rows of all of history."""
    inside = [row for row in rows if calendar.inside(row)]
    found = []
    for number, label in enumerate(calendar.labels):
        meant = calendar.labels[: number + 1] if cumulative else [label]
        if asked.get("measure") == "active_persons":
            last = calendar.last_day(label, now)
            days = {last - timedelta(days=back) for back in range(int(asked["over"][:-1]))}
            chosen = [
                row for row in rows if calendar.day(row["time"]) in days and row["time"] <= calendar.last
            ]
        else:
            chosen = [row for row in inside if calendar.label(row["time"]) in meant]
        found.append(measured(asked, chosen, person))
    return found


def smoothed(found: Sequence[float | None], over: int) -> list[float | None]:
    """Of every value, the mean of it and those before it."""
    means = []
    for at in range(len(found)):
        some = [each for each in found[max(0, at + 1 - over) : at + 1] if each is not None]
        means.append(sum(some) / len(some) if some else None)
    return means


# ── Groups ──────────────────────────────────────────────────────────────────────────────────────────────────


def group_of(row: Row, by: Sequence[str]) -> Group:
    """The values of some properties; of a custom one as text."""

    def shown(name: str) -> Any:
        value = value_at(row, name)
        return value if value is None or isinstance(value, str) or name == "x" else json.dumps(value)

    return tuple(shown(name) for name in by)


def ranked(
    series: Sequence[tuple[Mapping[str, Any], Sequence[Row]]], by: Sequence[str], person: Callable[[Row], int]
) -> list[Group]:
    """The groups in order: by what the first series counts in them, then the second …, then by value."""

    def size(asked: Mapping[str, Any], rows: Sequence[Row]) -> float:
        counts = asked.get("measure") in ("persons", "active_persons", "sessions")
        return (measured(asked, rows, person) or 0) if counts else len(rows)

    found = {group_of(row, by) for _, rows in series for row in rows}

    def key(group: Group) -> Any:
        own = [(asked, [row for row in rows if group_of(row, by) == group]) for asked, rows in series]
        return (
            [-size(asked, rows) for asked, rows in own],
            [(value is None, "" if value is None else value) for value in group],
        )

    return sorted(found, key=key)


# ── Lifecycle and stickiness ────────────────────────────────────────────────────────────────────────────────


def lifecycle(rows: Sequence[Row], calendar: Calendar, person: Callable[[Row], int]) -> dict[str, list[int]]:
    """Per state and period, the persons in it; the first period begins with its own first moment."""
    wanted = calendar.labels
    moments = [row["time"] for row in rows if row["time"] <= calendar.last]
    begun = min([*moments, calendar.first]) - timedelta(days=70)
    every = Calendar(calendar.kind, calendar.zone, calendar.week_start, begun, calendar.last).labels
    found = {state: [0] * len(wanted) for state in ("new", "returning", "resurrecting", "dormant")}
    for who in {person(row) for row in rows}:
        own = {
            calendar.label(row["time"]) for row in rows if person(row) == who and row["time"] <= calendar.last
        }
        for number, label in enumerate(wanted):
            before = every[: every.index(label)]
            here, just_before, ever = label in own, before[-1] in own, any(each in own for each in before)
            if here:
                found["returning" if just_before else "resurrecting" if ever else "new"][number] += 1
            elif just_before:
                found["dormant"][number] += 1
    return found


def stickiness(rows: Sequence[Row], calendar: Calendar, person: Callable[[Row], int]) -> list[int]:
    """How many persons have events in 1, 2, 3 … periods of the range."""
    own: dict[int, set[str]] = {}
    for row in rows:
        if calendar.inside(row):
            own.setdefault(person(row), set()).add(calendar.label(row["time"]))
    counts = [len(periods) for periods in own.values()]
    return [counts.count(number) for number in range(1, len(calendar.labels) + 1)]


def instant(text: str) -> datetime:
    """An instant of a request, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)
