"""An attribution report's answer: one scan for conversions and touches, a walk, and sums by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum
from typing import Any, Final

import numpy as np
import pyarrow as pa

from backsight.errors import shown
from backsight.reports.attribution.credit import Credited, Credits, Terms, credit, join
from backsight.reports.attribution.request import AttributionRequest, parse
from backsight.reports.breakdown import Group, Ranking, encoded, rank
from backsight.reports.sessions import deciding
from backsight.rules.conditions import Conditions
from backsight.scan.context import Context
from backsight.scan.matched import Columns, Query, Scan
from backsight.scan.moments import MICROSECOND
from backsight.scan.order import BEFORE_ALL, PLACE, TIE, place_of
from backsight.scan.shares import EVERYBODY, in_shares
from backsight.sql import load_sql
from backsight.timelines import Timelines

Answer = dict[str, Any]

OWN_SITE: Final = ("referrer", "referrer_host")
"""Properties that are no touch where they name the page's own host: who came from it was there already."""


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    query = scan_query(asked, context)
    known: dict[Group, int] = {}
    made = credited(asked, context, known)
    groups = list(known)
    owed, unowed = join([each.owed for each in made]), join([each.unowed for each in made])
    total = _figures(join([owed, unowed]), asked) | {"persons": sum(each.persons for each in made)}
    return {
        "groups": _groups(owed, groups, asked),
        "unattributed": _figures(unowed, asked),
        "total": total,
        "meta": context.meta(asked.mentioned, [*query.warnings, *_odd(made, asked)]),
    }


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL of the scan that answers a request, with its parameters."""
    return scan_query(parse(request, context.now), context).text(context)


def credited(asked: AttributionRequest, context: Context, known: dict[Group, int]) -> list[Credited]:
    """What all conversions are owed to, in parts; `known` learns the codes of the groups."""
    terms = terms_of(asked)

    def along(rows: pa.Table) -> list[Credited]:
        told = coded(rows, asked.groups.aliases, known)
        del rows  # lest values stand in memory beside their codes
        return Timelines(told, context.engine.threads).map(lambda timeline: credit(timeline, terms))

    found = in_shares(lambda who: scan_query(asked, context, who), asked.bounds, context, along)
    return [each for made in found for each in made]


def ranking_of(made: Sequence[Credited], groups: Sequence[Group], asked: AttributionRequest) -> Ranking:
    """The groups by what they are owed."""
    return _ranking(join([each.owed for each in made]), groups, asked)


def _ranking(owed: Credits, groups: Sequence[Group], asked: AttributionRequest) -> Ranking:
    sizes = np.round(np.bincount(owed.group, owed.conversions, len(groups)), 9)
    return rank(groups, sizes, asked.groups.limit)


def scan_query(
    asked: AttributionRequest, context: Context, who: str = EVERYBODY, more: Columns = ()
) -> Query:
    """The statement: conversions and touches, with `more` columns; where they decide sessions, all events."""
    scan, counts, extra, kept = _scan(asked, context), "true", "", f"{who} and (converts or touches)"
    if asked.session is not None:
        scan, counts, extra, kept = deciding(scan, asked.session), "counts", ", begins", who
    elif asked.per == "session":
        extra = ", session"
    scan.columns = [*scan.columns, *more]
    extra += "".join(f", {alias}" for alias, _ in more)
    parts = {
        "counts": counts,
        "columns": extra + "".join(f", {alias}" for alias in asked.groups.aliases),
        "some": " or ".join(f"{alias} is not null" for alias in asked.groups.aliases),
        "filter": kept,
    }
    text = load_sql("attribution")
    for name, part in parts.items():
        text = text.replace("{" + name + "}", part)
    return scan.query(text)


def _scan(asked: AttributionRequest, context: Context) -> Scan:
    conditions = context.conditions()
    converts = conditions.step(asked.conversion, "conversion")
    arrives = conditions.step(asked.touches, "touches")
    # Each value is worked out where it is needed alone: reading one from a text costs more than the scan.
    values = [(alias, f"case when {arrives} then {value} end") for alias, value in _values(asked, conditions)]
    amount = f"case when {converts} then {_amount(asked, conditions)} end"
    columns = [("place", PLACE), ("page", TIE), *values, ("amount", amount)]
    conditions.columns |= {"time", "page", "sequence"}
    if asked.per == "session" and asked.session is None:
        conditions.columns.add("session")
        columns.append(("session", "coalesce(e.session, e.page)"))
    tests, steps = [("converts", converts), ("arrives", arrives)], [asked.conversion, asked.touches]
    return Scan(context, asked.common, conditions, columns, tests, steps, asked.bounds)


def _values(asked: AttributionRequest, conditions: Conditions) -> list[tuple[str, str]]:
    """(alias, SQL) of the properties that tell touches apart."""
    found = asked.groups.columns(conditions, "")
    names = zip(asked.groups.by, found, strict=True)
    return [
        (alias, _from_elsewhere(value, conditions) if name in OWN_SITE else value)
        for name, (alias, value) in names
    ]


def _from_elsewhere(value: str, conditions: Conditions) -> str:
    host, own = conditions.property("referrer_host"), conditions.property("host")
    return f"case when {host} is distinct from lower({own}) then {value} end"


def _amount(asked: AttributionRequest, conditions: Conditions) -> str:
    if asked.amount is None:
        return "cast(0 as double)"
    return conditions.number(asked.amount, "property")[0]


def coded(rows: pa.Table, aliases: Sequence[str], known: dict[Group, int]) -> pa.Table:
    """The rows with the `code` of a touch's group; `known` are the codes so far, and learns more."""
    touches = np.flatnonzero(rows["touches"].to_numpy())
    found, groups = encoded(rows.select(aliases).take(pa.array(touches)).columns)
    numbers = np.array([known.setdefault(group, len(known)) for group in groups], np.int64)
    codes = np.zeros(rows.num_rows, np.int64)
    codes[touches] = numbers[found]
    return rows.drop_columns(list(aliases)).append_column("code", pa.array(codes))


