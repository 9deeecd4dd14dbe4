"""The rows behind a funnel: the events that did the steps of the attempts that count.

{…a funnel's request…, "step": 2, "dropped": false, "excluded": false, "group": ["Firefox"],
 "at": "2026-10-05"}

step        the events that did this step, one an attempt that counts there; left out: those of all steps
dropped     of the attempts that got to the step before, and no further: the events that did that one
excluded    the events that would have done the step but for the exclusions
group       of the attempts of one group; {"pooled": true} those that are pooled
at          of the attempts of one period of `interval`, by its `start`

Columns: `step`, and `attempt`, which the rows of one attempt share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from backsight.fields import read_flag, read_string, read_whole, refuse
from backsight.parquet_rows import Integers
from backsight.reports.behind.request import read_period
from backsight.reports.behind.sources import NUMBERED, Chosen, Walked, files_of
from backsight.reports.funnel.attempts import NOT_REACHED, Attempts
from backsight.reports.funnel.counting import count_attempts
from backsight.reports.funnel.groups import codes_of, ranking_of, split
from backsight.reports.funnel.people import persons_of, place_of_group
from backsight.reports.funnel.report import periods_of
from backsight.reports.funnel.request import FunnelRequest, parse
from backsight.reports.funnel.scan import Matched, matched, query_of
from backsight.reports.funnel.summary import step_before
from backsight.scan.context import Context
from backsight.scan.order import place_of
from backsight.timelines import Flags

FIELDS: Final = ("step", "dropped", "excluded", "group", "at")
OWN: Final = pa.schema([("step", pa.int32()), ("attempt", pa.int64())])


@dataclass(frozen=True, slots=True)
class Cell:
    """Which events of which attempts."""

    step: int | None
    """Counted from 1; null: all."""
    dropped: bool
    excluded: bool
    group: object
    """Null: of everybody."""
    at: str | None


def source(request: Mapping[str, object], own: Mapping[str, object], context: Context) -> Walked:
    """The rows. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    cell = _read(own, asked)
    found, warnings = matched(asked, context, NUMBERED)
    whole = _attempts(asked, cell, found, context)
    chosen = _chosen(asked, cell, whole)
    return Walked(context, OWN, asked.steps, warnings, chosen, files_of(query_of(asked, context)))


def _read(own: Mapping[str, object], asked: FunnelRequest) -> Cell:
    step = read_whole(own["step"], "step", 1, len(asked.steps)) if "step" in own else None
    dropped = read_flag(own.get("dropped", False), "dropped")
    excluded = read_flag(own.get("excluded", False), "excluded")
    if dropped and excluded:
        refuse("who is excluded did not drop.", "excluded", True, "one of 'dropped' and 'excluded'")
    if dropped and step is None:
        step = len(asked.steps)
    if dropped and step == 1:
        refuse("nobody drops before the first step.", "step", step, f"2 to {len(asked.steps)}")
    if excluded and not asked.options.exclusions:
        refuse("nothing is excluded.", "excluded", True, "a request with 'exclude'")
    if "group" in own and asked.breakdown is None:
        refuse(
            "without a breakdown there are no groups.", "group", own["group"], 'a request with "breakdown"'
        )
    if "at" in own and asked.interval is None:
        refuse("without an interval there are no periods.", "at", own["at"], 'a request with "interval"')
    at = read_string(own["at"], "at") if "at" in own else None
    return Cell(step, dropped, excluded, own.get("group"), at)


def _attempts(asked: FunnelRequest, cell: Cell, found: Matched, context: Context) -> list[Attempts]:
    """The attempts of the cell's group and period."""
    of = found if cell.group is None else found.by_group
    edges, number = _edges(asked, cell, context)
    parts, by_period = count_attempts(asked, of, context, edges)
    wanted: Sequence[Attempts] = parts if number is None else by_period[number]
    if cell.group is None or asked.breakdown is None:
        return list(wanted)
    breakdown = asked.breakdown
    ranking = ranking_of(
        parts, [codes_of(part, breakdown, of.groups) for part in parts], of.groups, breakdown.breakdown.limit
    )
    place = place_of_group(ranking.values, cell.group, len(breakdown.breakdown.by))
    codes = [codes_of(part, breakdown, of.groups) for part in wanted]
    return split(wanted, codes, ranking, asked.options.count)[place]


def _edges(asked: FunnelRequest, cell: Cell, context: Context) -> tuple[list[int], int | None]:
    """Where the periods begin, as places, and the number of the cell's."""
    if cell.at is None:
        return [], None
    periods, _ = periods_of(asked, context)
    assert periods is not None  # noqa: S101  # `_read` has looked
    return [place_of(edge) for edge in periods.edges], read_period(cell.at, "at", periods.labels)


def _chosen(asked: FunnelRequest, cell: Cell, parts: Sequence[Attempts]) -> Chosen:
    """The rows of the cell."""
    steps = range(len(asked.steps)) if cell.step is None else [cell.step - 1]
    made: list[tuple[Integers, Integers, Integers, Integers]] = []
    begin = 0
    for part in parts:
        attempt, who = np.arange(begin, begin + len(part.person)), persons_of(part)
        begin += len(part.person)
        for step in steps:
            at, flags, rows = _of_step(asked, cell, part, step)
            made.append((rows[flags], who[flags], np.full(int(flags.sum()), at + 1), attempt[flags]))
    row_id, person, step_of, attempt_of = (
        np.concatenate([np.empty(0, np.int64), *each]) for each in zip(*made, strict=True)
    )
    own = pa.table([pa.array(step_of.astype(np.int32)), pa.array(attempt_of)], schema=OWN)
    return Chosen(row_id, person, own)


def _of_step(asked: FunnelRequest, cell: Cell, part: Attempts, step: int) -> tuple[int, Flags, Integers]:
    """Which step's events are meant, of which attempts, and the rows that did it."""
    reached = part.places != NOT_REACHED
    if cell.excluded:
        return step, part.excluded[step], _row_ids(part, step, part.unhindered)
    if not cell.dropped:
        return step, reached[step], _row_ids(part, step)
    before = step_before(asked, step)
    return before, reached[before] & ~reached[step:].any(axis=0), _row_ids(part, before)


def _row_ids(part: Attempts, step: int, made: Integers | None = None) -> Integers:
    """The number of the row that did a step; of an attempt that did not, any."""
    rows = (part.rows if made is None else made)[step]
    if not len(rows):
        return np.empty(0, np.int64)
    found: Integers = part.columns.at("row_id", np.maximum(rows, 0))
    return found
