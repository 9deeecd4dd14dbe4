"""One person in a funnel: what is explained adds up to the report, and each reason is true by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.reports import explain, funnel
from backsight.reports.by_name import REPORTS
from backsight.scan.context import Context
from query import oracles_explain as truths
from query.conftest import ContextOf
from query.oracles import by_person
from query.test_funnel_options import asked_of, at, body_of, requests, rows, stored

OPTIONS = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def explained(person: int, body: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """One person in a funnel."""
    asked = {"person": str(person), "report": "funnel", "request": dict(body), "order": "oldest"}
    return explain.run(asked, context)


def compare(context_of: ContextOf, events: list[dict[str, Any]], request: dict[str, Any], now: int) -> None:
    """All persons together make the report, their events the attempts, and their reasons hold."""
    context = context_of(stored(events), now=at(now))
    body = body_of(request)
    people = by_person(events, [])
    answers = {person: explained(person, body, context) for person in people}
    report = funnel.run(body, context)["steps"]
    for number, step in enumerate(report):
        each = [answer["verdict"] for answer in answers.values()]
        assert sum(verdict["steps"][number]["count"] for verdict in each) == step["count"]
        assert sum(verdict["steps"][number]["excluded"] for verdict in each) == step.get("excluded", 0)
        waiting = [
            attempt
            for verdict in each
            for attempt in verdict["attempts"]
            if attempt["still_open"] and attempt["reached"] == number + 1
        ]
        assert len(waiting) == step["still_open"]
    if request["count"] == "persons":
        listed = REPORTS["funnel_persons"].run({**body, "step": 1, "limit": 1_000}, context)["persons"]
        for each in listed:
            attempts = answers[int(each["person"])]["verdict"]["attempts"]
            assert [attempt["steps"] for attempt in attempts] == [each["times"]]
    for person, of in people.items():
        check_events(of, answers[person])
        truths.check_funnel(of, asked_of(request), answers[person]["events"])


def check_events(rows: Sequence[Mapping[str, Any]], answer: Mapping[str, Any]) -> None:
    """Every event has an outcome, and those that are chosen are those of the attempts, at their times."""
    assert len(answer["events"]) == len(rows)
    assert len({event["id"] for event in answer["events"]}) == len(rows)
    times = {
        (number, step): time
        for number, attempt in enumerate(answer["verdict"]["attempts"], 1)
        for step, time in enumerate(attempt["steps"], 1)
        if time is not None
    }
    uses = [
        ((use["attempt"], use["step"]), event["time"])
        for event in answer["events"]
        for use in event["outcome"]["counts"]
    ]
    assert sorted(uses) == sorted(times.items())
    for event in answer["events"]:
        assert (event["outcome"]["outcome"] == "chosen") == bool(event["outcome"]["counts"])


@OPTIONS
@given(rows("ABDZR", 7), requests(), st.integers(0, 12))
def test_every_option_is_explained(
    context_of: ContextOf, events: list[dict[str, Any]], request: dict[str, Any], now: int
) -> None:
    """Whatever decides which attempt counts, each person's verdict is the report's, and each reason true."""
    compare(context_of, events, request, now)


@OPTIONS
@given(rows("ABD", 9, pages=1), requests(words=list("ABD"), entry="any", hold=[], first_ever=[]))
def test_longer_histories_are_explained(
    context_of: ContextOf, events: list[dict[str, Any]], request: dict[str, Any]
) -> None:
    """Of many events of few kinds, why each of those that fill a step is not the one that counts."""
    compare(context_of, events, request, 12)


@OPTIONS
@given(
    rows("ABDR", 6), requests(words=list("ABBD"), order="any", optional=[], exclude=[]), st.integers(0, 12)
)
def test_any_order_is_explained(
    context_of: ContextOf, events: list[dict[str, Any]], request: dict[str, Any], now: int
) -> None:
    """Steps in any order: the events that do them, and the others."""
    compare(context_of, events, request, now)


@OPTIONS
@given(rows("ABDZ", 8, pages=1), requests(words=list("ABD"), count="totals", entry="first", hold=[]))
def test_totals_are_explained(
    context_of: ContextOf, events: list[dict[str, Any]], request: dict[str, Any]
) -> None:
    """Attempts one after another: each with its own events."""
    compare(context_of, events, request | {"exclude_mode": "attempt"}, 4)
