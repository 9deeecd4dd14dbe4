"""Funnels by groups: every attribution, against the attempts worked out one by one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.errors import InvalidRequest
from backsight.reports import funnel
from query import oracles
from query.conftest import ContextOf
from query.rows import event

DAY = datetime(2026, 10, 1, 12, tzinfo=UTC)
NOW = DAY + timedelta(days=40)
Chain = list[dict[str, Any]]


def at(minutes: float) -> datetime:
    return DAY + timedelta(minutes=minutes)


def made(name: str, minute: float, device: int, value: str | None) -> dict[str, Any]:
    """An event with a browser of its own (a custom property `v`; null: none)."""
    props = {} if value is None else {"v": value}
    return event(name, at(minute), device=device, props=json.dumps(props), v=value)


def context(context_of: ContextOf, rows: Sequence[dict[str, Any]]) -> Any:
    return context_of([{key: each for key, each in row.items() if key != "v"} for row in rows], now=NOW)


def chains(rows: Sequence[dict[str, Any]], steps: Sequence[str], entry: str) -> dict[int, Chain]:
    """Each person's counted attempt, as events; no two events have one time."""
    window = oracles.Window(timedelta(minutes=5), None, None)
    found = {}
    for device in {row["device"] for row in rows}:
        own = [row for row in rows if row["device"] == device]
        counted = oracles.counted(own, steps, window, entry)
        if counted:
            by_time = {row["time"]: row for row in own}
            found[device] = [by_time[time] for time in counted[0]]
    return found


def value_of(chain: Chain, attribution: str, step: int) -> list[str | None] | None:
    """The group of an attempt; null where it is in none."""
    if attribution == "step":
        return [chain[step - 1]["v"]] if len(chain) >= step else None
    ordered = chain if attribution == "first" else chain[::-1]
    return [next((row["v"] for row in ordered if row["v"] is not None), None)]


def depths(answer: dict[str, Any]) -> dict[tuple[Any, ...] | None, list[int]]:
    return {
        None if group["value"] is None else tuple(group["value"]): [step["count"] for step in group["steps"]]
        for group in answer["groups"]
    }


def reached(lengths: Sequence[int], steps: int) -> list[int]:
    return [sum(length >= step for length in lengths) for step in range(1, steps + 1)]


def pooled(groups: dict[Any, list[int]], limit: int) -> tuple[list[Any], set[Any]]:
    """Which groups stand alone, in their order, and which do not."""
    order = sorted(groups, key=lambda value: (-len(groups[value]), value[0] is None, value[0] or ""))
    return order[:limit], set(order[limit:])


_rows = st.lists(
    st.tuples(st.sampled_from("ABC"), st.integers(1, 4), st.sampled_from([None, "x", "y", "z"])),
    min_size=1,
    max_size=16,
).map(lambda drawn: [made(name, minute, who, value) for minute, (name, who, value) in enumerate(drawn)])
_steps = st.lists(st.sampled_from("ABC"), min_size=1, max_size=3)
_settings = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@_settings
@given(_rows, _steps, st.sampled_from(["any", "first"]), st.sampled_from(["first", "last", "step"]),
       st.integers(1, 3), st.integers(1, 4))  # fmt: skip
def test_each_attempt_is_in_the_group_of_the_event_that_counts(
    context_of: ContextOf,
    rows: list[dict[str, Any]],
    steps: list[str],
    entry: str,
    attribution: str,
    step: int,
    limit: int,
) -> None:
    """Groups have the persons whose counted attempt says so, largest first, the rest pooled."""
    step = min(step, len(steps))
    lengths: dict[Any, list[int]] = {}
    for chain in chains(rows, steps, entry).values():
        value = value_of(chain, attribution, step)
        if value is not None:
            lengths.setdefault(tuple(value), []).append(len(chain))
    alone, rest = pooled(lengths, limit)
    wanted: dict[Any, list[int]] = {value: reached(lengths[value], len(steps)) for value in alone}
    if rest:
        wanted[None] = reached([each for value in rest for each in lengths[value]], len(steps))
    breakdown = {"by": ["props.v"], "attribution": attribution, "limit": limit}
    breakdown |= {"step": step} if attribution == "step" else {}
    request = {"steps": steps, "window": "5m", "entry": entry, "breakdown": breakdown}
    answer = depths(funnel.run(request, context(context_of, rows)))
    assert answer == wanted
    assert list(answer) == [*alone, *([None] if rest else [])]


@_settings
@given(_rows, _steps, st.sampled_from(["any", "first"]), st.integers(1, 4))
def test_all_events_of_an_attempt_have_the_value_of_its_group(
    context_of: ContextOf, rows: list[dict[str, Any]], steps: list[str], entry: str, limit: int
) -> None:
    """With attribution "all" a group is the funnel of its events; the pooled one counts nobody twice."""
    lengths = {}
    for value in {row["v"] for row in rows}:
        found = chains([row for row in rows if row["v"] == value], steps, entry)
        if found:
            lengths[(value,)] = {device: len(chain) for device, chain in found.items()}
    alone, rest = pooled({value: list(each.values()) for value, each in lengths.items()}, limit)
    wanted: dict[Any, list[int]] = {
        value: reached(list(lengths[value].values()), len(steps)) for value in alone
    }
    if rest:
        best: Counter[int] = Counter()
        for value in rest:
            best |= Counter(lengths[value])
        wanted[None] = reached(list(best.values()), len(steps))
    breakdown = {"by": ["props.v"], "attribution": "all", "limit": limit}
    request = {"steps": steps, "window": "5m", "entry": entry, "breakdown": breakdown}
    assert depths(funnel.run(request, context(context_of, rows))) == wanted


def test_a_tie_does_not_hide_the_group(context_of: ContextOf) -> None:
    """Who has two events at one time on two pages is in the group of the attempt's events all the same."""
    rows = [made("B", 1, 1, "late"), made("A", 1, 1, "early"), made("A", 1, 2, None), made("B", 1, 2, "only")]
    request = {"steps": ["A", "B"], "breakdown": {"by": ["props.v"]}}
    answer = depths(funnel.run(request, context(context_of, rows)))
    assert answer == {("early",): [1, 1], ("only",): [1, 1]}


def test_several_properties_and_a_trait(context_of: ContextOf) -> None:
    """A group's value has one entry a property; the first event that has any of them says them all."""
    rows = [made("A", 1, 1, None), made("B", 2, 1, "x")]
    request = {"steps": ["A", "B"], "breakdown": {"by": ["props.v", "type", "person.plan"]}}
    answer = funnel.run(request, context(context_of, rows))
    assert [group["value"] for group in answer["groups"]] == [[None, "track", None]]


@pytest.mark.parametrize(
    ("breakdown", "field"),
    [
        ({"by": ["v"], "attribution": "middle"}, "breakdown.attribution"),
        ({"by": ["v"], "attribution": "step"}, "breakdown.step"),
        ({"by": ["v"], "attribution": "step", "step": 3}, "breakdown.step"),
        ({"by": ["v"], "step": 1}, "breakdown.step"),
        ({"by": []}, "breakdown.by"),
        ({"by": ["v"], "color": 1}, "breakdown.color"),
    ],
)
def test_what_is_wrong_is_named(context_of: ContextOf, breakdown: dict[str, Any], field: str) -> None:
    """A wrong breakdown is refused, naming the field."""
    with pytest.raises(InvalidRequest) as caught:
        funnel.run({"steps": ["A", "B"], "breakdown": breakdown}, context_of())
    assert caught.value.field == field
