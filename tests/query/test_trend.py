"""The trend, against counting in plain Python over changes of the clock, and by example."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from backsight.errors import InvalidRequest
from backsight.reports import trend
from backsight.reports.trend.measures import STATISTICS, Measure
from query import oracles_trend
from query.conftest import ContextOf
from query.oracles_trend import Calendar
from query.rows import NOW, Row, event, statement


def who(row: Mapping[str, Any]) -> int:
    """Who did it, where nobody is identified."""
    return int(row["device"])


ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"]
CHANGES = [
    datetime(2026, 10, 25, 1, tzinfo=UTC),  # Berlin: back
    datetime(2026, 3, 29, 1, tzinfo=UTC),  # Berlin: forth
    datetime(2026, 4, 4, 15, tzinfo=UTC),  # Lord Howe: back by half an hour
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),  # Lord Howe: forth by half an hour
    datetime(2026, 11, 1, 6, tzinfo=UTC),  # New York: back
]
_SPAN = {"hour": 6, "day": 80, "week": 500, "month": 2_000}


_PROPS = st.sampled_from(
    [
        None,
        "{}",
        *(json.dumps({"v": value}) for value in (1, 2.5, -3, 0.1, "7", " 7", "x", True, None)),
    ]
)
_MEASURES = [
    {"measure": "active_persons", "over": "1d"},
    {"measure": "active_persons", "over": "7d"},
    *({"measure": kind, "property": name} for kind in STATISTICS for name in ("props.v", "x")),
    *({"measure": kind} for kind in ("events", "persons", "sessions", "events_per_person")),
]


@st.composite
def _cases(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    kind, change = draw(st.sampled_from(list(_SPAN))), draw(st.sampled_from(CHANGES))
    times = st.builds(
        lambda hours, minutes: change + timedelta(hours=hours, minutes=minutes),
        st.integers(-_SPAN[kind], _SPAN[kind]),
        st.sampled_from([-30, -15, 0, 0, 15, 59]),
    )
    rows = st.builds(
        lambda name, time, device, session, x, path, props: event(
            name, time, device=device, session=session, x=x, path=path, props=props
        ),
        st.sampled_from("AB"), times, st.integers(1, 4), st.sampled_from([None, 1, 2]),
        st.sampled_from([None, 0, 5]), st.sampled_from([None, "/", "/a"]), _PROPS,
    )  # fmt: skip
    first, end = sorted(draw(st.tuples(times, times)))
    fits = [each for each in _MEASURES if kind != "hour" or "over" not in each]
    request = {
        "series": [
            {"event": name, **draw(st.sampled_from(fits))} for name in draw(st.sampled_from(["A", "AB"]))
        ],
        "interval": draw(st.sampled_from([kind, kind, kind, "all"])),
        "timezone": draw(st.sampled_from(ZONES)),
        "week_start": draw(st.sampled_from(["monday", "sunday"])),
        "from": first.isoformat(),
        "to": end.isoformat(),
    }
    return request, draw(st.lists(rows, max_size=14))


def _expected(
    request: Mapping[str, Any], events: Sequence[Row], groups: Mapping[Any, Sequence[Row]], **options: Any
) -> list[tuple[Any, Any, Any]]:
    """Of each series and group: the group, its values and its total."""
    calendar = _calendar(request)
    return [
        (
            group,
            oracles_trend.values(asked, [row for row in rows if row["name"] == asked["event"]], calendar,
                                 who, NOW, **options),
            oracles_trend.measured(
                asked, [row for row in rows if row["name"] == asked["event"] and calendar.inside(row)], who
            ),
        )
        for asked in request["series"]
        for group, rows in groups.items()
    ]  # fmt: skip


def _calendar(request: Mapping[str, Any]) -> Calendar:
    first, last = (oracles_trend.instant(request[key]) for key in ("from", "to"))
    zone = ZoneInfo(request["timezone"])
    return Calendar(request["interval"], zone, request["week_start"], first, last)


def _given(answer: Mapping[str, Any]) -> list[tuple[Any, Any, Any]]:
    return [(each.get("group", "whole"), each["values"], each["total"]) for each in answer["series"]]


def _near(lines: Sequence[tuple[Any, Any, Any]]) -> list[tuple[Any, Any, Any]]:
    return [(group, [_about(value) for value in values], _about(total)) for group, values, total in lines]


def _about(value: float | None) -> Any:
    return None if value is None else pytest.approx(value, rel=1e-9, abs=1e-9)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_cases())
def test_agrees_with_plain_python(
    context_of: ContextOf, case: tuple[dict[str, Any], list[dict[str, Any]]]
) -> None:
    """Labels are the calendar's; values and totals of every measure those of counting by hand."""
    request, events = case
    answer = trend.run(request, context_of(events))
    assert answer["labels"] == _calendar(request).labels
    assert _given(answer) == _near(_expected(request, events, {"whole": events}))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_cases())
