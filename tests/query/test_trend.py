"""The trend, against counting in plain Python over changes of the clock, and by example."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
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
from query.oracles import person_of
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
    request: Mapping[str, Any],
    events: Sequence[Row],
    groups: Mapping[Any, Sequence[Row]],
    who: Callable[[Row], int] = who,
    **options: Any,
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


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_cases())
def test_agrees_with_plain_python(
    context_of: ContextOf, case: tuple[dict[str, Any], list[dict[str, Any]]]
) -> None:
    """Labels are the calendar's; values and totals of every measure those of counting by hand."""
    request, events = case
    answer = trend.run(request, context_of(events))
    assert answer["labels"] == _calendar(request).labels
    assert _given(answer) == _near(_expected(request, events, {"whole": events}))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_cases())
def test_cumulative_values_count_all_so_far(
    context_of: ContextOf, case: tuple[dict[str, Any], list[dict[str, Any]]]
) -> None:
    """A cumulative value is the measure of all since the beginning: persons count once, averages weigh."""
    request, events = case
    assume(all(Measure(each["measure"], None, "over" in each).adds_up for each in request["series"]))
    answer = trend.run({**request, "cumulative": True}, context_of(events))
    assert _given(answer) == _near(_expected(request, events, {"whole": events}, cumulative=True))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    _cases(),
    st.lists(st.tuples(st.integers(1, 4), st.sampled_from([11, 12])), max_size=5),
    st.lists(st.sampled_from([None, 11, 12]), min_size=14, max_size=14),
    st.booleans(),
    st.booleans(),
)
def test_persons_of_several_devices_count_once(
    context_of: ContextOf,
    case: tuple[dict[str, Any], list[dict[str, Any]]],
    pairs: list[tuple[int, int]],
    users: list[int | None],
    cumulative: bool,
    grouped: bool,
) -> None:
    """Whoever shares devices or has several is one person in each period, group and total."""
    request, events = case
    said = [
        statement("identify", DAY + timedelta(minutes=minute), device=device, user=user)
        for minute, (device, user) in enumerate(pairs)
    ]
    events = [row | {"user": user} for row, user in zip(events, users, strict=False)]
    request["series"] = request["series"][:1]
    cumulative &= all(Measure(each["measure"], None, "over" in each).adds_up for each in request["series"])
    by = {"breakdown": {"by": ["path"]}} if grouped else {}
    paths = {row["path"] for row in events}
    groups = {(path,): [row for row in events if row["path"] == path] for path in paths}
    wanted = _expected(
        request, events, groups if grouped else {"whole": events}, partial(person_of, statements=said),
        cumulative=cumulative,
    )  # fmt: skip
    found = {group: figures for group, *figures in _near(wanted)}
    for group, *figures in _given(
        trend.run({**request, **by, "cumulative": cumulative}, context_of(events, said))
    ):
        assert figures == found[tuple(group) if grouped else group]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
        ({"series": [{"event": "A", "measure": "mode"}]}, "series[0].measure"),
        ({"series": [{"event": "A", "property": "x"}]}, "series[0].property"),
        ({"series": [{"event": "A", "measure": "avg", "property": "nowhere"}]}, "series[0].property"),
        ({"series": [{"event": "A", "measure": "active_persons"}]}, "series[0].over"),
        ({"series": [{"event": "A", "over": "7d"}]}, "series[0].over"),
        ({"series": [{"event": "A", "measure": "active_persons", "over": "24h"}]}, "series[0].over"),
        ({"series": [{"event": "A", "measure": "active_persons", "over": "0d"}]}, "series[0].over"),
        ({"series": [{"event": "A", "measure": "active_persons", "over": "53w"}]}, "series[0].over"),
        (
            {"series": [{"event": "A", "measure": "active_persons", "over": "7d"}], "interval": "hour"},
            "interval",
        ),
        ({"series": ["A"], "formulas": []}, "formulas"),
        ({"series": ["A"], "formulas": [{"formula": "B"}]}, "formulas[0].formula"),
        ({"series": ["A"], "formulas": [{"label": "x"}]}, "formulas[0].formula"),
        ({"series": ["A"], "cumulative": 1}, "cumulative"),
        ({"series": ["A"], "cumulative": True, "smooth": 7}, "smooth"),
        ({"series": ["A"], "smooth": 367}, "smooth"),
        ({"series": ["A"], "compare": "year"}, "compare"),
        (
            {"series": [{"event": "A", "measure": "median", "property": "x"}], "cumulative": True},
            "series[0].measure",
        ),
        (
            {"series": ["A"] * 20, "breakdown": {"by": ["path"], "limit": 1_000}, "from": "2026-08-01"},
            "interval",
        ),
        ({"series": ["A"], "breakdown": {}}, "breakdown.by"),
    ],
)
def test_what_is_wrong_is_named(context_of: ContextOf, request_: dict[str, Any], field: str) -> None:
    """A request that can't be understood is refused with its field."""
    with pytest.raises(InvalidRequest) as raised:
        trend.run(request_, context_of())
    assert raised.value.field == field


