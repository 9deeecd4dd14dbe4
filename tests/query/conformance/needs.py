"""Which options of ours a case needs, and which of them exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from query.conformance.cases import Case

EXISTING = {
    *("funnel", "paths", "retention", "trends", "lifecycle", "stickiness"),
    *("weekly_active", "monthly_active", "active users", "avg", "p90", "p95", "cumulative"),
    "breakdown of trends",
    *("exclude", "hold", "optional", "grace", "first_ever", "totals", "order strict", "order unordered"),
    *("funnel persons", "breakdown", "funnel_trends", "funnel_time_to_convert", "histogram"),
    *("rolling", "brackets", "minimum", "measure of retention", "breakdown of retention"),
}
PLAIN_MATH = ("total",)


def missing(case: Case) -> set[str]:
    """What a case needs and Backsight doesn't have yet."""
    return needs(case) - EXISTING


def needs(case: Case) -> set[str]:
    """The options that a case needs."""
    found = {KINDS.get(case["kind"], case["kind"])}
    config = case["config"]
    found |= {option for key, option in BY_CONFIG.items() if config.get(key)}
    found |= {option for key, option in BY_EXPECT.items() if key in case["expect"]}
    return found | set(_by_value(config))


KINDS = {"retention_interval": "retention"}
BREAKDOWNS = {"series": "breakdown of trends", "return_event": "breakdown of retention", "steps": "breakdown"}
BY_CONFIG = {
    "exclusions": "exclude",
    "hold_constant": "hold",
    "grace_seconds": "grace",
    "brackets": "brackets",
    "min_occurrences": "minimum",
    "measure": "measure of retention",
    "bin_count": "histogram",
    "aggregate_by": "active users",
}
BY_EXPECT = {"users_at_step": "funnel persons", "converted_users": "funnel persons"}


def _by_value(config: dict[str, Any]) -> Iterator[str]:
    if config.get("breakdown") and config.get("entry") == "first":
        yield "totals"
    if config.get("breakdown"):
        yield BREAKDOWNS[next(key for key in BREAKDOWNS if key in config)]
    if config.get("order", "ordered") != "ordered":
        yield f"order {config['order']}"
    if config.get("window_mode") == "24h":
        yield "rolling"
    for each in config.get("steps", ()):
        if each.get("optional"):
            yield "optional"
        if each.get("occurrence"):
            yield "first_ever"
    yield from _of_trends(config)


def _of_trends(config: dict[str, Any]) -> Iterator[str]:
    for each in config.get("series", ()):
        if each["math"] not in PLAIN_MATH:
            yield each["math"]
    if "Cumulative" in config.get("display", ""):
        yield "cumulative"
