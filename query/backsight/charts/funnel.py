"""The chart of a funnel: its steps, and whatever else of it was asked for."""

from __future__ import annotations

from typing import Final

from backsight.charts.parts import (
    ACCENT,
    FAINT,
    INK,
    QUANTITY,
    SCHEMA,
    START,
    WHOLE,
    Row,
    Spec,
    chart,
    layer,
    percent,
    plain,
)
from backsight.charts.trend import group_text

LABEL: Final = 112
"""Pixels for the label of a step."""

_STEP = {"field": "step", "type": "nominal", "sort": None, "title": None}
_STEPS = {**_STEP, "axis": {"labelAngle": 0, "labelLimit": LABEL}, "scale": {"paddingInner": 0.25}}
_GROUP = {"field": "group", "type": "nominal", "sort": None, "title": None}
_SHARE = {"axis": {"format": "%"}, "scale": {"zero": True}, **QUANTITY}


UNITS: Final = {"persons": "persons", "sessions": "sessions", "totals": "attempts"}
"""What a funnel counts, by its answer's `count`."""


def unit_of(answer: Row) -> str:
    """What a funnel counts, in a word."""
    return UNITS[answer.get("count", "persons")]


def step_labels(answer: Row, steps: list[Row]) -> list[str]:
    """What each figure is of: a step, or, where steps come in any order, how many of them."""
    if answer.get("order") != "any":
        return [step["label"] + (" (optional)" if step.get("optional") else "") for step in steps]
    return [f"{number} step{'s' if number > 1 else ''} done" for number in range(1, len(steps) + 1)]


def funnel(answer: Row) -> Spec:
    """A bar a step, one a group; under it the share that converted by period, how long it took, and how that
    share grows, as far as they were asked for.
    """
    drawn = [_grouped(answer) if "groups" in answer else _steps(answer)]
    if "trend" in answer:
        drawn.append(_over_time(answer))
    if answer.get("histogram", {}).get("bins"):
        drawn.append(_taken(answer["histogram"], unit_of(answer)))
    if answer.get("curve"):
        drawn.append(_growing(answer["curve"]))
    if len(drawn) == 1:
        return drawn[0]
    parts = [{key: value for key, value in each.items() if key != "$schema"} for each in drawn]
    return {"$schema": SCHEMA, "vconcat": parts, "resolve": {"scale": {"color": "independent"}}}


def _steps(answer: Row) -> Spec:
    """Persons who reached each step and, faint above them, those who fell off since the step before."""
    tooltip = [
        {"field": name}
        for name in ("step", "persons", "of first", "of previous", "dropped", "median seconds")
    ]
    tooltip += [{"field": "excluded"}] if _excludes(answer) else []
    persons = {"field": "persons", "title": unit_of(answer), **WHOLE}
    return chart(
        _bars(answer, answer["steps"]),
        width={"step": 120},
        height=260,
        encoding={"x": _STEPS},
        layer=[
            layer("bar", {"color": FAINT}, y=persons, y2={"field": "before"}, tooltip=tooltip),
            layer("bar", {"color": ACCENT}, y=persons, tooltip=tooltip),
            layer("text", {"dy": -8, "fontWeight": "bold", "color": INK}, y=persons, text={"field": "shown"}),
        ],
    )


