"""How active the names of a site are, which of them fell silent, and what took their place.

POST /v1/reports/activity
{"days": 90, "timezone": "UTC"}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from backsight.repairs.activity import Activity, Fallen, count_activity, parts_of, units_of
from backsight.repairs.bits import Test
from backsight.repairs.causes import Cause, causes_of, in_words, rated
from backsight.repairs.counting import Days, count_query, counted, traffic_query
from backsight.repairs.request import parse
from backsight.repairs.sifting import Row, Sifter
from backsight.repairs.successors import Portrait, groups_of, sift
from backsight.repairs.things import shortened
from backsight.repairs.widening import (
    Measured,
    best,
    found_of,
    has_room,
    measured,
    overlap_of,
    proposals,
    widened,
)
from backsight.rules.rule import rule_to_json
from backsight.scan.context import Context

Answer = dict[str, Any]

MOST_REPAIRED: Final = 20
"""Names for which a successor is looked for at a time: those of which most is missed."""
NO_SILENCE: Final[Answer] = {"silent_since": None, "cause": None, "words": None}


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    activity = count_activity(asked.looked_at(context.now), asked.days, context)
    told = tell(activity, context)
    events = [
        {
            "name": name,
            "activity": {**known, **told[name][0]},
            "repair": told[name][1],
        }
        for name, known in activity.of_names().items()
    ]
    return {"events": events, "meta": context.meta((), activity.warnings)}


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL that answers a request, with its parameters: what counts names, and all traffic. What looks for
    repairs, where a name fell silent, follows from their answers.
    """
    asked = parse(request, context.now)
    days = asked.looked_at(context.now)
    texts = [traffic_query(days, context).text(context)]
    texts += [
        part.query(days, asked.days, context).text(context) for part in parts_of(units_of(context.names))
    ]
    return ";\n\n".join(texts)


def tell(activity: Activity, context: Context) -> dict[str, tuple[Answer, Answer | None]]:
    """Of each name: what is said of its silence, and the repair that is proposed."""
    told: dict[str, tuple[Answer, Answer | None]] = {
        unit.name: (NO_SILENCE, None) for unit in activity.units if unit.whole
    }
    fallen = activity.fallen
    if not fallen:
        return told
    sifter = Sifter(fallen, activity.days, context)
    held = _by_fallen(sifter.held(), len(fallen))
    causes = causes_of(fallen, held, activity, sifter)
    repairs = _repairs(fallen, held, activity, sifter)
    for each, cause, rows, repair in zip(fallen, causes, held, repairs, strict=True):
        told[each.unit.name] = (_silence(each, cause, rows, activity.days), repair)
    return told


def _silence(each: Fallen, cause: Cause, rows: Sequence[Row], days: Days) -> Answer:
    if not each.unit.whole:
        return NO_SILENCE
    return {
        "silent_since": days.dates[each.silence.since],
        "cause": cause,
        "words": in_words(each, cause, rows, days.dates),
    }


def _by_fallen(rows: Sequence[Row], count: int) -> list[list[Row]]:
    return [[row for row in rows if place in row.fallen] for place in range(count)]


def _repairs(
    fallen: Sequence[Fallen], held: Sequence[Sequence[Row]], activity: Activity, sifter: Sifter
) -> list[Answer | None]:
    context = sifter.context
    portraits = [Portrait(rows) for rows in held]
    looked_for = [
        place < MOST_REPAIRED and bool(portrait.types) and has_room(context.names[each.unit.name])
        for place, (each, portrait) in enumerate(zip(fallen, portraits, strict=True))
    ]
    if not any(looked_for):
        return [None] * len(fallen)
    rows = sift([portrait for portrait, is_ in zip(portraits, looked_for, strict=True) if is_], sifter)
    tried = [
        proposal
        for place, (each, portrait) in enumerate(zip(fallen, portraits, strict=True))
        if looked_for[place]
        for proposal in proposals(
            place, each, portrait, groups_of(fallen, place, portrait, rows, activity.traffic.events)
        )
    ]
    found = measured(tried, fallen, activity, context)
    chosen = [
        best([rule for rule in found if rule.proposal.place == place], each, activity)
        for place, each in enumerate(fallen)
    ]
    persons = _persons([rule for rule in chosen if rule is not None], fallen, activity, context)
    return [
        None if rule is None else _repair(rule, fallen[place], persons[place], activity, context)
        for place, rule in enumerate(chosen)
    ]


def _persons(
    chosen: Sequence[Measured], fallen: Sequence[Fallen], activity: Activity, context: Context
) -> dict[int, int]:
    """Who did what each of the rules finds since, by that which fell silent."""
    if not chosen:
        return {}
    conditions = context.conditions()
    tests = []
    for rule in chosen:
        each = fallen[rule.proposal.place]
        before = f"e.time < {conditions.bind(activity.days.periods.edges[each.silence.ended])}"
        but = f"({conditions.event(each.unit.name, 'names')} or {before})"
        tests.append(Test.of(rule.proposal.rule, conditions, but))
    conditions.customs = {}
    rows = count_query(tests, conditions, activity.days, context).run(context)
    found = counted(rows, [[test] for test in range(len(tests))], len(activity.days))
    persons = found.persons.tolist()
    return {rule.proposal.place: count for rule, count in zip(chosen, persons, strict=True)}


def _repair(rule: Measured, each: Fallen, persons: int, activity: Activity, context: Context) -> Answer:
    proposal, ended, days = rule.proposal, each.silence.ended, activity.days
    found, overlap = found_of(rule.gained, each), overlap_of(rule.gained, each)
    name = activity.units.index(next(unit for unit in activity.units if unit.name == each.unit.name))
    whole = activity.counted.events[name]
    thing, path = proposal.group.thing, proposal.group.thing.path
    since = days.dates[each.silence.since]
    return {
        "silent_since": since,
        "rule": rule_to_json(proposal.rule),
        "rules": widened(context.names[each.unit.name], proposal.rule),
        "words": f"{thing.words} on {shortened(path)}" if path else thing.words,
        "why": [*proposal.group.why, *_figures(rule, each, since, overlap, activity)],
        "found": {"events": found, "persons": persons},
        "before": {"events": int(whole[max(0, 2 * ended - len(days)) : ended].sum())},
        "after": {"events": int(whole[ended:].sum()) + found},
        "overlap": {"events": overlap},
    }


def _figures(rule: Measured, each: Fallen, since: str, overlap: int, activity: Activity) -> list[str]:
    ended = each.silence.ended
    days = max(1, int((activity.traffic.events[ended : activity.days.whole] > 0).sum()))
    rate = int(rule.gained[ended : activity.days.whole].sum()) / days
    return [
        f"it came when the other went, {since}: {rated(rate)} a day, before {rated(each.silence.rate)}",
        f"to the time before it adds {overlap:,} {'event' if overlap == 1 else 'events'}"
        if overlap
        else "in the time before it changes nothing",
    ]
