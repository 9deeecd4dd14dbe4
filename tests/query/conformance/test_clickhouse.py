"""Ordered and strict funnels, retention and trends, held against ClickHouse over the same random rows.

`windowFunnel` and `retention` are ClickHouse's own readings of both words, and its calendar knows the zones
whose clocks are set. `windowFunnel` keeps, for each step, the latest start that leads there, so its level is
that of our `entry: any`; its window runs from the first step, inclusive. It agrees with us where no two
events of a person share an instant and no step comes twice: it lets one event fill several steps, we do not.
Its `strict_order` ends at the first break of all, whatever starts again after it: so it agrees with our
`strict` where each person starts once.

Its `retention` asks for a return in a period, so that the periods after the first are the same; a return in
the first has to come after the start, which the statement below says by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import chdb
import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backsight.reports import funnel, retention, trend
from query.conftest import ContextOf
from query.rows import event

PERSONS: Final = 1_500
EVENTS: Final = 9
"""Of each person, on average."""
COLUMNS: Final = r"device UInt32, name String, time DateTime64(6, \'UTC\')"

# A change of the clocks lies inside: an hour forwards or back, half an hour, or at midnight.
CHANGES: Final = [
    ("UTC", date(2026, 3, 20)),
    ("Europe/Berlin", date(2026, 3, 20)),
    ("Europe/Berlin", date(2026, 10, 16)),
    ("America/New_York", date(2026, 3, 1)),
    ("Australia/Lord_Howe", date(2026, 3, 27)),
    ("Australia/Lord_Howe", date(2026, 9, 25)),
    ("America/Sao_Paulo", date(2018, 10, 26)),
    ("Asia/Beirut", date(2026, 3, 20)),
]
DAYS: Final = 20

PERIOD_OF: Final = {
    "day": "toDate(time, '{zone}')",
    "week": "toMonday(time, '{zone}')",
    "month": "toStartOfMonth(time, '{zone}')",
}

_rows = st.builds(
    lambda seed, start: Rows(seed, datetime.combine(start[1], datetime.min.time(), UTC), start[0]),
    st.integers(0, 2**32 - 1),
    st.sampled_from(CHANGES),
)
_examples = settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a seed gets no simpler when it shrinks
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@dataclass(frozen=True)
class Rows:
    """Random events A to D of some persons in some days, no two at one instant."""

    seed: int
    begin: datetime
    zone: str

    def events(self) -> list[dict[str, Any]]:
        """As rows of the lake."""
        random = np.random.default_rng(self.seed)
        number = PERSONS * EVENTS
        slots = random.choice(DAYS * 86_400, number, replace=False)
        names = random.choice(["A", "B", "C", "D"], number, p=[0.4, 0.3, 0.2, 0.1])
        persons = random.integers(1, PERSONS + 1, number)
        return [
            event(str(name), self.begin + timedelta(seconds=int(slot)), device=int(person))
            for name, slot, person in zip(names, slots, persons, strict=True)
        ]


def ask(rows: list[dict[str, Any]], folder: Path, sql: str) -> list[dict[str, Any]]:
    """ClickHouse's answer over the rows, which stand in its statement as `events`."""
    path = folder / f"rows-{id(rows)}.tsv"
    path.write_text("".join(f"{row['device']}\t{row['name']}\t{row['time']:%F %T}\n" for row in rows))
    source = f"with events as (select * from file('{path}', TSV, '{COLUMNS}')) "
    answer = str(chdb.query(source + sql, "JSONEachRow"))
    return [json.loads(line) for line in answer.splitlines()]


# ── Funnels ─────────────────────────────────────────────────────────────────────────────────────────────────


@_examples
@given(
    _rows,
    st.lists(st.sampled_from("ABCD"), min_size=1, unique=True),
    st.integers(1, 12 * 86_400),
    st.integers(0, DAYS - 1),
    st.integers(0, DAYS - 1),
    st.booleans(),
)
def test_ordered_funnel(
    context_of: ContextOf,
    tmp_path: Path,
    rows: Rows,
    steps: list[str],
    window: int,
    one: int,
    other: int,
    whole: bool,
) -> None:
    """As many persons reach each step as have that level of ClickHouse's windowFunnel."""
    first, last = (rows.begin + timedelta(days=day) for day in sorted([one, other]))
    events = rows.events()
    asked = {"steps": steps, "window": f"{window}s", "from": first.isoformat(), "to": last.isoformat()}
    answer = funnel.run(asked | ({"range": "all"} if whole else {}), context_of(events))
    inside = f"time between '{first:%F %T}' and '{last:%F %T}'"
    starts, *later = (f"name = '{step}'" for step in steps)
    conditions = ", ".join([f"{starts} and {inside}", *later])
    levels = ask(
        events,
        tmp_path,
        f"""select level, count() as persons from (
            select windowFunnel({window})(toUnixTimestamp(time), {conditions}) as level
            from events where {inside if whole else "true"} group by device
        ) group by level""",
    )
    assert [step["count"] for step in answer["steps"]] == _reached(levels, len(steps))


