"""The charts of a funnel that are about time: by period, how long it took, how conversion grows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from backsight.charts.lines import MOST_COLOURS, lines
from backsight.charts.parts import (
    HOVER,
    QUANTITY,
    SHARE,
    WHOLE,
    Row,
    Spec,
    bars,
    chart,
    headed,
    layer,
    reaching,
    tips,
    when,
)
from backsight.charts.words import count, percent, span

HEIGHT: Final = 180
TIMES: Final = {
    1: "1 s",
    10: "10 s",
    60: "1 min",
    600: "10 min",
    3_600: "1 h",
    21_600: "6 h",
    **{days * 86_400: f"{days} d" for days in (1, 7, 30, 90, 365)},
}
"""Seconds at which a logarithmic axis has a mark, and what stands there."""
UNITS: Final = ((86_400, "days"), (3_600, "hours"), (60, "minutes"))


def over_time(answer: Row, parts: Sequence[tuple[str, Row]], counted: str) -> Spec:
    """The share that converted, by the period of the first step; periods that may yet change are hollow."""
    rows = [
        {
            **when(period["start"]),
            "series": name,
            "value": share,
            "persons": first,
            "converted": last,
            "shown": percent(share),
            "complete": period["complete"],
            "state": "" if period["complete"] else "some are still within the window",
        }
        for name, each in parts
        for period in each["trend"]
        for first, last in [(period["steps"][0]["count"], period["steps"][-1]["count"])]
        for share in [period["steps"][-1]["from_start"]]
    ]
    told = [("when", "from"), ("persons", f"{counted} who began#"), ("converted", "converted#"),
            ("shown", "share"), ("state", "not over")]  # fmt: skip
    grouped = bool(answer.get("groups"))
    tooltip = tips(*([("series", "group")] if grouped else []), *told)
    names = [name for name, _ in parts][:MOST_COLOURS]
    axis = {"title": "converted", **SHARE, **reaching([row["value"] for row in rows])}
    pending = not all(row["complete"] for row in rows)
    title = headed(
        "Converted, by period",
        f"grey: {len(parts) - len(names)} smaller groups" if len(parts) > len(names) else "",
        "dashed, hollow: windows still open" if pending else "",
    )
    return lines(
        rows,
        names,
        axis,
        tooltip,
        title,
        height=HEIGHT,
        description=f"Share of {counted} that converted in each of {len(answer['trend'])} periods.",
    )


def taken(histogram: Row, counted: str) -> Spec:
    """How many took how long; a line where half of them were through, and one for nine in ten."""
    bins = histogram["bins"]
    size, unit = _unit(bins[-1]["to"])
    total = sum(each["count"] for each in bins)
    rows = [
        {
            "from": each["from"] / size,
            "to": each["to"] / size,
            "persons": each["count"],
            "took": f"{span(each['from'])} to {span(each['to'])}",
            "share": percent(each["count"] / total if total else None),
        }
        for each in bins
    ]
    middle, most = (histogram["seconds"][name] for name in ("median", "p90"))
    tooltip = tips(("took", "took"), ("persons", f"{counted}#"), ("share", "share"))
    x = {"field": "from", "bin": "binned", "title": unit, "axis": {"grid": False}, **QUANTITY}
    y = {
        "field": "persons",
        "title": counted,
        **WHOLE,
        **reaching([row["persons"] for row in rows], margin=0.12),
    }
    ends = f"step {histogram['from']} to step {histogram['to']}"
    return chart(
        rows,
        headed(f"Time from {ends}", f"median {span(middle)} (dotted), 9 in 10 within {span(most)}"),
        f"How long {count(total)} {counted} took from {ends}: median {span(middle)}.",
        height=HEIGHT,
        layer=[
            bars(x=x, x2={"field": "to"}, y=y, tooltip=tooltip),
            layer("rule", {"strokeDash": [2, 3]}, x={"datum": middle / size}),
        ],
    )


def growing(curve: list[Row], counted: str) -> Spec:
    """How the share of those who converted grows with time.

    The axis is logarithmic: half convert in minutes, as a rule, and the last in weeks.
    """
    first = min((each["seconds"] for each in curve if each["seconds"]), default=1)
    rows = [_point(first, 0, None), *(
        _point(max(each["seconds"], first), each["converted"], each["at_risk"]) for each in curve
    )]  # fmt: skip
    last = rows[-1]
    tooltip = tips(("after", "within"), ("shown", "converted"), ("watched", f"{counted} watched so long"))
    ends = {"domain": [first, max(last["time"], 2 * first)], "type": "log", "nice": False}
    axis = {
        "grid": False,
        "values": list(TIMES),
        "labelExpr": f"{TIMES}[datum.value]",
        "labelOverlap": "greedy",
    }
    x = {"field": "time", "title": "since the first step", "scale": ends, "axis": axis, **QUANTITY}
    y = {"field": "converted", "title": "converted", **SHARE, **reaching([row["converted"] for row in rows])}
    hit = layer("point", {"opacity": 0, "size": 150}, x=x, y=y, tooltip=tooltip)
    return chart(
        rows,
        headed("Converted, with time", "each counts for as long as they could be watched"),
        f"Share that converted, by the time since the first step: {last['shown']} within {last['after']}.",
        height=HEIGHT,
        layer=[
            layer("line", {"interpolate": "step-after"}, x=x, y=y),
            {**hit, "params": [{**HOVER, "name": "nearest"}]},
        ],
    )


def _point(time: float, converted: float, watched: int | None) -> Row:
    return {
        "time": time,
        "converted": converted,
        "shown": percent(converted),
        "watched": count(watched),
        "after": span(time),
    }


def _unit(seconds: float) -> tuple[int, str]:
    """The largest unit of which a time has two or more."""
    return next(((size, unit) for size, unit in UNITS if seconds >= 2 * size), (1, "seconds"))
