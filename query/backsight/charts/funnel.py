"""The chart of a funnel."""

from __future__ import annotations

from backsight.charts.parts import ACCENT, FAINT, WHOLE, Row, Spec, chart, layer, percent, plain


def funnel(answer: Row) -> Spec:
    """A bar a step (persons who reached it) and, faint above it, those who fell off since the step before."""
    bars = _funnel_bars(answer["steps"])
    tooltip = [
        {"field": name}
        for name in ("step", "persons", "of first", "of previous", "dropped", "median seconds")
    ]
    persons = {"field": "persons", "title": "persons", **WHOLE}
    step = {"field": "step", "type": "nominal", "sort": None, "title": None}
    return chart(
        bars,
        width={"step": 120},
        height=260,
        encoding={
            "x": {**step, "axis": {"labelAngle": 0, "labelLimit": 112}, "scale": {"paddingInner": 0.25}}
        },
        layer=[
            layer("bar", {"color": FAINT}, y=persons, y2={"field": "before"}, tooltip=tooltip),
            layer("bar", {"color": ACCENT}, y=persons, tooltip=tooltip),
            layer("text", {"dy": -8, "fontWeight": "bold"}, y=persons, text={"field": "shown"}),
        ],
    )


def _funnel_bars(steps: list[Row]) -> list[Row]:
    before = [step["count"] for step in steps[:1] + steps[:-1]]
    return [
        {
            "step": f"{number}. {plain(step['label'])}",
            "persons": step["count"],
            "before": previous,
            "dropped": previous - step["count"],
            "of first": percent(step["from_start"]),
            "of previous": percent(step["from_previous"]),
            "median seconds": step["seconds"]["median"],
            "shown": f"{step['count']:,}" + (f" · {percent(step['from_start'])}" if number > 1 else ""),
        }
        for number, (step, previous) in enumerate(zip(steps, before, strict=True), 1)
    ]