@_examples
@given(_rows, st.permutations("BCD"), st.integers(1, 3), st.integers(1, 12 * 86_400))
def test_strict_funnel(
    context_of: ContextOf, tmp_path: Path, rows: Rows, later: list[str], count: int, window: int
) -> None:
    """A strict order is that of windowFunnel, too, where nobody does a step twice: a step's further event
    breaks an attempt here as any named event does, and there it takes the first one's place."""
    steps = ["A", *later[:count]]
    done: set[tuple[int, str]] = set()
    events = []
    for each in sorted(rows.events(), key=lambda row: row["time"]):
        own = (each["device"], each["name"])
        if each["name"] not in steps or own not in done:
            events.append(each)
        done.add(own)
    answer = funnel.run({"steps": steps, "window": f"{window}s", "order": "strict"}, context_of(events))
    levels = ask(
        events,
        tmp_path,
        f"""select level, count() as persons from (
            select windowFunnel({window}, 'strict_order')(
                toUnixTimestamp(time), {", ".join(f"name = '{step}'" for step in steps)}
            ) as level
            from events group by device
        ) group by level""",
    )
    assert [step["count"] for step in answer["steps"]] == _reached(levels, len(steps))


def _reached(levels: list[dict[str, Any]], steps: int) -> list[int]:
    return [
        sum(int(row["persons"]) for row in levels if row["level"] >= number) for number in range(1, steps + 1)
    ]


# ── Retention ───────────────────────────────────────────────────────────────────────────────────────────────

COHORT: Final = {
    "recurring": "true",
    "first_in_range": "time = minIf(time, starts and {inside}) over (partition by device)",
    "first_ever": "time = minIf(time, starts) over (partition by device)",
}


_requests = st.fixed_dictionaries(
    {
        "start": st.sampled_from(["A", "D"]),
        "return": st.sampled_from(["A", "B"]),
        "period": st.sampled_from(["day", "week"]),
        "cohort": st.sampled_from(list(COHORT)),
        "returned": st.sampled_from(["on", "on_or_after"]),
        "mode": st.sampled_from(["calendar", "rolling"]),
    }
)


@_examples
@given(_rows, _requests, st.integers(0, 9))
def test_retention(
    context_of: ContextOf, tmp_path: Path, rows: Rows, asked: dict[str, Any], from_day: int
) -> None:
    """Sizes and returns are those of ClickHouse's retention, in zones and weeks in which clocks are set."""
    day = rows.begin.date() + timedelta(days=from_day)
    last = day + timedelta(days=6)
    asked = asked | {"from": day.isoformat(), "to": last.isoformat(), "timezone": rows.zone, "periods": 4}
    events = rows.events()
    answer = retention.run(asked, context_of(events))["rows"]
    expected = ask(events, tmp_path, _retention_sql(asked))
    made = [{"start": row["start"], "cells": [row["size"], *row["returned"]]} for row in answer]
    empty = {row["start"] for row in made} - {row["start"] for row in expected}
    assert [row for row in made if row["start"] not in empty] == expected
    assert all(row["cells"] == [0] * 5 for row in made if row["start"] in empty)


def _retention_sql(asked: Mapping[str, Any]) -> str:
    inside = f"toDate(time, '{asked['timezone']}') between '{asked['from']}' and '{asked['to']}'"
    at_once, *later = (f"back and {_later(asked, number)}" for number in range(4))
    return f"""
    , marked as (
        select device, time, name = '{asked["start"]}' as starts, name = '{asked["return"]}' as back,
            {PERIOD_OF[asked["period"]].format(zone=asked["timezone"])} as period
        from events
    ), started as (
        select device, period as row, min(time) as since from (
            select *, {COHORT[asked["cohort"]].format(inside=inside)} as enters from marked
        ) where starts and enters and {inside} group by device, row
    ), returned as (
        select row, device, retention(true, {", ".join(later)}) as later,
            max({at_once} and time > since) as at_once
        from started inner join marked using (device) group by row, device
    )
    select
        toString(row) as start,
        arrayMap(toInt32, [later[1], at_once, later[2], later[3], later[4]]) as cells
    from (select row, sumForEach(later) as later, sum(at_once) as at_once from returned group by row)
    order by row"""


def _later(asked: Mapping[str, Any], number: int) -> str:
    """Whether an event lies in that period, counted from the start's, or, where asked for, in a later one."""
    compare = "=" if asked["returned"] == "on" else ">="
    if asked["mode"] == "calendar":
        return f"period {compare} row + interval {number} {asked['period']}"
    length = 86_400 * (7 if asked["period"] == "week" else 1)
    seconds = "toUnixTimestamp(time) - toUnixTimestamp(since)"
    return f"{seconds} >= 0 and intDiv({seconds}, {length}) {compare} {number}"


# ── Trends ──────────────────────────────────────────────────────────────────────────────────────────────────


@_examples
@given(_rows, st.sampled_from(["day", "week", "month"]), st.integers(0, DAYS - 1), st.integers(0, DAYS - 1))
def test_trend(
    context_of: ContextOf, tmp_path: Path, rows: Rows, interval: str, one: int, other: int
) -> None:
    """Events and persons of each period are those of ClickHouse's calendar."""
    first, last = (rows.begin.date() + timedelta(days=day) for day in sorted([one, other]))
    events = rows.events()
    step = {"on": "track", "name": "A"}
    answer = trend.run(
        {
            "series": [step, {**step, "measure": "persons"}], "interval": interval,
            "from": first.isoformat(), "to": last.isoformat(), "timezone": rows.zone,
        },
        context_of(events),
    )  # fmt: skip
    period = PERIOD_OF[interval].format(zone=rows.zone)
    expected = ask(
        events,
        tmp_path,
        f"""select
            toString({period}) as start,
            toInt32(count()) as events,
            toInt32(uniqExact(device)) as persons
        from events where name = 'A' and toDate(time, '{rows.zone}') between '{first}' and '{last}'
        group by start order by start""",
    )
    values = [series["values"] for series in answer["series"]]
    made = [
        {"start": start, "events": count, "persons": persons}
        for start, count, persons in zip(answer["labels"], *values, strict=True)
        if count
    ]
    assert made == expected
