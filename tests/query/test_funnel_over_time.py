"""Funnels over time: by period, how long they take, and what is known of those who are still on their way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.errors import InvalidRequest
from backsight.reports import funnel
from query import oracles
from query.conftest import ContextOf
from query.rows import event

# Two days before clocks are set back in Berlin and New York (and half an hour forward on Lord Howe before).
DAY = datetime(2026, 10, 23, tzinfo=UTC)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]
_settings = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_rows = st.lists(
    st.builds(
        lambda name, hour, device, page: event(
            name, DAY + timedelta(hours=hour), device=device, page=page * 10 + device, sequence=0
        ),
        st.sampled_from("ABC"), st.integers(0, 110), st.integers(1, 3), st.integers(1, 300),
    ),
    max_size=24,
    unique_by=lambda row: row["page"],
)  # fmt: skip


@_settings
@given(_rows, st.sampled_from(["any", "first"]), st.sampled_from(["hour", "day", "week"]),
       st.sampled_from(ZONES), st.integers(0, 200))  # fmt: skip
def test_a_period_is_the_funnel_of_that_range(
    context_of: ContextOf, rows: list[dict[str, Any]], entry: str, interval: str, zone: str, now: int
) -> None:
    """Each period of the trend has the figures of a funnel whose range it is."""
    site = context_of(rows, now=DAY + timedelta(hours=now))
    first, end = DAY + timedelta(hours=5), DAY + timedelta(hours=90)
    common = {"steps": ["A", "B", "C"], "window": "30h", "entry": entry, "timezone": zone}
    span = {"from": first.isoformat(), "to": (end - timedelta(microseconds=1)).isoformat()}
    trend = funnel.run(common | span | {"interval": interval}, site)["trend"]
    labels = oracles.labels(interval, ZoneInfo(zone), first, end)
    assert [period["start"] for period in trend] == labels
    for period in trend[:: max(1, len(trend) // 6)]:
        moments = [
            moment
            for quarter in range(90 * 4)
            if first <= (moment := DAY + timedelta(minutes=15 * quarter)) < end
            and oracles.period_of(moment, interval, ZoneInfo(zone)) == period["start"]
        ]
        last = moments[-1] + timedelta(minutes=15)
        bounds = {"from": moments[0].isoformat(), "to": (last - timedelta(microseconds=1)).isoformat()}
        alone = funnel.run(common | bounds, site)["steps"]
        assert period["steps"] == alone
        full = oracles.period_of(last, interval, ZoneInfo(zone)) != period["start"]
        if full:
            assert period["complete"] == (last - timedelta(microseconds=1) + timedelta(hours=30) <= site.now)


def seconds_of(rows: Sequence[dict[str, Any]], steps: Sequence[str]) -> list[float]:
    window = oracles.Window(timedelta(hours=30), None, None)
    found = [oracles.counted(own, steps, window, "any") for own in oracles.by_person(rows, ()).values()]
    return [
        (each[0][-1] - each[0][0]).total_seconds() for each in found if each and len(each[0]) == len(steps)
    ]


@_settings
@given(_rows, st.integers(1, 9))
def test_a_histogram_holds_every_time_to_convert(
    context_of: ContextOf, rows: list[dict[str, Any]], bins: int
) -> None:
    """The bins hold as many persons as have a time within them; together all who converted."""
    request = {"steps": ["A", "B"], "window": "30h", "histogram": {"bins": bins}}
    made = funnel.run(request, context_of(rows))["histogram"]
    taken = seconds_of(rows, ["A", "B"])
    assert made["persons"] == len(taken) == sum(each["count"] for each in made["bins"])
    assert made["seconds"] == pytest.approx(oracles.seconds(taken))
    for index, each in enumerate(made["bins"]):
        last = index == len(made["bins"]) - 1
        inside = [time for time in taken if each["from"] <= time and (time < each["to"] or last)]
        assert each["count"] == len(inside)
        assert not last or max(taken) <= each["to"]
    assert len(made["bins"]) == (bins if taken else 0)


@_settings
@given(_rows, st.integers(0, 140))
def test_the_curve_is_the_product_of_what_was_left_at_each_time(
    context_of: ContextOf, rows: list[dict[str, Any]], hours: int
) -> None:
    """Kaplan-Meier: at each time of a conversion, what is left shrinks by conversions over those at risk."""
    now = DAY + timedelta(hours=hours)
    rows = [row for row in rows if row["time"] <= now]
    window = timedelta(hours=30)
    watched: list[tuple[float, bool]] = []
    for own in oracles.by_person(rows, ()).values():
        found = oracles.counted(own, ["A", "B"], oracles.Window(window, None, None), "any")
        if found and len(found[0]) == 2:
            watched.append(((found[0][1] - found[0][0]).total_seconds(), True))
        elif found:
            watched.append((min(now - found[1], window).total_seconds(), False))
    left, wanted = 1.0, []
    for time in sorted({each for each, converted in watched if converted}):
        at_risk = sum(each >= time for each, _ in watched)
        left *= 1 - sum(each == time and converted for each, converted in watched) / at_risk
        wanted.append({"seconds": time, "converted": pytest.approx(1 - left), "at_risk": at_risk})
    request = {"steps": ["A", "B"], "window": "30h", "curve": True}
    assert funnel.run(request, context_of(rows, now=now))["curve"] == wanted


def test_a_long_curve_is_thinned(context_of: ContextOf) -> None:
    """A curve of many times has at most 101 points, from the first to the last."""
    rows = []
    for device in range(400):
        rows += [
            event("A", DAY, device=device),
            event("B", DAY + timedelta(seconds=device + 1), device=device),
        ]
    curve = funnel.run({"steps": ["A", "B"], "curve": True}, context_of(rows))["curve"]
    assert len(curve) <= 101
    assert [curve[0]["seconds"], curve[-1]["seconds"]] == [1, 400]
    assert math.isclose(curve[-1]["converted"], 1)


def test_groups_have_all_figures_too(context_of: ContextOf) -> None:
    """A group has the same parts as the whole; of one that holds everybody they are the same."""
    rows = [event("A", DAY), event("B", DAY + timedelta(hours=1))]
    request = {
        "steps": ["A", "B"], "interval": "day", "histogram": {}, "curve": True, "breakdown": {"by": ["type"]},
        "from": "2026-10-23", "to": "2026-10-24",
    }  # fmt: skip
    answer = funnel.run(request, context_of(rows))
    del answer["meta"]
    assert answer.pop("groups") == [{"value": ["track"], **answer}]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"interval": "year"}, "interval"),
        ({"interval": "day", "week_start": "friday"}, "week_start"),
        ({"histogram": {"from": 2}}, "histogram.from"),
        ({"histogram": {"to": 1}}, "histogram.to"),
        ({"histogram": {"bins": 0}}, "histogram.bins"),
        ({"curve": "yes"}, "curve"),
    ],
)
def test_what_is_wrong_is_named(context_of: ContextOf, more: dict[str, Any], field: str) -> None:
    """A wrong option is refused, naming the field."""
    with pytest.raises(InvalidRequest) as caught:
        funnel.run({"steps": ["A", "B"], **more}, context_of())
    assert caught.value.field == field