def test_cumulative_values_count_all_so_far(
    context_of: ContextOf, case: tuple[dict[str, Any], list[dict[str, Any]]]
) -> None:
    """A cumulative value is the measure of all since the beginning: persons count once, averages weigh."""
    request, events = case
    assume(all(Measure(each["measure"], None, "over" in each).adds_up for each in request["series"]))
    answer = trend.run({**request, "cumulative": True}, context_of(events))
    assert _given(answer) == _near(_expected(request, events, {"whole": events}, cumulative=True))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    _cases(), st.sampled_from([["path"], ["x"], ["props.v"], ["path", "x"]]), st.integers(1, 4), st.booleans()
)
def test_a_breakdown_agrees_with_plain_python(
    context_of: ContextOf,
    case: tuple[dict[str, Any], list[dict[str, Any]]],
    by: list[str],
    limit: int,
    cumulative: bool,
) -> None:
    """Every group has the figures of its own events, largest first; the last pools the rest of the events."""
    request, events = case
    cumulative &= all(Measure(each["measure"], None, "over" in each).adds_up for each in request["series"])
    calendar = _calendar(request)
    series = [
        (asked, [row for row in events if row["name"] == asked["event"] and calendar.inside(row)])
        for asked in request["series"]
    ]
    order = oracles_trend.ranked(series, by, who)
    own = {
        group: [row for row in events if oracles_trend.group_of(row, by) == group] for group in order[:limit]
    }
    rest = [row for row in events if oracles_trend.group_of(row, by) not in own]
    wanted = _expected(
        request, events, {**own, **({None: rest} if len(order) > limit else {})}, cumulative=cumulative
    )
    asked = {**request, "breakdown": {"by": by, "limit": limit}, "cumulative": cumulative}
    given = _given(trend.run(asked, context_of(events)))
    assert [(group and tuple(group), *figures) for group, *figures in given] == _near(wanted)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_cases(), st.integers(2, 9))
def test_smooth_values_are_means_of_those_before(
    context_of: ContextOf, case: tuple[dict[str, Any], list[dict[str, Any]]], over: int
) -> None:
    """A smoothed value is the mean of it and of those before it; a total stays what it is."""
    request, events = case
    wanted = [
        (group, oracles_trend.smoothed(values, over), total)
        for group, values, total in _expected(request, events, {"whole": events})
    ]
    answer = trend.run({**request, "smooth": over}, context_of(events))
    assert _given(answer) == _near(wanted)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_cases(), st.integers(0, 12))
def test_the_periods_before_are_those_of_the_earlier_range(
    context_of: ContextOf, case: tuple[dict[str, Any], list[dict[str, Any]]], days: int
) -> None:
    """Comparing days gives what asking for as many days before gives, for the groups of the range itself."""
    request, events = case
    first = date.fromisoformat(request["from"][:10])
    own = {"interval": "day", "from": first.isoformat(), "to": (first + timedelta(days=days)).isoformat()}
    before = {
        "from": (first - timedelta(days=days + 1)).isoformat(),
        "to": (first - timedelta(days=1)).isoformat(),
    }
    context = context_of(events)
    now = trend.run({**request, **own, "compare": "previous"}, context)
    then = trend.run({**request, **own, **before}, context)
    assert now["previous_labels"] == then["labels"]
    assert [each["previous"] for each in now["series"]] == [
        {"values": each["values"], "total": each["total"]} for each in then["series"]
    ]


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
        ({"series": [{"event": "A", "measure": "sum"}]}, "series[0].property"),
        ({"series": ["A"], "interval": "minute"}, "interval"),
        ({"series": ["A"], "breakdown": {}}, "breakdown.by"),
    ],
)
def test_what_is_wrong_is_named(context_of: ContextOf, request_: dict[str, Any], field: str) -> None:
    """A request that can't be understood is refused with its field."""
    with pytest.raises(InvalidRequest) as raised:
        trend.run(request_, context_of())
    assert raised.value.field == field
