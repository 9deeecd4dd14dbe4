"""One person in the other reports: all persons together make the report; each reason is true by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from backsight.reports import attribution, explain, lifecycle, paths, retention, stickiness, trend
from backsight.scan.context import Context
from query import (
    oracles,
    test_attribution,
    test_paths,
    test_retention_options,
    test_trend,
    test_trend_lifecycle,
)
from query.conftest import ContextOf

OPTIONS = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
Row = Mapping[str, Any]
Answer = dict[str, Any]


def explained(
    report: str, request: Mapping[str, Any], context: Context, events: Sequence[Row], said: Sequence[Row] = ()
) -> dict[int, Answer]:
    """Every person in a report; each of their events has an outcome."""
    found = {}
    for person, rows in oracles.by_person(events, said).items():
        asked = {"person": str(person), "report": report, "request": dict(request), "order": "oldest"}
        found[person] = explain.run(asked, context)
        assert len(found[person]["events"]) == len(rows)
        for event in found[person]["events"]:
            assert (event["outcome"]["outcome"] == "chosen") == bool(event["outcome"]["counts"])
    return found


def outcomes(answer: Answer, reason: str) -> list[tuple[datetime, Answer]]:
    """Times and outcomes of the events with a reason."""
    every = [(datetime.fromisoformat(event["time"]), event["outcome"]) for event in answer["events"]]
    return [(time, outcome) for time, outcome in every if outcome["reason"] == reason]


def uses(answer: Answer, key: str) -> list[tuple[datetime, Answer]]:
    """Times of events, and as what they count, of those uses that have a key."""
    return [
        (datetime.fromisoformat(event["time"]), use)
        for event in answer["events"]
        for use in event["outcome"]["counts"]
        if key in use
    ]


# ── Retention ───────────────────────────────────────────────────────────────────────────────────────────────


@OPTIONS
@given(test_retention_options.cases())
def test_retention(context_of: ContextOf, case: tuple[dict[str, Any], list[Any]]) -> None:
    """Cohorts and columns add up to the table; so many returns are counted as make a column."""
    request, events = case
    body = request | {"return": test_retention_options.RETURNS[request["return"]][0]}
    context = context_of(events)
    table = retention.run(body, context)
    found = explained("retention", body, context, events)
    for row in table["rows"]:
        members = [
            cohort
            for answer in found.values()
            for cohort in answer["verdict"]["cohorts"]
            if cohort["start"] == row["start"]
        ]
        assert len(members) == row["size"]
        columns = Counter(column for member in members for column in member["returned"])
        assert [columns[column] for column in range(len(row["returned"]))] == row["returned"]
    for answer in found.values():
        check_retention(answer, request)


def check_retention(answer: Answer, request: Mapping[str, Any]) -> None:
    """Starts are those of the cohorts, returns come after them, and what is passed over deserves it."""
    cohorts = {each["start"]: each for each in answer["verdict"]["cohorts"]}
    starts = {use["start_of"]: time for time, use in uses(answer, "start_of")}
    assert starts == {label: datetime.fromisoformat(each["since"]) for label, each in cohorts.items()}
    cells: Counter[tuple[str, int]] = Counter()
    for time, use in uses(answer, "cohort"):
        assert time >= starts[use["cohort"]]
        assert use["column"] in cohorts[use["cohort"]]["returned"]
        cells[use["cohort"], use["column"]] += 1
    for label, cohort in cohorts.items():
        if request["returned"] != "on_or_after":
            assert all(cells[label, column] >= request["minimum"] for column in cohort["returned"])
    assert not (outcomes(answer, "no_start") and starts)
    for time, _ in outcomes(answer, "before_start"):
        assert time <= max(starts.values())
    for time, _ in outcomes(answer, "not_first_start"):
        assert request["cohort"] == "first_ever" or time >= min(starts.values())
    for time, _ in outcomes(answer, "after_periods"):
        assert time > min(starts.values())
    for _, outcome in outcomes(answer, "too_few"):
        column = (outcome["data"]["cohort"], outcome["data"]["column"])
        assert request["minimum"] > 1
        assert not cells[column]
    assert not outcomes(answer, "streak_broken") or request["returned"] == "streak"


# ── Trend, lifecycle, stickiness ────────────────────────────────────────────────────────────────────────────


@OPTIONS
@given(test_trend._cases())
def test_trends(context_of: ContextOf, case: tuple[dict[str, Any], list[Any]]) -> None:
    """Persons' own figures add up, and an event counts in the periods in which the series has it."""
    request, events = case
    context = context_of(events)
    answer = trend.run(request, context)
    found = explained("trend", request, context, events)
    for number, series in enumerate(answer["series"], 1):
        counted = Counter(
            use["period"]
            for each in found.values()
            for _, use in uses(each, "period")
            if use["series"] == number
        )
        if series["measure"] == "events":
            assert [counted[label] for label in answer["labels"]] == series["values"]
        if series["measure"] in ("persons", "active_persons"):
            persons = [
                sum(any(use["period"] == label and use["series"] == number for _, use in uses(each, "period"))
                    for each in found.values())
                for label in answer["labels"]
            ]  # fmt: skip
            assert persons == series["values"]
    for each in found.values():
        for reason in ("no_number", "no_value", "no_session", "before_range"):
            assert all(
                outcome["outcome"] == "passed_over"
                for _, outcome in outcomes(each, reason)
                if reason[0] == "n"
            )


