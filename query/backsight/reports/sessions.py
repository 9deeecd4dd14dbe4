"""Sessions decided when a question is asked: after a pause, at certain events, or both.

    "session": {"gap": "30m", "starts": STEP}

Left out, a session is what the snippet took for one (the column `session`). Otherwise all raw events of a
person decide, whatever a report counts or filters: a session ends after more than `gap` without any of them,
and every event of `starts` begins another. An instant and a sequence number tell where: events of the same
place as a start belong to the session that it begins, and several starts at one place begin a single one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import numpy as np
import pyarrow as pa

from backsight.fields import below, read_object, refuse
from backsight.parquet_rows import Integers
from backsight.rules.conditions import Conditions
from backsight.rules.steps import EVERYTHING, Step, parse_step
from backsight.scan.context import Context
from backsight.scan.matched import Query, Scan
from backsight.scan.moments import EARLIEST, LATEST, MICROSECOND, Range, read_duration
from backsight.scan.order import PLACE, SEQUENCE_BITS
from backsight.scan.request import Common
from backsight.scan.shares import EVERYBODY, in_shares
from backsight.sql import load_sql
from backsight.timelines import Flags, Timeline, Timelines

FIELDS: Final = ("gap", "starts")
MARGIN: Final = timedelta(days=1)
"""How far before and after a report's range sessions are followed, at least."""

SESSIONS: Final = "sessions"
"""Relation of a query: each session's `person`, first `place` and number, `session`."""

SCHEMA: Final = pa.schema([("person", pa.int64()), ("place", pa.int64()), ("session", pa.int64())])


@dataclass(frozen=True, slots=True)
class SessionRule:
    """What ends a session: more than `gap` without an event, an event of `starts`, or either."""

    gap: timedelta | None = None
    starts: Step | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that the rule names."""
        return () if self.starts is None else (self.starts,)

    def test(self, conditions: Conditions, field: str = "session") -> str:
        """SQL of whether an event begins a session by itself."""
        return "false" if self.starts is None else conditions.step(self.starts, below(field, "starts"))


def read_session(fields: Mapping[str, object], field: str = "session") -> SessionRule | None:
    """The request's rule for sessions; null where they are those that were captured."""
    if "session" not in fields:
        return None
    asked = {key: value for key, value in read_object(fields["session"], field, FIELDS).items()
             if value is not None}  # fmt: skip
    if not asked:
        refuse("nothing says where a session ends.", field, fields["session"], "'gap', 'starts' or both")
    gap = read_duration(asked["gap"], below(field, "gap")) if "gap" in asked else None
    starts = parse_step(asked["starts"], below(field, "starts")) if "starts" in asked else None
    return SessionRule(gap, starts)


def reach(asked: Range, rule: SessionRule | None) -> Range:
    """The range in which sessions that touch a range are followed: a day more at both ends, or a gap if that
    is longer. Without a gap nothing bounds a session, and all of history is read.
    """
    if rule is not None and rule.gap is None:
        return Range(None, None)
    margin = MARGIN if rule is None or rule.gap is None else max(MARGIN, rule.gap)
    first = None if asked.first is None else max(asked.first - margin, _midnight(EARLIEST))
    end = None if asked.end is None else min(asked.end + margin, _midnight(LATEST) + timedelta(days=1))
    return Range(first, end)


def session_begins(timeline: Timeline, rule: SessionRule, starts: Flags | None = None) -> Flags:
    """Whether each row begins a session, in a timeline of all raw events of its persons, without parts.

    `starts` says which rows are events of the rule's `starts`.
    """
    begins = np.zeros(len(timeline), np.bool_)
    begins[timeline.starts] = True
    if rule.gap is not None:
        # Between two persons this may say anything: the second one's first row begins a session as it is.
        begins[1:] |= np.diff(timeline.place >> SEQUENCE_BITS) > rule.gap // MICROSECOND
    if rule.starts is not None and starts is not None:
        begins[_first_of_place(timeline)[starts]] = True
    return begins


def session_numbers(timeline: Timeline, rule: SessionRule, starts: Flags | None = None) -> Integers:
    """The session of each row, numbered from 0 over the whole timeline."""
    return np.cumsum(session_begins(timeline, rule, starts)) - 1


def join_sessions() -> str:
    """SQL of the rows of a scan, `{matched}`, and the `session` of each by the relation SESSIONS; they need a
    `person` and a `place`.
    """
    return load_sql("sessions_joined")


def sessions_of(rule: SessionRule, common: Common, bounds: Range, context: Context) -> pa.Table:
    """All sessions within bounds, for reports that count in SQL: `person`, `place` of the start, `session`.

    An event belongs to the last session of its person that starts there or before; see `join_sessions`.
    """

    def walk(rows: pa.Table) -> list[tuple[Integers, Integers]]:
        return Timelines(rows, context.engine.threads).map(lambda timeline: _sessions(timeline, rule))

    def query_of(who: str) -> Query:
        return sessions_query(rule, common, bounds, context, who)

    found = [each for made in in_shares(query_of, bounds, context, walk) for each in made]
    person, place = (np.concatenate([each[part] for each in found]) for part in (0, 1))
    return pa.table([person, place, np.arange(len(person))], SCHEMA)


def deciding(scan: Scan, rule: SessionRule) -> Scan:
    """The same scan over all raw events, which decide sessions: its rows say also which of them `begins` one
    by itself, and which `counts` by the request's filters.
    """
    columns = [*scan.columns, ("begins", rule.test(scan.conditions)), *scan.tests]
    columns.append(("counts", scan.conditions.predicates(scan.common.where, "where")))
    tests = [("any_event", scan.conditions.step(EVERYTHING))]
    return replace(
        scan, common=replace(scan.common, where=()), columns=columns, tests=tests, steps=[EVERYTHING]
    )


def sessions_query(
    rule: SessionRule, common: Common, bounds: Range, context: Context, who: str = EVERYBODY
) -> Query:
    """The scan of all raw events of the persons asked for, and which of them begin a session."""
    conditions = context.conditions()
    conditions.columns |= {"time", "sequence"}
    columns = [("place", PLACE), ("starts", rule.test(conditions))]
    tests = [("any_event", conditions.step(EVERYTHING))]
    scan = Scan(context, replace(common, where=()), conditions, columns, tests, [EVERYTHING], bounds)
    return scan.query(load_sql("sessions").replace("{who}", who))


def _sessions(timeline: Timeline, rule: SessionRule) -> tuple[Integers, Integers]:
    begins = session_begins(timeline, rule, timeline.columns["starts"].astype(np.bool_))
    return timeline.person[begins], timeline.place[begins]


def _first_of_place(timeline: Timeline) -> Integers:
    """The first row of each row's person and place."""
    fresh = np.zeros(len(timeline), np.bool_)
    fresh[timeline.starts] = True
    fresh[1:] |= timeline.place[1:] != timeline.place[:-1]
    return np.maximum.accumulate(np.where(fresh, np.arange(len(timeline)), 0))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
