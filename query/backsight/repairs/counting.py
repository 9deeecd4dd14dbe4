"""How often many tests hold, day by day, and of how many persons: one scan for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from backsight.parquet_rows import Integers
from backsight.repairs.bits import NODE_BITS, Test, holds, join_of, node_bits, of_types, words_of
from backsight.rules.conditions import Conditions
from backsight.rules.steps import EVERYTHING, Step
from backsight.scan.context import Context
from backsight.scan.matched import Query, Scan
from backsight.scan.moments import MICROSECOND, Range, local_midnight
from backsight.scan.periods import CALENDAR, Periods, periods_between
from backsight.scan.request import Common
from backsight.sql import load_sql


@dataclass(frozen=True)
class Days:
    """The days that are looked at, of a timezone, up to the present one."""

    periods: Periods
    now: datetime

    @classmethod
    def until(cls, now: datetime, first: date, zone: ZoneInfo) -> Days:
        """The days from the first to the one of `now`."""
        return cls(periods_between("day", zone, Range(local_midnight(first, zone), now + MICROSECOND)), now)

    def __len__(self) -> int:
        return len(self.periods)

    @property
    def dates(self) -> list[str]:
        """Each day's date."""
        return self.periods.labels

    @property
    def weekdays(self) -> Integers:
        """Each day's day of the week, Monday is 0."""
        return np.array([date.fromisoformat(day).weekday() for day in self.dates], np.int64)

    @property
    def whole(self) -> int:
        """How many of them are over."""
        return sum(self.periods.over(day, self.now) for day in range(len(self)))

    def span(self, first: int = 0, end: int | None = None) -> Range:
        """From the beginning of a day to before another, or to now."""
        edges = self.periods.edges
        return Range(edges[first], self.now + MICROSECOND if end is None else edges[end])

    def common(self) -> Common:
        """What a scan of them has in common with other reports: no filters."""
        return Common(self.span(), self.periods.zone, (), ())


@dataclass(frozen=True)
class Counted:
    """By test: events of each day, and persons since the first day that counts them."""

    events: Integers
    persons: Integers


@dataclass(frozen=True)
class Traffic:
    """All events of the site: by day, by type and day, and when the last of each type came."""

    events: Integers
    types: Mapping[str, Integers]
    last: Mapping[str, datetime]
    received: Mapping[str, datetime]


def count_query(
    tests: Sequence[Test], conditions: Conditions, days: Days, context: Context, persons_from: int = 0
) -> Query:
    """The statement that counts tests of these conditions; `persons_from` is the day from which on persons
    are counted.
    """
    words = words_of(tests, conditions)
    listed = [name for name, _ in words]
    columns = [("slot", days.periods.slot_sql()), *words]
    steps = [Step("rule", rule=test.rule) for test in tests]
    held = [("held", of_types({test.rule.on for test in tests}, conditions))]
    scan = Scan(
        context, days.common(), conditions, columns, held, steps, days.span(),
        joined=join_of(tests, others=False),
    )  # fmt: skip
    text = load_sql("activity")
    for key, part in {
        "any_words": ", ".join(f"bit_or({word}) as {word}" for word in listed),
        "any": " or ".join(f"{word} <> 0" for word in listed),
        "words": ", ".join(listed),
        "first": str(persons_from),
    }.items():
        text = text.replace(f"{{{key}}}", part)
    return scan.query(text, {CALENDAR: days.periods.calendar, NODE_BITS: node_bits(tests)})


def counted(rows: pa.Table, groups: Sequence[Sequence[int]], days: int) -> Counted:
    """What the statement's rows say of groups of tests, of which one must hold."""
    found = Counted(np.zeros((len(groups), days), np.int64), np.zeros(len(groups), np.int64))
    is_day = rows["period"].is_valid().to_numpy()
    period = rows["period"].fill_null(0).to_numpy()
    events, persons = (rows[name].fill_null(0).to_numpy() for name in ("events", "persons"))
    bits = [rows[name].to_numpy() for name in rows.schema.names if name.startswith("bits_")]
    for place, group in enumerate(groups):
        held = np.logical_or.reduce([np.zeros(len(rows), np.bool_), *(holds(bits, test) for test in group)])
        of_days = held & is_day
        found.events[place] = np.bincount(period[of_days], events[of_days], minlength=days).astype(np.int64)
        found.persons[place] = persons[held & ~is_day].sum()
    return found


def traffic_query(days: Days, context: Context) -> Query:
    """The statement that counts all events by type and day."""
    conditions = context.conditions()
    conditions.columns |= {"type", "time", "received_at"}
    columns = [
        ("slot", days.periods.slot_sql()),
        *((name, f"e.{name}") for name in ("type", "time", "received_at")),
    ]
    tests = [("happened", "true")]
    scan = Scan(context, days.common(), conditions, columns, tests, [EVERYTHING], days.span(), persons=False)
    return scan.query(load_sql("activity_traffic").strip(), {CALENDAR: days.periods.calendar})


def traffic_of(days: Days, context: Context) -> Traffic:
    """All events of the site on these days."""
    rows = traffic_query(days, context).run(context).to_pylist()
    types: dict[str, Integers] = {}
    last: dict[str, datetime] = {}
    received: dict[str, datetime] = {}
    for row in rows:
        kind = row["type"]
        types.setdefault(kind, np.zeros(len(days), np.int64))[row["period"]] = row["events"]
        last[kind] = max(row["time"], last.get(kind, row["time"]))
        received[kind] = max(row["received_at"], received.get(kind, row["received_at"]))
    events = sum(types.values(), np.zeros(len(days), np.int64))
    return Traffic(events, dict(sorted(types.items())), last, received)
