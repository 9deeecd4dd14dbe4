"""The scan of a funnel: every event that fills a step, with whatever its groups are told by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from backsight.reports.breakdown import Group, encoded
from backsight.reports.context import Context
from backsight.reports.funnel.groups import GROUP, WHO, FunnelBreakdown, unit_of
from backsight.reports.funnel.request import FunnelRequest
from backsight.reports.matched import Query, Scan, load_sql
from backsight.reports.order import PLACE
from backsight.timelines import Timelines


@dataclass(frozen=True)
class Matched:
    """The events that fill a step."""

    rows: pa.Table
    """`person`, `place`, `page`, `sequence` and `steps` (see `rules`); with a breakdown, GROUP (a code)."""
    groups: list[Group]
    """The group of each code."""


def query_of(asked: FunnelRequest, context: Context) -> Query:
    """The statement."""
    conditions = context.conditions()
    tests = [
        (f"step_{number}", conditions.step(step, f"steps[{number - 1}]"))
        for number, step in enumerate(asked.steps, 1)
    ]
    conditions.columns |= {"time", "page", "sequence"}
    columns = [("place", PLACE), ("page", "e.page"), ("sequence", "e.sequence")]
    groups = asked.breakdown.breakdown.columns(conditions) if asked.breakdown else []
    scan = Scan(context, asked.common, conditions, [*columns, *groups], tests, asked.steps, asked.bounds)
    bits = " + ".join(
        f"case when {name} then {1 << index} else 0 end" for index, (name, _) in enumerate(tests)
    )
    others = "".join(f", {alias}" for alias, _ in [*columns[1:], *groups])
    return scan.query(load_sql("funnel").replace("{steps}", bits).replace("{others}", others).strip())


def matched(asked: FunnelRequest, context: Context) -> tuple[Matched, list[str]]:
    """The events, and warnings."""
    query = query_of(asked, context)
    rows = query.run(context)
    if asked.breakdown is None:
        return Matched(rows, []), query.warnings
    rows, groups = _coded(rows, asked.breakdown)
    return Matched(rows, groups), query.warnings


def timelines(found: Matched, context: Context) -> Timelines:
    """The events, person by person."""
    return Timelines(found.rows, context.engine.threads)


def _coded(rows: pa.Table, breakdown: FunnelBreakdown) -> tuple[pa.Table, list[Group]]:
    """The rows with a code for the values of a group, and the codes' groups."""
    names = breakdown.breakdown.aliases
    codes, groups = encoded([rows[name] for name in names])
    rows = rows.drop_columns(names).append_column(GROUP, pa.array(codes.astype(np.int32)))
    if breakdown.attribution == "all":
        person = rows["person"].to_numpy()
        at = rows.schema.get_field_index("person")
        rows = rows.set_column(at, "person", pa.array(unit_of(person, codes))).append_column(
            WHO, pa.array(person)
        )
    return rows, groups