@OPTIONS
@given(test_trend_lifecycle._cases())
def test_lifecycles(context_of: ContextOf, case: Any) -> None:
    """The persons' states are those that the periods count."""
    request, _, events = case
    context = context_of(events, test_trend_lifecycle.SAID)
    answer = lifecycle.run(request, context)
    found = explained("lifecycle", request, context, events, test_trend_lifecycle.SAID)
    states = Counter(
        (state["period"], state["state"]) for each in found.values() for state in each["verdict"]["states"]
    )
    for series in answer["series"]:
        assert [states[label, series["label"]] for label in answer["labels"]] == series["values"]
    for each in found.values():
        mine = {state["period"]: state["state"] for state in each["verdict"]["states"]}
        for _, use in uses(each, "period"):
            assert use["state"] == mine[use["period"]] != "dormant"


@OPTIONS
@given(test_trend_lifecycle._cases())
def test_stickiness(context_of: ContextOf, case: Any) -> None:
    """The numbers of periods are those by which persons are counted."""
    request, _, events = case
    context = context_of(events, test_trend_lifecycle.SAID)
    answer = stickiness.run(request, context)
    found = explained("stickiness", request, context, events, test_trend_lifecycle.SAID)
    counts = Counter(each["verdict"]["periods"] for each in found.values())
    assert [counts[row["periods"]] for row in answer["rows"]] == [row["persons"] for row in answer["rows"]]
    for each in found.values():
        periods = {use["period"] for _, use in uses(each, "period")}
        assert len(periods) == each["verdict"]["periods"]


# ── Paths ───────────────────────────────────────────────────────────────────────────────────────────────────


@OPTIONS
@given(test_paths._rows, test_paths._requests)
def test_ways(context_of: ContextOf, events: list[Row], request: dict[str, Any]) -> None:
    """The persons' paths are the report's, node by node, and are made of the events that are chosen."""
    moments = {name: request[name] and request[name].isoformat() for name in ("from", "to")}
    body = {key: value for key, value in request.items() if value is not None}
    body |= {key: value for key, value in moments.items() if value}
    body |= {"nodes": ["A", "B", {"on": "track", "each": "name"}, {"on": "pageview", "each": "path"}],
             "limit": 1_000}  # fmt: skip
    stored = [test_paths.event("", row["time"]) | row for row in events]
    context = context_of(stored, names=test_paths.named("A", "B"))
    answer = paths.run(body, context)
    found = explained("paths", body, context, stored)
    assert sum(each["verdict"]["paths_total"] for each in found.values()) == answer["paths"]
    edges: Counter[tuple[int, str, str]] = Counter()
    for each in found.values():
        for path in each["verdict"]["paths"]:
            nodes = path["nodes"]
            for one, other in pairwise(nodes):
                step = max(one["position"], other["position"], key=abs)
                edges[step, one["name"], other["name"]] += 1
        check_ways(each, request)
    assert edges == test_paths.edges(answer)


