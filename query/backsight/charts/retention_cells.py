"""The figures of a retention answer, a cell each."""

from __future__ import annotations

from backsight.charts.parts import Row, Spec
from backsight.charts.trend import group_text


def retention_points(answer: Row) -> list[Row]:
    """The cells of a retention answer, each with the `start` and `size` of its cohort.

    With the group (in words), where there are groups: then the cells are theirs.
    """
    if "groups" not in answer:
        return [point for row in answer["rows"] for point in points_of(row, {})]
    return [
        point
        for each in answer["groups"]
        for row in each["rows"]
        for point in points_of(row, {"group": group_text({"group": each["value"]})})
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


def points_of(row: Row, group: Row) -> list[Row]:
    """The cells of one cohort, each with its start and size, and whose they are."""
    return [{**group, "start": row["start"], "size": row["size"], **cell} for cell in cells(row)]


def period_axis(answer: Row) -> Spec:
    """The axis of a column a period: the curves' and the heat map's."""
    title = answer["labels"][0].partition(" ")[0].lower() if answer["labels"] else None
    return {
        "type": "ordinal",
        "sort": None,
        "scale": {"domain": spans(answer)},
        "title": title,
        "axis": {"labelAngle": 0},
    }
