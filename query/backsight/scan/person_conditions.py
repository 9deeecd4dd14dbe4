"""What `person_where` may ask of a person besides traits: what they did, and in which cohorts they are.

    {"cohort": "Power users"}
    {"did": STEP, "at_least": 3, "at_most": 9, "exactly": 0, "within": "30d", "from": …, "to": …}
    {"did_first": STEP, "within": …}                 the first time in all of history lies there
    {"did_in_periods": STEP, "period": "week", "periods": 4, "at_least": 3, "times": 1, "to": …}

`within` reaches back as a report's "from" does: whole days to a day's edge in the question's timezone. All of
a person's events count, whatever the report itself filters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from backsight.contract import MAX_NAME_CHARS
from backsight.errors import shown
from backsight.fields import below, read_choice, read_object, read_string, read_whole, refuse
from backsight.rules.predicates import (
    AllOf,
    AnyOf,
    Condition,
    Forms,
    NotOf,
    PersonTest,
    Predicate,
    parse_predicates,
)
from backsight.rules.steps import Step, parse_step
from backsight.scan.moments import MICROSECOND, Range, read_duration, read_range
from backsight.scan.periods import LENGTHS, PERIODS, WEEK_STARTS, Periods, periods_between

FRAME_FIELDS: Final = ("within", "from", "to")
COUNT_FIELDS: Final = ("at_least", "at_most", "exactly")
MAX_TIMES: Final = 1_000_000
MAX_LAST_PERIODS: Final = 366

Entry = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class InCohort(PersonTest):
    """The person is in the saved cohort of that name."""

    name: str


@dataclass(frozen=True, slots=True)
class Did(PersonTest):
    """The person did the step so many times in a range; `most` is null where nothing bounds them."""

    step: Step
    least: int
    most: int | None
    range: Range


@dataclass(frozen=True, slots=True)
class DidFirst(PersonTest):
    """The first time in all of history that the person did the step lies in a range."""

    step: Step
    range: Range


@dataclass(frozen=True, slots=True)
class DidInPeriods(PersonTest):
    """The person did the step, at least so many `times` in each, in at least so many of some periods."""

    step: Step
    least: int
    times: int
    kind: str
    zone: ZoneInfo
    edges: tuple[datetime, ...]

    @property
    def periods(self) -> Periods:
        """The periods."""
        return Periods(self.kind, self.zone, self.edges)


Behaviour = Did | DidFirst | DidInPeriods
"""Tests of what persons did."""

KEYS: Final[Mapping[type[PersonTest], str]] = {
    Did: "did",
    DidFirst: "did_first",
    DidInPeriods: "did_in_periods",
}
"""The key under which each holds its step."""


def parse_person_where(value: object, field: str, zone: ZoneInfo, now: datetime) -> tuple[Condition, ...]:
    """Conditions on persons, all of which must hold, as they are meant in a timezone and at a moment.

    Of predicates every bare name is read as a trait: nothing else can be meant.
    """
    forms: Forms = {
        "cohort": _in_cohort,
        "did": partial(_did, zone=zone, now=now),
        "did_first": partial(_did_first, zone=zone, now=now),
        "did_in_periods": partial(_did_in_periods, zone=zone, now=now),
    }
    return tuple(_about_person(each) for each in parse_predicates(value, field, forms))


def steps_of(conditions: Iterable[Condition]) -> list[Step]:
    """Every step that the conditions name."""
    return [test.step for test in tests_of(conditions) if isinstance(test, Behaviour)]


def cohorts_of(conditions: Iterable[Condition]) -> list[str]:
    """Every cohort that the conditions name."""
    return list(dict.fromkeys(test.name for test in tests_of(conditions) if isinstance(test, InCohort)))


def tests_of(conditions: Iterable[Condition]) -> list[PersonTest]:
    """Every test of persons in the conditions, however they nest."""
    found: list[PersonTest] = []
    for condition in conditions:
        if isinstance(condition, PersonTest):
            found.append(condition)
        elif isinstance(condition, NotOf):
            found += tests_of((condition.part,))
        elif isinstance(condition, AllOf | AnyOf):
            found += tests_of(condition.parts)
    return found


def chain_text(names: Iterable[str]) -> str:
    """Cohorts that use one another, as a message names them."""
    return " → ".join(map(shown, names))


def _in_cohort(value: Entry, field: str) -> InCohort:
    entry = read_object(value, field, ["cohort"])
    return InCohort(read_string(entry["cohort"], below(field, "cohort"), MAX_NAME_CHARS))


def _did(value: Entry, field: str, zone: ZoneInfo, now: datetime) -> Did:
    entry = read_object(value, field, ["did", *COUNT_FIELDS, *FRAME_FIELDS])
    least, most = _times(entry, field)
    step = parse_step(entry["did"], below(field, "did"))
    return Did(step, least, most, _frame(entry, field, zone, now))


def _times(entry: Entry, field: str) -> tuple[int, int | None]:
    """The least and the most times; left open, at least once."""
    if "exactly" in entry:
        if "at_least" in entry or "at_most" in entry:
            refuse("'exactly' says both bounds.", below(field, "exactly"), entry["exactly"],
                   "'exactly' alone, or 'at_least' and 'at_most'")  # fmt: skip
        exactly = read_whole(entry["exactly"], below(field, "exactly"), 0, MAX_TIMES)
        return exactly, exactly
    if "at_most" not in entry:
        return read_whole(entry.get("at_least", 1), below(field, "at_least"), 1, MAX_TIMES), None
    most = read_whole(entry["at_most"], below(field, "at_most"), 0, MAX_TIMES)
    if "at_least" not in entry:
        return 0, most
    return read_whole(entry["at_least"], below(field, "at_least"), 1, most), most


def _frame(entry: Entry, field: str, zone: ZoneInfo, now: datetime) -> Range:
    if "within" not in entry:
        return read_range(entry, zone, now, field)
    at = below(field, "within")
    if "from" in entry or "to" in entry:
        refuse("'within' is given, and 'from' or 'to' too.", at, entry["within"], "one way to say when")
    read_duration(entry["within"], at)
    return read_range({"from": entry["within"]}, zone, now, field)


def _did_first(value: Entry, field: str, zone: ZoneInfo, now: datetime) -> DidFirst:
    entry = read_object(value, field, ["did_first", *FRAME_FIELDS])
    step = parse_step(entry["did_first"], below(field, "did_first"))
    frame = _frame(entry, field, zone, now)
    if frame == Range(None, None):
        refuse("nothing says when the first time was.", below(field, "within"), None,
               "a duration such as '30d'; or 'from', 'to' or both")  # fmt: skip
    return DidFirst(step, frame)


def _did_in_periods(value: Entry, field: str, zone: ZoneInfo, now: datetime) -> DidInPeriods:
    known = ["did_in_periods", "period", "periods", "at_least", "times", "to", "week_start"]
    entry = read_object(value, field, known)
    if "periods" not in entry:
        refuse("the number of periods is missing.", below(field, "periods"), None, f"1 to {MAX_LAST_PERIODS}")
    count = read_whole(entry["periods"], below(field, "periods"), 1, MAX_LAST_PERIODS)
    kind = read_choice(entry.get("period", "day"), below(field, "period"), PERIODS)
    week_start = read_choice(entry.get("week_start", "monday"), below(field, "week_start"), WEEK_STARTS)
    end = read_range({"to": entry["to"]}, zone, now, field).end if "to" in entry else None
    return DidInPeriods(
        parse_step(entry["did_in_periods"], below(field, "did_in_periods")),
        read_whole(entry.get("at_least", count), below(field, "at_least"), 1, count),
        read_whole(entry.get("times", 1), below(field, "times"), 1, MAX_TIMES),
        kind,
        zone,
        _last_edges(count, kind, zone, end or now + MICROSECOND, week_start),
    )


def _last_edges(
    count: int, kind: str, zone: ZoneInfo, end: datetime, week_start: str
) -> tuple[datetime, ...]:
    """The edges of the last periods up to the one in which the moment before `end` lies."""
    reach = LENGTHS[kind] * (count + 2) * 1.1  # months differ, and days on which clocks are set
    periods = periods_between(kind, zone, Range(end - reach, end), week_start)
    return tuple(periods.edges[-count - 1 :])


def _about_person(condition: Condition) -> Condition:
    if isinstance(condition, Predicate):
        if condition.property.startswith("person."):
            return condition
        return Predicate(f"person.{condition.property}", condition.op, condition.value)
    if isinstance(condition, NotOf):
        return NotOf(_about_person(condition.part))
    if isinstance(condition, AllOf | AnyOf):
        return type(condition)(tuple(_about_person(part) for part in condition.parts))
    return condition
