"""Sessions decided when a question is asked, against sessions worked out event by event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.contract import id64
from backsight.errors import InvalidRequest
from backsight.reports import trend
from backsight.reports.sessions import reach, read_session, sessions_of
from backsight.scan.moments import Range
from backsight.scan.request import read_common, read_request
from query import oracles, oracles_sessions
from query.conftest import ContextOf
from query.rows import event, statement

DAY = datetime(2026, 10, 25, tzinfo=UTC)  # Vienna sets its clocks back an hour at 01:00 UTC


def at(minutes: float) -> datetime:
    return DAY + timedelta(minutes=minutes)


_rows = st.lists(
    st.builds(
        lambda name, minute, device, user, page, sequence: {
            "name": name, "time": at(minute), "device": device, "user": user,
            "page": id64("page", page, device), "sequence": sequence,
        },
        st.sampled_from("ABC"),
        st.sampled_from([0, 1, 1, 2, 3, 5, 8, 59, 60, 61, 90]),
        st.integers(1, 3),
        st.sampled_from([None, 11, 12]),
        st.integers(1, 3),
        st.sampled_from([0, 1, 2, 3_000, 4_000]),
    ),
    max_size=14,
    unique_by=lambda row: (row["page"], row["sequence"]),
)  # fmt: skip
_rules = st.fixed_dictionaries({}, optional={"gap": st.sampled_from(["1m", "2m", "30m"]),
                                             "starts": st.sampled_from("AB")}).filter(bool)  # fmt: skip
GAPS = {"1m": timedelta(minutes=1), "2m": timedelta(minutes=2), "30m": timedelta(minutes=30)}


@settings(max_examples=35, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_rows, _rules, st.randoms(use_true_random=False))
def test_agrees_with_sessions_worked_out_one_by_one(
    context_of: ContextOf, rows: list[dict[str, Any]], rule: dict[str, str], random: Any
) -> None:
    """Each session starts where the oracle's does, ties included, in whatever order events were written."""
    events = [event(row["name"], row["time"], **row) for row in rows]
    said = [statement("identify", at(0), device=1, user=11), statement("observed", at(0), device=1, user=12)]
    starts = rule.get("starts")
    expected = set()
    for person, own in oracles.by_person(events, said).items():
        sessions = oracles_sessions.sessions(
            own, GAPS.get(rule.get("gap", "")), oracles_sessions.bears(starts)
        )
        expected |= {(person, *oracles_sessions.place(session[0])) for session in sessions}
    random.shuffle(events)
    asked = read_session({"session": rule})
    assert asked is not None
    common = read_common(read_request({}, ()), at(0))
    found = sessions_of(asked, common, Range(None, None), context_of(events, said)).to_pylist()
    origin = datetime(1920, 1, 1, tzinfo=UTC)
    places = {
        (row["person"], origin + timedelta(microseconds=row["place"] >> 11), row["place"] & 2_047)
        for row in found
    }
    assert places == expected
    assert sorted(row["session"] for row in found) == list(range(len(expected)))


def test_filters_of_events_do_not_touch_sessions(context_of: ContextOf) -> None:
    """A pause is one of the person, not of the events that a report looks at."""
    events = [event("A", at(0), path="/a"), event("B", at(20), path="/b"), event("A", at(40), path="/a")]
    asked = read_session({"session": {"gap": "30m"}})
    assert asked is not None
    only_a = {"where": [{"property": "path", "op": "is", "value": "/a"}]}
    common = read_common(read_request(only_a, ()), at(0))
    assert sessions_of(asked, common, Range(None, None), context_of(events)).num_rows == 1


def test_a_gap_that_just_fits_does_not_end_a_session(context_of: ContextOf) -> None:
    """More than the gap ends a session; exactly the gap does not."""
    late = at(30) + timedelta(microseconds=1)
    asked = read_session({"session": {"gap": "30m"}})
    assert asked is not None
    common = read_common(read_request({}, ()), at(0))
    for second, count in ((at(30), 1), (late, 2)):
        context = context_of([event("A", at(0)), event("A", second)])
        assert sessions_of(asked, common, Range(None, None), context).num_rows == count


