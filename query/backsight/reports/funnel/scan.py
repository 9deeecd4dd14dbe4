"""The scan of a funnel: every event that fills a step, with whatever its groups are told by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from backsight.engine import Relation
from backsight.parquet_rows import Integers
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
    """`person`, `place`, `page` and `steps` (bit k-1: fills step k); with a breakdown, GROUP (a code)."""
    groups: list[Group]
    """The group of each code."""


def query_of(asked: FunnelRequest, context: Context, tied: Integers | None = None) -> Query:
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
    groups = asked.breakdown.breakdown.columns(conditions) if asked.breakdown else []
    scan = Scan(context, asked.common, conditions, [*columns, *groups], tests, asked.steps, asked.bounds)
    bits = " + ".join(
        f"case when {name} then {1 << index} else 0 end" for index, (name, _) in enumerate(tests)
    )
    others = "".join(f", {alias}" for alias, _ in [*columns[1:], *groups])
    text = load_sql("funnel" if tied is None else "funnel_tied")
    tables: Mapping[str, Relation] = {} if tied is None else {"tied": pa.table({"person": tied})}
    return scan.query(text.replace("{steps}", bits).replace("{others}", others).strip(), tables)


def matched(asked: FunnelRequest, context: Context) -> tuple[Matched, list[str]]:
    """The events, and warnings."""
    query = query_of(asked, context)
    rows = query.run(context)
    if asked.breakdown is None:
        return Matched(rows, []), query.warnings
    rows, groups = _coded(rows, asked.breakdown)
    return Matched(rows, groups), query.warnings


def tied_rows(asked: FunnelRequest, found: Matched, tied: Integers, context: Context) -> list[dict[str, Any]]:
    """The events of some persons, with `page` and `sequence`; groups have the codes of `found`."""
    breakdown, persons = asked.breakdown, tied
    if WHO in found.rows.schema.names:
        persons = np.unique(found.rows[WHO].to_numpy()[np.isin(found.rows["person"].to_numpy(), tied)])
    rows = query_of(asked, context, persons).run(context)
    if breakdown is not None:
        rows, _ = _coded(rows, breakdown, {group: code for code, group in enumerate(found.groups)})
        rows = rows.filter(pa.array(np.isin(rows["person"].to_numpy(), tied)))
    listed: list[dict[str, Any]] = rows.to_pylist()
    return listed


def timelines(found: Matched, context: Context) -> Timelines:
    """The events, person by person."""
    return Timelines(found.rows, context.engine.threads)


def _coded(
    rows: pa.Table, breakdown: FunnelBreakdown, known: Mapping[Group, int] | None = None
) -> tuple[pa.Table, list[Group]]:
    """The rows with a code for the values of a group, and the codes' groups."""
    names = breakdown.breakdown.aliases
    codes, groups = encoded([rows[name] for name in names])
    if known is not None:
        codes = np.array([known[group] for group in groups], np.int64)[codes]
    rows = rows.drop_columns(names).append_column(GROUP, pa.array(codes.astype(np.int32)))
    if breakdown.attribution == "all":
        person = rows["person"].to_numpy()
        at = rows.schema.get_field_index("person")
        rows = rows.set_column(at, "person", pa.array(unit_of(person, codes))).append_column(
            WHO, pa.array(person)
        )
    return rows, groups
