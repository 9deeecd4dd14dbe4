"""Retention, against an oracle in plain Python over changes of the clock, and by example."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.errors import InvalidRequest
from backsight.reports import retention
from query import oracles
from query.conftest import ContextOf
from query.rows import event, statement

DAY = datetime(2026, 10, 5, 12, tzinfo=UTC)  # a Monday
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]


def at(days: float) -> datetime:
    return DAY + timedelta(days=days)


def ask(context: Any, **request: Any) -> list[dict[str, Any]]:
    """The rows of a report that asks for "A" and then "B"."""
    asked = {"start": "A", "return": "B", **request}
    rows: list[dict[str, Any]] = retention.run(asked, context)["rows"]
    return rows


# ── Against the oracle ──────────────────────────────────────────────────────────────────────────────────────

_LENGTH = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=31),
}


def _around(kind: str) -> st.SearchStrategy[datetime]:
    """Times of which many share a moment, and many lie near an edge of a period or a change of the clock."""
    change = (
        datetime(2026, 10, 25, 1, tzinfo=UTC)
        if kind in ("hour", "day")
        else datetime(2026, 10, 1, tzinfo=UTC)
    )
    steps = st.integers(-8, 8).map(lambda number: change + number * _LENGTH[kind] / 2)
    return st.builds(
        lambda time, jitter: time + timedelta(minutes=jitter), steps, st.sampled_from([-30, 0, 0, 15])
    )


@st.composite
def _cases(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    kind = draw(st.sampled_from(list(_LENGTH)))
    events = draw(
        st.lists(
            st.builds(
                lambda name, time, device, page, sequence: event(
                    name, time, device=device, page=page * 100 + device << 32, sequence=sequence
                ),
                st.sampled_from("AB"),
                _around(kind),
                st.integers(1, 2),
                st.integers(1, 2),
                st.sampled_from([0, 1, 3_000, 4_000]),
            ),
            max_size=12,
        )
    )
    first, end = sorted(draw(st.tuples(_around(kind), _around(kind)).filter(lambda pair: pair[0] != pair[1])))
    request = {
        "period": kind,
        "periods": draw(st.integers(1, 5)),
        "cohort": draw(st.sampled_from(["recurring", "first_in_range", "first_ever"])),
        "returned": draw(st.sampled_from(["on", "on_or_after"])),
        "timezone": draw(st.sampled_from(ZONES)),
        "week_start": draw(st.sampled_from(["monday", "sunday"])),
        "range": draw(st.sampled_from([None, "all"])),
        "from": first.isoformat(),
        "to": end.isoformat(),
    }
    kept = {(row["page"], row["sequence"]): row for row in events}
    return request, list(kept.values())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_cases(), st.integers(-4, 8))
def test_agrees_with_plain_python(
    context_of: ContextOf, case: tuple[dict[str, Any], list[dict[str, Any]]], clock: int
) -> None:
    """Sizes, returns, labels and completeness are those of counting by hand in the timezone."""
    request, events = case
    kind, zone = request["period"], ZoneInfo(request["timezone"])
    first, until = (datetime.fromisoformat(request[key]) for key in ("from", "to"))
    end = until + timedelta(microseconds=1)
    week = request["week_start"]
    calendar = oracles.labels(kind, zone, first - 10 * _LENGTH[kind], end + 16 * _LENGTH[kind], week)
    cohorts = oracles.labels(kind, zone, first, end, week)
    numbers = {label: number for number, label in enumerate(calendar)}

    def period(row: Any) -> int:
        return numbers[oracles.period_of(row["time"], kind, zone, week)]

    def inside(row: Any) -> bool:
        return bool(first <= row["time"] < end)

    expected = oracles.retention(
        oracles.by_person(events, []),
        [numbers[label] for label in cohorts],
        request["periods"],
        request["cohort"],
        request["returned"],
        period,
        inside,
        inside if request["range"] else lambda row: True,
    )
    now = DAY + timedelta(days=20) + clock * _LENGTH[kind]
    rows = ask(context_of(events, now=now), **request)
    assert [row["start"] for row in rows] == cohorts
    assert [{"size": row["size"], "returned": row["returned"]} for row in rows] == expected
    horizon = min(now, end) if request["range"] else now
    current = oracles.period_of(horizon, kind, zone, week)
    over = numbers.get(current, len(calendar) if horizon > end else -1)
    for row in rows:
        places = [numbers[row["start"]] + later for later in range(request["periods"])]
        assert row["complete"] == [place < over for place in places]


# ── By example ──────────────────────────────────────────────────────────────────────────────────────────────


def test_size_is_apart_from_returns(context_of: ContextOf) -> None:
    """The cohort counts who started; its own period counts only who returned strictly after the start."""
    rows = ask(
        context_of(
            [
                event("A", at(0)),
                event("B", at(0.1)),
                event("A", at(0), device=2),
                event("B", at(-0.1), device=2),
            ]
        ),
        **{"from": "2026-10-05", "to": "2026-10-05", "periods": 2},
    )
    assert rows == [{"start": "2026-10-05", "size": 2, "returned": [1, 0], "complete": [True, True]}]


@pytest.mark.parametrize(
    ("pages", "sequences", "returns"),
    [
        pytest.param((1, 1), (5, 6), 1, id="after it on one page"),
        pytest.param((1, 1), (6, 5), 0, id="before it on one page"),
        pytest.param((1, 2), (6, 5), 1, id="on two pages"),
    ],
)
def test_ties_in_time(
    context_of: ContextOf, pages: tuple[int, int], sequences: tuple[int, int], returns: int
) -> None:
    """Within a page the sequence says what came after the start; between pages the person is favoured."""
    events = [
        event(name, at(0), page=page << 32, sequence=sequence)
        for name, page, sequence in zip("AB", pages, sequences, strict=True)
    ]
    assert ask(context_of(events), **{"from": "2026-10-05", "to": "2026-10-05"})[0]["returned"][0] == returns


def test_the_start_itself_is_no_return(context_of: ContextOf) -> None:
    """Where start and return are the same step, a second event is needed."""
    one = context_of([event("A", at(0))])
    two = context_of([event("A", at(0)), event("A", at(0))])
    request = {"return": "A", "from": "2026-10-05", "to": "2026-10-05", "periods": 1}
    assert [ask(context, **request)[0]["returned"] for context in (one, two)] == [[0], [1]]


@pytest.mark.parametrize(
    ("cohort", "sizes"),
    [("recurring", [1, 1, 0, 1]), ("first_in_range", [1, 0, 0, 0]), ("first_ever", [0, 0, 0, 0])],
)
def test_cohorts(context_of: ContextOf, cohort: str, sizes: list[int]) -> None:
    """A person is in every period with a start, in the first of the range, or in the first of all history."""
    context = context_of([event("A", at(day)) for day in (-30, 0, 1, 3)])
    rows = ask(context, **{"from": "2026-10-05", "to": "2026-10-08", "cohort": cohort})
    assert [row["size"] for row in rows] == sizes


def test_on_or_after_counts_for_every_period_before_the_return(context_of: ContextOf) -> None:
    """One return on day 9, past the last column, is a return on or after each of them."""
    context = context_of([event("A", at(0)), event("B", at(9))])
    request = {"from": "2026-10-05", "to": "2026-10-05", "periods": 3}
    assert ask(context, **request)[0]["returned"] == [0, 0, 0]
    assert ask(context, **request, returned="on_or_after")[0]["returned"] == [1, 1, 1]


def test_a_day_has_25_hours_when_the_clock_goes_back(context_of: ContextOf) -> None:
    """Half an hour before midnight in Berlin, 24.5 hours after the day began, is the same day."""
    start, back = datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 22, 30, tzinfo=UTC)
    context = context_of([event("A", start), event("B", back)])
    rows = ask(context, timezone="Europe/Berlin", periods=2, **{"from": "2026-10-25", "to": "2026-10-25"})
    assert rows[0]["returned"] == [1, 0]
    assert ask(context, periods=2, **{"from": "2026-10-24", "to": "2026-10-24"})[0]["returned"] == [0, 1]


def test_the_average_pools_what_is_over(context_of: ContextOf) -> None:
    """Cohorts weigh by their size, and a period that is not over counts for nothing."""
    events = [event("A", at(0), device=device) for device in (1, 2, 3)]
    events += [event("B", at(1), device=1), event("A", at(1), device=4), event("B", at(2), device=4)]
    answer = retention.run(
        {"start": "A", "return": "B", "from": "2026-10-05", "to": "2026-10-06", "periods": 3},
        context_of(events, now=datetime(2026, 10, 8, tzinfo=UTC)),
    )
    assert [row["complete"] for row in answer["rows"]] == [[True, True, True], [True, True, False]]
    assert answer["average"] == [0.0, 2 / 4, 0.0]


def test_what_is_no_number_is_told(context_of: ContextOf) -> None:
    """A measure leaves out what is no number and says of how many returns; what is missing is not one."""
    events = [event("A", at(0)), event("B", at(0), page=8 << 32), event("B", at(1), props='{"price": "2.5"}')]
    events += [event("B", at(1), props=f'{{"price": {price}}}') for price in ('"dear"', "true", "null", "4")]
    request = {"from": "2026-10-05", "to": "2026-10-05", "periods": 2, "start": "A", "return": "B"}
    measure = {"measure": "avg", "property": "price"}
    answer = retention.run(request | {"measure": measure}, context_of(events))
    assert answer["rows"][0]["values"] == [None, 3.25]
    assert answer["meta"]["warnings"] == ["2 returns have a 'price' that is no number, and is left out."]


@pytest.mark.parametrize(
    ("prices", "kind", "value"),
    [
        ([0.1] * 30_000, "sum", 3000.0),
        ([0.1] * 30_000, "avg", 0.1),
        ([19.99, 5.01, 0.1, -19.99, -0.1, -5.01], "sum", 0.0),
        ([1e308, 1e308], "sum", None),
        ([1e308, 1e308], "avg", None),
        ([-1e308, 1e308], "median", 0.0),
    ],
    ids=["many", "mean of many", "refunds", "past the greatest", "mean past it", "far apart"],
)
def test_values_are_what_adds_up(
    context_of: ContextOf, prices: list[float], kind: str, value: float | None
) -> None:
    """Many numbers, numbers that cancel out and very great ones give what they do on paper."""
    events = [event("A", at(0)), *(event("B", at(1), props=f'{{"price": {price}}}') for price in prices)]
    request = {"from": "2026-10-05", "to": "2026-10-05", "periods": 2, "start": "A", "return": "B"}
    measure = {"measure": kind, "property": "price"}
    answer = retention.run(request | {"measure": measure}, context_of(events))
    assert answer["rows"][0]["values"][1] == value


def test_a_streak_ends_with_the_first_period_left_out(context_of: ContextOf) -> None:
    """Who returned on days 1, 2 and 4 has a streak of two days; the start's own day is not one of them."""
    context = context_of([event("A", at(0)), *(event("B", at(day)) for day in (1, 2, 4))])
    request = {"from": "2026-10-05", "to": "2026-10-05", "periods": 6, "returned": "streak"}
    assert ask(context, **request)[0]["returned"] == [0, 1, 1, 0, 0, 0]


