"""The charts of what is shown before anything is saved."""

from __future__ import annotations

from backsight.charts.parts import ACCENT, START, WHOLE, Row, Spec, chart


def preview(answer: Row) -> Spec:
    """A bar a day."""
    return chart(
        answer["daily"],
        width=640,
        height=120,
        mark={"type": "bar", "color": ACCENT},
        encoding={
            "x": {**START, "field": "date"},
            "y": {"field": "events", "title": "events", **WHOLE},
            "tooltip": [{"field": "date"}, {"field": "events"}],
        },
    )


def cohort_preview(answer: Row) -> Spec:
    """How many persons are in a cohort, as a number."""
    rows = [{"persons": answer["total"], "shown": f"{answer['total']:,} persons"}]
    mark = {"type": "text", "fontSize": 32, "fontWeight": "bold", "color": ACCENT}
    return chart(rows, mark=mark, encoding={"text": {"field": "shown"}}, width=260, height=60)
