"""Worked cases from other tools' own tests and documentation: facts with their sources, in `cases/`.

Each runs with the options that say what its tool meant. Here stand those that need no option yet to come.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backsight.contract import id64
from backsight.reports import funnel, retention, trend
from backsight.reports.context import Context
from query.conftest import ContextOf
from query.oracles import period_of
from query.rows import event, statement

CASES = {
    path.stem: json.loads(path.read_text())
    for path in sorted((Path(__file__).parent / "cases").glob("*.json"))
}
OPERATORS = {"exact": "is", "icontains": "contains", "not_icontains": "not_contains", "regex": "matches"}
UTC_ZONE = ZoneInfo("UTC")


def of_kind(kind: str) -> list[Any]:
    """The cases of one kind, by name."""
    return [pytest.param(case, id=name) for name, case in CASES.items() if case["kind"] == kind]


# ── From a case to our rows and rules ───────────────────────────────────────────────────────────────────────


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def context(context_of: ContextOf, case: Mapping[str, Any], now: datetime | None = None) -> Context:
    """The case's events, each from the device of its raw id, and each device identified as its user."""
    events, said = [], []
    tags = sorted({part["tag_name"] for row in case["events"] for part in row.get("elements", ())[:1]})
    for row in case["events"]:
        device = id64("device", row.get("distinct_id", row["user"]))
        user = id64("user", row["user"])
        columns: dict[str, Any] = {"device": device, "props": json.dumps(row["props"])}
        for target in row.get("elements", ())[:1]:
            columns |= {"type": "click", "name": None, "node_id": tags.index(target["tag_name"])}
            columns |= {key: target.get(key) for key in ("text", "href")}
        events.append(event(row["event"], moment(row["ts"]), **columns))
        traits = json.dumps(case.get("users", {}).get(row["user"], {}).get("props", {}))
        said.append(statement("identify", moment(row["ts"]), device=device, user=user, traits=traits))
    seen = datetime(2000, 1, 1, tzinfo=UTC)
    place = {"depth": 0, "child_index": 1, "child_last": 1, "type_index": 1, "type_last": 1, "flags": 0}
    shared = {"site": "shop", "first_seen": seen}
    nodes = [{"node_id": number, "element_id": number, **place, **shared} for number in range(len(tags))]
    elements = [
        {
            "site": "shop",
            "element_id": number,
            "tag": tag,
            "namespace": "html",
            "attributes": [],
            "first_seen": seen,
        }
        for number, tag in enumerate(tags)
    ]
    return context_of(
        events, said, nodes=nodes, elements=elements, now=now or datetime(2026, 11, 1, tzinfo=UTC)
    )


def step(condition: Mapping[str, Any]) -> dict[str, Any]:
    return {"any": [rule(each) for each in condition["match"]]}


def rule(condition: Mapping[str, Any]) -> dict[str, Any]:
    where = [predicate(each) for each in condition.get("where", ())]
    if "element" in condition:
        element = condition["element"]
        tests = {key: {"op": "is", "value": element[key]} for key in ("text", "href") if key in element}
        return {"on": "click", "css": element.get("tag_name", "*"), **tests}
    if condition["event"] is None:
        return {"on": "any", "where": where}
    return {"on": "track", "name": condition["event"], "where": where}


def predicate(condition: Mapping[str, Any]) -> dict[str, Any]:
    prefix = "person." if condition["on"] == "person" else "props."
    made = {"property": prefix + condition["key"], "op": OPERATORS.get(condition["op"], condition["op"])}
    return made if condition["op"] in ("is_set", "is_not_set") else made | {"value": condition["value"]}


# ── Funnels ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("case", of_kind("funnel"))
def test_funnel(context_of: ContextOf, case: dict[str, Any]) -> None:
    """A funnel counts what the case's own tool counts."""
    config = case["config"]
    answer = funnel.run(
        {
            "steps": [step(each) for each in config["steps"]],
            "window": f"{config['window']['value']}{config['window']['unit'][0]}",
            "entry": config.get("entry", "any"),
            "from": config["date_from"],
            "to": config["date_to"],
            "range": "all",
        },
        context(context_of, case),
    )["steps"]
    expect = case["expect"]
    for made, wanted in zip(answer, expect.get("steps", ()), strict=False):
        assert made["count"] == wanted["count"]
    if "last_step_count" in expect:
        assert answer[-1]["count"] == expect["last_step_count"]
    for at, users in expect.get("users_at_step", {}).items():
        assert answer[int(at) - 1]["count"] == len(users)
    assert {"steps", "last_step_count"} & set(expect)


