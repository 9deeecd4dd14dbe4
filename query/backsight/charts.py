"""Charts of reports, as Vega-Lite specifications with their data: any page can draw them, Altair too.

Each takes a report's answer. Nothing here imports a chart library.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

Spec = dict[str, Any]
Row = dict[str, Any]

SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
ACCENT: Final = "#2f6f8f"
FAINT: Final = "#d5e2e9"
_QUANTITY: Final = {"type": "quantitative"}
_WHOLE: Final = {"axis": {"tickMinStep": 1}, **_QUANTITY}
"""Counts: no ticks between whole numbers."""


def funnel(answer: Row) -> Spec:
    """A bar a step (persons who reached it) and, faint above it, those who fell off since the step before."""
    bars = _funnel_bars(answer["steps"])
    tooltip = [
        {"field": name}
        for name in ("step", "persons", "of first", "of previous", "dropped", "median seconds")
    ]
    persons = {"field": "persons", "title": "persons", **_WHOLE}
    step = {"field": "step", "type": "nominal", "sort": None, "title": None}
    return _chart(
        bars,
        width={"step": 120},
        height=260,
        encoding={
            "x": {**step, "axis": {"labelAngle": 0, "labelLimit": 112}, "scale": {"paddingInner": 0.25}}
        },
        layer=[
            _layer("bar", {"color": FAINT}, y=persons, y2={"field": "before"}, tooltip=tooltip),
            _layer("bar", {"color": ACCENT}, y=persons, tooltip=tooltip),
            _layer("text", {"dy": -8, "fontWeight": "bold"}, y=persons, text={"field": "shown"}),
        ],
    )


def retention(answer: Row) -> Spec:
    """A heat map: a row a cohort, a column a period; what is not over yet stands in italics."""
    rows = [
        {"cohort": f"{plain(row['start'])} ({row['size']:,})", **cell, "shown": _percent(cell["share"])}
        for row in answer["rows"]
        for cell in cells(row)
        if has_begun(cell)
    ]
    x = {"field": "period", "type": "ordinal", "title": "period", "axis": {"orient": "top", "labelAngle": 0}}
    y = {"field": "cohort", "type": "ordinal", "sort": None, "title": None}
    share = {"field": "share", "scale": {"scheme": "teals", "domain": [0, 1]}, "legend": None, **_QUANTITY}
    ink = {"condition": {"test": "datum.share > 0.5", "value": "white"}, "value": "black"}
    tooltip = [{"field": name} for name in ("cohort", "period", "returned", "shown", "complete")]
    shown = {"color": ink, "text": {"field": "shown"}}
    return _chart(
        rows,
        width={"step": 44},
        height={"step": 24},
        encoding={"x": x, "y": y},
        layer=[
            _layer("rect", {}, color=share, tooltip=tooltip),
            _layer("text", {}, "datum.complete", **shown),
            _layer("text", {"fontStyle": "italic", "opacity": 0.6}, "!datum.complete", **shown),
        ],
    )


def trend(answer: Row) -> Spec:
    """A line a series."""
    rows = [
        {**point, "start": plain(point["start"]), "series": plain(point["series"])}
        for point in points(answer)
    ]
    return _chart(
        rows,
        width=640,
        height=260,
        mark={"type": "line", "point": True},
        encoding={
            # Ordinal: a temporal axis would read a date as midnight in UTC and show it in the reader's zone.
            "x": {
                "field": "start",
                "type": "ordinal",
                "title": None,
                "axis": {"labelAngle": 0, "labelOverlap": "greedy"},
            },
            "y": {"field": "value", "title": None, **_WHOLE},
            "color": {"field": "series", "type": "nominal", "sort": None, "title": None},
            "tooltip": [{"field": name} for name in ("start", "series", "value")],
        },
    )


def preview(answer: Row) -> Spec:
    """A bar a day."""
    return _chart(
        answer["daily"],
        width=640,
        height=120,
        mark={"type": "bar", "color": ACCENT},
        encoding={
            "x": {
                "field": "date",
                "type": "ordinal",
                "title": None,
                "axis": {"labelAngle": 0, "labelOverlap": "greedy"},
            },
            "y": {"field": "events", "title": "events", **_WHOLE},
            "tooltip": [{"field": "date"}, {"field": "events"}],
        },
    )


def cohort_preview(answer: Row) -> Spec:
    """How many persons are in a cohort, as a number."""
    rows = [{"persons": answer["total"], "shown": f"{answer['total']:,} persons"}]
    mark = {"type": "text", "fontSize": 32, "fontWeight": "bold", "color": ACCENT}
    return _chart(rows, mark=mark, encoding={"text": {"field": "shown"}}, width=260, height=60)


def cells(row: Row) -> list[Row]:
    """The cells of one cohort of a retention answer: period, returned, share (of the cohort), complete."""
    return [
        {
            "period": period,
            "returned": returned,
            "share": returned / row["size"] if row["size"] else None,
            "complete": complete,
        }
        for period, (returned, complete) in enumerate(zip(row["returned"], row["complete"], strict=True))
    ]


def has_begun(cell: Row) -> bool:
    """Whether there is something to show: the period is over, or somebody has returned in it already."""
    return bool(cell["complete"] or cell["returned"])


def points(answer: Row) -> list[Row]:
    """The points of a trend's answer: start, series (its name), measure, value."""
    return [
        {"start": start, "series": name, "measure": series["measure"], "value": value}
        for name, series in zip(series_names(answer["series"]), answer["series"], strict=True)
        for start, value in zip(answer["labels"], series["values"], strict=True)
    ]


def series_names(series: list[Row]) -> list[str]:
    """A name for each series, no two alike: its label, with its measure and then its number where it needs
    them.
    """
    labels = Counter(each["label"] for each in series)
    names = [
        f"{each['label']} ({each['measure']})" if labels[each["label"]] > 1 else each["label"]
        for each in series
    ]
    taken = Counter(names)
    return [f"{name} #{number}" if taken[name] > 1 else name for number, name in enumerate(names, 1)]


def plain(text: str) -> str:
    """Text that is safe in a chart's data wherever a page embeds it.

    Altair's HTML writes the data into a `<script>` as it is, so that `</script>` in a name would end it (seen
    with Altair 6.3). A word joiner after `<` breaks that up and can't be seen.
    """
    return text.replace("<", "<\u2060")


def _funnel_bars(steps: list[Row]) -> list[Row]:
    before = [step["count"] for step in steps[:1] + steps[:-1]]
    return [
        {
            "step": f"{number}. {plain(step['label'])}",
            "persons": step["count"],
            "before": previous,
            "dropped": previous - step["count"],
            "of first": _percent(step["from_start"]),
            "of previous": _percent(step["from_previous"]),
            "median seconds": step["seconds"]["median"],
            "shown": f"{step['count']:,}" + (f" · {_percent(step['from_start'])}" if number > 1 else ""),
        }
        for number, (step, previous) in enumerate(zip(steps, before, strict=True), 1)
    ]


def _chart(rows: list[Row], **parts: Any) -> Spec:
    return {"$schema": SCHEMA, "data": {"values": rows}, **parts}


def _layer(mark: str, style: Row, test: str | None = None, **encoding: Any) -> Spec:
    only = {"transform": [{"filter": test}]} if test else {}
    return {"mark": {"type": mark, **style}, "encoding": encoding, **only}


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.1f}%"
