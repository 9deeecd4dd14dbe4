"""How often many tests hold, day by day, and of how many persons: one scan for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from backsight.contract import EventType
from backsight.parquet_rows import Integers
from backsight.rules.conditions import Conditions
from backsight.rules.rule import Rule
from backsight.rules.steps import EVERYTHING, Step
from backsight.scan.context import Context
from backsight.scan.matched import Query, Scan
from backsight.scan.moments import MICROSECOND, Range, local_midnight
from backsight.scan.periods import CALENDAR, Periods, periods_between
from backsight.scan.request import Common
from backsight.sql import load_sql

WORD: Final = 62
"""Tests whose bits stand in one number."""


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
class Test:
    """Something that is counted: events of some types (none: of any) of which `sql` holds.

    They all are ones that `rule` holds of.
    """

    __test__ = False  # it is none of pytest's

    sql: str
    rule: Rule

    @classmethod
    def of(cls, rule: Rule, conditions: Conditions, but: str | None = None) -> Test:
        """The events of a rule; not those of which `but` holds."""
        # The type is tested apart, once for all rules that ask for the same; what costs more is nested, as an
        # `and` computes both its sides.
        own = conditions.rule(replace(rule, on=(), css=None, match="closest"), "rule")
        if rule.css is not None:
            nodes = conditions.rule(Rule(css=rule.css, match=rule.match), "rule")
            own = nodes if own == "true" else f"case when {own} then {nodes} else false end"
        return cls(own if but is None else f"case when {own} then not {but} else false end", rule)


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
    words = [f"bits_{word}" for word in range(-(-len(tests) // WORD))]
    columns = [
        ("slot", days.periods.slot_sql()),
        *(
            (name, _bits(tests[WORD * word : WORD * (word + 1)], conditions))
            for word, name in enumerate(words)
        ),
    ]
    steps = [Step("rule", rule=test.rule) for test in tests]
    held = [("held", _of_types({test.rule.on for test in tests}, conditions))]
    scan = Scan(context, days.common(), conditions, columns, held, steps, days.span())
    text = load_sql("activity")
    for key, part in {
        "any_words": ", ".join(f"bit_or({word}) as {word}" for word in words),
        "any": " or ".join(f"{word} <> 0" for word in words),
        "words": ", ".join(words),
        "first": str(persons_from),
    }.items():
        text = text.replace(f"{{{key}}}", part)
    return scan.query(text, {CALENDAR: days.periods.calendar})


def counted(rows: pa.Table, groups: Sequence[Sequence[int]], days: int) -> Counted:
    """What the statement's rows say of groups of tests, of which one must hold."""
    found = Counted(np.zeros((len(groups), days), np.int64), np.zeros(len(groups), np.int64))
    is_day = rows["period"].is_valid().to_numpy()
    period = rows["period"].fill_null(0).to_numpy()
    events, persons = (rows[name].fill_null(0).to_numpy() for name in ("events", "persons"))
    bits = [rows[name].to_numpy() for name in rows.schema.names if name.startswith("bits_")]
    for place, group in enumerate(groups):
        holds = np.zeros(len(rows), np.bool_)
        for test in group:
            holds |= (bits[test // WORD] >> (test % WORD)) & 1 == 1
        of_days = holds & is_day
        found.events[place] = np.bincount(period[of_days], events[of_days], minlength=days).astype(np.int64)
        found.persons[place] = persons[holds & ~is_day].sum()
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


def _bits(tests: Sequence[Test], conditions: Conditions) -> str:
    """SQL of a number of which each bit is a test."""
    # Nested, since what a case does not come to is not computed; an `and` computes both its sides.
    by_types: dict[tuple[EventType, ...], list[str]] = {}
    for bit, test in enumerate(tests):
        by_types.setdefault(test.rule.on, []).append(f"case when {test.sql} then {1 << bit} else 0 end")
    return " + ".join(
        f"case when {_of_types({on}, conditions)} then {' + '.join(cases)} else 0 end"
        for on, cases in by_types.items()
    )


def _of_types(asked: AbstractSet[tuple[EventType, ...]], conditions: Conditions) -> str:
    """SQL of whether an event is of one of the types that some of these name."""
    if () in asked:
        return "true"
    conditions.columns.add("type")
    kinds = sorted({kind.value for on in asked for kind in on})
    return f"e.type in ({', '.join(conditions.bind(kind) for kind in kinds)})"
