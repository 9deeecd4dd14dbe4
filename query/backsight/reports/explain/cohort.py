"""One person and a cohort: which of its conditions hold, and which events they count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from backsight.reports import membership
from backsight.reports.explain.conditions import Asked, failing, judge, tests_of
from backsight.reports.explain.explanation import Event, Explanation, no_step
from backsight.reports.explain.facts import Test
from backsight.reports.explain.outcomes import Outcome, chosen, outside, passed_over
from backsight.reports.explain.who import ALWAYS
from backsight.reports.explain.words import either
from backsight.scan.context import Context
from backsight.scan.moments import Range
from backsight.scan.person_conditions import KEYS, Behaviour, DidFirst
from backsight.scan.person_sets import bounds_of


def explain(request: Mapping[str, object], context: Context) -> Explanation:
    """The person of the context and some conditions. Raises InvalidRequest, naming the field."""
    asked = membership.parse(request, context.now)
    common, wanted = asked.common, asked.common.person_where
    counted = bool(len(membership.members(request, context)))
    _, judged = judge(wanted, "person_where", common, context)
    did = tests_of(wanted, "person_where", common, context)
    tests = [_test(each) for each in did]

    def outcomes(events: Sequence[Event]) -> list[Outcome]:
        return [_outcome(did, tests, common.zone, event) for event in events]

    words = (
        ["In the cohort: every condition holds."] if counted else [f"Not in the cohort: {failing(judged)}."]
    )
    return Explanation(
        replace(common, person_where=()),
        tests,
        ALWAYS,
        [test.step for test in tests],
        counted,
        words,
        {"conditions": judged},
        outcomes,
    )


def looks_for(request: Mapping[str, object], context: Context) -> list[Test]:
    """What the conditions of a request look for."""
    common = membership.parse(request, context.now).common
    return [_test(each) for each in tests_of(common.person_where, "person_where", common, context)]


def _test(asked: Asked) -> Test:
    condition = asked.condition
    if not isinstance(condition, Behaviour):
        raise TypeError(f"nothing that a person does: {condition}")
    return Test(condition.step, f"{asked.field}.{KEYS[type(condition)]}", asked.field)


def _outcome(did: Sequence[Asked], tests: Sequence[Test], zone: ZoneInfo, event: Event) -> Outcome:
    """Whether a condition counts the event."""
    seen, fact = event
    if not fact.fills:
        return no_step(tests, fact, "what a condition asks for")
    within = [number for number in sorted(fact.fills) if _inside(did[number], seen.time)]
    if within:
        uses = [{"condition": did[number].field} for number in within]
        return chosen("condition", f"counts for {either([tests[n].words for n in within], 'and')}", uses)
    late = outside(seen.time, _bounds(did[min(fact.fills)]), zone)
    why = late.words.replace("the range", "the condition's range") if late else "outside of the range"
    return passed_over("outside_range", f"is {tests[min(fact.fills)].words}, but {why}")


def _bounds(asked: Asked) -> Range:
    """Where events count for a condition."""
    condition = asked.condition
    if isinstance(condition, DidFirst):
        return condition.range
    return bounds_of(condition) if isinstance(condition, Behaviour) else ALWAYS


def _inside(asked: Asked, time: datetime) -> bool:
    bounds = _bounds(asked)
    return (bounds.first is None or time >= bounds.first) and (bounds.end is None or time < bounds.end)