# ── Retention ───────────────────────────────────────────────────────────────────────────────────────────────

LENGTHS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=31),
}
COHORTS = {"first_time": "first_ever", "first_ever": "first_ever", "recurring": "recurring"}


def span(config: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """The first moment of the first row, and the last of the last row."""
    kind, week = config["period"], config.get("week_start", "monday")

    def start(time: datetime) -> datetime:
        return moment(period_of(time, kind, UTC_ZONE, week)).replace(tzinfo=UTC)

    last = start(moment(config["date_to"]))
    end = start(last + LENGTHS[kind]) if kind != "month" else start(last.replace(day=1) + timedelta(days=31))
    if config.get("date_from"):
        return start(moment(config["date_from"])), end - timedelta(microseconds=1)
    first = last
    for _ in range(config["intervals"] - 1):
        first = start(first - timedelta(microseconds=1))
    return first, end - timedelta(microseconds=1)


@pytest.mark.parametrize("case", of_kind("retention"))
def test_retention(context_of: ContextOf, case: dict[str, Any]) -> None:
    """A retention table has the case's figures: its first column is our size, the others our returns."""
    config, expect = case["config"], case["expect"]
    first, last = span(config)
    rows = retention.run(
        {
            "start": step(config["start_event"]),
            "return": step(config["return_event"]),
            "period": config["period"],
            "periods": config["intervals"],
            "cohort": COHORTS[config["type"]],
            "returned": config.get("mode", "on"),
            "week_start": config.get("week_start", "monday"),
            "from": first.isoformat(),
            "to": last.isoformat(),
            "range": "all",
        },
        context(context_of, case),
    )["rows"]
    made = [[row["size"], *row["returned"][1:]] for row in rows]
    for row, wanted in zip(made, expect.get("counts", ()), strict=False):
        assert row[: len(wanted)] == wanted
    if "counts" in expect:
        assert len(made) == len(expect["counts"])
    if "row_map" in expect:
        wanted_rows = {row["start"]: expect["row_map"].get(row["start"], [0] * len(counts))
                       for row, counts in zip(rows, made, strict=True)}  # fmt: skip
        assert {row["start"]: counts for row, counts in zip(rows, made, strict=True)} == wanted_rows
    for cell in expect.get("cells", ()):
        assert made[int(cell["row"].split()[1])][cell["interval"]] == cell["count"]
    for row in expect.get("users", ()):
        counts = [len(users) for users in row["by_interval"]]
        assert made[int(row["row"].split()[1])][: len(counts)] == counts
    assert {"counts", "row_map", "cells", "users"} & set(expect)


@pytest.mark.parametrize("case", of_kind("retention_interval"))
def test_retention_interval(context_of: ContextOf, case: dict[str, Any]) -> None:
    """The one return of the case lies in the period that its documentation names."""
    config = case["config"]
    rows = retention.run(
        {
            "start": step(config["start_event"]),
            "return": step(config["return_event"]),
            "period": config["period"],
            "week_start": config["week_start"],
            "from": case["events"][0]["ts"],
            "to": case["events"][0]["ts"],
        },
        context(context_of, case),
    )["rows"]
    assert [at for at, count in enumerate(rows[0]["returned"]) if count] == [case["expect"]["interval"]]


# ── Trends ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("case", of_kind("trends"))
def test_trend(context_of: ContextOf, case: dict[str, Any]) -> None:
    """A trend has the case's values, totals and dates."""
    config = case["config"]
    assert {series["math"] for series in config["series"]} == {"total"}
    request = {
        "series": [step(series) for series in config["series"]],
        "interval": config["interval"],
        "week_start": "sunday",
        "from": config["date_from"],
        "to": config["date_to"],
    }
    answer = trend.run(request, context(context_of, case))
    for point in case["expect"]["points"]:
        series = answer["series"][point["series"]]
        figures = {
            "data": series["values"],
            "count": series["total"],
            "aggregated_value": series["total"],
            "days": answer["labels"],
            "labels": [_as_there(label, config["interval"]) for label in answer["labels"]],
        }
        found = figures[point["field"]]
        assert (found[point["index"]] if "index" in point else found) == point["value"]


def _as_there(label: str, interval: str) -> str:
    when = datetime.fromisoformat(label)
    return f"{when.day}-{when:%b-%Y}" + (f" {when:%H:%M}" if interval == "hour" else "")
