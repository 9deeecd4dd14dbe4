"""Who is in a cell of a retention table.

POST /v1/reports/retention/persons
{…what the report was asked…, "cell": {"start": "2026-10-05", "period": 3, "returned": true,
 "group": ["Firefox"]}, "limit": 100, "after": "123"}

`start` names the row, `period` the number of the column; without a `period` the whole cohort is listed, and
`"returned": false` asks for those of it who did not return there. `group` is the value of one of the report's
groups; the pooled one is {"pooled": true}.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from backsight.errors import nearest, shown
from backsight.fields import read_flag, read_list, read_object, read_string, read_whole, refuse
from backsight.reports.breakdown import MAX_PROPERTIES, Group, Ranking, Value, find_group, nearest_group
from backsight.reports.retention.frame import Frame
from backsight.reports.retention.report import Found, find, scan_text
from backsight.reports.retention.request import FIELDS, RetentionRequest, read_retention
from backsight.reports.retention.summary import ranking_of
from backsight.reports.retention.walk import Walked
from backsight.scan.context import Context
from backsight.scan.person_ids import LISTING_FIELDS, Listing, read_listing
from backsight.scan.request import read_request
from backsight.timelines import Flags

CELL_FIELDS: Final = ("start", "period", "returned", "group")
POOLED: Final = {"pooled": True}

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """Which persons of a table are asked for."""

    start: str
    column: int | None
    returned: bool
    group: Group | None
    """Null where everybody is asked for, or the pooled group."""
    pooled: bool


def run(request: Mapping[str, object], context: Context) -> Answer:
    """Who is in a cell. Raises InvalidRequest, naming the field."""
    asked, cell, listing = _parse(request, context.now)
    found = find(asked, context)
    persons = found.walked.persons[chosen_members(found, cell)]
    return listing.answer(persons, context) | {"meta": context.meta(asked.steps, found.warnings)}


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL of the scan among whose persons they are, with its parameters."""
    return scan_text(_parse(request, context.now)[0], context)


def _parse(request: Mapping[str, object], now: datetime) -> tuple[RetentionRequest, Cell, Listing]:
    fields = read_request(request, (*FIELDS, "cell", *LISTING_FIELDS))
    asked = read_retention({key: fields[key] for key in fields if key != "cell"}, now)
    if "cell" not in fields:
        refuse("the cell is missing.", "cell", None, "an object with the 'start' of a row")
    return asked, read_cell(fields["cell"], asked), read_listing(fields)


def read_cell(value: object, asked: RetentionRequest) -> Cell:
    """A request's `cell`, checked."""
    fields = {key: each for key, each in read_object(value, "cell", CELL_FIELDS).items() if each is not None}
    returned = read_flag(fields.get("returned", True), "cell.returned")
    if "period" not in fields and "returned" in fields:
        refuse("a whole cohort has no period.", "cell.period", None, "the number of a column, such as 1")
    last = len(asked.lasts) - 1
    return Cell(
        read_string(fields.get("start"), "cell.start"),
        read_whole(fields["period"], "cell.period", 0, last) if "period" in fields else None,
        returned,
        *_read_group(fields.get("group"), asked),
    )


def _read_group(value: object, asked: RetentionRequest) -> tuple[Group | None, bool]:
    """The group's value, and whether the pooled one is meant."""
    if value is None:
        return None, False
    if asked.breakdown is None:
        refuse("there are no groups.", "cell.group", value, "a 'breakdown', or no group")
    if value == POOLED:
        return None, True
    listed = read_list(value, "cell.group", MAX_PROPERTIES)
    return tuple(_read_value(each, f"cell.group[{at}]") for at, each in enumerate(listed)), False


def _read_value(value: object, field: str) -> Value:
    if isinstance(value, bool) or not isinstance(value, str | int | None):
        refuse(f"{shown(value)} is no value.", field, value, "text, a whole number or null")
    return value


def chosen_members(found: Found, cell: Cell) -> Flags:
    """Which members are in the cell."""
    walked = found.walked
    chosen: Flags = walked.cohorts == row_of(found.frame, cell.start)
    if cell.group is not None or cell.pooled:
        chosen &= _of_group(found, cell)
    if cell.column is not None:
        chosen &= returned_in(walked, cell.column, found.frame.asked.returned) == cell.returned
    return chosen


def row_of(frame: Frame, start: str) -> int:
    """The number of the row of that name."""
    if start not in frame.labels:
        refuse("there is no such row.", "cell.start", start, nearest(start, frame.labels))
    return frame.labels.index(start)


def _of_group(found: Found, cell: Cell) -> Flags:
    breakdown = found.frame.asked.breakdown
    if breakdown is None:
        raise ValueError("a group without a breakdown")
    ranking, places = ranking_of(found.walked, found.words, breakdown)
    of: Flags = places == _place(ranking, cell)
    return of


def _place(ranking: Ranking, cell: Cell) -> int:
    """Where the group stands in the ranking."""
    if cell.pooled:
        if not ranking.pooled:
            refuse("no group is pooled.", "cell.group", POOLED, "the 'value' of one of the answer's groups")
        return len(ranking.groups)
    place = find_group(cell.group or (), ranking.groups)
    if place is None:
        valid = nearest_group(cell.group, ranking.groups)
        refuse("there is no such group.", "cell.group", cell.group, valid)
    return place


def returned_in(walked: Walked, column: int, returned: str) -> Flags:
    """Whether each member counts in the column."""
    hit = walked.columns >= column if returned == "on_or_after" else walked.columns == column
    found = np.zeros(len(walked.persons), np.bool_)
    found[walked.members[hit]] = True
    return found