def _grouped(answer: Row) -> Spec:
    """The share of each group that reached each step."""
    tooltip = [
        {"field": name} for name in ("group", "step", "persons", "of first", "of previous", "median seconds")
    ]
    return chart(
        [{**bar, "group": _name(each)} for each in answer["groups"] for bar in _bars(answer, each["steps"])],
        width={"step": max(16, LABEL // len(answer["groups"] or [1]))},
        height=260,
        mark={"type": "bar"},
        encoding={
            "x": _STEPS,
            "xOffset": _GROUP,
            "y": {"field": "share", "title": "of first", **_SHARE},
            "color": _GROUP,
            "tooltip": tooltip,
        },
    )


def _over_time(answer: Row) -> Spec:
    """The share that converted, by the period of the first step; periods that are not over are hollow."""
    groups = [(_name(each), each) for each in answer["groups"]] if "groups" in answer else [("all", answer)]
    rows = [
        {
            "start": period["start"],
            "group": name,
            "persons": period["steps"][0]["count"],
            "converted": period["steps"][-1]["count"],
            "share": period["steps"][-1]["from_start"],
            "complete": period["complete"],
        }
        for name, each in groups
        for period in each["trend"]
    ]
    share = {"field": "share", "title": "converted", **_SHARE}
    color = {"color": _GROUP} if "groups" in answer else {}
    tooltip = [{"field": name} for name in ("group", "start", "persons", "converted", "complete")]
    point = {"size": 50, "opacity": 1} | ({} if color else {"color": ACCENT})
    return chart(
        rows,
        width=640,
        height=180,
        encoding={"x": START, "y": share, **color},
        layer=[
            layer("line", {} if color else {"color": ACCENT}),
            layer("point", {**point, "filled": True}, "datum.complete", tooltip=tooltip),
            layer("point", {**point, "filled": False}, "!datum.complete", tooltip=tooltip),
        ],
    )  # fmt: skip


def _taken(histogram: Row, counted: str) -> Spec:
    """How many took how long."""
    size, unit = _unit(histogram["bins"][-1]["to"])
    rows = [
        {"from": each["from"] / size, "to": each["to"] / size, "persons": each["count"]}
        for each in histogram["bins"]
    ]
    title = f"{unit} from step {histogram['from']} to step {histogram['to']}"
    bins = {"field": "from", "bin": "binned", "title": title, **QUANTITY}
    return chart(
        rows,
        width=640,
        height=180,
        mark={"type": "bar", "color": ACCENT},
        encoding={
            "x": bins,
            "x2": {"field": "to"},
            "y": {"field": "persons", "title": counted, **WHOLE},
            "tooltip": [{"field": name} for name in ("from", "to", "persons")],
        },
    )


def _growing(curve: list[Row]) -> Spec:
    """How the share of those who converted grows with time."""
    size, unit = _unit(curve[-1]["seconds"])
    rows = [{"time": 0, "converted": 0}, *(
        {"time": each["seconds"] / size, "converted": each["converted"], "at risk": each["at_risk"]}
        for each in curve
    )]  # fmt: skip
    return chart(
        rows,
        width=640,
        height=180,
        mark={"type": "line", "interpolate": "step-after", "color": ACCENT},
        encoding={
            "x": {"field": "time", "title": f"{unit} since the first step", **QUANTITY},
            "y": {"field": "converted", **_SHARE},
            "tooltip": [{"field": name} for name in ("time", "converted", "at risk")],
        },
    )


def _unit(seconds: float) -> tuple[int, str]:
    """The largest unit of which a time has two or more."""
    units = ((86_400, "days"), (3_600, "hours"), (60, "minutes"))
    return next(((size, unit) for size, unit in units if seconds >= 2 * size), (1, "seconds"))


def _name(group: Row) -> str:
    return plain(group_text({"group": group["value"]}) or "")


def _before(steps: list[Row]) -> list[Row]:
    """Of each step the one that everybody did who did it: the one before that is not optional."""
    found = steps[:1]
    for step in steps[:-1]:
        found.append(found[-1] if step.get("optional") else step)
    return found


def _excludes(answer: Row) -> bool:
    return any("excluded" in step for step in answer["steps"])


def _bars(answer: Row, steps: list[Row]) -> list[Row]:
    before = [step["count"] for step in _before(steps)]
    labels = step_labels(answer, steps)
    return [
        {
            "step": plain(("" if answer.get("order") == "any" else f"{number}. ") + labels[number - 1]),
            "persons": step["count"],
            "before": previous,
            "dropped": previous - step["count"],
            "share": step["from_start"],
            "of first": percent(step["from_start"]),
            "of previous": percent(step["from_previous"]),
            "median seconds": step["seconds"]["median"],
            **({"excluded": step["excluded"]} if "excluded" in step else {}),
            "shown": f"{step['count']:,}" + (f" · {percent(step['from_start'])}" if number > 1 else ""),
        }
        for number, (step, previous) in enumerate(zip(steps, before, strict=True), 1)
    ]
