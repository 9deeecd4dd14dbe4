"""Lifecycle and stickiness, against plain Python over changes of the clock, and by example."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.errors import InvalidRequest
from backsight.reports import lifecycle, stickiness
from query import oracles_trend
from query.conftest import ContextOf
from query.oracles import person_of
from query.oracles_trend import Calendar
from query.rows import event, statement
from query.test_trend import CHANGES, ZONES

SPAN = {"hour": 5, "day": 100, "week": 600, "month": 2_400}
SAID = [
    statement("identify", datetime(2026, 1, 1, tzinfo=UTC), device=device, user=user)
    for device, user in ((1, 9), (2, 9), (3, 10))
]


@st.composite
def _cases(draw: st.DrawFn) -> tuple[dict[str, Any], Calendar, list[dict[str, Any]]]:
    kind, change = draw(st.sampled_from(list(SPAN))), draw(st.sampled_from(CHANGES))
    times = st.builds(
        lambda hours, minutes: change + timedelta(hours=hours, minutes=minutes),
        st.integers(-SPAN[kind], SPAN[kind]),
        st.sampled_from([-30, -15, 0, 0, 15, 59]),
    )
    made = st.builds(event, st.sampled_from("AAB"), times)
    rows = [row | {"device": draw(st.integers(1, 5))} for row in draw(st.lists(made, max_size=14))]
    first, last = sorted(draw(st.tuples(times, times)))
    zone, week_start = draw(st.sampled_from(ZONES)), draw(st.sampled_from(["monday", "sunday"]))
    request = {
        "event": "A", "interval": kind, "timezone": zone, "week_start": week_start,
        "from": first.isoformat(), "to": last.isoformat(),
    }  # fmt: skip
    return request, Calendar(kind, ZoneInfo(zone), week_start, first, last), rows


def who(row: Any) -> int:
    """Who did it."""
    return person_of(row, SAID)


@settings(max_examples=35, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_cases())
def test_lifecycle_agrees_with_plain_python(context_of: ContextOf, case: Any) -> None:
    """Every person of a period is new, returning or resurrecting, and dormant in the one after the last."""
    request, calendar, events = case
    rows = [row for row in events if row["name"] == "A"]
    answer = lifecycle.run(request, context_of(events, SAID))
    assert answer["labels"] == calendar.labels
    wanted = oracles_trend.lifecycle(rows, calendar, who)
    assert {each["label"]: each["values"] for each in answer["series"]} == wanted


@settings(max_examples=35, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_cases())
def test_stickiness_agrees_with_plain_python(context_of: ContextOf, case: Any) -> None:
    """Persons are counted by the number of periods of the range in which they did it."""
    request, calendar, events = case
    rows = [row for row in events if row["name"] == "A"]
    answer = stickiness.run(request, context_of(events, SAID))
    wanted = oracles_trend.stickiness(rows, calendar, who)
    assert [row["persons"] for row in answer["rows"]] == wanted
    assert answer["persons"] == sum(wanted)
    for number, row in enumerate(answer["rows"], 1):
        assert row["periods"] == number
        assert row["share"] == (row["persons"] / sum(wanted) if sum(wanted) else None)
        assert row["at_least"] == (sum(wanted[number - 1 :]) / sum(wanted) if sum(wanted) else None)


def test_a_period_that_is_not_over_is_not_complete(context_of: ContextOf) -> None:
    """Who is dormant today may still come: today, and a period that the range cuts short, are marked."""
    now = datetime(2026, 10, 3, 12, tzinfo=UTC)
    events = [event("A", datetime(2026, 10, 2, 12, tzinfo=UTC))]
    asked = {"event": "A", "from": "2026-10-02", "to": "2026-10-03"}
    answer = lifecycle.run(asked, context_of(events, now=now))
    assert answer["complete"] == [True, False]
    assert {each["label"]: each["values"] for each in answer["series"]} == {
        "new": [1, 0], "returning": [0, 0], "resurrecting": [0, 0], "dormant": [0, 1],
    }  # fmt: skip
    cut = lifecycle.run(
        {"event": "A", "from": "2026-10-02", "to": "2026-10-02T13:00:00Z"}, context_of(events)
    )
    assert cut["complete"] == [False]


def test_new_is_new_in_all_of_history(context_of: ContextOf) -> None:
    """A person who did it years ago is resurrected, not new, whatever the range; filters narrow history."""
    times = [datetime(2019, 5, 1, tzinfo=UTC), datetime(2026, 10, 2, 12, tzinfo=UTC)]
    events = [event("A", time, path=path) for time, path in zip(times, ("/old", "/"), strict=True)]
    asked = {"event": "A", "from": "2026-10-01", "to": "2026-10-03"}
    found = {each["label"]: each["values"] for each in lifecycle.run(asked, context_of(events))["series"]}
    assert (found["new"], found["resurrecting"]) == ([0, 0, 0], [0, 1, 0])
    where = {"where": [{"property": "path", "op": "is", "value": "/"}]}
    found = {
        each["label"]: each["values"] for each in lifecycle.run(asked | where, context_of(events))["series"]
    }
    assert (found["new"], found["resurrecting"]) == ([0, 1, 0], [0, 0, 0])


@pytest.mark.parametrize("report", [lifecycle, stickiness])
@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({}, "event"),
        ({"event": "X"}, "event"),
        ({"event": "A", "interval": "all"}, "interval"),
        ({"event": "A", "week_start": "friday"}, "week_start"),
        ({"event": "A", "series": []}, "series"),
        ({"event": "A", "interval": "hour", "from": "1990-01-01"}, "from"),
    ],
)
def test_what_is_wrong_is_named(
    context_of: ContextOf, report: Any, request_: dict[str, Any], field: str
) -> None:
    """A request that can't be understood is refused with its field."""
    with pytest.raises(InvalidRequest) as raised:
        report.run(request_, context_of())
    assert raised.value.field == field
