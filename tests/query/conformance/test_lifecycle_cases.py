"""Worked lifecycles, and how often persons come, in other tools and by hand."""

from __future__ import annotations

from typing import Any

import pytest

from backsight.reports import lifecycle, stickiness
from query.conformance.agreement import of_kind, settle
from query.conformance.cases import Case, context, step, wheres
from query.conftest import ContextOf


@pytest.mark.parametrize(("case", "name"), of_kind("lifecycle"))
def test_lifecycle(context_of: ContextOf, case: Case, name: str) -> None:
    """A lifecycle has the persons of every state and period of the case, where the dormant are negative."""
    answer = lifecycle.run(_request_of(case), context(context_of, case))
    series = {each["label"]: each["values"] for each in answer["series"]}
    series["dormant"] = [-value for value in series["dormant"]]
    settle({"series": series}, case, name)


@pytest.mark.parametrize(("case", "name"), of_kind("stickiness"))
def test_stickiness(context_of: ContextOf, case: Case, name: str) -> None:
    """As many persons come in one period, in two, … as in the case."""
    answer = stickiness.run(_request_of(case), context(context_of, case))
    settle({"persons": [row["persons"] for row in answer["rows"]]}, case, name)


def _request_of(case: Case) -> dict[str, Any]:
    config = case["config"]
    return {
        "event": step(config["event"]),
        "interval": config["interval"],
        "week_start": "sunday",
        "timezone": config.get("timezone", "UTC"),
        "from": config["date_from"],
        "to": config["date_to"],
        **wheres(config),
    }
