"""Other tools' worked trends."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from backsight.reports import trend
from query.conformance.agreement import of_kind, settle
from query.conformance.cases import Case, context, step, wheres
from query.conftest import ContextOf


@pytest.mark.parametrize(("case", "name"), of_kind("trends"))
def test_trend(context_of: ContextOf, case: Case, name: str) -> None:
    """A trend has every value, total, label and date of the case."""
    answer = trend.run(_request_of(case), context(context_of, case))
    points = [point | {"value": _observed(point, answer, case)} for point in case["expect"]["points"]]
    settle({"points": points}, case, name)


def _request_of(case: Case) -> dict[str, Any]:
    config = case["config"]
    return {
        "series": [step(series) for series in config["series"]],
        "interval": config["interval"],
        "week_start": "sunday",
        "timezone": config.get("timezone", "UTC"),
        "from": config["date_from"],
        "to": config["date_to"],
        **wheres(config),
    }


def _observed(point: dict[str, Any], answer: dict[str, Any], case: Case) -> object:
    series = answer["series"][point["series"]]
    figures = {
        "data": series["values"],
        "count": series["total"],
        "aggregated_value": series["total"],
        "label": series["label"],
        "days": answer["labels"],
        "labels": [_as_there(label, case["config"]["interval"]) for label in answer["labels"]],
    }
    found = figures[point["field"]]
    return found[point["index"]] if "index" in point else found


def _as_there(label: str, interval: str) -> str:
    when = datetime.fromisoformat(label)
    return f"{when.day}-{when:%b-%Y}" + (f" {when:%H:%M}" if interval == "hour" else "")
