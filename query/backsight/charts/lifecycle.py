"""The charts of a lifecycle and of stickiness."""

from __future__ import annotations

from typing import Final

from backsight.charts.parts import ACCENT, QUANTITY, START, Row, Spec, chart, percent, plain

UNSIGNED: Final = {"tickMinStep": 1, "labelExpr": "format(abs(datum.value), ',')"}
COLOURS: Final = {"new": ACCENT, "returning": "#7fb069", "resurrecting": "#e6aa68", "dormant": "#b8bfc6"}


def lifecycle(answer: Row) -> Spec:
    """A bar a period: who came stands above the line, who stayed away hangs below it."""
    rows = [
        {"start": plain(start), "state": each["label"], "persons": persons, "complete": complete,
         "drawn": -persons if each["label"] == "dormant" else persons}
        for each in answer["series"]
        for start, complete, persons in zip(answer["labels"], answer["complete"], each["values"], strict=True)
    ]  # fmt: skip
    scale = {"domain": list(COLOURS), "range": list(COLOURS.values())}
    return chart(
        rows,
        width=640,
        height=260,
        mark={"type": "bar"},
        encoding={
            "x": START,
            "y": {"field": "drawn", "title": "persons", "axis": UNSIGNED, **QUANTITY},
            "color": {"field": "state", "type": "nominal", "title": None, "scale": scale},
            "opacity": {"condition": {"test": "datum.complete", "value": 1}, "value": 0.5},
            "tooltip": [{"field": name} for name in ("start", "state", "persons", "complete")],
        },
    )


def stickiness(answer: Row) -> Spec:
    """A bar for each number of periods: the share of persons who did it in so many."""
    rows = [
        {**row, "shown": percent(row["share"]), "at least so many": percent(row["at_least"])}
        for row in answer["rows"]
    ]
    number = {
        "field": "periods",
        "type": "ordinal",
        "title": f"{answer['interval']}s",
        "axis": {"labelAngle": 0, "labelOverlap": "greedy"},
    }
    share = {"field": "share", "title": "share of persons", **QUANTITY}
    return chart(
        rows,
        width=640,
        height=260,
        mark={"type": "bar", "color": ACCENT},
        encoding={
            "x": number,
            "y": {**share, "axis": {"format": "%"}},
            "tooltip": [{"field": name} for name in ("periods", "persons", "shown", "at least so many")],
        },
    )
