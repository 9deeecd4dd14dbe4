"""A case's funnel, asked of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from query.conformance.cases import Case, step, wheres

FIGURES = {
    "name": lambda step: step["label"],
    "count": lambda step: step["count"],
    "average_conversion_time": lambda step: step["seconds"]["mean"],
    "median_conversion_time": lambda step: step["seconds"]["median"],
}


def request_of(case: Case) -> dict[str, Any]:
    """The funnel's request; every event that counts lies within the case's dates."""
    config = case["config"]
    return {
        "steps": [step(each) for each in config["steps"]],
        "window": f"{config['window']['value']}{config['window']['unit'][0]}",
        "entry": config.get("entry", "any"),
        "from": config["date_from"],
        "to": config["date_to"],
        "range": "all",
        **wheres(config),
    }


def steps_as_there(made: Sequence[Any], wanted: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of each step, the figures that the case gives."""
    pairs = zip(made, wanted, strict=True)
    return [{key: FIGURES[key](each) for key in figures} for each, figures in pairs]
