"""Other tools' worked funnels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from backsight.reports import funnel
from backsight.scan.context import Context
from query.conformance.agreement import of_kind, settle
from query.conformance.cases import Case, context, step
from query.conformance.funnels import reached, request_of, steps_as_there, users_at
from query.conftest import ContextOf


@pytest.mark.parametrize(("case", "name"), of_kind("funnel"))
def test_funnel(context_of: ContextOf, case: Case, name: str) -> None:
    """A funnel has every figure that the case's own tool gives, and the same persons."""
    asked, site = request_of(case), context(context_of, case)
    answer = funnel.run(asked, site)
    expect = _in_order(case["expect"])
    made = {key: _observed(key, wanted, answer, asked, site, case) for key, wanted in expect.items()}
    settle(made, {**case, "expect": expect}, name)


def _observed(
    key: str, wanted: Any, answer: Mapping[str, Any], asked: Mapping[str, Any], site: Context, case: Case
) -> object:
    if key == "steps":
        return steps_as_there(answer["steps"], wanted)
    if key == "users_at_step":
        return users_at(wanted, asked, site, case)
    if key == "converted_users":
        return reached(asked, site, case)
    if key == "groups":
        return _groups(answer["groups"], wanted, asked, site, case)
    if key == "frequency":
        return _frequency(asked, site, case)
    if key == "breakdown_values":
        return sorted(_value(group) for group in answer["groups"])
    return {
        "last_step_count": answer["steps"][-1]["count"],
        "result_len": len(answer.get("groups", answer["steps"])),
    }[key]


def _frequency(asked: Mapping[str, Any], site: Context, case: Case) -> dict[str, int]:
    """How often each of those who converted did an event between two steps, the events of the steps apart.

    Who did it n times converts in a funnel that asks for it n times more between these steps, too.
    """
    between = case["config"]["measure_between"]
    more = step({"name": "more", "match": [{"event": between["event"]}]})
    found = dict.fromkeys(reached(asked, site, case), 0)
    for number in range(1, len(case["events"])):
        steps = list(asked["steps"])
        steps[between["to_step"] : between["to_step"]] = [more] * number
        for user in reached({**asked, "steps": steps}, site, case):
            found[user] = number
    return found


def _groups(
    groups: Sequence[Mapping[str, Any]],
    wanted: Sequence[Mapping[str, Any]],
    asked: Mapping[str, Any],
    site: Context,
    case: Case,
) -> list[dict[str, Any]]:
    """Every group of ours, with the figures that the case gives of it; by value."""
    there = {tuple(group["value"]): group for group in wanted}
    made = []
    for group in sorted(groups, key=_value):
        expected = there.get(tuple(_value(group)), {})
        found = {"value": _value(group), "steps": steps_as_there(group["steps"], expected.get("steps", ()))}
        if "users_at_step" in expected:
            at = expected["users_at_step"]
            found["users_at_step"] = users_at(at, asked, site, case, group=group["value"])
        made.append(found)
    return made


def _value(group: Mapping[str, Any]) -> list[str]:
    """A group's value as there: texts, empty ones where a property is missing."""
    return ["" if each is None else str(each) for each in group["value"]]


def _in_order(expect: Mapping[str, Any]) -> dict[str, Any]:
    """What the case expects, with groups, values and users, whose order says nothing, in ours."""
    made = {key: value for key, value in expect.items() if key != "breakdown_values_ordered"}
    for key, by in (("groups", lambda group: group["value"]), ("breakdown_values", None)):
        if key in made:
            made[key] = sorted(made[key], key=by)
    for part in (made, *made.get("groups", ())):
        if "users_at_step" in part:
            part["users_at_step"] = {step: sorted(users) for step, users in part["users_at_step"].items()}
    return made
