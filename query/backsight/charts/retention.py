"""The chart of a retention table."""

from __future__ import annotations

from backsight.charts.parts import QUANTITY, Row, Spec, chart, layer, percent, plain


def retention(answer: Row) -> Spec:
    """A heat map: a row a cohort, a column a period; what is not over yet stands in italics."""
    rows = [
        {"cohort": f"{plain(row['start'])} ({row['size']:,})", **cell, "shown": percent(cell["share"])}
        for row in answer["rows"]
        for cell in cells(row)
        if has_begun(cell)
    ]
    x = {"field": "period", "type": "ordinal", "title": "period", "axis": {"orient": "top", "labelAngle": 0}}
    y = {"field": "cohort", "type": "ordinal", "sort": None, "title": None}
    share = {"field": "share", "scale": {"scheme": "teals", "domain": [0, 1]}, "legend": None, **QUANTITY}
    ink = {"condition": {"test": "datum.share > 0.5", "value": "white"}, "value": "black"}
    tooltip = [{"field": name} for name in ("cohort", "period", "returned", "shown", "complete")]
    shown = {"color": ink, "text": {"field": "shown"}}
    return chart(
        rows,
        width={"step": 44},
        height={"step": 24},
        encoding={"x": x, "y": y},
        layer=[
            layer("rect", {}, color=share, tooltip=tooltip),
            layer("text", {}, "datum.complete", **shown),
            layer("text", {"fontStyle": "italic", "opacity": 0.6}, "!datum.complete", **shown),
        ],
    )


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
