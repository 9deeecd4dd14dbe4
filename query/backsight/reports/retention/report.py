"""A retention report's answer: one scan for starts and returns, then a walk over every person's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from backsight.reports.retention.frame import Frame, frame_of
from backsight.reports.retention.request import RetentionRequest, parse
from backsight.reports.retention.starts import RETURNS, STARTS
from backsight.reports.retention.summary import Words, summary
from backsight.reports.retention.walk import VALUE, Plan, Walked, together, walk
from backsight.reports.statistics import left_out
from backsight.scan.context import Context
from backsight.scan.matched import Columns, Query, Scan
from backsight.scan.order import PLACE, TIE
from backsight.sql import load_sql
from backsight.timelines import Timeline, Timelines

IS_SET: Final = "is_set"
"""Column of the scan's rows: whether there is anything that a measure may take."""

Answer = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What a request found."""

    frame: Frame
    walked: Walked
    words: list[Words]
    """Of each column of the breakdown, the texts that its numbers stand for; null where they are numbers."""
    warnings: list[str]


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    found = find(asked, context)
    return summary(found.frame, found.walked, found.words) | {
        "meta": context.meta(asked.steps, found.warnings)
    }


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL of the scan that answers a request, with its parameters."""
    return scan_text(parse(request, context.now), context)


def scan_text(asked: RetentionRequest, context: Context) -> str:
    """The SQL of the scan, with its parameters."""
    return scan_query(asked, frame_of(asked, context)[0], context).text(context)


def find(asked: RetentionRequest, context: Context) -> Found:
    """Who is in which cohort and when they returned."""
    frame, warnings = frame_of(asked, context)
    query = scan_query(asked, frame, context)
    timelines = query.timelines(context)
    plan = plan_of(frame)

    def walked(timeline: Timeline) -> tuple[Walked, int]:
        return walk(timeline, plan), _odd(timeline, asked)

    parts = timelines.map(walked)
    odd = _warning(asked, sum(count for _, count in parts))
    found = together([part for part, _ in parts])
    return Found(frame, found, words_of(asked, timelines), [*warnings, *query.warnings, *odd])


def scan_query(asked: RetentionRequest, frame: Frame, context: Context, more: Columns = ()) -> Query:
    """The statement: the starts and returns, with what is known of each, and `more` columns."""
    conditions = context.conditions()
    tests = [
        ("starts", conditions.step(asked.start, "start")),
        ("returns", conditions.step(asked.back, "return")),
    ]
    conditions.columns |= {"time", "page", "sequence"}
    columns = [] if asked.breakdown is None else asked.breakdown.columns(conditions)
    if asked.measure is not None:
        value, some = conditions.number(asked.measure.name, "measure.property")
        columns += [(VALUE, value), (IS_SET, some)]
    columns += more
    bits = f"case when starts then {STARTS} else 0 end + case when returns then {RETURNS} else 0 end"
    text = load_sql("retention_rows").replace("{steps}", bits)
    text = text.replace("{columns}", "".join(f", {alias}" for alias, _ in columns))
    places = [("place", PLACE), ("page", TIE)]
    scan = Scan(context, asked.common, conditions, [*places, *columns], tests, asked.steps, frame.bounds)
    return scan.query(text)


def plan_of(frame: Frame) -> Plan:
    """What to look for in its rows."""
    asked = frame.asked
    columns = np.repeat(np.arange(len(asked.lasts)), np.diff([-1, *asked.lasts]))
    return Plan(
        asked.cohort,
        asked.returned,
        asked.minimum,
        frame.started,
        frame.edges,
        frame.length,
        columns,
        asked.measure is not None,
        () if asked.breakdown is None else asked.breakdown.aliases,
    )


def words_of(asked: RetentionRequest, timelines: Timelines) -> list[Words]:
    """Of each column of the breakdown, the texts that its numbers stand for; null where they are numbers."""
    aliases = [] if asked.breakdown is None else asked.breakdown.aliases
    types = {alias: timelines.rows.schema.field(alias).type for alias in aliases}
    return [timelines.words(alias) if pa.types.is_string(types[alias]) else None for alias in aliases]


def _odd(timeline: Timeline, asked: RetentionRequest) -> int:
    """How many returns have something that is no number."""
    if asked.measure is None:
        return 0
    returns = np.flatnonzero((timeline.columns["steps"] & RETURNS) != 0)
    numbers = timeline.columns.at(VALUE, returns).astype(np.float64)
    return int((np.isnan(numbers) & timeline.columns.at(IS_SET, returns)).sum())


def _warning(asked: RetentionRequest, odd: int) -> list[str]:
    return [left_out("return", asked.measure.name, odd)] if odd and asked.measure is not None else []
