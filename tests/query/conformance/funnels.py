"""A case's funnel, asked of ours, and our answer in the case's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backsight.reports.funnel import people
from backsight.scan.context import Context
from query.conformance.cases import Case, property_of, step, user_of, wheres

ORDERS = {"ordered": "ordered", "strict": "strict", "unordered": "any"}
ATTRIBUTIONS = {"first_touch": "first", "last_touch": "last", "all_events": "all", "step": "step"}
FIGURES: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
    "name": lambda step: step["label"],
    "count": lambda step: step["count"],
    "average_conversion_time": lambda step: step["seconds"]["mean"],
    "median_conversion_time": lambda step: step["seconds"]["median"],
}


def request_of(case: Case) -> dict[str, Any]:
    """The funnel's request; every event that counts lies within the case's dates."""
    config = case["config"]
    return {
        "steps": [_step(each) for each in config["steps"]],
        "window": f"{config['window']['value']}{config['window']['unit'][0]}",
        "order": ORDERS[config.get("order", "ordered")],
        "entry": config.get("entry", "any"),
        "from": config["date_from"],
        "to": config["date_to"],
        "range": "all",
        **_options(config),
        **wheres(config),
    }


def steps_as_there(made: Sequence[Any], wanted: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of each step, the figures that the case gives."""
    pairs = zip(made, wanted, strict=True)
    return [{key: FIGURES[key](each) for key in figures} for each, figures in pairs]


def users_at(
    wanted: Mapping[str, Any], asked: Mapping[str, Any], site: Context, case: Case, **of: Any
) -> dict[str, list[str]]:
    """Who reached each of the steps."""
    return {number: reached(asked, site, case, step=int(number), **of) for number in wanted}


def reached(asked: Mapping[str, Any], site: Context, case: Case, **listing: Any) -> list[str]:
    """The users of a list of persons, by name."""
    persons = people.run({**asked, **listing}, site)["persons"]
    return sorted(user_of(int(person["person"]), case) for person in persons)


def _step(condition: Mapping[str, Any]) -> dict[str, Any]:
    asked = step(condition)
    if condition.get("optional"):
        asked["optional"] = True
    if condition.get("occurrence") == "first_matching":
        asked["first_ever"] = True
    return asked


def _options(config: Mapping[str, Any]) -> dict[str, Any]:
    """The options that only some cases need."""
    asked: dict[str, Any] = {}
    if "exclusions" in config:
        asked["exclude"] = [
            {"event": step(each), "after": each["from_step"] + 1, "before": each["to_step"] + 1}
            for each in config["exclusions"]
        ]
    if "hold_constant" in config:
        asked["hold"] = [property_of(key, "event") for key in config["hold_constant"]]
    if "breakdown" in config:
        asked |= _breakdown(config["breakdown"], config)
    return asked


def _breakdown(by: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "by": [property_of(key, by["on"]) for key in by["keys"]],
        "attribution": ATTRIBUTIONS[by["attribution"]],
    }
    if "attribution_step" in by:
        asked["step"] = by["attribution_step"] + 1
    # Mixpanel lets a person enter again, in another group, as soon as the attempt before has ended.
    again = config.get("entry") == "first"
    return {"breakdown": asked} | ({"count": "totals"} if again else {})
