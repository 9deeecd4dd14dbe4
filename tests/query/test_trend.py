"""The trend, against counting in plain Python over changes of the clock, and by example."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.errors import InvalidRequest
from backsight.reports import trend
from query import oracles
from query.conftest import ContextOf
from query.rows import event, statement

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"]
CHANGES = [
    datetime(2026, 10, 25, 1, tzinfo=UTC),  # Berlin: back
    datetime(2026, 3, 29, 1, tzinfo=UTC),  # Berlin: forth
    datetime(2026, 4, 4, 15, tzinfo=UTC),  # Lord Howe: back by half an hour
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),  # Lord Howe: forth by half an hour
    datetime(2026, 11, 1, 6, tzinfo=UTC),  # New York: back
]
_SPAN = {"hour": 6, "day": 80, "week": 500, "month": 2_000}


@st.composite
def _cases(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    kind, change = draw(st.sampled_from(list(_SPAN))), draw(st.sampled_from(CHANGES))
    times = st.builds(
        lambda hours, minutes: change + timedelta(hours=hours, minutes=minutes),
        st.integers(-_SPAN[kind], _SPAN[kind]),
        st.sampled_from([-30, -15, 0, 0, 15, 59]),
    )
    rows = st.builds(
        lambda name, time, device, session: event(name, time, device=device, session=session),
        st.sampled_from("AB"), times, st.integers(1, 3), st.sampled_from([None, 1, 2]),
    )  # fmt: skip
    first, end = sorted(draw(st.tuples(times, times)))
    request = {
        "series": [{"event": name, "measure": draw(st.sampled_from(trend.MEASURES))} for name in "AB"],
        "interval": kind,
        "timezone": draw(st.sampled_from(ZONES)),
        "week_start": draw(st.sampled_from(["monday", "sunday"])),
        "from": first.isoformat(),
        "to": end.isoformat(),
    }
    return request, draw(st.lists(rows, max_size=12))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_cases())
def test_agrees_with_plain_python(
    context_of: ContextOf, case: tuple[dict[str, Any], list[dict[str, Any]]]
) -> None:
    """Labels are the calendar's, values and totals those of counting by hand, and what is empty is zero."""
    request, events = case
    first, end = (datetime.fromisoformat(request[key]) for key in ("from", "to"))
    zone, kind, week = ZoneInfo(request["timezone"]), request["interval"], request["week_start"]
    answer = trend.run(request, context_of(events))
    assert answer["labels"] == oracles.labels(kind, zone, first, end + timedelta(microseconds=1), week)
    measured = {"events": id, "persons": lambda row: row["device"], "sessions": lambda row: row["session"]}
    for series, asked in zip(answer["series"], request["series"], strict=True):
        inside = [row for row in events if row["name"] == asked["event"] and first <= row["time"] <= end]
        keyed = [
            (oracles.period_of(row["time"], kind, zone, week), key)
            for row in inside
            if (key := measured[asked["measure"]](row)) is not None
        ]
        values = [len({key for label, key in keyed if label == each}) for each in answer["labels"]]
        assert series["values"] == values
        assert series["total"] == len({key for _, key in keyed})


def test_a_total_counts_persons_once(context_of: ContextOf) -> None:
    """A person who comes on two days counts on each, and once in the total, under all devices."""
    days = [datetime(2026, 10, day, 12, tzinfo=UTC) for day in (1, 3)]
    events = [event("A", days[0], device=1), event("A", days[1], device=2)]
    said = [statement("identify", days[1], device=device, user=9) for device in (1, 2)]
    request = {
        "series": [{"event": "A", "measure": "persons", "label": "came"}],
        "from": "2026-10-01",
        "to": "2026-10-03",
    }
    assert trend.run(request, context_of(events, said))["series"] == [
        {"label": "came", "measure": "persons", "values": [1, 0, 1], "total": 1}
    ]


def test_an_open_range_is_all_of_history(context_of: ContextOf) -> None:
    """Without `from` and `to` the labels go from the first event to today."""
    context = context_of([event("A", datetime(2026, 10, 30, 12, tzinfo=UTC))])
    answer = trend.run({"series": ["A"]}, context)
    assert answer["labels"] == ["2026-10-30", "2026-10-31", "2026-11-01"]
    assert answer["series"][0]["values"] == [1, 0, 0]
    assert trend.run({"series": ["A"]}, context_of())["labels"] == ["2026-11-01"]


def test_one_broken_clock_does_not_break_open_ranges(context_of: ContextOf) -> None:
    """A single event of 1971 leaves the report answerable, and a warning says what is left out."""
    times = [datetime(1971, 1, 1, tzinfo=UTC), datetime(2026, 10, 31, tzinfo=UTC)]
    answer = trend.run(
        {"series": ["A"], "interval": "hour"}, context_of([event("A", time) for time in times])
    )
    assert answer["series"][0]["total"] == 1
    assert "left out" in answer["meta"]["warnings"][0]
    with pytest.raises(InvalidRequest, match="10,000 hours"):
        trend.run({"series": ["A"], "interval": "hour", "from": "1971-01-01"}, context_of())


def test_relative_ranges_reach_whole_days_back(context_of: ContextOf) -> None:
    """`"from": "2d"` is the beginning of the day two days ago, in the timezone."""
    now = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    assert trend.run({"series": ["A"], "from": "2d"}, context_of(now=now))["labels"][0] == "2026-10-29"
    berlin = trend.run({"series": ["A"], "from": "2d", "timezone": "Europe/Berlin"}, context_of(now=now))
    assert berlin["labels"] == ["2026-10-30", "2026-10-31", "2026-11-01"]
    hours = trend.run({"series": ["A"], "from": "2h", "interval": "hour"}, context_of(now=now))
    assert hours["labels"][0] == "2026-10-31T21:00:00+00:00"


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"series": []}, "series"),
        ({"series": ["A"] * 21}, "series"),
        ({"series": ["X"]}, "series[0]"),
        ({"series": [{"event": "A", "measure": "sum"}]}, "series[0].measure"),
        ({"series": ["A"], "interval": "minute"}, "interval"),
        ({"series": ["A"], "breakdown": {}}, "breakdown"),
    ],
)
def test_what_is_wrong_is_named(context_of: ContextOf, request_: dict[str, Any], field: str) -> None:
    """A request that can't be understood is refused with its field."""
    with pytest.raises(InvalidRequest) as raised:
        trend.run(request_, context_of())
    assert raised.value.field == field
