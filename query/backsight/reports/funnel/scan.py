"""The scan of a funnel: every event that fills a step, with whatever its groups are told by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from backsight.contract import EventType
from backsight.reports.breakdown import Group, encoded
from backsight.reports.funnel.firsts import only_first_ever
from backsight.reports.funnel.groups import GROUP, WHO, FunnelBreakdown, unit_of
from backsight.reports.funnel.parts import held_columns, parted
from backsight.reports.funnel.request import FunnelRequest
from backsight.reports.funnel.units import SESSION
from backsight.reports.sessions import SCHEMA, SESSIONS, join_sessions, reach, sessions_of, sessions_query
from backsight.rules.conditions import Conditions
from backsight.rules.rule import Rule
from backsight.rules.steps import Step
from backsight.scan.context import Context
from backsight.scan.matched import Columns, Query, Scan
from backsight.scan.moments import Range
from backsight.scan.order import PLACE, place_of
from backsight.sql import indented, load_sql
from backsight.timelines import Timelines

TRACKED: Final = Step("any custom event", rule=Rule(on=(EventType.TRACK,)))
"""Events that bear a name of their own."""


@dataclass(frozen=True)
class Matched:
    """The events that fill a step, exclude, or may not come between."""

    rows: pa.Table
    """`person`, `place`, `page`, `sequence` and `steps` (see `rules`); with a breakdown, GROUP (a code);
    SESSION where sessions are counted, and `part` where attempts are made in parts of a person's events."""
    groups: list[Group]
    """The group of each code."""
    rows_by_group: pa.Table | None = None
    """Of attribution "all", the same with a `person` for each group that a person has events in; WHO says who
    it is."""

    @property
    def by_group(self) -> Matched:
        """The events as groups are made of them: where each is a funnel of its own, apart."""
        return self if self.rows_by_group is None else Matched(self.rows_by_group, self.groups)


def text_of(asked: FunnelRequest, context: Context) -> str:
    """The SQL as people read it: that of the sessions first, where the request's rule decides them."""
    queries = [query_of(asked, context)]
    if asked.sessions is not None:
        queries.insert(0, sessions_query(asked.sessions, asked.common, _followed(asked), context))
    return ";\n\n".join(query.text(context) for query in queries)


def query_of(
    asked: FunnelRequest, context: Context, sessions: pa.Table | None = None, more: Columns = ()
) -> Query:
    """The statement; `sessions` are those that the request's rule decides, `more` columns that it gives."""
    conditions = context.conditions()
    tests = [
        (f"step_{number}", conditions.step(step, f"steps[{number - 1}]"))
        for number, step in enumerate(asked.steps, 1)
    ]
    named, steps = len(tests), list(asked.steps)
    bits = [1 << number for number in range(named)]
    if asked.options.order == "strict":
        tests.append(("named", _bears_a_name(conditions, context)))
        bits.append(1 << named)
        steps.append(TRACKED)
    for number, each in enumerate(asked.options.exclusions):
        tests.append((f"exclude_{number + 1}", conditions.step(each.step, f"exclude[{number}].event")))
        bits.append(1 << (named + 1 + number))
        steps.append(each.step)
    columns = [*_columns(asked, conditions), *more]
    decided = [] if asked.sessions is None else [SESSION]
    scan = Scan(context, asked.common, conditions, columns, tests, steps, asked.bounds)
    filled = " + ".join(
        f"case when {name} then {bit} else 0 end" for (name, _), bit in zip(tests, bits, strict=True)
    )
    others = "".join(f", {alias}" for alias in ([alias for alias, _ in columns[1:]] + decided))
    text = load_sql("funnel").replace("{steps}", filled).replace("{others}", others).strip()
    if not decided:
        return scan.query(text)
    joined = text.replace("{matched}", indented(join_sessions()))
    return scan.query(joined, {SESSIONS: SCHEMA.empty_table() if sessions is None else sessions})


def _followed(asked: FunnelRequest) -> Range:
    """The range in which sessions are followed: that of the attempts."""
    return reach(Range(asked.common.range.first, asked.bounds.end), asked.sessions)


def _bears_a_name(conditions: Conditions, context: Context) -> str:
    """SQL of whether an event bears a name: that of a named event of the site, or its own."""
    context.events_used.update(context.names)
    tests = [conditions.step(TRACKED), *(conditions.event(name, "order") for name in context.names)]
    return f"({' or '.join(tests)})"


def _columns(asked: FunnelRequest, conditions: Conditions) -> list[tuple[str, str]]:
    """What the rows say besides what they fill."""
    conditions.columns |= {"time", "page", "sequence"}
    columns = [("place", PLACE), ("page", "e.page"), ("sequence", "e.sequence")]
    if asked.options.count == "sessions" and asked.sessions is None:
        conditions.columns.add("session")
        columns.append((SESSION, "e.session"))
    held = zip(held_columns(len(asked.options.hold)), asked.options.hold, strict=True)
    for number, (alias, name) in enumerate(held):
        columns.append((alias, conditions.property(name, f"hold[{number}]")))
    groups = asked.breakdown.breakdown.columns(conditions) if asked.breakdown else []
    return [*columns, *groups]


def matched(asked: FunnelRequest, context: Context, more: Columns = ()) -> tuple[Matched, list[str]]:
    """The events, with `more` columns, and warnings."""
    rule, sessions = asked.sessions, None
    if rule is not None:
        sessions = sessions_of(rule, asked.common, _followed(asked), context)
    query = query_of(asked, context, sessions, more)
    rows = query.run(context)
    if asked.first_ever:
        first = asked.common.range.first
        rows = only_first_ever(rows, asked.first_ever, None if first is None else place_of(first))
    rows, groups = (rows, []) if asked.breakdown is None else _coded(rows, asked.breakdown)
    warnings = [*query.warnings, *_alone(rows)]
    apart = asked.breakdown is not None and asked.breakdown.attribution == "all"
    by_group = _parted(_apart(rows), asked) if apart else None
    return Matched(_parted(rows, asked), groups, by_group), warnings


def _parted(rows: pa.Table, asked: FunnelRequest) -> pa.Table:
    """The rows, in parts where attempts are made within a session, or with one value, alone."""
    sessions, held = asked.options.count == "sessions", held_columns(len(asked.options.hold))
    bits = (1 << len(asked.steps)) - 1
    return parted(rows, sessions, held, bits, asked.window_micros) if sessions or held else rows


def _alone(rows: pa.Table) -> list[str]:
    """A warning about events of no session, where sessions are counted."""
    alone = rows[SESSION].null_count if SESSION in rows.column_names else 0
    if not alone:
        return []
    return [f"events without a session are left out ({alone:,}); 'session' can give them one."]


def timelines(found: Matched, context: Context) -> Timelines:
    """The events, person by person."""
    return Timelines(found.rows, context.engine.threads)


def _coded(rows: pa.Table, breakdown: FunnelBreakdown) -> tuple[pa.Table, list[Group]]:
    """The rows with a code for the values of a group, and the codes' groups."""
    names = breakdown.breakdown.aliases
    codes, groups = encoded([rows[name] for name in names])
    return rows.drop_columns(names).append_column(GROUP, pa.array(codes.astype(np.int32))), groups


def _apart(rows: pa.Table) -> pa.Table:
    """The rows with a person of its own for each group of a person."""
    person, at = rows["person"].to_numpy(), rows.schema.get_field_index("person")
    units = pa.array(unit_of(person, rows[GROUP].to_numpy()))
    return rows.set_column(at, "person", units).append_column(WHO, pa.array(person))