def test_rolling_periods_begin_with_the_start(context_of: ContextOf) -> None:
    """23 hours after the start is period 0, whatever the date; it is over once it is for the latest start."""
    events = [event("A", at(0.25)), event("B", at(0.25 + 23 / 24))]
    request = {"from": "2026-10-05", "to": "2026-10-05", "periods": 2, "mode": "rolling"}
    (row,) = ask(context_of(events, now=datetime(2026, 10, 7, tzinfo=UTC)), **request)
    assert (row["returned"], row["complete"]) == ([1, 0], [True, False])


def test_brackets_are_named_by_their_periods(context_of: ContextOf) -> None:
    """After the cohort's own period comes a column for each bracket."""
    context = context_of([event("A", at(0)), event("B", at(4))])
    request = {"start": "A", "return": "B", "from": "2026-10-05", "to": "2026-10-05", "brackets": [1, 3, 7]}
    answer = retention.run(request, context)
    assert answer["labels"] == ["Day 0", "Day 1", "Day 2-4", "Day 5-11"]
    assert answer["rows"][0]["returned"] == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("cell", "field"),
    [
        pytest.param(None, "cell", id="no cell"),
        pytest.param({"period": 1}, "cell.start", id="no row"),
        pytest.param({"start": "2026-10-06"}, "cell.start", id="another row"),
        pytest.param({"start": "2026-10-05", "period": 12}, "cell.period", id="past the last column"),
        pytest.param({"start": "2026-10-05", "returned": False}, "cell.period", id="not returned, but when"),
        pytest.param({"start": "2026-10-05", "period": 1, "returned": 1}, "cell.returned", id="no boolean"),
        pytest.param({"start": "2026-10-05", "group": ["/c"]}, "cell.group", id="no such group"),
        pytest.param({"start": "2026-10-05", "group": {"pooled": True}}, "cell.group", id="nothing pooled"),
        pytest.param({"start": "2026-10-05", "group": [1.5]}, "cell.group[0]", id="no value"),
        pytest.param({"start": "2026-10-05", "of": "B"}, "cell.of", id="unknown"),
    ],
)
def test_a_cell_that_is_none_is_named(context_of: ContextOf, cell: Any, field: str) -> None:
    """A cell that the table does not have is refused with its field."""
    request = {"start": "A", "return": "B", "from": "2026-10-05", "to": "2026-10-05", "cell": cell}
    with pytest.raises(InvalidRequest) as raised:
        retention.run_persons(
            request | {"breakdown": {"by": ["path"]}}, context_of([event("A", at(0), path="/a")])
        )
    assert raised.value.field == field