def terms_of(asked: AttributionRequest) -> Terms:
    """How credit is given."""
    span = asked.common.range
    return Terms(
        touch=asked.touch,
        first_only=asked.count == "first",
        per_session=asked.per == "session",
        session=asked.session,
        lookback=asked.lookback // MICROSECOND,
        first=-BEFORE_ALL if span.first is None else place_of(span.first),
        end=BEFORE_ALL if span.end is None else place_of(span.end),
    )


def _groups(owed: Credits, groups: list[Group], asked: AttributionRequest) -> list[Answer]:
    """The groups by what they are owed; those past the limit are pooled."""
    ranking = _ranking(owed, groups, asked)
    places = ranking.places[owed.group] if len(groups) else owed.group
    order = np.argsort(places, kind="stable")
    edges = np.searchsorted(places[order], np.arange(len(ranking.values) + 1))
    return [
        {"value": value} | _figures(owed.taken(order[edges[place] : edges[place + 1]]), asked)
        for place, value in enumerate(ranking.values)
    ]


def _figures(given: Credits, asked: AttributionRequest) -> Answer:
    return {
        "conversions": _number(given.conversions.tolist(), asked.touch),
        "persons": len(np.unique(given.person)),
        "sum": None if asked.amount is None else float(f"{fsum(given.amount.tolist()):.12g}"),
    }


def _number(parts: list[float], touch: str) -> float:
    return round(fsum(parts), 9) if touch == "linear" else len(parts)


def _odd(made: Sequence[Credited], asked: AttributionRequest) -> list[str]:
    odd = sum(each.odd for each in made)
    if not odd:
        return []
    return [f"conversions without a number in {shown(asked.amount)} add nothing to the sums ({odd:,})."]
