"""The chart of an examination: what got lost, day by day."""

from __future__ import annotations

from backsight.charts.parts import AGAINST, QUANTITY, START, Row, Spec, chart


def doctor(answer: Row) -> Spec:
    """The share of events that got lost, a bar a day."""
    daily = [day for each in answer["findings"] for day in each["facts"].get("daily", [])]
    rows = [{**day, "share": day["missing"] / day["events"] if day["events"] else 0} for day in daily]
    return chart(
        rows,
        width=640,
        height=120,
        mark={"type": "bar", "color": AGAINST},
        encoding={
            "x": {**START, "field": "date"},
            "y": {"field": "share", "title": "events lost", "axis": {"format": ".2%"}, **QUANTITY},
            "tooltip": [{"field": "date"}, {"field": "missing"}, {"field": "events"}],
        },
    )
