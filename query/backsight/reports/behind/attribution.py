"""The rows behind what a touch is owed: the conversions, and the touches that they are owed to.

{…an attribution report's request…, "cell": {"group": ["google", "cpc"]}}       or {"unattributed": true}

group           of one group; {"pooled": true} those that are pooled
unattributed    the conversions that are owed to nothing

Columns: `role` ("conversion" or "touch"); `credit`, the share of a conversion that the group is owed, or, of
a touch, the conversions that it is owed: of either role they add up to the group's `conversions`; `amount`,
what of the `property` goes with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from backsight.fields import read_flag, refuse
from backsight.parquet_rows import Integers
from backsight.reports.attribution.credit import Terms, along, conversions_of, spans_of, touches_of
from backsight.reports.attribution.report import coded, credited, ranking_of, scan_query, terms_of
from backsight.reports.attribution.request import AttributionRequest, parse
from backsight.reports.behind.request import read_cell
from backsight.reports.behind.sources import NUMBERED, Chosen, Walked, files_of
from backsight.reports.breakdown import Group
from backsight.reports.funnel.people import place_of_group
from backsight.scan.context import Context
from backsight.scan.shares import in_shares
from backsight.timelines import Flags, Timeline, Timelines

FIELDS: Final = ("cell",)
OWN: Final = pa.schema([("role", pa.string()), ("credit", pa.float64()), ("amount", pa.float64())])
CONVERSION: Final = 0
TOUCH: Final = 1

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Rows of one role; arrays of one length."""

    role: int
    row_id: Integers
    person: Integers
    credit: Numbers
    amount: Numbers


def source(request: Mapping[str, object], own: Mapping[str, object], context: Context) -> Walked:
    """The rows. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    cell = read_cell(own, ("group", "unattributed"))
    unattributed = read_flag(cell.get("unattributed", False), "cell.unattributed")
    if unattributed and "group" in cell:
        refuse("what is owed to nothing is in no group.", "cell.group", cell["group"], "one of the two")
    terms, known = terms_of(asked), dict[Group, int]()
    wanted = _wanted(asked, cell["group"], known, context) if "group" in cell else None

    def look(rows: pa.Table) -> list[list[Rows]]:
        told = coded(rows, asked.groups.aliases, known)
        del rows
        walk = _Walk(terms, wanted, unattributed)
        return Timelines(told, context.engine.threads).map(walk.look)

    query = scan_query(asked, context, more=NUMBERED)
    found = in_shares(lambda who: scan_query(asked, context, who, NUMBERED), asked.bounds, context, look)
    chosen = _chosen([rows for share in found for chunk in share for rows in chunk])
    return Walked(context, OWN, asked.mentioned, query.warnings, chosen, files_of(query))


def _wanted(asked: AttributionRequest, value: object, known: dict[Group, int], context: Context) -> Flags:
    """Which codes are of the group; `known` learns them."""
    made = credited(asked, context, known)
    ranking = ranking_of(made, list(known), asked)
    place = place_of_group(ranking.values, value, len(asked.groups.by), "cell.group")
    wanted: Flags = ranking.places == place
    return wanted


@dataclass(frozen=True)
class _Walk:
    """Looks for the rows of a chunk: those owed to some codes (null: to any), or to nothing."""

    terms: Terms
    wanted: Flags | None
    unattributed: bool

    def look(self, timeline: Timeline) -> list[Rows]:
        touches = touches_of(timeline, self.terms)
        rows = conversions_of(timeline, self.terms)
        spans = spans_of(timeline, touches, rows, self.terms.lookback)
        amount = np.nan_to_num(timeline.columns["amount"][rows].astype(np.float64), nan=0.0)
        if self.unattributed:
            alone = spans.low == spans.high
            return [self._rows(CONVERSION, timeline, rows[alone], np.ones(int(alone.sum())), amount[alone])]
        low, high = spans.low, spans.high
        if self.terms.touch != "linear":
            low = low if self.terms.touch == "first" else np.maximum(high - 1, low)
            high = np.minimum(low + 1, spans.high)
        inside = self._inside(timeline, touches)
        before = np.append(0, np.cumsum(inside))
        share = (before[high] - before[low]) / np.maximum(high - low, 1)
        owed = share > 0
        part = np.where(high > low, 1 / np.maximum(high - low, 1), 0.0)
        some = high > low
        made = [along(len(touches), low[some], high[some], each[some]) for each in (part, part * amount)]
        hit = inside & (made[0] > 0)
        return [
            self._rows(CONVERSION, timeline, rows[owed], share[owed], (share * amount)[owed]),
            self._rows(TOUCH, timeline, touches[hit], made[0][hit], made[1][hit]),
        ]

    def _inside(self, timeline: Timeline, touches: Integers) -> Flags:
        if self.wanted is None:
            return np.ones(len(touches), np.bool_)
        found: Flags = self.wanted[timeline.columns["code"][touches]]
        return found

    def _rows(self, role: int, timeline: Timeline, rows: Integers, credit: Numbers, amount: Numbers) -> Rows:
        return Rows(role, timeline.columns.at("row_id", rows), timeline.person[rows], credit, amount)


def _chosen(found: list[Rows]) -> Chosen:
    whole = [np.empty(0, np.int64)]
    role = np.concatenate([*whole, *(np.full(len(each.row_id), each.role) for each in found)])
    names = pa.array(["conversion", "touch"]).take(pa.array(role.astype(np.int64)))
    numbers = [
        pa.array(np.concatenate([np.empty(0), *parts]))
        for parts in ([each.credit for each in found], [each.amount for each in found])
    ]
    row_id, person = (
        np.concatenate([*whole, *parts])
        for parts in ([each.row_id for each in found], [each.person for each in found])
    )
    return Chosen(row_id, person, pa.table([names, *numbers], schema=OWN))
