"""The chart of a retention table."""

from __future__ import annotations

from typing import Final

from backsight.charts.parts import QUANTITY, Row, Spec, chart, layer, percent, plain
from backsight.charts.trend import group_text


def retention(answer: Row) -> Spec:
    """A heat map: a row a cohort, a column a period; what is not over yet stands in italics. One a group."""
    rows = [_drawn(row, spans(answer)) for row in retention_points(answer) if has_begun(row)]
    names = ("cohort", "period", "returned", "shown", "complete", *(("value",) if _measured(answer) else ()))
    heat = {"encoding": {"x": _X, "y": _Y}, "layer": _layers([{"field": name} for name in names])}
    size = {"width": {"step": 44}, "height": {"step": 24}}
    if "groups" not in answer:
        return chart(rows, **size, **heat)
    by = {"field": "group", "type": "nominal", "sort": None, "title": None}
    return chart(rows, facet={"row": by}, spec={**size, **heat}, resolve={"scale": {"y": "independent"}})


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
    group = {"group": plain(point["group"])} if "group" in point else {}
    cohort = f"{plain(point['start'])} ({point['size']:,})"
    kept = {name: each for name, each in point.items() if name not in ("group", "start", "size")}
    return {
        **group,
        "cohort": cohort,
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


_X: Final[Spec] = {
    "field": "period",
    "type": "ordinal",
    "sort": None,
    "title": "period",
    "axis": {"orient": "top", "labelAngle": 0},
}
_Y: Final[Spec] = {"field": "cohort", "type": "ordinal", "sort": None, "title": None}