@pytest.mark.parametrize(
    ("rule", "first", "end"),
    [
        pytest.param(None, at(-1_440), at(1_500), id="captured: a day more"),
        pytest.param({"gap": "30m"}, at(-1_440), at(1_500), id="a short gap: a day more"),
        pytest.param({"gap": "3d"}, at(-3 * 1_440), at(60 + 3 * 1_440), id="a long gap: the gap more"),
        pytest.param({"starts": "A"}, None, None, id="no gap: all of history"),
    ],
)
def test_how_far_sessions_are_followed(rule: Any, first: datetime | None, end: datetime | None) -> None:
    """Sessions are followed past the range so far that those at its edges are seen whole."""
    asked = read_session({} if rule is None else {"session": rule})
    assert reach(Range(at(0), at(60)), asked) == Range(first, end)
    assert reach(Range(None, None), asked) == Range(None, None)


def test_sessions_are_followed_within_the_days_that_count() -> None:
    """However long the gap, no event of a broken clock comes in."""
    asked = read_session({"session": {"gap": "3660d"}})
    first, end = datetime(1920, 1, 5, tzinfo=UTC), datetime(2060, 12, 30, tzinfo=UTC)
    assert reach(Range(first, end), asked) == Range(
        datetime(1920, 1, 1, tzinfo=UTC), datetime(2061, 1, 1, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("value", "field"),
    [
        pytest.param({}, "session", id="nothing in it"),
        pytest.param({"gap": None}, "session", id="only a null"),
        pytest.param("30m", "session", id="no object"),
        pytest.param({"gap": "30"}, "session.gap", id="no duration"),
        pytest.param({"starts": 3}, "session.starts", id="no step"),
        pytest.param({"pause": "30m"}, "session.pause", id="unknown"),
    ],
)
def test_what_can_not_be_meant_is_refused(value: Any, field: str) -> None:
    """The refusal names the field."""
    with pytest.raises(InvalidRequest) as refused:
        read_session({"session": value})
    assert refused.value.field == field


# ── In a trend ──────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=45, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_rows, _rules, st.sampled_from([None, [{"property": "path", "op": "is_not", "value": "/x"}]]))
def test_a_trend_counts_decided_sessions(
    context_of: ContextOf, rows: list[dict[str, Any]], rule: dict[str, str], where: Any
) -> None:
    """Per hour and in all, the sessions that hold a counted event, whatever else is filtered out."""
    events = [event(row["name"], row["time"], **row, path="/x" if row["user"] else "/y") for row in rows]
    said = [statement("identify", at(0), device=1, user=11), statement("observed", at(0), device=1, user=12)]
    first, end = at(0), at(120)
    gap = GAPS.get(rule.get("gap", ""))
    by_hour: dict[str, int] = {}
    total = 0
    for own in oracles.by_person(events, said).values():
        inside = oracles_sessions.within(own, *oracles_sessions.reach(first, end, gap, decided=True))
        for session in oracles_sessions.sessions(inside, gap, oracles_sessions.bears(rule.get("starts"))):
            counted = [row for row in session if row["name"] == "A" and not (where and row["path"] == "/x")]
            hours = {row["time"].replace(minute=0).isoformat() for row in counted}
            by_hour |= {hour: by_hour.get(hour, 0) + 1 for hour in hours}
            total += bool(hours)
    answer = trend.run(
        {
            "series": [{"event": "A", "measure": "sessions"}], "interval": "hour", "session": rule,
            "from": first.isoformat(), "to": (end - timedelta(minutes=1)).isoformat(), "where": where,
        },
        context_of(events, said),
    )  # fmt: skip
    series = answer["series"][0]
    assert series["total"] == total
    found = dict(zip(answer["labels"], series["values"], strict=True))
    assert {hour: count for hour, count in found.items() if count} == by_hour


def test_a_trend_compares_decided_sessions_and_names_what_starts_them(context_of: ContextOf) -> None:
    """The periods before have sessions of their own; the version of the step that starts them is told."""
    events = [event("A", at(minute)) for minute in (-1_000, -900, 10, 20)]
    asked = {"series": [{"event": "A", "measure": "sessions"}], "from": "2026-10-25", "to": "2026-10-25",
             "compare": "previous", "session": {"gap": "30m", "starts": "B"}}  # fmt: skip
    answer = trend.run(asked, context_of(events))
    assert (answer["series"][0]["total"], answer["series"][0]["previous"]["total"]) == (1, 2)
    assert set(answer["meta"]["events"]) == {"A", "B"}


def test_a_trend_without_sessions_refuses_a_rule_for_them(context_of: ContextOf) -> None:
    """An option that would change nothing is refused."""
    with pytest.raises(InvalidRequest) as refused:
        trend.run({"series": ["A"], "session": {"gap": "30m"}}, context_of())
    assert refused.value.field == "session"
