"""A funnel's answer: one scan for the events that fill a step, then a walk over every person's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from backsight.parquet_rows import Integers
from backsight.reports.context import Context
from backsight.reports.funnel.attempts import Attempts, Rules, counted_attempts, disordered
from backsight.reports.funnel.request import FunnelRequest, parse
from backsight.reports.funnel.summary import summary
from backsight.reports.funnel.ties import resolve_attempts
from backsight.reports.matched import Query, Scan, load_sql
from backsight.reports.order import PLACE
from backsight.timelines import Timeline, Timelines

Answer = dict[str, Any]


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    query = _query(asked, context)
    parts = count_attempts(asked, query.timelines(context), context)
    steps = summary(asked, parts, context.now)
    return {"steps": steps, "meta": context.meta(asked.steps, query.warnings)}


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL of the scan that answers a request, with its parameters."""
    return _query(parse(request, context.now), context).text(context)


def count_attempts(asked: FunnelRequest, timelines: Timelines, context: Context) -> list[Attempts]:
    """The attempt that counts of every person who started one, in parts."""
    rules = Rules(len(asked.steps), asked.window_micros, asked.starts_before, asked.entry)

    def walk(timeline: Timeline) -> tuple[Attempts, Integers]:
        return counted_attempts(timeline, rules), disordered(timeline)

    walked = timelines.map(walk)
    tied = np.concatenate([persons for _, persons in walked])
    parts = [attempts for attempts, _ in walked]
    if not len(tied):
        return parts
    found = _query(asked, context, tied).run(context).to_pylist()
    return [*(part.without(tied) for part in parts), resolve_attempts(found, rules)]


def _query(asked: FunnelRequest, context: Context, tied: Integers | None = None) -> Query:
    """The statement; with `tied`, of these persons alone, and with all that orders their events."""
    conditions = context.conditions()
    tests = [
        (f"step_{number}", conditions.step(step, f"steps[{number - 1}]"))
        for number, step in enumerate(asked.steps, 1)
    ]
    conditions.columns |= {"time", "page", "sequence"}
    columns = [("place", PLACE), ("page", "e.page")]
    if tied is not None:
        columns.append(("sequence", "e.sequence"))
    scan = Scan(context, asked.common, conditions, columns, tests, asked.steps, asked.bounds)
    bits = " + ".join(
        f"case when {name} then {1 << index} else 0 end" for index, (name, _) in enumerate(tests)
    )
    text = load_sql("funnel" if tied is None else "funnel_tied").replace("{steps}", bits).strip()
    return scan.query(text, None if tied is None else {"tied": pa.table({"person": tied})})
