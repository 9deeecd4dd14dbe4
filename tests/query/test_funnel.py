"""The funnel, against an oracle that tries every attempt, and by example."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.errors import InvalidRequest
from backsight.reports import funnel
from backsight.reports.funnel import ties as attempts
from query import oracles
from query.conftest import ContextOf
from query.rows import event, statement

DAY = datetime(2026, 10, 1, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return DAY + timedelta(minutes=minutes)


def counts(answer: dict[str, Any]) -> list[int]:
    return [step["count"] for step in answer["steps"]]


# ── Against the oracle ──────────────────────────────────────────────────────────────────────────────────────

# Few distinct times, pages and names: ties, repeats and windows that just fit are the rule.
_moment = st.integers(0, 8)
_rows = st.builds(
    lambda name, minute, device, user, page, sequence: {
        "name": name, "time": at(minute), "device": device, "user": user,
        "page": page * 100 + device, "sequence": sequence,
    },
    st.sampled_from("ABC"),
    _moment,
    st.integers(1, 3),
    st.sampled_from([None, None, 11, 12]),
    st.integers(1, 3),
    st.sampled_from([0, 1, 2, 3_000, 4_000]),
)  # fmt: skip


def _distinct(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without those that repeat the identity of an event: a page instance, a sequence number."""
    kept: dict[tuple[int, int], dict[str, Any]] = {}
    for row in rows:
        kept.setdefault((row["page"], row["sequence"]), row)
    return list(kept.values())


_statements = st.lists(
    st.builds(
        lambda kind, minute, device, user: statement(kind, at(minute), device=device, user=user),
        st.sampled_from(["identify", "observed"]),
        _moment,
        st.integers(1, 3),
        st.sampled_from([11, 12]),
    ),
    max_size=5,
)
_requests = st.fixed_dictionaries(
    {
        "steps": st.lists(st.sampled_from("ABC"), min_size=1, max_size=4),
        "window": st.sampled_from(["1m", "3m", "1h"]),
        "entry": st.sampled_from(["any", "first"]),
        "from": st.sampled_from([None, at(0), at(2)]),
        "to": st.sampled_from([None, at(3), at(6)]),
        "range": st.sampled_from([None, "all"]),
    }
)


@settings(max_examples=75, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(_rows, max_size=14),
    _statements,
    st.lists(st.integers(0, 9), max_size=3),
    _requests,
    st.integers(0, 12),
)
def test_agrees_with_every_attempt_tried(
    context_of: ContextOf,
    rows: list[dict[str, Any]],
    statements: list[dict[str, Any]],
    revoked: list[int],
    request: dict[str, Any],
    now: int,
) -> None:
    """Counts, still open and seconds are those of trying every attempt of every person, ties included."""
    events = [event(row["name"], row["time"], **row) for row in _distinct(rows)]
    for index in revoked:
        if index < len(statements):
            revokes = statements[index]["statement_id"]
            statements = [*statements, statement("revoke", at(9), revokes=revokes)]
    window = oracles.Window(
        timedelta(minutes={"1m": 1, "3m": 3, "1h": 60}[request["window"]]),
        request["from"],
        request["to"] and request["to"] + timedelta(microseconds=1),
        request["range"] == "all",
    )
    people = oracles.by_person(events, statements)
    expected = oracles.funnel(people, request["steps"], window, request["entry"], at(now))
    moments = {key: request[key].isoformat() for key in ("from", "to") if request[key]}
    answer = funnel.run(request | moments, context_of(events, statements, now=at(now)))
    for step, wanted in zip(answer["steps"], expected, strict=True):
        assert {"count": step["count"], "still_open": step["still_open"]} == {
            key: wanted[key] for key in ("count", "still_open")
        }
        assert step["seconds"] == pytest.approx(wanted["seconds"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_rows, max_size=14), st.randoms(use_true_random=False))
def test_does_not_depend_on_the_order_of_rows(
    context_of: ContextOf, rows: list[dict[str, Any]], random: Any
) -> None:
    """The same events give the same answer in whatever order they were written."""
    events = [event(row["name"], row["time"], **row) for row in _distinct(rows)]
    request = {"steps": ["A", "B", "A"], "window": "5m"}
    first = funnel.run(request, context_of(events))["steps"]
    random.shuffle(events)
    assert funnel.run(request, context_of(events))["steps"] == first


# ── By example ──────────────────────────────────────────────────────────────────────────────────────────────


def test_any_entry_takes_the_latest_steps_that_lead_there(context_of: ContextOf) -> None:
    """Who looked on Monday and again on Friday, then signed up on Friday, took minutes and not days."""
    answer = funnel.run(
        {"steps": ["A", "B"]},
        context_of([event("A", at(0)), event("A", at(5_760)), event("B", at(5_765))]),
    )
    assert answer["steps"][1]["seconds"] == {"mean": 300.0, "median": 300.0, "p90": 300.0}


