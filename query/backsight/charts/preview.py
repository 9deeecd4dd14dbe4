"""The charts of what is shown before anything is saved."""

from __future__ import annotations

from backsight.charts.parts import START, WHOLE, Row, Spec, bars, chart, nothing, reaching, tips, when
from backsight.charts.words import counted


def preview(answer: Row) -> Spec:
    """A bar a day."""
    if not answer["events"]:
        return nothing("Nothing matches.")
    rows = [{**when(day["date"]), "events": day["events"]} for day in answer["daily"]]
    told = f"{counted(answer['events'], 'event')} by {counted(answer['persons'], 'person')}"
    y = {"field": "events", "title": "events", **WHOLE, **reaching(row["events"] for row in rows)}
    tooltip = tips(("when", "day"), ("events", "events#"))
    return chart(
        rows,
        f"{told}, day by day",
        f"Preview: {told}.",
        height=120,
        layer=[bars(x=START, y=y, tooltip=tooltip)],
    )


def cohort_preview(answer: Row) -> Spec:
    """How many persons there are, as a number."""
    words = counted(answer["total"], "person")
    made = nothing(words)
    made["height"] = 48
    made["mark"] = {"type": "text", "align": "left", "fontSize": 30, "fontWeight": 600}
    return made
