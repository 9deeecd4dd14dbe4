"""The charts of a lifecycle and of stickiness."""

from __future__ import annotations

from typing import Final

from backsight.charts.parts import (
    FAINT,
    MARGIN,
    NAMES,
    QUANTITY,
    SHARE,
    SHORT,
    START,
    Row,
    Spec,
    bars,
    chart,
    headed,
    layer,
    nothing,
    reaching,
    tips,
    when,
    written,
)
from backsight.charts.words import count, counted, percent

UNSIGNED: Final = {
    "tickMinStep": 1,
    "tickCount": 6,
    "labelExpr": SHORT.replace("datum.value", "abs(datum.value)"),
}
EXACTLY: Final = "in exactly so many"
OR_MORE: Final = "in as many or more"
CLEAR: Final = "datum.persons > 0 && datum.at_least - datum.share > 0.1"
"""Where a figure over its bar does not stand in the line."""
STATES: Final = ("new", "resurrecting", "returning", "dormant")
"""From the top: who came, and below the line who stayed away."""


def lifecycle(answer: Row) -> Spec:
    """A bar a period: who came stands above the line, who stayed away hangs below it."""
    rows = [
        {
            **when(start),
            "state": each["label"],
            "persons": persons,
            "drawn": -persons if each["label"] == "dormant" else persons,
            "place": STATES.index(each["label"]),
            "complete": complete,
            "open": "" if complete else "who is dormant may still come",
        }
        for each in answer["series"]
        for start, complete, persons in zip(answer["labels"], answer["complete"], each["values"], strict=True)
    ]
    if not rows:
        return nothing("No periods in this range.")
    state = {"field": "state", **NAMES, "scale": {"domain": list(STATES)}}
    scale = {} if any(row["persons"] for row in rows) else reaching([])
    totals = {each["label"]: sum(each["values"]) for each in answer["series"]}
    pending = not all(answer["complete"])
    hollow = {"condition": {"test": "datum.complete", "value": 1}, "value": FAINT}
    tooltip = tips(("when", "from"), ("state", "state"), ("persons", "persons#"), ("open", "not over"))
    return chart(
        rows,
        headed(
            "New, back again, returning; below the line: gone",
            "hollow: not over yet, who is dormant may still come" if pending else "",
        ),
        "Lifecycle: " + ", ".join(f"{count(total)} {label}" for label, total in totals.items()) + ".",
        height=260,
        encoding={"x": START},
        layer=[
            layer(
                "bar",
                {"strokeWidth": 1},
                y={"field": "drawn", "title": "persons", "axis": UNSIGNED, **QUANTITY, **scale},
                color=state,
                stroke=state,
                fillOpacity=hollow,
                order={"field": "place", **QUANTITY},
                tooltip=tooltip,
            ),
            layer("rule", {}, y={"datum": 0}),
        ],
    )


def stickiness(answer: Row) -> Spec:
    """A bar for each number of periods: the share of persons who did it in so many. Over it a line: of those
    who did it in as many or more.
    """
    kind = answer["interval"]
    rows = [
        {
            **row,
            "number": f"{row['periods']} {kind}{'s' if row['periods'] > 1 else ''}",
            "shown": percent(row["share"]),
            "more": percent(row["at_least"]),
            "bar": EXACTLY,
            "line": OR_MORE,
            "counted": count(row["persons"]),
        }
        for row in answer["rows"]
    ]
    if not answer["persons"]:
        return nothing("Nobody did it in this range.")
    axis = {"labelAngle": 0, "labelOverlap": "greedy", "tickCount": 12}
    x = {"field": "periods", "type": "ordinal", "title": f"{kind}s of the range", "axis": axis}
    y = {
        "title": "share of persons",
        **SHARE,
        **reaching((row["at_least"] for row in rows), margin=MARGIN / 2),
    }
    tooltip = tips(
        ("number", "in"), ("persons", "persons#"), ("shown", "share"), ("more", "in as many or more")
    )
    kinds = {**NAMES, "scale": {"domain": [EXACTLY, OR_MORE]}}
    everybody = counted(answer["persons"], "person")
    several = sum(row["persons"] for row in rows if row["periods"] > 1)
    text = {"baseline": "bottom", "dy": -3}
    return chart(
        rows,
        f"{percent(several / answer['persons'])} of {everybody} came in more than one {kind}",
        f"Stickiness of {everybody} by the number of {kind}s: "
        + ", ".join(f"{row['periods']}: {row['shown']}" for row in rows[:12])
        + ".",
        height=260,
        encoding={"x": x},
        layer=[
            bars(y={"field": "share", **y}, color={"field": "bar", **kinds}, tooltip=tooltip),
            layer(
                "line",
                {"point": {"filled": True, "size": 36}, "interpolate": "monotone"},
                y={"field": "at_least", **y},
                color={"field": "line", **kinds},
                tooltip=tooltip,
            ),
            *([written("counted", text, CLEAR, y={"field": "share", **y})] if len(rows) <= 16 else []),
        ],
    )