def test_first_entry_counts_from_the_first_step_of_all(context_of: ContextOf) -> None:
    """With entry first, only the first A opens an attempt, and each step is the earliest."""
    events = [event("A", at(0)), event("A", at(5_760)), event("B", at(5_765))]
    answer = funnel.run({"steps": ["A", "B"], "entry": "first"}, context_of(events))
    assert answer["steps"][1]["seconds"]["mean"] == 5_765 * 60
    assert counts(
        funnel.run({"steps": ["A", "B"], "entry": "first", "window": "1h"}, context_of(events))
    ) == [1, 0]


def test_a_repeated_step_needs_a_second_event(context_of: ContextOf) -> None:
    """One raw event fills one step."""
    request = {"steps": ["A", "A", "B"]}
    assert counts(funnel.run(request, context_of([event("A", at(0)), event("B", at(1))]))) == [1, 0, 0]
    twice = [event("A", at(0)), event("A", at(0)), event("B", at(1))]
    assert counts(funnel.run(request, context_of(twice))) == [1, 1, 1]


@pytest.mark.parametrize(
    ("pages", "sequences", "converts"),
    [
        pytest.param((1, 1), (5, 6), True, id="in order on one page"),
        pytest.param((1, 1), (6, 5), False, id="out of order on one page"),
        pytest.param((1, 2), (6, 5), True, id="on two pages"),
        pytest.param((1, 1), (70_000, 70_001), True, id="in order at great sequence numbers"),
        pytest.param((1, 1), (70_001, 70_000), False, id="out of order at great sequence numbers"),
    ],
)
def test_ties_in_time(
    context_of: ContextOf, pages: tuple[int, int], sequences: tuple[int, int], converts: bool
) -> None:
    """Within a page the sequence orders events of one time; between pages the person is favoured."""
    events = [
        event(name, at(0), page=page, sequence=sequence)
        for name, page, sequence in zip("AB", pages, sequences, strict=True)
    ]
    for entry in ("any", "first"):
        assert counts(funnel.run({"steps": ["A", "B"], "entry": entry}, context_of(events))) == [
            1,
            int(converts),
        ]


@pytest.mark.parametrize(("seconds", "converts"), [(0, 1), (1, 0)])
def test_the_window_is_inclusive(context_of: ContextOf, seconds: int, converts: int) -> None:
    """A step exactly one window after the first counts, a microsecond later it does not."""
    late = at(60) + timedelta(microseconds=seconds)
    answer = funnel.run(
        {"steps": ["A", "B"], "window": "1h"}, context_of([event("A", at(0)), event("B", late)])
    )
    assert counts(answer) == [1, converts]


def test_later_steps_may_come_after_the_range(context_of: ContextOf) -> None:
    """`to` bounds the first step only, unless the range is meant for all of them."""
    events = [event("A", at(0)), event("B", at(60 * 24))]
    request = {"steps": ["A", "B"], "from": "2026-10-01", "to": "2026-10-01"}
    assert counts(funnel.run(request, context_of(events))) == [1, 1]
    assert counts(funnel.run(request | {"range": "all"}, context_of(events))) == [1, 0]


def test_who_can_still_go_on_is_told_apart(context_of: ContextOf) -> None:
    """Persons whose window is open are counted as still open, and conversion is given without them too."""
    events = [
        event("A", at(0), device=1),
        event("B", at(5), device=1),
        event("A", at(1), device=2),
        event("A", at(50), device=3),
        event("A", at(1), device=4),
        event("A", at(55), device=4),
    ]
    answer = funnel.run({"steps": ["A", "B"], "window": "30m"}, context_of(events, now=at(60)))
    first, second = answer["steps"]
    assert (first["count"], first["still_open"], second["count"], second["still_open"]) == (4, 2, 1, 0)
    assert (second["from_start"], second["settled"]["from_start"]) == (0.25, 0.5)


def test_step_filters_and_traits_narrow(context_of: ContextOf) -> None:
    """`where` on a step, on the report and on the person each leave out what they don't hold of."""
    events = [
        event("A", at(0), device=1, path="/a"),
        event("B", at(1), device=1, path="/b"),
        event("A", at(0), device=2, path="/x"),
        event("A", at(0), device=3, path="/a"),
    ]
    said = [
        statement("identify", at(0), device=1, user=11, traits='{"plan": "free"}'),
        statement("traits", at(5), device=1, user=11, traits='{"plan": "pro"}'),
        statement("traits", at(5), device=3, traits='{"plan": "pro"}'),
    ]
    on_path = {"event": "A", "where": [{"property": "path", "op": "is", "value": "/a"}]}
    context = context_of(events, said)
    assert counts(funnel.run({"steps": [on_path, "B"]}, context)) == [2, 1]
    only_a = [{"property": "path", "op": "is_not", "value": "/b"}]
    assert counts(funnel.run({"steps": ["A", "B"], "where": only_a}, context)) == [3, 0]
    pro = {"property": "plan", "op": "is", "value": "pro"}
    assert counts(funnel.run({"steps": ["A", "B"], "person_where": [pro]}, context)) == [2, 1]
    by_trait = {"event": "A", "where": [pro | {"property": "person.plan"}]}
    assert counts(funnel.run({"steps": [by_trait, "B"]}, context)) == [2, 1]