# ── By example ──────────────────────────────────────────────────────────────────────────────────────────────

DAY = datetime(2026, 10, 1, 12, tzinfo=UTC)
TWO_DAYS = {"from": "2026-10-01", "to": "2026-10-02"}


def test_what_is_no_number_is_counted_in_a_warning(context_of: ContextOf) -> None:
    """Text, truth and what no number can hold are left out and counted; what is missing or null is not."""
    values = ['"12"', "8", '"x"', "true", "null", "1e999", "[1]"]
    events = [event("A", DAY, props=f'{{"price": {value}}}') for value in values] + [event("A", DAY)]
    asked = {"event": "A", "measure": "avg", "property": "price"}
    answer = trend.run({"series": [asked], **TWO_DAYS}, context_of(events))
    assert answer["series"][0]["values"] == [10.0, None]
    assert answer["meta"]["warnings"] == ["'A': 4 events have a 'price' that is no number, and is left out."]
    one = trend.run({"series": [{**asked, "measure": "sum"}], **TWO_DAYS}, context_of(events[:3]))
    assert one["meta"]["warnings"] == ["'A': 1 event has a 'price' that is no number, and is left out."]
    assert one["series"][0]["values"] == [20.0, 0.0]


def test_a_sum_depends_on_no_order(context_of: ContextOf) -> None:
    """Fractions add up to what they say; a sum past the greatest number is null."""
    tenths = [event("A", DAY, props=f'{{"n": {value}}}') for value in (0.1, 0.7, 0.2, 0.3, 0.1, 0.1)]
    asked = {"series": [{"event": "A", "measure": "sum", "property": "n"}], **TWO_DAYS}
    for rows in (tenths, tenths[::-1], sorted(tenths, key=lambda row: row["props"])):
        assert trend.run(asked, context_of(rows))["series"][0]["total"] == 1.5
    huge = [event("A", DAY, props='{"n": 9e307}') for _ in range(3)]
    assert trend.run(asked, context_of(huge))["series"][0]["total"] is None


def test_what_cancels_out_is_nothing(context_of: ContextOf) -> None:
    """Sales and their refunds add up to 0 in whichever order they came, in sums, means and running sums."""
    prices = [19.99, 0.1, 5.01, -0.1, -19.99, -5.01]
    for _ in prices:
        prices = prices[1:] + prices[:1]
        rows = [event("A", DAY, props=json.dumps({"price": price})) for price in prices]
        for kind in ("sum", "avg"):
            asked = {"event": "A", "measure": kind, "property": "price"}
            for cumulative in (False, True):
                request = {"series": [asked], "cumulative": cumulative, "interval": "month", **TWO_DAYS}
                (line,) = trend.run(request, context_of(rows))["series"]
                assert (line["values"], line["total"]) == ([0.0], 0.0)


def test_a_running_sum_gathers_no_errors(context_of: ContextOf) -> None:
    """After hundreds of hours of ten cents each it is still a number of cents."""
    hours = [datetime(2026, 10, 1, tzinfo=UTC) + timedelta(hours=number) for number in range(700)]
    rows = [event("A", hour, props='{"price": 0.1}') for hour in hours]
    asked = {"event": "A", "measure": "sum", "property": "price"}
    span = {"from": "2026-10-01", "to": hours[-1].isoformat()}
    request = {"series": [asked], "cumulative": True, "interval": "hour", **span}
    (line,) = trend.run(request, context_of(rows))["series"]
    assert line["values"] == [round(0.1 * number, 1) for number in range(1, 701)]


