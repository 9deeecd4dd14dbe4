"""Which conditions on persons hold of one person, each by itself, with its figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from backsight.reports.explain.who import ALWAYS, EVERY_EVENT, EVERYTHING
from backsight.reports.explain.words import found_words, many, operation_words, quoted, said
from backsight.rules.predicates import AllOf, AnyOf, Condition, NotOf, Predicate
from backsight.scan.context import Context
from backsight.scan.matched import Scan
from backsight.scan.moments import MICROSECOND, Range
from backsight.scan.person_conditions import (
    KEYS,
    Behaviour,
    DidFirst,
    DidInPeriods,
    InCohort,
    parse_person_where,
)
from backsight.scan.person_sets import bounds_of
from backsight.scan.request import Common
from backsight.sql import load_sql

MAX_CONDITIONS: Final = 200
"""Most conditions that are tried one by one, those of cohorts included."""

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition, where it was asked, and those that it is made of."""

    condition: Condition
    field: str
    parts: Sequence[Asked] = ()


def judge(
    wanted: Sequence[Condition], field: str, common: Common, context: Context
) -> tuple[bool, list[Answer]]:
    """Whether all of the conditions hold of the person of the context, and each of them, as it nests:
    `{"words", "holds", "parts"}`, where it counts something with what was found, `{"found"}`.
    """
    tree = [_asked(each, f"{field}[{at}]", common, context, ()) for at, each in enumerate(wanted)]
    every = [each for branch in tree for each in _flat(branch)][:MAX_CONDITIONS]
    if not every:
        return True, []
    conditions = context.conditions()
    alone = replace(common, where=(), person_where=(), range=ALWAYS)
    tests = [("any_event", conditions.step(EVERYTHING))]
    scan = Scan(context, replace(EVERY_EVENT, zone=common.zone), conditions, [], tests, [EVERYTHING], ALWAYS)
    columns = [
        (f"holds_{number}", conditions.predicates((each.condition,), each.field))
        for number, each in enumerate(every)
    ]
    columns += [
        (f"value_{number}", conditions.property(each.condition.property, each.field))
        for number, each in enumerate(every)
        if isinstance(each.condition, Predicate)
    ]
    scan = replace(scan, columns=columns)
    rows = scan.query(load_sql("person_conditions")).run(context).to_pylist()
    if not rows:
        return False, []
    found = {
        each.field: (rows[0][f"holds_{number}"], rows[0].get(f"value_{number}"))
        for number, each in enumerate(every)
    }
    judged = [_judged(branch, found, alone, context) for branch in tree]
    return all(each["holds"] for each in judged), judged


def tests_of(wanted: Sequence[Condition], field: str, common: Common, context: Context) -> list[Asked]:
    """Every test of what the person did, those of cohorts included, with where it was asked."""
    tree = [_asked(each, f"{field}[{at}]", common, context, ()) for at, each in enumerate(wanted)]
    return [each for branch in tree for each in _flat(branch) if isinstance(each.condition, Behaviour)]


def failing(judged: Sequence[Answer]) -> str:
    """The conditions that do not hold, in words."""
    return " and ".join(each["words"] for each in judged if not each["holds"])


def _asked(
    condition: Condition, field: str, common: Common, context: Context, within: tuple[str, ...]
) -> Asked:
    if isinstance(condition, NotOf):
        return Asked(condition, field, (_asked(condition.part, f"{field}.not", common, context, within),))
    if isinstance(condition, AllOf | AnyOf):
        key = "all" if isinstance(condition, AllOf) else "any"
        parts = enumerate(condition.parts)
        return Asked(
            condition,
            field,
            tuple(_asked(each, f"{field}.{key}[{at}]", common, context, within) for at, each in parts),
        )
    if isinstance(condition, InCohort) and condition.name not in within:
        meaning = context.cohorts.get(condition.name)
        if meaning is not None and meaning.person_where is not None:
            at = f"{field}.cohort.person_where"
            own = parse_person_where(list(meaning.person_where), at, common.zone, context.now)
            deeper = (*within, condition.name)
            return Asked(
                condition,
                field,
                tuple(_asked(each, f"{at}[{n}]", common, context, deeper) for n, each in enumerate(own)),
            )
    return Asked(condition, field)


