"""The charts of what has a name, and of what has none yet."""

from __future__ import annotations

from backsight.charts.parts import ACCENT, QUANTITY, START, WHOLE, Row, Spec, chart, plain

_ROW = {"type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 320}}


def activity(rows: list[Row]) -> Spec:
    """A row a name, a field a day, the darker the more events."""
    return chart(
        [{**row, "name": plain(row["name"])} for row in rows],
        width=640,
        height={"step": 20},
        mark={"type": "rect"},
        encoding={
            "x": {**START, "field": "date"},
            "y": {"field": "name", **_ROW},
            "color": {"field": "events", "scale": {"range": ["transparent", ACCENT]}, **QUANTITY},
            "tooltip": [{"field": "name"}, {"field": "date"}, {"field": "events"}],
        },
    )


def elements(answer: Row) -> Spec:
    """A bar an element, with its events."""
    return chart(
        [
            {"element": plain(each["words"]), "events": each["events"], "persons": each["persons"]}
            for each in answer["elements"]
        ],
        width=420,
        height={"step": 20},
        mark={"type": "bar", "color": ACCENT},
        encoding={
            "x": {"field": "events", "title": "events", **WHOLE},
            "y": {"field": "element", **_ROW},
            "tooltip": [{"field": "element"}, {"field": "events"}, {"field": "persons"}],
        },
    )
