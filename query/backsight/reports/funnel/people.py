"""Who reached a step of a funnel, or got no further than the one before it.

POST /v1/reports/funnel/persons
a funnel's request + {"step": 2, "dropped": false, "group": ["Firefox"], "limit": 100, "after": "123"}

`group` is a group's value as the funnel's answer has it, {"pooled": true} the pooled one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import numpy as np

from backsight.fields import read_flag, read_list, read_whole, refuse
from backsight.parquet_rows import Integers
from backsight.reports.breakdown import find_group, nearest_group
from backsight.reports.funnel.attempts import NOT_REACHED, Attempts
from backsight.reports.funnel.counting import count_attempts
from backsight.reports.funnel.groups import WHO, codes_of, ranking_of, split
from backsight.reports.funnel.request import FunnelRequest, parse
from backsight.reports.funnel.scan import Matched, matched, text_of
from backsight.reports.funnel.summary import step_before
from backsight.scan.context import Context, rfc3339
from backsight.scan.order import ORIGIN, instant_of
from backsight.scan.person_ids import LISTING_FIELDS, read_listing
from backsight.scan.request import EPOCH

FIELDS: Final = ("step", "dropped", "group", *LISTING_FIELDS)
POOLED: Final = {"pooled": True}

Answer = dict[str, Any]


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request: `total`, a page of `persons` with the `times` of their steps, `next`."""
    own = {key: value for key, value in request.items() if key in FIELDS and value is not None}
    asked = _parse(request, context)
    step = read_whole(own.get("step", len(asked.steps)), "step", 1, len(asked.steps))
    dropped = read_flag(own.get("dropped", False), "dropped")
    if dropped and step == 1:
        refuse("nobody drops before the first step.", "step", step, f"2 to {len(asked.steps)}")
    listing = read_listing(own)
    found, warnings = matched(asked, context)
    parts, _ = count_attempts(asked, found.by_group if "group" in own else found, context)
    if "group" in own:
        parts = _of_group(asked, found, parts, own["group"])
    before = step_before(asked, step - 1) if dropped else None
    chosen = [_chosen(part, step - 1, before) for part in parts]
    answer = listing.answer(np.concatenate([persons_of(part) for part in chosen]), context)
    times = _times(chosen, {int(person["person"]) for person in answer["persons"]})
    for person in answer["persons"]:
        person["times"] = times[int(person["person"])]
    return {**answer, "meta": context.meta(asked.steps, warnings)}


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL of the scan that answers a request, with its parameters."""
    return text_of(_parse(request, context), context)


def persons_of(attempts: Attempts) -> Integers:
    """Who made each attempt."""
    if WHO not in attempts.columns or not len(attempts.person):
        return attempts.person
    return attempts.columns.at(WHO, attempts.rows[0])


def _parse(request: Mapping[str, object], context: Context) -> FunnelRequest:
    return parse({key: value for key, value in request.items() if key not in FIELDS}, context.now)


def _of_group(
    asked: FunnelRequest, found: Matched, parts: Sequence[Attempts], value: object
) -> list[Attempts]:
    if asked.breakdown is None:
        refuse("without a breakdown there are no groups.", "group", value, 'a request with "breakdown"')
    codes = [codes_of(part, asked.breakdown, found.groups) for part in parts]
    ranking = ranking_of(parts, codes, found.groups, asked.breakdown.breakdown.limit)
    place = place_of_group(ranking.values, value, len(asked.breakdown.breakdown.by))
    return split(parts, codes, ranking, asked.options.count)[place]


def place_of_group(
    values: Sequence[list[Any] | None], value: object, properties: int, field: str = "group"
) -> int:
    """Where a group stands among the groups' values, of which the pooled one's is None. Raises InvalidRequest
    where there is none such.
    """
    if value == POOLED:
        place = values.index(None) if None in values else None
    else:
        place = find_group(read_list(value, field, properties), values)
    if place is None:
        refuse("there is no such group.", field, value, nearest_group(value, values))
    return place


def _chosen(attempts: Attempts, step: int, before: int | None) -> Attempts:
    """Those that reached a step (counted from 0), or the one before and none from this one on."""
    reached = attempts.places != NOT_REACHED
    return attempts.only(reached[step] if before is None else reached[before] & ~reached[step:].any(axis=0))


def _times(parts: Sequence[Attempts], persons: set[int]) -> dict[int, list[str | None]]:
    """When each of some persons did each step, of several attempts in the first; null where not done."""
    found: dict[int, list[int]] = {}
    for part in parts:
        who = persons_of(part)
        for index in np.flatnonzero(np.isin(who, np.array(sorted(persons), np.int64))).tolist():
            places = part.places[:, index].tolist()
            first = found.setdefault(int(who[index]), places)
            if places[0] < first[0]:
                found[int(who[index])] = places
    return {person: [_time(place) for place in places] for person, places in found.items()}


def _time(place: int) -> str | None:
    if place == NOT_REACHED:
        return None
    return rfc3339(EPOCH + timedelta(microseconds=instant_of(place) + ORIGIN))
