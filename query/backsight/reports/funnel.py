"""The funnel: how many persons did the steps in order, each after the one before, within the window.

Order is (time, then sequence within one page instance). Events of the same time on different pages have no
order; a person who has such events at neighbouring steps is worked out by `attempts`, in the person's favour,
and put back into the statement as a row of the relation `resolved`.

    POST /v1/reports/funnel
    {"steps": [STEP, …], "window": "14d", "entry": "any" | "first", "range": "all", "order": "ordered",
     "count": "persons"}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa

from backsight.fields import read_choice, read_list
from backsight.reports.attempts import resolve_attempts
from backsight.reports.context import Context
from backsight.reports.funnel_sql import funnel_sql
from backsight.reports.matched import Query, Scan
from backsight.reports.order import BEFORE_ALL, PLACE, instant_of, place_of
from backsight.reports.request import (
    MICROSECOND,
    Common,
    Range,
    read_all,
    read_common,
    read_duration,
    read_request,
)
from backsight.rules.steps import Step, parse_step

FIELDS: Final = ("steps", "window", "order", "entry", "count", "range")
MAX_STEPS: Final = 20

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FunnelRequest:
    """A funnel's request, checked."""

    steps: tuple[Step, ...]
    window: timedelta
    entry: str
    whole: bool
    """Every event has to lie within the range, not only the first step's."""
    common: Common

    @property
    def bounds(self) -> Range:
        """What the events have to lie within: later steps may come after the range, within the window."""
        end = self.common.range.end
        if end is None or self.whole:
            return self.common.range
        return Range(self.common.range.first, end + self.window)


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    query = _query(asked, context, resolved=None)
    found = query.run(context).to_pylist()[0]
    if found["unordered"]:
        resolved = resolve_attempts(found["unordered"], len(asked.steps), *_attempt_rules(asked))
        found = _query(asked, context, resolved).run(context).to_pylist()[0]
    steps = [_step(asked.steps[index].label, index + 1, found) for index in range(len(asked.steps))]
    return {"steps": steps, "meta": context.meta(asked.steps, query.warnings)}


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL that answers a request, with its parameters."""
    return _query(parse(request, context.now), context, resolved=None).text(context)


def parse(request: Mapping[str, object], now: datetime) -> FunnelRequest:
    """The request, checked."""
    fields = read_request(request, FIELDS)
    read_choice(fields.get("order", "ordered"), "order", ("ordered",))
    read_choice(fields.get("count", "persons"), "count", ("persons",))
    steps = read_list(fields.get("steps", ()), "steps", MAX_STEPS)
    return FunnelRequest(
        tuple(parse_step(step, f"steps[{index}]") for index, step in enumerate(steps)),
        read_duration(fields.get("window", "14d"), "window"),
        read_choice(fields.get("entry", "any"), "entry", ("any", "first")),
        read_all(fields),
        read_common(fields, now),
    )


def _query(asked: FunnelRequest, context: Context, resolved: pa.Table | None) -> Query:
    conditions = context.conditions()
    tests = [
        (f"step_{number}", conditions.step(step, f"steps[{number - 1}]"))
        for number, step in enumerate(asked.steps, 1)
    ]
    conditions.columns |= {"time", "page", "sequence"}
    columns = [("place", PLACE), ("page", "e.page"), ("sequence", "e.sequence")]
    scan = Scan(context, asked.common, conditions, columns, tests, asked.steps, asked.bounds)
    starts_before, window = _attempt_rules(asked)[:2]
    text = funnel_sql(
        steps=len(asked.steps),
        entry=asked.entry,
        window=conditions.bind(window),
        starts_before=conditions.bind(starts_before),
        now=conditions.bind(_horizon(asked, context.now)),
    )
    empty = _resolved_schema(len(asked.steps)).empty_table()
    return scan.query(text, {"resolved": empty if resolved is None else resolved})


def _attempt_rules(asked: FunnelRequest) -> tuple[int, int, str]:
    """The place before which an attempt has to start, the window in microseconds, and the entry."""
    end = asked.common.range.end
    return (BEFORE_ALL if end is None else place_of(end)), asked.window // MICROSECOND, asked.entry


def _horizon(asked: FunnelRequest, now: datetime) -> int:
    """The instant that a window has to reach to be open: never, where what comes from now on can't count."""
    end = asked.common.range.end
    closed = asked.whole and end is not None and end <= now
    return instant_of(BEFORE_ALL) if closed else instant_of(place_of(now))


def _resolved_schema(steps: int) -> pa.Schema:
    names = ["person", "last_start", *(f"place_{number}" for number in range(1, steps + 1))]
    return pa.schema([(name, pa.int64()) for name in names])


def _step(label: str, number: int, found: Mapping[str, Any]) -> Answer:
    count, first = found[f"count_{number}"], found["count_1"]
    before = found[f"count_{number - 1}"] if number > 1 else count
    open_before = [found[f"open_{earlier}"] for earlier in range(1, number)]
    return {
        "label": label,
        "count": count,
        "from_start": _share(count, first),
        "from_previous": _share(count, before),
        "still_open": found[f"open_{number}"],
        "settled": {
            "from_start": _share(count, first - sum(open_before)),
            "from_previous": _share(count, before - sum(open_before[-1:])),
        },
        "seconds": _seconds(found, number),
    }


def _seconds(found: Mapping[str, Any], number: int) -> dict[str, float | None]:
    mean, middle = found.get(f"mean_{number}"), found.get(f"quantiles_{number}")
    median, p90 = middle or (None, None)
    taken: Sequence[tuple[str, float | None]] = (("mean", mean), ("median", median), ("p90", p90))
    return {name: None if value is None else value / 1e6 for name, value in taken}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
