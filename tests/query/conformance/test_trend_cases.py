"""Other tools' worked trends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from backsight.reports import trend
from query.conformance.agreement import of_kind, settle
from query.conformance.cases import Case, context, property_of, step, wheres
from query.conftest import ContextOf

MEASURES = {
    "total": {"measure": "events"},
    "weekly_active": {"measure": "active_persons", "over": "7d"},
    "monthly_active": {"measure": "active_persons", "over": "30d"},
}
NONE = "none"
"""A missing value, as it is labelled there."""
QUANTILE_TOLERANCE = 0.5
"""The upstream test's own: ClickHouse's quantiles are not exact."""


@pytest.mark.parametrize(("case", "name"), of_kind("trends"))
def test_trend(context_of: ContextOf, case: Case, name: str) -> None:
    """A trend has every value, total, label and date of the case."""
    answer = trend.run(_request_of(case), context(context_of, case))
    series = _in_their_order(answer["series"], case)
    points = [
        point | {"value": _observed(point, series[point["series"]], answer["labels"], case)}
        for point in case["expect"]["points"]
    ]
    made = {"points": points} | ({"n_series": len(series)} if "n_series" in case["expect"] else {})
    settle(made, _tolerant(case), name)


def _request_of(case: Case) -> dict[str, Any]:
    config = case["config"]
    request = {
        "series": [step(series) | _measure(series) for series in config["series"]],
        "interval": config["interval"],
        "week_start": "sunday",
        "timezone": config.get("timezone", "UTC"),
        "from": config["date_from"],
        "to": config["date_to"],
        "cumulative": "Cumulative" in config["display"],
        **wheres(config),
    }
    if "breakdown" in config:
        by = config["breakdown"]
        request["breakdown"] = {"by": [property_of(key, by["on"]) for key in by["keys"]]}
    return request


def _measure(series: Mapping[str, Any]) -> dict[str, str]:
    if "math_property" in series:
        return {"measure": series["math"], "property": property_of(series["math_property"], "event")}
    return MEASURES[series["math"]]


def _in_their_order(series: list[dict[str, Any]], case: Case) -> list[dict[str, Any]]:
    """There, groups come in the order of their values, the missing one first of its series by its label, and
    a series has no groups in which nothing happened.
    """
    if "breakdown" not in case["config"]:
        return series
    order = [each["name"] for each in case["config"]["series"]]
    filled = [each for each in series if each["total"]]
    return sorted(filled, key=lambda each: (order.index(each["label"]), _value(each)))


def _value(series: Mapping[str, Any]) -> str:
    (value,) = series["group"]
    return NONE if value is None else str(value)


def _observed(point: Mapping[str, Any], series: Mapping[str, Any], labels: list[str], case: Case) -> object:
    grouped = "breakdown" in case["config"]
    figures = {
        "data": series["values"],
        "count": series["total"],
        "aggregated_value": series["total"],
        "label": f"{series['label']} - {_value(series)}" if grouped else series["label"],
        "breakdown_value": _value(series) if grouped else None,
        "days": labels,
        "labels": [_as_there(label, case["config"]["interval"]) for label in labels],
    }
    found = figures[point["field"]]
    return found[point["index"]] if "index" in point else found


def _tolerant(case: Case) -> Case:
    if case["config"]["series"][0]["math"] not in ("p90", "p95"):
        return case
    points = [
        point | {"value": pytest.approx(point["value"], abs=QUANTILE_TOLERANCE)}
        for point in case["expect"]["points"]
    ]
    return {**case, "expect": {**case["expect"], "points": points}}


def _as_there(label: str, interval: str) -> str:
    when = datetime.fromisoformat(label)
    return f"{when.day}-{when:%b-%Y}" + (f" {when:%H:%M}" if interval == "hour" else "")
