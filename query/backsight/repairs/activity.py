"""How active each name is: its events day by day, its persons, and what of it fell silent.

A name of several rules is looked at as a whole and rule by rule: one that is alive may have lost a part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from backsight.parquet_rows import Integers
from backsight.repairs.bits import Test
from backsight.repairs.counting import (
    Counted,
    Days,
    Traffic,
    count_query,
    counted,
    traffic_of,
)
from backsight.repairs.silence import Silence, find_silence
from backsight.rules.conditions import Conditions
from backsight.rules.rule import AnyRule, Rule, RuleOrAny
from backsight.scan.context import Context
from backsight.scan.matched import Query


@dataclass(frozen=True)
class Unit:
    """A name, or one of its several rules."""

    name: str
    rules: tuple[Rule, ...]
    whole: bool

    def sql(self, conditions: Conditions) -> str:
        """Whether an event is of it."""
        return conditions.rule(AnyRule(self.rules), "names")


@dataclass(frozen=True)
class Fallen:
    """A name or a rule that fell silent, with its events by day."""

    unit: Unit
    silence: Silence
    events: Integers


@dataclass(frozen=True)
class Activity:
    """What was counted of the names of a site."""

    days: Days
    shown: int
    """How many of the days are shown: the last ones."""
    units: Sequence[Unit]
    counted: Counted
    traffic: Traffic
    warnings: Sequence[str]

    @property
    def fallen(self) -> list[Fallen]:
        """What fell silent: each name once, as a whole where all of it did, else its rule of most events."""
        found: dict[str, Fallen] = {}
        for unit, events in zip(self.units, self.counted.events, strict=True):
            silence = find_silence(events, self.traffic.events, self.days.weekdays, self.days.whole)
            if silence is None:
                continue
            known = found.get(unit.name)
            if known is None or (not known.unit.whole and silence.expected > known.silence.expected):
                found[unit.name] = Fallen(unit, silence, events)
        return sorted(found.values(), key=lambda each: -each.silence.expected)

    def of_names(self) -> dict[str, dict[str, Any]]:
        """By name: `from`, `daily`, `events`, `persons` and `last` of the days that are shown."""
        first = len(self.days) - self.shown
        return {
            unit.name: {
                "from": self.days.dates[first],
                "daily": events[first:].tolist(),
                "events": int(events[first:].sum()),
                "persons": int(persons),
                "last": self._last(events),
            }
            for unit, events, persons in sorted(
                zip(self.units, self.counted.events, self.counted.persons, strict=True),
                key=lambda each: each[0].name,
            )
            if unit.whole
        }

    def _last(self, events: Integers) -> str | None:
        """The last of the days that are looked at on which there was one."""
        at = np.flatnonzero(events)
        return self.days.dates[int(at[-1])] if len(at) else None


def units_of(names: Mapping[str, tuple[RuleOrAny, ...]]) -> list[Unit]:
    """The names, and of those of several rules each rule; a name stands before its rules."""
    units = []
    for name in sorted(names):
        rules = flat(names[name])
        units.append(Unit(name, rules, whole=True))
        units += [Unit(name, (rule,), whole=False) for rule in rules] if len(rules) > 1 else []
    return units


def flat(rules: Sequence[RuleOrAny]) -> tuple[Rule, ...]:
    """The rules of which one must hold, without those that only gather others."""
    return tuple(
        each for rule in rules for each in (flat(rule.rules) if isinstance(rule, AnyRule) else (rule,))
    )


@dataclass(frozen=True)
class Part:
    """Names that are counted together: those that ask for elements alone, whose rows can be picked out."""

    units: Sequence[Unit]

    @property
    def rules(self) -> list[Rule]:
        """Every rule of theirs, once."""
        return list(dict.fromkeys(rule for unit in self.units if unit.whole for rule in unit.rules))

    def query(self, days: Days, shown: int, context: Context) -> Query:
        """The statement that counts them."""
        conditions = context.conditions()
        tests = [Test.of(rule, conditions) for rule in self.rules]
        conditions.customs = {}  # a property that was never captured is no fault of who asks
        return count_query(tests, conditions, days, context, len(days) - shown)

    def counted(self, rows: pa.Table, days: Days) -> Counted:
        """What the statement's rows say of each unit."""
        places = {rule: place for place, rule in enumerate(self.rules)}
        return counted(rows, [[places[rule] for rule in unit.rules] for unit in self.units], len(days))


def parts_of(units: Sequence[Unit]) -> list[Part]:
    """The units in as many parts as are counted apart."""
    of_elements = {unit.name for unit in units if unit.whole and all(rule.css for rule in unit.rules)}
    parts = [[unit for unit in units if (unit.name in of_elements) is are] for are in (True, False)]
    return [Part(part) for part in parts if part]


def count_activity(days: Days, shown: int, context: Context) -> Activity:
    """What was counted of the site's names on these days."""
    units: list[Unit] = []
    events, persons = [np.zeros((0, len(days)), np.int64)], [np.zeros(0, np.int64)]
    warnings: list[str] = []
    for part in parts_of(units_of(context.names)):
        query = part.query(days, shown, context)
        found = part.counted(query.run(context), days)
        units += part.units
        events.append(found.events)
        persons.append(found.persons)
        warnings += query.warnings
    all_ = Counted(np.concatenate(events), np.concatenate(persons))
    return Activity(days, shown, units, all_, traffic_of(days, context), warnings)
