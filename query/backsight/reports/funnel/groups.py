"""A funnel by the values of some properties: which of an attempt's events says to which group it belongs.

"breakdown": {"by": ["browser"], "attribution": "first" | "last" | "step" | "all", "step": 2, "limit": 25}

first   the first of the counted attempt's events at which any of the properties is set
last    the last one
step    the event of step `step`; who did not get there is in no group
all     every event: a funnel for each value, of the events that have it; a person may be in several groups
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from backsight.fields import read_choice, read_whole, refuse
from backsight.parquet_rows import Integers
from backsight.reports.breakdown import Breakdown, Group, Ranking, parse_breakdown, rank
from backsight.reports.funnel.attempts import NOT_REACHED, Attempts
from backsight.reports.funnel.units import SESSION, ranks
from backsight.timelines import SPREAD

ATTRIBUTIONS: Final = ("first", "last", "step", "all")
GROUP: Final = "group"
"""Column of the scan's rows: the code of each event's group."""
WHO: Final = "who"
"""Column of the scan's rows where `person` is a person in one group: the person as such."""
NO_GROUP: Final = -1


@dataclass(frozen=True, slots=True)
class FunnelBreakdown:
    """By what, and which of an attempt's events counts."""

    breakdown: Breakdown
    attribution: str
    step: int
    """Counted from 1; of attribution "step" only."""


def parse_funnel_breakdown(value: object, steps: int) -> FunnelBreakdown:
    """A funnel's breakdown, checked."""
    breakdown = parse_breakdown(value, own=("attribution", "step"))
    fields: Mapping[str, object] = value if isinstance(value, Mapping) else {}
    attribution = read_choice(fields.get("attribution", "first"), "breakdown.attribution", ATTRIBUTIONS)
    if attribution == "step":
        return FunnelBreakdown(
            breakdown, attribution, read_whole(fields.get("step"), "breakdown.step", 1, steps)
        )
    if fields.get("step") is not None:
        refuse(
            "only the attribution 'step' has a step.",
            "breakdown.step",
            fields["step"],
            '"attribution": "step"',
        )
    return FunnelBreakdown(breakdown, attribution, 0)


def codes_of(attempts: Attempts, asked: FunnelBreakdown, groups: Sequence[Group]) -> Integers:
    """The code of each attempt's group; NO_GROUP where it is in none."""
    if asked.attribution == "step":
        return _codes_at(attempts, asked.step - 1)
    empty = next(
        (code for code, group in enumerate(groups) if all(value is None for value in group)), NO_GROUP
    )
    found = np.full(attempts.rows.shape[1], empty, np.int64)
    steps = range(len(attempts.rows))
    for step in steps if asked.attribution == "last" else reversed(steps):
        codes = _codes_at(attempts, step)
        says = (codes != NO_GROUP) & (codes != empty)
        found[says] = codes[says]
    return found


def _codes_at(attempts: Attempts, step: int) -> Integers:
    codes = np.full(attempts.rows.shape[1], NO_GROUP, np.int64)
    did = attempts.rows[step] != NOT_REACHED
    codes[did] = attempts.columns.at(GROUP, attempts.rows[step, did])
    return codes


def unit_of(person: Integers, code: Integers) -> Integers:
    """A number for each pair of a person and a group, as wide as a person's own."""
    mixed = code.astype(np.uint64) * SPREAD
    mixed ^= mixed >> np.uint64(29)
    unit: Integers = (person.view(np.uint64) ^ mixed * SPREAD).view(np.int64)
    return unit


def ranking_of(
    parts: Sequence[Attempts], codes: Sequence[Integers], groups: Sequence[Group], limit: int
) -> Ranking:
    """The groups by how many started in them; those of whom all are excluded come last."""
    counted, every = np.zeros(len(groups), np.int64), np.zeros(len(groups), np.int64)
    for part, code in zip(parts, codes, strict=True):
        there = code != NO_GROUP
        every += np.bincount(code[there], minlength=len(groups))
        counted += np.bincount(code[there & (part.places[0] != NOT_REACHED)], minlength=len(groups))
    return rank(groups, 2 * counted + (every > 0), limit)


def split(
    parts: Sequence[Attempts], codes: Sequence[Integers], ranking: Ranking, count: str
) -> list[list[Attempts]]:
    """The attempts of each group, in the order of the ranking; of the pooled one, the best of each person or
    session that is counted (`count`)."""
    number = len(ranking.values)
    found: list[list[Attempts]] = [[] for _ in range(number)]
    for part, each in zip(parts, codes, strict=True):
        kept = np.flatnonzero(each != NO_GROUP)
        places = ranking.places[each[kept]]
        order = np.argsort(places, kind="stable")
        edges = np.searchsorted(places[order], np.arange(number + 1))
        for place in range(number):
            found[place].append(part.only(kept[order[edges[place] : edges[place + 1]]]))
    if ranking.pooled and count != "totals" and all(WHO in part.columns for part in parts):
        found[-1] = _best(found[-1])
    return found


def _best(parts: Sequence[Attempts]) -> list[Attempts]:
    """Of attempts that a person, or session, made in several groups, the best."""
    unit = [np.concatenate(each) for each in zip(*map(_unit, parts), strict=True)]
    best = [np.concatenate(each) for each in zip(*map(ranks, parts), strict=True)]
    order = np.lexsort((*best, *unit))
    first = np.zeros(len(order), np.bool_)
    first[:1] = True
    for each in unit:
        first[1:] |= each[order][1:] != each[order][:-1]
    chosen = np.zeros(len(order), np.bool_)
    chosen[order[first]] = True
    edges = np.cumsum([0, *(len(part.person) for part in parts)])
    return [part.only(chosen[edges[n] : edges[n + 1]]) for n, part in enumerate(parts)]


def _unit(attempts: Attempts) -> list[Integers]:
    """What tells apart what is counted, be it in several groups: the person, and the session."""
    names = [WHO, *([SESSION] if SESSION in attempts.columns else [])]
    return [attempts.columns.at(name, attempts.rows[0]) for name in names]
