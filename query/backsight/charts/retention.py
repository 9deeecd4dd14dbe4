"""The charts of a retention table."""

from __future__ import annotations

from typing import Final

from backsight.charts.parts import ACCENT, QUANTITY, SCHEMA, Row, Spec, layer, percent, plain
from backsight.charts.trend import group_text

_WIDTH: Final = {"step": 44}
"""Of a column: the lines above stand over the cells below."""


def retention(answer: Row) -> Spec:
    """The share that came back, by period, a line a group; under it a heat map of everybody.

    It has a row a cohort and a column a period; what is not over yet stands in italics.
    """
    parts = [_curves(answer), _heat(answer)]
    return {"$schema": SCHEMA, "vconcat": parts, "resolve": {"scale": {"color": "independent"}}}


def _curves(answer: Row) -> Spec:
    """What the averages are, as far as any cohort's period is over."""
    tables = answer.get("groups", [{"value": ["all"], "average": answer["average"]}])
    rows = [
        {"group": _named(each), "period": period, "share": share, "shown": percent(share)}
        for each in tables
        for period, share in zip(spans(answer), each["average"], strict=False)
        if share is not None
    ]
    by = {"color": {"field": "group", "type": "nominal", "sort": None, "title": None}}
    share = {"field": "share", "title": "came back", "axis": {"format": "%"}, **QUANTITY}
    tooltip = [{"field": name} for name in ("group", "period", "shown")]
    return {
        "data": {"values": rows},
        "width": _WIDTH,
        "height": 140,
        "mark": {"type": "line", "point": True, "strokeJoin": "round", "color": ACCENT},
        "encoding": {
            "x": _period(answer),
            "y": share,
            **(by if "groups" in answer else {}),
            "tooltip": tooltip,
        },
    }


def _heat(answer: Row) -> Spec:
    """A cell for each cohort and period that has begun."""
    points = [point for row in answer["rows"] for point in _points(row, {})]
    rows = [_drawn(row, spans(answer)) for row in points if has_begun(row)]
    names = ("cohort", "period", "returned", "shown", "complete", *(("value",) if _measured(answer) else ()))
    order = list(dict.fromkeys(_cohort(row) for row in answer["rows"]))
    return {
        "data": {"values": rows},
        "width": _WIDTH,
        "height": {"step": 24},
        "encoding": {
            "x": {**_period(answer), "title": None, "axis": {"labelAngle": 0, "orient": "top"}},
            "y": {"field": "cohort", "type": "ordinal", "sort": order, "title": None},
        },
        "layer": _layers([{"field": name} for name in names]),
    }


def retention_points(answer: Row) -> list[Row]:
    """The cells of a retention answer, each with the `start` and `size` of its cohort.

    With the group (in words), where there are groups: then the cells are theirs.
    """
    if "groups" not in answer:
        return [point for row in answer["rows"] for point in _points(row, {})]
    return [
        point
        for each in answer["groups"]
        for row in each["rows"]
        for point in _points(row, {"group": group_text({"group": each["value"]})})
    ]


def spans(answer: Row) -> list[str]:
    """The columns' periods, without their kind: "3", or "2-4" of a bracket."""
    return [label.partition(" ")[2] for label in answer["labels"]]


def cells(row: Row) -> list[Row]:
    """The cells of one cohort of a retention answer: period, returned, share (of the cohort), complete.

    With the value, where something is measured.
    """
    found = [
        {
            "period": period,
            "returned": returned,
            "share": returned / row["size"] if row["size"] else None,
            "complete": complete,
        }
        for period, (returned, complete) in enumerate(zip(row["returned"], row["complete"], strict=True))
    ]
    if "values" not in row:
        return found
    return [{**cell, "value": value} for cell, value in zip(found, row["values"], strict=True)]


def has_begun(cell: Row) -> bool:
    """Whether there is something to show: the period is over, or somebody has returned in it already."""
    return bool(cell["complete"] or cell["returned"])


def _points(row: Row, group: Row) -> list[Row]:
    return [{**group, "start": row["start"], "size": row["size"], **cell} for cell in cells(row)]


def _drawn(point: Row, names: list[str]) -> Row:
    """What the chart shows of a cell."""
    kept = {name: each for name, each in point.items() if name not in ("start", "size")}
    return {
        "cohort": _cohort(point),
        **kept,
        "period": names[point["period"]],
        "shown": percent(point["share"]),
    }


def _measured(answer: Row) -> bool:
    return any("values" in row for row in answer["rows"])


def _layers(tooltip: list[Row]) -> list[Spec]:
    share = {"field": "share", "scale": {"scheme": "teals", "domain": [0, 1]}, "legend": None, **QUANTITY}
    ink = {"condition": {"test": "datum.share > 0.5", "value": "white"}, "value": "black"}
    shown = {"color": ink, "text": {"field": "shown"}}
    return [
        layer("rect", {}, color=share, tooltip=tooltip),
        layer("text", {}, "datum.complete", **shown),
        layer("text", {"fontStyle": "italic", "opacity": 0.6}, "!datum.complete", **shown),
    ]


def _cohort(row: Row) -> str:
    return f"{plain(row['start'])} ({row['size']:,})"


def _named(group: Row) -> str:
    return plain(group_text({"group": group["value"]}) or "")


def _period(answer: Row) -> Spec:
    return {
        "field": "period",
        "type": "ordinal",
        "sort": spans(answer),
        "title": answer["labels"][0].partition(" ")[0].lower() if answer["labels"] else None,
        "axis": {"labelAngle": 0},
    }
