"""The rows behind a cell of a retention table: the starts of who is in it, and their returns.

{…a retention report's request…, "cell": {"start": "2026-10-05", "period": 3, "returned": true,
 "group": ["Firefox"]}}

The cell is named as for its persons (`retention.persons`): without a `period` it is the whole cohort, of
which there are the starts alone, as there are of those who did not return.

Columns: `role` ("start"; "return", of who returned in the cell; "measured", of the report's `measure`: an
event whose number counts there though it makes nobody a returned one), and `value`, the number measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from backsight.fields import refuse
from backsight.parquet_rows import Integers
from backsight.reports.behind.sources import NUMBERED, Chosen, Walked, files_of
from backsight.reports.retention.frame import frame_of
from backsight.reports.retention.persons import Cell, chosen_members, read_cell, row_of
from backsight.reports.retention.report import Found, plan_of, scan_query, words_of
from backsight.reports.retention.request import RetentionRequest, parse
from backsight.reports.retention.starts import LATER, Starts, starts_of
from backsight.reports.retention.walk import VALUE, Pairs, Plan, Visits, pairs_of, together, visits_of, walk
from backsight.reports.retention.walk import Walked as Members
from backsight.scan.context import Context
from backsight.timelines import Flags, Timeline

FIELDS: Final = ("cell",)
OWN: Final = pa.schema([("role", pa.string()), ("value", pa.float64())])
START: Final = "start"
RETURN: Final = "return"
MEASURED: Final = "measured"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Looked:
    """What was found in a chunk: its members, their starts, and the visits of those of the cell's row in its
    column (whose, which row, whether it makes a return, its number)."""

    members: Members
    starts: Integers
    whose: Integers
    rows: Integers
    returns: Flags
    values: Floats


def source(request: Mapping[str, object], own: Mapping[str, object], context: Context) -> Walked:
    """The rows. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    if "cell" not in own:
        refuse("the cell is missing.", "cell", None, "an object with the 'start' of a row")
    cell = read_cell(own["cell"], asked)
    frame, warnings = frame_of(asked, context)
    row = row_of(frame, cell.start)
    query = scan_query(asked, frame, context, NUMBERED)
    timelines = query.timelines(context)
    plan = plan_of(frame)
    parts = timelines.map(lambda timeline: _look(timeline, plan, cell, row))
    found = Found(frame, together([part.members for part in parts]), words_of(asked, timelines), [])
    chosen = _chosen(asked, cell, found, parts)
    return Walked(context, OWN, asked.steps, [*warnings, *query.warnings], chosen, files_of(query))


def _look(timeline: Timeline, plan: Plan, cell: Cell, row: int) -> Looked:
    starts = starts_of(timeline, plan.cohort, plan.started, plan.edges)
    row_ids = timeline.columns.at("row_id", starts.rows)
    members = walk(timeline, plan)
    found = _Visits.none()
    if cell.column is not None and cell.returned:
        apart = replace(plan, measured=True)  # each visit by itself
        visits = visits_of(timeline, starts, apart)
        pairs = pairs_of(timeline, starts, visits, apart)
        found = _Visits.joined(
            [_visits(timeline, starts, visits, each, plan, cell.column, row) for each in pairs]
        )
    return Looked(members, row_ids, found.whose, found.rows, found.returns, found.values)


@dataclass(frozen=True)
class _Visits:
    whose: Integers
    rows: Integers
    returns: Flags
    values: Floats

    @classmethod
    def none(cls) -> _Visits:
        empty = np.empty(0, np.int64)
        return cls(empty, empty, empty != 0, empty.astype(np.float64))

    @classmethod
    def joined(cls, parts: Sequence[_Visits]) -> _Visits:
        every = [cls.none(), *parts]
        return cls(
            np.concatenate([part.whose for part in every]),
            np.concatenate([part.rows for part in every]),
            np.concatenate([part.returns for part in every]),
            np.concatenate([part.values for part in every]),
        )


def _visits(
    timeline: Timeline, starts: Starts, visits: Visits, pairs: Pairs, plan: Plan, column: int, row: int
) -> _Visits:
    """The visits of the members of a row that count in a column."""
    hit = pairs.columns >= column if plan.returned == "on_or_after" else pairs.columns == column
    hit &= starts.cohorts[pairs.members] == row
    whose, rows = pairs.members[hit], visits.rows[pairs.visits[hit]]
    later = (starts.order[rows] == LATER) | (rows >= starts.after[whose])
    values = np.full(len(rows), np.nan)
    if plan.measured:
        values = timeline.columns.at(VALUE, rows).astype(np.float64)
    return _Visits(whose, timeline.columns.at("row_id", rows), later, values)


def _chosen(asked: RetentionRequest, cell: Cell, found: Found, parts: Sequence[Looked]) -> Chosen:
    """The rows of who is in the cell; and, where numbers are measured, of those whose count there."""
    inside = chosen_members(found, cell)
    cohort = chosen_members(found, replace(cell, column=None))
    before = np.cumsum([0, *(len(part.starts) for part in parts)]).tolist()
    starts = np.concatenate([np.empty(0, np.int64), *(part.starts for part in parts)])
    visits = _Visits.joined(
        [
            _Visits(part.whose + offset, part.rows, part.returns, part.values)
            for part, offset in zip(parts, before, strict=False)
        ]
    )
    returns = visits.returns & inside[visits.whose]
    measured = ~np.isnan(visits.values) & cohort[visits.whose] & ~returns
    members = np.flatnonzero(inside)
    kinds = [
        (START, starts[members], members, np.full(len(members), np.nan)),
        (RETURN, visits.rows[returns], visits.whose[returns], visits.values[returns]),
        (MEASURED, visits.rows[measured], visits.whose[measured], visits.values[measured]),
    ]
    roles = np.repeat(np.arange(len(kinds)), [len(rows) for _, rows, _, _ in kinds])
    role = pa.array([kind for kind, *_ in kinds], pa.string()).take(pa.array(roles))
    values = np.concatenate([each for *_, each in kinds])
    own = pa.table([role, pa.array(values, pa.float64(), from_pandas=True)], schema=OWN)
    whose = np.concatenate([each for _, _, each, _ in kinds])
    return Chosen(np.concatenate([rows for _, rows, _, _ in kinds]), found.walked.persons[whose], own)
