"""A case's retention, asked of ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from query.conformance.cases import Case, moment, property_of, step, wheres
from query.oracles import period_of

COHORTS = {"first_time": "first_ever", "first_ever": "first_ever", "recurring": "recurring"}
MODES = {"calendar": "calendar", "24h": "rolling"}
LENGTHS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


def request_of(case: Case) -> dict[str, Any]:
    """The report's request; every event that counts lies in a row of the table."""
    config = case["config"]
    first, last = span(config) if "timezone" not in config else (config["date_from"], config["date_to"])
    return {
        "start": step(config["start_event"]),
        "return": step(config["return_event"]),
        "period": config["period"],
        "cohort": COHORTS[config["type"]],
        "returned": config.get("mode", "on"),
        "week_start": config.get("week_start", "monday"),
        "from": first,
        "to": last,
        "range": "all",
        **columns_of(config),
        **wheres(config),
    }


def columns_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """What the columns are, what counts in them, and of whom."""
    asked: dict[str, Any] = {
        "mode": MODES[config.get("window_mode", "calendar")],
        "timezone": config.get("timezone", "UTC"),
        "minimum": config.get("min_occurrences", 1),
    }
    if "brackets" in config:
        asked["brackets"] = config["brackets"]
    elif "intervals" in config:
        asked["periods"] = config["intervals"]
    if "breakdown" in config:
        by = config["breakdown"]
        asked["breakdown"] = {"by": [property_of(key, by["on"]) for key in by["keys"]]}
    if "measure" in config:
        measure = config["measure"]
        asked["measure"] = {"measure": measure["fn"], "property": property_of(measure["property"], "event")}
    return asked


def span(config: Mapping[str, Any]) -> tuple[str, str]:
    """The first moment of the first row, and the last of the last row, in UTC."""
    kind, week = config["period"], config.get("week_start", "monday")

    def start(time: datetime) -> datetime:
        return moment(period_of(time, kind, ZoneInfo("UTC"), week)).replace(tzinfo=UTC)

    last = start(moment(config["date_to"]))
    after = last.replace(day=1) + timedelta(days=31) if kind == "month" else last + LENGTHS[kind]
    end = start(after) - timedelta(microseconds=1)
    if config.get("date_from"):
        return start(moment(config["date_from"])).isoformat(), end.isoformat()
    first = last
    for _ in range(config["intervals"] - 1):
        first = start(first - timedelta(microseconds=1))
    return first.isoformat(), end.isoformat()
