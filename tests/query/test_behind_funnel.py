"""The rows behind a funnel: counted by hand, they give its every figure back."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from statistics import fmean
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.errors import InvalidRequest
from backsight.reports import funnel
from backsight.scan.context import Context
from query.behind_rows import Row, behind, event_of, people
from query.conftest import ContextOf
from query.test_funnel_options import STEPS, at, body_of, crowd, requests, stored

SETTINGS = settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
WINDOWS = {"1m": timedelta(minutes=1), "3m": timedelta(minutes=3), "1h": timedelta(hours=1)}
ORDERED = requests()
UNORDERED = requests(order="any", exclude=[], optional=[])
TOTALS = requests(count="totals", entry="first")


def by_attempt(rows: list[Row]) -> dict[int, dict[int, Row]]:
    """The rows of each attempt, by step."""
    found: dict[int, dict[int, Row]] = defaultdict(dict)
    for row in rows:
        assert row["step"] not in found[row["attempt"]]
        found[row["attempt"]][row["step"]] = row
    return found


def check_steps(body: dict[str, Any], words: list[str], site: Context, kinds: dict[Any, str]) -> None:
    """Counts, durations, who dropped and who was excluded, worked out of rows alone."""
    steps = funnel.run(body, site)["steps"]
    every = behind("funnel", body, site)
    attempts = by_attempt(every)
    assert Counter(row["step"] for row in every) == Counter(
        {number: step["count"] for number, step in enumerate(steps, 1)}
    )
    for attempt in attempts.values():
        assert len(people(list(attempt.values()))) == 1
        times = [attempt[step]["time"] for step in sorted(attempt)]
        assert times == sorted(times)
        assert times[-1] - times[0] <= WINDOWS[body["window"]]
    for number, step in enumerate(steps, 1):
        rows = [attempt[number] for attempt in attempts.values() if number in attempt]
        if body["order"] != "any":
            assert all(kinds[event_of(row)] in STEPS[words[number - 1]][1] for row in rows)
        if body["count"] == "persons":
            assert len(people(rows)) == step["count"]
        taken = [
            (attempt[number]["time"] - max(attempt[each]["time"] for each in attempt if each < number))
            for attempt in attempts.values()
            if number in attempt and number > 1
        ]
        mean = fmean(each.total_seconds() for each in taken) if taken else None
        assert step["seconds"]["mean"] == pytest.approx(mean)


def check_more(body: dict[str, Any], words: list[str], site: Context, number: int) -> None:
    """Of one step: its rows alone, those of who dropped before it, and of who was excluded."""
    step = funnel.run(body, site)["steps"][number - 1]
    attempts = by_attempt(behind("funnel", body, site))
    alone = behind("funnel", body, site, step=number)
    reached = [event_of(attempt[number]) for attempt in attempts.values() if number in attempt]
    assert sorted(map(event_of, alone)) == sorted(reached)
    if body["exclude"]:
        excluded = behind("funnel", body, site, step=number, excluded=True)
        assert len(excluded) == step["excluded"]
    if number > 1:
        before = max(each for each in range(1, number) if not body["steps"][each - 1].get("optional"))
        stopped = [
            event_of(attempt[before])
            for attempt in attempts.values()
            if before in attempt and not any(each >= number for each in attempt)
        ]
        dropped = behind("funnel", body, site, step=number, dropped=True)
        assert sorted(map(event_of, dropped)) == sorted(stopped)
        assert {row["step"] for row in dropped} <= {before}


@SETTINGS
@given(crowd("ABDR", 8), st.one_of(ORDERED, UNORDERED, TOTALS), st.data())
def test_every_figure_is_counted_again_from_its_rows(
    context_of: ContextOf, events: list[dict[str, Any]], request: dict[str, Any], data: st.DataObject
) -> None:
    """Whatever the order, entry, count, window, exclusions, values held and optional steps."""
    site = context_of(stored(events), now=at(10))
    kinds = {(row["page"], row["sequence"]): row["kind"] for row in events}
    body = body_of(request)
    check_steps(body, request["steps"], site, kinds)
    check_more(body, request["steps"], site, data.draw(st.integers(1, len(request["steps"]))))


@SETTINGS
@given(crowd("ABD", 8), st.one_of(ORDERED, TOTALS), st.sampled_from(["first", "last", "step", "all"]))
def test_every_group_and_period_is_counted_again_from_its_rows(
    context_of: ContextOf, events: list[dict[str, Any]], request: dict[str, Any], attribution: str
) -> None:
    """By each attribution, of groups that stand alone and of the pooled one, and of each period."""
    site = context_of(stored(events), now=at(10))
    breakdown = {"by": ["props.cart"], "attribution": attribution, "limit": 2}
    breakdown |= {"step": 1} if attribution == "step" else {}
    body = body_of(request) | {"breakdown": breakdown, "interval": "hour"}
    answer = funnel.run(body, site)
    last = len(answer["steps"])
    for group in answer["groups"]:
        value = {"pooled": True} if group["value"] is None else group["value"]
        rows = behind("funnel", body, site, group=value)
        assert Counter(row["step"] for row in rows) == Counter(
            {number: step["count"] for number, step in enumerate(group["steps"], 1)}
        )
    for period in answer["trend"]:
        if period["steps"][0]["count"]:
            rows = behind("funnel", body, site, step=last, at=period["start"])
            assert len(rows) == period["steps"][-1]["count"]


@pytest.mark.parametrize(
    ("own", "field"),
    [
        pytest.param({"step": 3}, "step", id="no such step"),
        pytest.param({"step": 1, "dropped": True}, "step", id="nobody drops before the first"),
        pytest.param({"excluded": True}, "excluded", id="nothing excludes"),
        pytest.param({"group": ["x"]}, "group", id="no groups"),
        pytest.param({"at": "2026-10-01"}, "at", id="no periods"),
        pytest.param({"limit": 0}, "limit", id="no rows"),
        pytest.param({"after": "yesterday"}, "after", id="no cursor"),
        pytest.param({"after": "2026-13-01.0"}, "after", id="no date"),
    ],
)
def test_figures_that_there_are_not_are_refused(
    context_of: ContextOf, own: dict[str, Any], field: str
) -> None:
    """With the field that names them."""
    with pytest.raises(InvalidRequest) as refused:
        behind("funnel", {"steps": ["A", "B"]}, context_of([]), **own)
    assert refused.value.field == field