def test_an_empty_site_answers_with_zeros(context_of: ContextOf) -> None:
    """Before the first event there are no persons, and no shares of them."""
    answer = funnel.run({"steps": ["A", "B"]}, context_of())
    assert counts(answer) == [0, 0]
    assert answer["steps"][1]["from_start"] is None
    assert answer["meta"]["watermark"] is None


def test_forged_ties_end_in_time(context_of: ContextOf) -> None:
    """Hundreds of events of one person at one microsecond on as many pages are answered all the same."""
    events = [
        event("ABCD"[(page * 7 + sequence * (page % 5 + 1)) % 4], at(0), page=page, sequence=sequence)
        for page in range(60)
        for sequence in range(8)
    ]
    assert counts(funnel.run({"steps": list("ABCDABCDABCD")}, context_of(events))) == [1] * 12


def test_forged_ties_at_many_times_are_tried_only_so_often(
    context_of: ContextOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who repeats the same at ever more times does not hold up a report ever longer."""
    tried = []

    def count(done: int, filled: tuple[int, ...], pages: attempts.Pages) -> Any:
        tried.append(done)
        return taken(done, filled, pages)

    taken = attempts._taken
    monkeypatch.setattr(attempts, "_taken", count)
    monkeypatch.setattr(attempts, "MAX_TRIED", 1_000)
    draw = random.Random(1)
    events = [
        event(draw.choice("ABC"), at(moment), page=100 * moment + page, sequence=sequence)
        for moment in range(10)
        for page in range(12)
        for sequence in range(3)
    ]
    request = {"steps": [*"ABCABCABCABCABCABC", "D"]}
    assert counts(funnel.run(request, context_of(events))) == [1] * 18 + [0]
    assert len(tried) < 1_000 + 10 * 19 * attempts.MIN_TRIED


@pytest.mark.parametrize(
    ("request_", "field", "says"),
    [
        ({}, "steps", "0 entries"),
        ({"steps": []}, "steps", "1 to 20"),
        ({"steps": ["A"] * 21}, "steps", "21 entries"),
        ({"steps": ["Aa"]}, "steps[0]", "no named event"),
        ({"steps": ["A"], "window": "14"}, "window", "no duration"),
        ({"steps": ["A"], "window": "0d"}, "window", "no duration"),
        ({"steps": ["A"], "window": "99999w"}, "window", "no duration"),
        ({"steps": ["A"], "entry": "last"}, "entry", "any"),
        ({"steps": ["A"], "order": "sorted"}, "order", "'ordered'"),
        ({"steps": ["A"], "count": "all"}, "count", "'persons'"),
        ({"steps": ["A"], "windw": "1d"}, "windw", "did you mean 'window'"),
        ({"steps": ["A"], "from": "2026-10-02", "to": "2026-10-01"}, "to", "lies before"),
        ({"steps": ["A"], "from": "2026-13-01"}, "from", "no moment"),
        ({"steps": ["A"], "from": "2026-10-01T00:00:00"}, "from", "no moment"),
        ({"steps": ["A"], "from": "0001-01-01"}, "from", "no moment"),
        ({"steps": ["A"], "to": "9999-12-31"}, "to", "no moment"),
        ({"steps": ["A"], "timezone": "Europe/Berlim"}, "timezone", "Europe/Berlin"),
        ({"steps": ["A"], "timezone": "../../etc/passwd"}, "timezone", "no timezone"),
        ({"steps": ["A"], "range": "some"}, "range", "all"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(
    context_of: ContextOf, request_: dict[str, Any], field: str, says: str
) -> None:
    """A request that can't be understood is refused with its field, and what would be valid."""
    with pytest.raises(InvalidRequest) as raised:
        funnel.run(request_, context_of())
    assert raised.value.field == field
    assert says in str(raised.value)


def test_meta_names_what_was_read(context_of: ContextOf) -> None:
    """The answer says which versions it read, of tables and of named events, and how fresh they are."""
    meta = funnel.run({"steps": ["A", {"on": "click"}]}, context_of([event("A", at(0))]))["meta"]
    assert meta["site"] == "shop"
    assert meta["events"] == {"A": 1}
    assert set(meta["snapshot"]) == {"events", "nodes", "elements", "statements", "dead_letters"}
    assert meta["watermark"] == "2026-10-01T12:00:00Z"
    assert meta["ms"] > 0
    assert meta["warnings"] == []
