"""The SQL of a trend: one pass over the events that gathers small figures, which are then put together.

matched   the events that fill some step
tallied   figures of each slot of time (of each group, person and session, as far as these matter)
peopled   the same with persons, where devices were enough until then: there are far fewer rows by now
dated     the same with the period of the slot
ranked    the groups that stand alone; `placed`: the same figures with the place of their group
firsts    with the first period of each person or session, where values are cumulative
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import pyarrow as pa

from backsight.identity import person_sql
from backsight.reports.breakdown import Breakdown
from backsight.reports.sessions import SCHEMA, SESSIONS, join_sessions
from backsight.reports.trend.frame import Frame
from backsight.reports.trend.measures import value_columns
from backsight.reports.trend.request import TrendRequest
from backsight.rules.conditions import Conditions
from backsight.scan.context import Context
from backsight.scan.matched import Query, Scan
from backsight.scan.order import PLACE
from backsight.scan.periods import CALENDAR
from backsight.sql import indented, load_sql

RANKED: Final = "ranked_groups"
"""Relation of a query: the groups that an earlier statement ranked, each with its `place`."""
PART: Final = "part_{}_{}"
"""Column of a statement: a part of the series of that number, and which."""


def statement(
    asked: TrendRequest,
    frame: Frame,
    context: Context,
    ranked: pa.Table | None = None,
    sessions: pa.Table | None = None,
) -> Query:
    """What gives the parts of every series, by group and period (null: of the whole range).

    `ranked` are the groups, where an earlier statement has ranked them; `sessions` those that a rule decides.
    """
    conditions = context.conditions()
    tests = [
        (f"step_{number}", conditions.step(each.step, f"series[{number - 1}]"))
        for number, each in enumerate(asked.series, 1)
    ]
    units = sorted({each.measure.unit for each in asked.series if each.measure.unit is not None})
    groups = asked.breakdown.aliases if asked.breakdown else []
    slot, calendar = frame.slots(context, by_file=not units and "node_id" not in conditions.columns)
    columns = [("slot", slot), *_columns(asked, units, conditions)]
    scan = Scan(
        context, asked.common, conditions, columns, tests, asked.steps, frame.span,
        "person" in units or asked.session is not None,
    )  # fmt: skip
    keys, peopled = ["slot", *units, *groups], ""
    if "person" in units and asked.session is None and not scan.needs_persons:
        keys, peopled = _peopled(scan, keys)
    text = _text(asked, units, keys, conditions, ranked is not None)
    text = text.replace("{peopled}", f"\n{peopled}" if peopled else "")
    text = text.replace("{tallied}", "peopled" if peopled else "tallied")
    tables = {CALENDAR: calendar} | ({} if ranked is None else {RANKED: ranked})
    if asked.session is not None:
        text = text.replace("{matched}", indented(join_sessions()))
        tables[SESSIONS] = SCHEMA.empty_table() if sessions is None else sessions
    return scan.query(text, tables)


def _peopled(scan: Scan, keys: Sequence[str]) -> tuple[list[str], str]:
    """Lets the scan give devices for persons: the keys then, and the stage that makes persons of them."""
    person, join, columns, _ = person_sql(scan.context.identity)
    if not join:
        return list(keys), ""
    names = [f'"{name}"' for name in sorted(columns)]
    scan.persons = False
    scan.conditions.columns |= columns
    scan.columns = [*((name, f"e.{name}") for name in names), *scan.columns]
    others = [key for key in keys if key != "person"]
    return [*others, *names], _filled("trend_peopled", person=person, join=indented(join))


def place_sql(breakdown: Breakdown, source: str, limit: str) -> tuple[str, str]:
    """SQL of the place of a row's group, and the condition that joins `ranked` to the rows of `source`."""
    same = " and ".join(
        f"ranked.{alias} is not distinct from {source}.{alias}" for alias in breakdown.aliases
    )
    return f"coalesce(ranked.place, {limit})", same


