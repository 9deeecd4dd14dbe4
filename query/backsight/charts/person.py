"""The chart of one person: events along the time."""

from __future__ import annotations

from backsight.charts.parts import Row, Spec, chart, plain


def person(answer: Row) -> Spec:
    """A point an event, by type; where a report is explained, by what became of it."""
    explained = "verdict" in answer
    rows = [
        {
            "time": event["time"],
            "type": event["type"],
            "path": plain(event["page"]["path"] or ""),
            **(_why(event["outcome"]) if explained else {}),
        }
        for event in answer["events"]
    ]
    colour = {"color": {"field": "outcome", "type": "nominal", "title": None}} if explained else {}
    shown = ["time", "type", "path", *(["outcome", "why"] if explained else [])]
    return chart(
        rows,
        width=640,
        mark={"type": "point", "filled": True, "size": 60},
        encoding={
            "x": {"field": "time", "type": "temporal", "title": None, "scale": {"type": "utc"}},
            "y": {"field": "type", "type": "nominal", "title": None},
            **colour,
            "tooltip": [{"field": name} for name in shown],
        },
    )


def _why(outcome: Row) -> Row:
    return {"outcome": outcome["outcome"].replace("_", " "), "why": plain(outcome["words"])}