def test_active_persons_end_with_today(context_of: ContextOf) -> None:
    """Of a week or month that is not over, the days end today; of a future one, with its own last day."""
    now = datetime(2026, 10, 14, 12, tzinfo=UTC)  # a Wednesday
    events = [event("A", now - timedelta(days=back), device=back) for back in (0, 1, 6, 7, 12)]
    asked = {"event": "A", "measure": "active_persons", "over": "7d"}
    weeks = {"series": [asked], "interval": "week", "from": "2026-10-05", "to": "2026-10-25"}
    found = trend.run(weeks, context_of(events, now=now))["series"][0]
    assert (found["values"], found["total"]) == ([2, 3, 0], 4)
    month = {"series": [asked], "interval": "month", "from": "2026-10-05", "to": "2026-10-31"}
    assert trend.run(month, context_of(events, now=now))["series"][0]["values"] == [3]


@pytest.mark.parametrize(
    ("asked", "labels", "total"),
    [
        ({"interval": "month", "from": "2026-03-01", "to": "2026-03-02"}, ["2026-02-01"], 2),
        ({"interval": "month", "from": "2026-03-01", "to": "2026-03-31"}, ["2026-02-01"], 28),
        ({"interval": "month", "from": "2026-02-01", "to": "2026-03-03"}, ["2025-12-01", "2026-01-01"], 34),
        ({"interval": "week", "from": "2026-03-11", "to": "2026-03-12"}, ["2026-03-02"], 2),
        ({"interval": "all", "from": "2026-03-02", "to": "2026-03-04"}, ["2026-02-27"], 3),
        ({"interval": "all", "from": "2026-03-30", "to": "2026-03-31", "timezone": "Europe/Berlin"},
         ["2026-03-28"], 2),
        ({"interval": "hour", "from": "2026-03-02T12:00:00Z", "to": "2026-03-02T12:30:00Z"},
         ["2026-03-02T11:00:00+00:00"], 0),
        ({"interval": "hour", "from": "2026-03-02T13:00:00Z", "to": "2026-03-02T13:30:00Z"},
         ["2026-03-02T12:00:00+00:00"], 1),
    ],
    ids=["month to date", "whole month", "two months", "days of a week", "three days", "days over a change",
         "hour", "part of an hour"],
)  # fmt: skip
def test_the_range_before(
    context_of: ContextOf, asked: dict[str, Any], labels: list[str], total: int
) -> None:
    """It has as many periods, begins as far into its first one and ends as far into its last one."""
    noons = [datetime(2025, 12, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in range(130)]
    answer = trend.run(
        {"series": ["A"], "compare": "previous", **asked}, context_of([event("A", noon) for noon in noons])
    )
    assert answer["previous_labels"] == labels
    assert answer["series"][0]["previous"]["total"] == total


@pytest.mark.parametrize(
    ("span", "hours"),
    [
        ({"from": "2026-11-01", "to": "2026-11-26"}, 26 * 24 + 1),
        ({"from": "2026-11-01", "to": "2026-11-26T11:59:59+01:00"}, 25 * 24 + 1 + 12),
        ({"from": "2026-11-24", "to": "2026-11-26"}, 3 * 24 + 1),
        ({"from": "2026-11-26T12:00:00+01:00", "to": "2026-11-26"}, 12),
    ],
    ids=["to date", "to noon", "from the day before a change", "from noon"],
)
def test_the_range_before_is_as_long_by_the_clock_on_the_wall(
    context_of: ContextOf, span: dict[str, str], hours: int
) -> None:
    """November in Berlin is compared with October, of which one day had 25 hours."""
    begun = datetime(2026, 9, 1, tzinfo=UTC)
    events = [event("A", begun + timedelta(hours=hour)) for hour in range(24 * 90)]
    asked = {"series": ["A"], "interval": "month", "compare": "previous", "timezone": "Europe/Berlin"}
    answer = trend.run({**asked, **span}, context_of(events))
    assert (answer["previous_labels"], answer["series"][0]["previous"]["total"]) == (["2026-10-01"], hours)


def test_groups_that_were_only_before_are_left_out(context_of: ContextOf) -> None:
    """Values before are those of the range's own groups; without any there is no series."""
    events = [event("A", DAY, path="/"), event("A", DAY - timedelta(days=2), path="/old")]
    request = {"series": ["A"], "breakdown": {"by": ["path"]}, "compare": "previous", **TWO_DAYS}
    (only,) = trend.run(request, context_of(events))["series"]
    assert (only["group"], only["total"], only["previous"]) == (["/"], 1, {"values": [0, 0], "total": 0})
    assert trend.run(request, context_of())["series"] == []


def test_groups_are_persons_traits_too(context_of: ContextOf) -> None:
    """A trait breaks events down by who did them; nobody counts twice in the pooled rest."""
    said = [
        statement("identify", DAY, device=device, user=device + 10, traits=json.dumps({"plan": plan}))
        for device, plan in ((1, "pro"), (2, "pro"), (3, "free"))
    ]
    events = [event("A", DAY, device=device) for device in (1, 1, 2, 3, 4)]
    asked = {"event": "A", "measure": "persons"}
    request = {"series": [asked], "breakdown": {"by": ["person.plan"], "limit": 1}, **TWO_DAYS}
    answer = trend.run(request, context_of(events, said))
    assert [(each["group"], each["total"]) for each in answer["series"]] == [(["pro"], 2), (None, 2)]
    without_persons = {**request, "series": ["A"]}
    answer = trend.run(without_persons, context_of(events, said))
    assert [(each["group"], each["total"]) for each in answer["series"]] == [(["pro"], 3), (None, 2)]


def test_traits_filter_where_only_events_are_counted(context_of: ContextOf) -> None:
    """Counting events by whole files takes no notice of persons unless a filter asks for them."""
    said = [statement("identify", DAY, device=1, user=11, traits='{"plan": "pro"}')]
    events = [event("A", DAY, device=device) for device in (1, 1, 2)]
    request = {"series": [{"on": "any"}], **TWO_DAYS}
    assert trend.run(request, context_of(events, said))["series"][0]["total"] == 3
    pro = {"person_where": [{"property": "plan", "op": "is", "value": "pro"}]}
    assert trend.run(request | pro, context_of(events, said))["series"][0]["total"] == 2


@pytest.mark.parametrize(
    ("span", "by_file"),
    [
        ({"from": "2026-10-01", "to": "2026-10-03"}, True),
        ({"from": "2026-10-01", "to": "2026-10-03", "interval": "hour"}, False),
        ({"from": "2026-10-01", "to": "2026-10-03", "interval": "all"}, True),
        ({"from": "2026-10-01", "to": "2026-10-03", "timezone": "Asia/Kolkata"}, False),
        ({"from": "2026-10-01T00:00:00.000001Z", "to": "2026-10-03"}, False),
        ({"from": "2026-10-01", "to": "2026-10-02T12:00:00Z"}, False),
        ({}, True),
    ],
)
def test_whole_files_are_counted_where_that_is_the_same(
    context_of: ContextOf, span: dict[str, Any], by_file: bool
) -> None:
    """Files of one date are slots of their own exactly where no period and no bound divides one."""
    times = [datetime(2026, 10, day, hour, tzinfo=UTC) for day in (1, 2) for hour in (0, 13, 23)]
    context = context_of([event("A", time) for time in times])
    request = {"series": [{"on": "any"}], **span}
    assert ("filename" in trend.sql(request, context)) == by_file
    zone = ZoneInfo(span.get("timezone", "UTC"))
    found = trend.run(request, context)
    first, last = (span.get("from", "2026-10-01"), span.get("to", "2026-11-01"))
    inside = [
        time for time in times
        if (time.astimezone(zone).date().isoformat() if len(first) == 10 else time.isoformat()) >= first
        and (time.astimezone(zone).date().isoformat() if len(last) == 10 else time.isoformat()) <= last
    ]  # fmt: skip
    assert found["series"][0]["total"] == sum(found["series"][0]["values"]) == len(inside)


def test_hours_begin_anew_where_a_clock_goes_back_by_half_an_hour(context_of: ContextOf) -> None:
    """A range that begins at that moment has no hour from before it."""
    answer = trend.run(
        {
            "series": ["A"],
            "interval": "hour",
            "timezone": "Australia/Lord_Howe",
            "from": "2026-04-04T15:00:00Z",
            "to": "2026-04-04T15:30:00Z",
        },
        context_of(),
    )
    assert answer["labels"] == ["2026-04-05T01:30:00+10:30", "2026-04-05T02:00:00+10:30"]
