"""A funnel's options beside its groups, periods and persons: each is a funnel that could be asked alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.reports import funnel
from backsight.reports.funnel import people
from query.conftest import ContextOf
from query.test_funnel_options import at, body_of, requests, row, stored

_settings = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def browsing(
    kind: str, minute: int, page: int, device: int, session: int | None, value: str
) -> dict[str, Any]:
    """An event with a value `v`, and with one of `cart`, which is held."""
    made = row(kind, minute, page, page, device, session)
    return made | {"props": json.dumps({"v": value, "cart": "xyz".index(value)}), "v": value}


_rows = st.lists(
    st.builds(
        browsing, st.sampled_from("ABDZR"), st.integers(0, 5), st.integers(1, 40), st.sampled_from([1, 1, 2]),
        st.sampled_from([1, 1, 2, None]), st.sampled_from("xy"),
    ),
    max_size=8,
    unique_by=lambda each: each["page"],
)  # fmt: skip
_counts = st.sampled_from(["persons", "sessions", "totals"])


def asked_of(request: dict[str, Any], count: str) -> dict[str, Any]:
    """The request, of what is counted; totals know neither ties of entry nor any order."""
    return body_of(request | {"count": count} | ({"entry": "first"} if count == "totals" else {}))


def site_of(context_of: ContextOf, rows: list[dict[str, Any]]) -> Any:
    return context_of(
        [{key: each for key, each in one.items() if key != "v"} for one in stored(rows)], now=at(4)
    )


@_settings
@given(_rows, requests(first_ever=[]), _counts)
def test_a_group_of_all_events_is_the_funnel_of_these(
    context_of: ContextOf, rows: list[dict[str, Any]], request: dict[str, Any], count: str
) -> None:
    """With attribution "all", every figure of a group is that of a funnel of the events with its value;
    those of the whole are as without groups."""
    asked, site = asked_of(request, count), site_of(context_of, rows)
    answer = funnel.run(asked | {"breakdown": {"by": ["props.v"], "attribution": "all"}}, site)
    assert answer["steps"] == funnel.run(asked, site)["steps"]
    groups = answer["groups"]
    for value in "xy":
        where = [{"property": "props.v", "op": "is", "value": value}]
        alone = funnel.run(asked | {"where": where}, site)["steps"]
        found = [group["steps"] for group in groups if group["value"] == [value]]
        nobody = not any(step["count"] or step.get("excluded") for step in alone)
        assert found == ([] if nobody else [alone])


@_settings
@given(_rows, requests(), _counts, st.sampled_from(["first", "last"]), st.integers(1, 2))
def test_groups_share_out_what_is_counted(
    context_of: ContextOf,
    rows: list[dict[str, Any]],
    request: dict[str, Any],
    count: str,
    way: str,
    limit: int,
) -> None:
    """Each attempt is in one group, or pooled: together they are the funnel."""
    asked, site = asked_of(request, count), site_of(context_of, rows)
    breakdown = {"by": ["props.v"], "attribution": way, "limit": limit}
    answer = funnel.run(asked | {"breakdown": breakdown}, site)
    for number, step in enumerate(answer["steps"]):
        for key in ("count", "still_open", "excluded"):
            assert step.get(key, 0) == sum(group["steps"][number].get(key, 0) for group in answer["groups"])


@_settings
@given(_rows, requests(first_ever=[]))
def test_the_pooled_group_has_each_person_once(
    context_of: ContextOf, rows: list[dict[str, Any]], request: dict[str, Any]
) -> None:
    """Who got to a step in any of the pooled groups is one of those who got there in the pooled one."""
    asked, site = asked_of(request, "persons"), site_of(context_of, rows)
    by = {"by": ["props.v", "type"], "attribution": "all"}
    first, *rest = funnel.run(asked | {"breakdown": by}, site)["groups"] or [None]
    groups = funnel.run(asked | {"breakdown": by | {"limit": 1}}, site)["groups"]
    assert [group["value"] for group in groups] == ([first["value"]] if first else []) + [None] * bool(rest)
    for step in range(1, len(request["steps"]) + 1) if rest else ():
        who = {
            person["person"]
            for group in rest
            for person in people.run(asked | {"breakdown": by, "step": step, "group": group["value"]}, site)[
                "persons"
            ]
        }
        assert groups[-1]["steps"][step - 1]["count"] == len(who)


@pytest.mark.parametrize(("count", "pooled"), [("persons", 1), ("sessions", 2), ("totals", 3)])
def test_what_is_pooled_is_what_is_counted(context_of: ContextOf, count: str, pooled: int) -> None:
    """Beyond the limit a person counts once, or each session once, or every attempt."""
    alone = [browsing("A", 0, 10 + n, 10 + n, 9, "z") for n in range(5)]
    site = site_of(context_of, [
        browsing("A", 0, 1, 1, 1, "x"), browsing("A", 1, 2, 1, 1, "y"), browsing("A", 2, 3, 1, 2, "x"),
        *alone,
    ])  # fmt: skip
    breakdown = {"by": ["props.v"], "attribution": "all", "limit": 1}
    groups = funnel.run({"steps": ["A"], "count": count, "breakdown": breakdown}, site)["groups"]
    assert [(group["value"], group["steps"][0]["count"]) for group in groups] == [(["z"], 5), (None, pooled)]


@_settings
@given(_rows, requests(**{"from": None, "to": None}), _counts)
def test_a_period_is_the_funnel_of_that_range(
    context_of: ContextOf, rows: list[dict[str, Any]], request: dict[str, Any], count: str
) -> None:
    """Whatever the options, each period has the figures of a funnel whose range it is."""
    spread = [one | {"time": at(20 * (one["time"].minute % 6) - 10)} for one in rows]
    asked, site = asked_of(request | {"range": None}, count), site_of(context_of, spread)
    span = {"from": at(-60).isoformat(), "to": at(119).isoformat()}
    for period in funnel.run(asked | span | {"interval": "hour"}, site)["trend"]:
        hour = period["start"]
        bounds = {"from": hour, "to": hour[:13] + ":59:59.999999" + hour[19:]}
        assert period["steps"] == funnel.run(asked | bounds, site)["steps"]


@_settings
@given(_rows, requests(), st.sampled_from(["persons", "sessions", "totals"]), st.integers(1, 4))
def test_persons_are_those_who_are_counted(
    context_of: ContextOf, rows: list[dict[str, Any]], request: dict[str, Any], count: str, step: int
) -> None:
    """Who reached a step, and who got to the one before and no further, are as many as the figures say."""
    asked, site = asked_of(request, count), site_of(context_of, rows)
    steps = funnel.run(asked, site)["steps"]
    step = min(step, len(steps))
    reached = people.run(asked | {"step": step}, site)
    assert reached["total"] <= steps[step - 1]["count"]
    assert all(person["times"][step - 1] is not None for person in reached["persons"])
    if count == "persons":
        assert reached["total"] == steps[step - 1]["count"]
    if step == 1:
        return
    base = next(number for number in range(step - 1, 0, -1) if number not in request["optional"])
    dropped = people.run(asked | {"step": step, "dropped": True}, site)
    for person in dropped["persons"]:
        assert person["times"][base - 1] is not None
        assert person["times"][step - 1 :] == [None] * (len(steps) - step + 1)
    if count == "persons" and step not in request["optional"]:
        assert dropped["total"] == steps[base - 1]["count"] - steps[step - 1]["count"]


@pytest.mark.parametrize(("step", "who"), [(2, [1, 2]), (3, [1, 2])])
def test_who_left_out_an_optional_step_drops_at_the_next(
    context_of: ContextOf, step: int, who: list[int]
) -> None:
    """Who skipped an optional step and stopped got no further than the one before it, either way."""
    site = context_of(stored([
        row("A", 0, 1, 0, 1), row("A", 0, 2, 0, 2), row("A", 0, 3, 0, 3), row("D", 1, 3, 1, 3),
        row("B", 1, 2, 1, 2) if step == 3 else row("Z", 1, 2, 1, 2),
    ]))  # fmt: skip
    asked = {"steps": ["A", {"event": "B", "optional": True}, "D"], "step": step, "dropped": True}
    assert [int(person["person"]) for person in people.run(asked, site)["persons"]] == who