def test_groups_need_a_breakdown(context_of: ContextOf) -> None:
    """Without a breakdown there is no group to ask for."""
    cell = {"start": "2026-10-05", "group": ["/a"]}
    request = {"start": "A", "return": "B", "from": "2026-10-05", "to": "2026-10-05", "cell": cell}
    with pytest.raises(InvalidRequest, match=r"cell\.group"):
        retention.run_persons(request, context_of())


def test_a_revoked_statement_undoes_itself(context_of: ContextOf) -> None:
    """Two devices of one user are one person who returns, until the statement about one is revoked."""
    events = [event("A", at(0), device=1), event("B", at(1), device=2)]
    said = [statement("identify", at(2), device=device, user=11) for device in (1, 2)]
    request = {"from": "2026-10-05", "to": "2026-10-05", "periods": 2}
    assert ask(context_of(events, said), **request)[0]["returned"] == [0, 1]
    said.append(statement("revoke", at(3), revokes=said[0]["statement_id"]))
    assert ask(context_of(events, said), **request)[0]["returned"] == [0, 0]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"start": None}, "start"),
        ({"return": {"on": "clik"}}, "return.on"),
        ({"period": "year"}, "period"),
        ({"periods": 0}, "periods"),
        ({"periods": True}, "periods"),
        ({"periods": 400}, "periods"),
        ({"cohort": "first"}, "cohort"),
        ({"returned": "after"}, "returned"),
        ({"mode": "sliding"}, "mode"),
        ({"week_start": "friday"}, "week_start"),
        ({"minimum": 0}, "minimum"),
        ({"minimum": 1.5}, "minimum"),
        ({"brackets": []}, "brackets"),
        ({"brackets": [1, 0]}, "brackets[1]"),
        ({"brackets": [300, 66]}, "brackets"),
        ({"brackets": [3], "periods": 4}, "periods"),
        ({"breakdown": {"limit": 3}}, "breakdown.by"),
        ({"breakdown": {"by": ["path"], "limit": 1_000}, "period": "hour", "from": "30d"}, "breakdown.limit"),
        ({"measure": {"measure": "mode", "property": "price"}}, "measure.measure"),
        ({"measure": {"measure": "sum"}}, "measure.property"),
        ({"measure": {"property": "price"}}, "measure.measure"),
        ({"from": "1990-01-01"}, "from"),
    ],
)
def test_what_is_wrong_is_named(context_of: ContextOf, request_: dict[str, Any], field: str) -> None:
    """A request that can't be understood is refused with its field."""
    with pytest.raises(InvalidRequest) as raised:
        ask(context_of(), **request_)
    assert raised.value.field == field