def check_ways(answer: Answer, request: Mapping[str, Any]) -> None:
    """The chosen events are the nodes of the paths, and what is on none has its reason."""
    listed = Counter(
        (number, node["position"], datetime.fromisoformat(node["time"]))
        for number, path in enumerate(answer["verdict"]["paths"], 1)
        for node in path["nodes"]
    )
    chosen = {(use["path"], use["position"], time) for time, use in uses(answer, "path")}
    assert chosen == set(listed)
    marks = {"start", "end", "around"} & request.keys()
    claims = {
        "no_mark": bool(marks), "outside_path": bool(marks), "repeat": request["repeats"] != "keep",
        "no_session": request["session"] is None, "excluded": bool(request["exclude"]),
        "outside_range": bool(request["from"] or request["to"]), "beyond_steps": True, "no_value": False,
    }  # fmt: skip
    assert all(holds for reason, holds in claims.items() if outcomes(answer, reason))
    for _, outcome in outcomes(answer, "beyond_steps"):
        assert abs(outcome["data"]["position"]) >= request["steps"]


# ── Attribution ─────────────────────────────────────────────────────────────────────────────────────────────


@OPTIONS
@given(test_attribution._rows, test_attribution._requests)
def test_credits(context_of: ContextOf, events: list[Row], request: dict[str, Any]) -> None:
    """What each person's conversions are owed to adds up to the groups."""
    moments = {name: request[name] and request[name].isoformat() for name in ("from", "to")}
    body = {key: value for key, value in (request | moments).items() if value is not None}
    body |= {"conversion": "A", "by": ["utm_source", "utm_medium"], "limit": 1_000}
    stored = [test_attribution.event("", row["time"]) | row for row in events]
    context = context_of(stored)
    answer = attribution.run(body, context)
    found = explained("attribution", body, context, stored)
    assert sum(each["verdict"]["conversions_total"] for each in found.values()) == pytest.approx(
        answer["total"]["conversions"]
    )
    owed: Counter[tuple[Any, ...]] = Counter()
    for each in found.values():
        for conversion in each["verdict"]["conversions"]:
            for touch in conversion["touches"]:
                owed[tuple(touch["group"])] += touch["share"]
        check_credits(each, request)
    groups = {tuple(group["value"]): group["conversions"] for group in answer["groups"]}
    assert owed == pytest.approx(groups)


def check_credits(answer: Answer, request: Mapping[str, Any]) -> None:
    """Chosen events are the conversions and their touches; what is passed over deserves it."""
    conversions = answer["verdict"]["conversions"]
    times = sorted(time for time, _ in uses(answer, "conversion"))
    assert times == sorted(datetime.fromisoformat(each["time"]) for each in conversions)
    touches = sorted(
        datetime.fromisoformat(touch["time"]) for each in conversions for touch in each["touches"]
    )
    assert sorted(time for time, _ in uses(answer, "touch_of")) == touches
    lookback: timedelta = test_attribution.SPANS[request["lookback"]]
    for time, _ in outcomes(answer, "no_conversion"):
        assert all(each <= time for each in times)
    for time, _ in outcomes(answer, "before_lookback"):
        assert all(each < time or each - time > lookback or each == time for each in times)
    for time, _ in outcomes(answer, "outdone"):
        better = [each >= time if request["touch"] == "last" else each <= time for each in touches]
        assert any(better)
        assert request["touch"] != "linear"
    assert not outcomes(answer, "not_first") or request["count"] == "first"
    assert not outcomes(answer, "same_session") or "per" in request or "session" in request
    for time, _ in outcomes(answer, "outside_range"):
        assert (request["from"] and time < request["from"]) or (request["to"] and time > request["to"])
