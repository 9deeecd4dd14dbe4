"""Who is in a cohort now: how many persons meet some conditions, and which.

POST /v1/cohorts/preview
{"person_where": [COND, …], "timezone": "UTC", "limit": 100, "after": "123"}

Persons are those with an event of the site. Where one of the conditions wants something done, only those
events are looked at: who did not do it is not in the cohort.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from backsight.fields import read_object, refuse
from backsight.rules.predicates import AllOf, Condition
from backsight.rules.steps import EVERYTHING, Step
from backsight.scan.context import Context
from backsight.scan.matched import Query, Scan
from backsight.scan.moments import Range, read_zone
from backsight.scan.person_conditions import KEYS, Behaviour, Did, InCohort, parse_person_where
from backsight.scan.person_ids import LISTING_FIELDS, Listing, read_listing
from backsight.scan.person_sets import MAX_CHAIN, bounds_of
from backsight.scan.request import Common
from backsight.sql import load_sql

FIELDS: Final = ("person_where", "timezone", "description", *LISTING_FIELDS)
"""`description` is taken, so that the body that saves a cohort also previews it."""

Answer = dict[str, Any]

_ALWAYS: Final = Range(None, None)


@dataclass(frozen=True, slots=True)
class MembershipRequest:
    """A request, checked."""

    common: Common
    listing: Listing


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    query = _query(asked, context)
    listed = asked.listing.answer(query.run(context)["person"].to_numpy(), context)
    return {**listed, "meta": context.meta((), query.warnings)}


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL that answers a request, with its parameters."""
    return _query(parse(request, context.now), context).text(context)


def parse(request: Mapping[str, object], now: datetime) -> MembershipRequest:
    """The request, checked."""
    fields = {key: each for key, each in read_object(request, "", FIELDS).items() if each is not None}
    zone = read_zone(fields.get("timezone", "UTC"), "timezone")
    if not fields.get("person_where"):
        refuse("the conditions are missing.", "person_where", None, "a list of conditions on persons")
    conditions = parse_person_where(fields["person_where"], "person_where", zone, now)
    return MembershipRequest(Common(_ALWAYS, zone, (), conditions), read_listing(fields))


def members(request: Mapping[str, object], context: Context) -> pa.Int64Array:
    """The persons themselves, as `id64` numbers."""
    return _query(parse(request, context.now), context).run(context)["person"].combine_chunks()


@dataclass(frozen=True, slots=True)
class _Done:
    """What everyone in a cohort did, and when; `field` is where that was asked."""

    step: Step
    range: Range
    field: str


def _query(asked: MembershipRequest, context: Context) -> Query:
    anything = _Done(EVERYTHING, _ALWAYS, "person_where")
    done = _done_by_all(asked.common.person_where, "person_where", asked.common, context, set()) or anything
    conditions = context.conditions()
    scan = Scan(
        context=context,
        common=asked.common,
        conditions=conditions,
        columns=[],
        tests=[("counts", conditions.step(done.step, done.field))],
        steps=[done.step],
        bounds=done.range,
    )
    return scan.query(load_sql("persons_in"))


def _done_by_all(
    conditions: Iterable[Condition], field: str, common: Common, context: Context, seen: set[str]
) -> _Done | None:
    """Something that everyone who meets the conditions did; of cohorts in `seen` nothing is known.

    It looks into a few cohorts only: without a finding, the answer is the same and takes longer.
    """
    for index, condition in enumerate(conditions):
        found, at = None, f"{field}[{index}]"
        if isinstance(condition, AllOf):
            found = _done_by_all(condition.parts, f"{at}.all", common, context, seen)
        elif isinstance(condition, InCohort) and condition.name not in seen and len(seen) < MAX_CHAIN:
            seen.add(condition.name)
            found = _done_by_cohort(condition.name, f"{at}.cohort.person_where", common, context, seen)
        elif isinstance(condition, Behaviour) and not (isinstance(condition, Did) and condition.least == 0):
            found = _Done(condition.step, bounds_of(condition), f"{at}.{KEYS[type(condition)]}")
        if found is not None:
            return found
    return None


def _done_by_cohort(name: str, field: str, common: Common, context: Context, seen: set[str]) -> _Done | None:
    meaning = context.cohorts.get(name)
    if meaning is None or meaning.person_where is None:
        return None
    conditions = parse_person_where(list(meaning.person_where), field, common.zone, context.now)
    return _done_by_all(conditions, field, common, context, seen)