def _flat(asked: Asked) -> Iterator[Asked]:
    yield asked
    for part in asked.parts:
        yield from _flat(part)


def _judged(asked: Asked, found: dict[str, tuple[bool, Any]], common: Common, context: Context) -> Answer:
    holds, value = found.get(asked.field, (None, None))
    words, figure = _words(asked.condition, asked.field, value, common, context)
    made: Answer = {"field": asked.field, "words": words, "holds": holds}
    if figure is not None:
        made["found"] = figure
    if asked.parts:
        made["parts"] = [_judged(part, found, common, context) for part in asked.parts]
    return made


def _words(condition: Condition, field: str, value: Any, common: Common, context: Context) -> tuple[str, Any]:
    """What a condition asks for and what was found; and that as a figure."""
    if isinstance(condition, Predicate):
        name = condition.property.removeprefix("person.")
        return f"{name} is {found_words(value, condition)}, asked for: {operation_words(condition)}", value
    if isinstance(condition, InCohort):
        return f"in the cohort {quoted(condition.name)}", None
    if isinstance(condition, Behaviour):
        return _did(condition, field, common, context)
    if isinstance(condition, NotOf):
        return "not what follows", None
    return ("all" if isinstance(condition, AllOf) else "one") + " of what follows", None


def _did(test: Behaviour, field: str, common: Common, context: Context) -> tuple[str, Any]:
    label, zone = quoted(test.step.label), common.zone
    times = _times(test, field, common, context)
    if isinstance(test, DidInPeriods):
        wanted = f"in at least {test.least:,} of the last {many(len(test.edges) - 1, test.kind)}"
        often = f", {test.times:,} times in each" if test.times > 1 else ""
        return f"did {label} in {times['periods']:,} of them, asked for: {wanted}{often}", times
    if isinstance(test, DidFirst):
        first = "never" if times["first"] is None else f"first on {said(times['first'], zone)}"
        figures = {"first": None if times["first"] is None else times["first"].isoformat()}
        return f"did {label} {first}, asked for: the first time{_frame(test.range, zone)}", figures
    least, most = test.least, test.most
    wanted = (
        f"at least {least:,}"
        if most is None
        else f"at most {most:,}"
        if not least
        else f"{least:,} to {most:,}"
    )
    wanted = f"exactly {least:,}" if least == most else wanted
    return f"did {label} {many(times['times'], 'time')}{_frame(test.range, zone)}, asked for: {wanted}", {
        "times": times["times"]
    }


def _frame(bounds: Range, zone: Any) -> str:
    first = "" if bounds.first is None else f" from {said(bounds.first, zone)}"
    return first + ("" if bounds.end is None else f" until {said(bounds.end - MICROSECOND, zone)}")


def _times(test: Behaviour, field: str, common: Common, context: Context) -> Answer:
    """How often the person did it within the test's bounds, when first, and in how many periods enough."""
    conditions = context.conditions()
    tests = [("did", conditions.step(test.step, f"{field}.{KEYS[type(test)]}"))]
    conditions.columns.add("time")
    slot = test.periods.slot_sql() if isinstance(test, DidInPeriods) else "0"
    columns = [("time", "e.time"), ("slot", slot)]
    bounds = Range(None, None) if isinstance(test, DidFirst) else bounds_of(test)
    scan = Scan(context, common, conditions, columns, tests, [test.step], bounds)
    text = load_sql("person_did")
    text = text.replace("{times}", conditions.bind(test.times if isinstance(test, DidInPeriods) else 1))
    (row,) = scan.query(text, {"calendar": _calendar(test)}).run(context).to_pylist()
    return dict(row)


def _calendar(test: Behaviour) -> Any:
    import pyarrow as pa

    if isinstance(test, DidInPeriods):
        return test.periods.calendar
    return pa.table({"slot": pa.array([0], pa.int64()), "period": pa.array([0], pa.int64())})
