"""Retention: of the persons who started in a period, how many returned in it and in each period after it.

POST /v1/reports/retention
{"start": STEP, "return": STEP, "period": "day", "periods": 12, "cohort": "first_in_range", "returned": "on",
 "mode": "calendar", "week_start": "monday", "range": "all"}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any, Final

from backsight.fields import read_choice, refuse
from backsight.reports.context import Context
from backsight.reports.matched import Query, Scan, indented, load_sql
from backsight.reports.order import PLACE, place_of
from backsight.reports.periods import CALENDAR, PERIODS, WEEK_STARTS, Periods, cover, periods_between
from backsight.reports.request import Common, Range, read_all, read_common, read_request, read_whole
from backsight.rules.steps import Step, parse_step

FIELDS: Final = ("start", "return", "period", "periods", "cohort", "returned", "mode", "week_start", "range")
COHORTS: Final = ("first_in_range", "recurring", "first_ever")
MAX_COLUMNS: Final = 366
MAX_ROWS: Final = 1_000
LATER: Final = {
    "on": "visited.period - started.period",
    "on_or_after": "least(visited.period - started.period, {last})",
}
"""SQL of how many periods after the start's a return counts for."""

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RetentionRequest:
    """A retention report's request, checked."""

    start: Step
    back: Step
    period: str
    periods: int
    cohort: str
    returned: str
    week_start: str
    whole: bool
    """Returns, too, have to lie within the range."""
    common: Common

    @property
    def steps(self) -> tuple[Step, Step]:
        """Start and return."""
        return self.start, self.back


@dataclass(frozen=True, slots=True)
class Frame:
    """What a report covers: `rows` cohorts, then the periods in which the last of them may return."""

    rows: int
    periods: Periods
    starts: Range
    bounds: Range
    """What events have to lie within."""
    over_by: datetime
    """The instant by which a period has to have ended to be complete."""


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    frame, warnings = _frame(asked, context)
    query = _query(asked, frame, context)
    sizes = [0] * frame.rows
    returned = [[0] * asked.periods for _ in sizes]
    for row in query.run(context).to_pylist():
        if row["later"] is None:
            sizes[row["period"]] = row["persons"]
        else:
            returned[row["period"]][row["later"]] = row["persons"]
    if asked.returned == "on_or_after":
        returned = [_summed_from_the_end(counts) for counts in returned]
    rows = [
        {
            "start": label,
            "size": sizes[row],
            "returned": returned[row],
            "complete": _complete(frame, row, asked.periods),
        }
        for row, label in enumerate(frame.periods.labels[: frame.rows])
    ]
    meta = context.meta(asked.steps, [*warnings, *query.warnings])
    return {"rows": rows, "average": _average(rows, asked.periods), "meta": meta}


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL that answers a request, with its parameters."""
    asked = parse(request, context.now)
    return _query(asked, _frame(asked, context)[0], context).text(context)


def parse(request: Mapping[str, object], now: datetime) -> RetentionRequest:
    """The request, checked."""
    fields = read_request(request, FIELDS)
    read_choice(fields.get("mode", "calendar"), "mode", ("calendar",))
    for name in ("start", "return"):
        if name not in fields:
            refuse("the step is missing.", name, None, "a named event, or a rule")
    return RetentionRequest(
        parse_step(fields["start"], "start"),
        parse_step(fields["return"], "return"),
        read_choice(fields.get("period", "day"), "period", PERIODS),
        read_whole(fields.get("periods", 12), "periods", 1, MAX_COLUMNS),
        read_choice(fields.get("cohort", "first_in_range"), "cohort", COHORTS),
        read_choice(fields.get("returned", "on"), "returned", ("on", "on_or_after")),
        read_choice(fields.get("week_start", "monday"), "week_start", WEEK_STARTS),
        read_all(fields),
        read_common(fields, now),
    )


def _frame(asked: RetentionRequest, context: Context) -> tuple[Frame, list[str]]:
    starts, warnings = cover(asked.common.range, asked.period, context, MAX_ROWS)
    more = asked.periods - 1
    periods = periods_between(asked.period, asked.common.zone, starts, asked.week_start, MAX_ROWS, more)
    first = None if asked.cohort == "first_ever" else starts.first
    # On or after: a return counts for every period up to its own, so that it may come past the last of them.
    end = None if asked.returned == "on_or_after" else periods.edges[-1]
    over_by = context.now
    if asked.whole:
        end, over_by = starts.end, min(context.now, starts.closed[1])
    return Frame(len(periods) - more, periods, starts, Range(first, end), over_by), warnings


def _query(asked: RetentionRequest, frame: Frame, context: Context) -> Query:
    conditions = context.conditions()
    tests = [
        ("starts", conditions.step(asked.start, "start")),
        ("returns", conditions.step(asked.back, "return")),
    ]
    conditions.columns |= {"time", "page", "sequence"}
    columns = [
        ("place", PLACE),
        ("page", "e.page"),
        ("sequence", "e.sequence"),
        ("slot", frame.periods.slot_sql()),
    ]
    first, end = frame.starts.closed
    parts = {
        "started": indented(load_sql(f"retention_{asked.cohort}").strip()),
        "visited": indented(load_sql(f"retention_{asked.returned}").strip()),
        "later": LATER[asked.returned],
        "first": conditions.bind(place_of(first)),
        "end": conditions.bind(place_of(end)),
        "last": conditions.bind(asked.periods - 1),
        "beyond": conditions.bind(len(frame.periods)),
    }
    text = load_sql("retention").strip()
    for name, part in parts.items():
        text = text.replace("{" + name + "}", part)
    scan = Scan(context, asked.common, conditions, columns, tests, asked.steps, frame.bounds)
    return scan.query(text, {CALENDAR: frame.periods.calendar})


def _summed_from_the_end(counts: Sequence[int]) -> list[int]:
    return list(accumulate(reversed(counts)))[::-1]


def _complete(frame: Frame, row: int, periods: int) -> list[bool]:
    return [frame.periods.over(row + later, frame.over_by) for later in range(periods)]


def _average(rows: Sequence[Answer], periods: int) -> list[float | None]:
    """Per period, of the cohorts for which it is over: all who returned by all who started."""
    pooled = []
    for later in range(periods):
        over = [row for row in rows if row["complete"][later]]
        size = sum(row["size"] for row in over)
        pooled.append(sum(row["returned"][later] for row in over) / size if size else None)
    return pooled