def _columns(asked: TrendRequest, units: Sequence[str], conditions: Conditions) -> list[tuple[str, str]]:
    columns = []
    if asked.session is not None:
        columns.append(("place", PLACE))
        conditions.columns |= {"time", "sequence"}
    elif "session" in units:
        columns.append(("session", "e.session"))
        conditions.columns.add("session")
    for number, each in enumerate(asked.series, 1):
        columns += value_columns(each.measure, number, conditions, f"series[{number - 1}]")
    return columns + (asked.breakdown.columns(conditions) if asked.breakdown else [])


def _text(
    asked: TrendRequest, units: Sequence[str], keys: Sequence[str], conditions: Conditions, given: bool
) -> str:
    numbered = list(enumerate(asked.series, 1))
    tallies = [tally for number, each in numbered for tally in each.measure.tallies(number)]
    firsts = asked.cumulative and bool(units)
    parts = [
        f"{sql} as {PART.format(number, place)}"
        for number, each in numbered
        for place, sql in enumerate(each.measure.parts(number, firsts))
    ]
    shown = ["period"]
    stages, last = [], "dated"
    if asked.breakdown:
        shown = ["place", *asked.breakdown.aliases, "period"]
        carried = ["period", *units, *(alias for alias, _ in tallies)]
        stages, last = _placing(asked, asked.breakdown, carried, conditions, given), "placed"
    if firsts:
        stages, last = [*stages, _firsts(asked, last)], "firsts"
    return _filled(
        "trend",
        keys=", ".join(keys),
        tallies=_listed(f"{sql} as {alias}" for alias, sql in tallies),
        some_step=" or ".join(f"step_{number}" for number, _ in numbered),
        stages="".join(f",\n{stage}" for stage in stages),
        shown=", ".join(shown),
        parts=_listed(parts, "    "),
        last=last,
        by_period=", ".join(shown),
        by_range=", ".join(shown[:-1]),
    )


def _placing(
    asked: TrendRequest, breakdown: Breakdown, carried: Sequence[str], conditions: Conditions, given: bool
) -> list[str]:
    limit = conditions.bind(breakdown.limit)
    sizes = [each.measure.size(number) for number, each in enumerate(asked.series, 1)]
    order = [f"size_{number} desc" for number in range(1, len(sizes) + 1)]
    order += [f"{alias} nulls last" for alias in breakdown.aliases]
    place, same = place_sql(breakdown, "dated", limit)
    ranked = f"ranked as (\n    select * from {RANKED}\n)"
    if not given:
        ranked = _filled(
            "trend_ranked",
            groups=", ".join(breakdown.aliases),
            sizes=_listed(f"{size} as size_{number}" for number, size in enumerate(sizes, 1)),
            order=", ".join(order),
            limit=limit,
        )
    placed = _filled(
        "trend_placed",
        columns=", ".join(f"dated.{name}" for name in carried),
        groups=", ".join(f"ranked.{alias}" for alias in breakdown.aliases),
        place=place,
        same=same,
    )
    return [ranked, placed]


def _firsts(asked: TrendRequest, source: str) -> str:
    """In which period a person, or a session, was first counted."""
    place = "place, " if asked.breakdown else ""
    found = [
        f"min(case when events_{number} > 0 then period end)"
        f" over (partition by {place}{each.measure.unit}) as first_{number}"
        for number, each in enumerate(asked.series, 1)
        if each.measure.unit is not None
    ]
    listed = ",\n        ".join([f"{source}.*", *found])
    return f"firsts as (\n    select\n        {listed}\n    from {source}\n)"


def _filled(name: str, **parts: str) -> str:
    text = load_sql(name)
    for key, part in parts.items():
        text = text.replace("{" + key + "}", part)
    return text


def _listed(parts: Iterable[str], by: str = "        ") -> str:
    return indented(",\n".join(parts), by)
