"""The heat map of a retention table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from backsight.charts.parts import QUANTITY, Row, Spec, chart, headed, layer, tips, written
from backsight.charts.retention_cells import has_begun, period_axis, points_of, spans
from backsight.charts.words import count, moment, percent

CELL: Final = 46
"""Pixels of a cell, across; with many columns narrower ones."""
NARROW: Final = 22
WIDEST: Final = 920
"""Pixels of all columns that still fit a page."""
TALLEST: Final = 720
EVERYBODY: Final = "all"


def heat_map(answer: Row) -> Spec:
    """A cell for each cohort and period that has begun, under those of all cohorts together."""
    rows = [
        _drawn(point, answer) for row in answer["rows"] for point in points_of(row, {}) if has_begun(point)
    ]
    order = list(dict.fromkeys(row["cohort"] for row in rows))
    pooled = _together(answer)
    across = max(NARROW, min(CELL, WIDEST // max(len(answer["labels"]), 1)))
    high = max(9, min(26, TALLEST // max(len(order), 1)))
    tooltip = tips(
        ("cohort", "cohort"),
        ("size", "its persons#"),
        ("label", "period"),
        ("returned", "came back#"),
        ("shown", "share"),
        ("state", "not over"),
        *([("value", "measured")] if _measured(answer) else []),
    )
    pending = any(not row["complete"] for row in rows)
    return chart(
        [*pooled, *rows],
        headed("Came back, by cohort", "hollow: not over yet, and left out of all" if pending else ""),
        f"Heat map of {len(order)} cohorts by {len(answer['labels'])} periods: the share that came back.",
        width={"step": across},
        height={"step": high},
        encoding={
            "x": {
                **period_axis(answer),
                "field": "period",
                "title": None,
                "axis": {"labelAngle": 0, "orient": "top", "domain": False},
            },
            "y": {
                "field": "cohort",
                "type": "ordinal",
                "sort": None,
                "title": None,
                "axis": {"domain": False, "labelFontSize": min(11, high)},
            },
        },
        layer=_layers(
            tooltip, _largest(rows), small=across < CELL // 4 * 3, legible=high >= 14 and across >= 26
        ),
    )


def _layers(tooltip: list[Row], most: float, *, small: bool, legible: bool) -> list[Spec]:
    """Cells, filled the darker the more came back; of those that are not over, the border alone."""
    scale = {"domain": [0, most], "range": "heatmap", "clamp": True}
    # `fill`, as `color` is that of the lines above: scales are shared, and keep their names, in one picture.
    fill = {"field": "share", "scale": scale, "legend": None, **QUANTITY}
    on = "scale('fill', datum.share)"
    # Of black and white the one that tells better from the cell, whichever the theme.
    ink = {"condition": {"test": f"luminance({on}) < 0.18", "value": "white"}, "value": "black"}
    over = "datum.complete && isValid(datum.share)"
    solid = {"width": {"band": 0.96}, "height": {"band": 0.92}, "cornerRadius": 2}
    hollow = {"width": {"band": 0.9}, "height": {"band": 0.84}, "cornerRadius": 2, "filled": False}
    hollow |= {"fill": "transparent", "strokeDash": [2, 2], "strokeWidth": 1.25}
    cells = [
        layer("rect", solid, over, fill=fill, tooltip=tooltip),
        layer("rect", hollow, "!datum.complete", tooltip=tooltip),
    ]
    size = {"fontSize": 9} if small else {}
    texts = [
        written("label_text", size, over, color=ink),
        written("label_text", {"fontStyle": "italic", **size}, "!datum.complete"),
    ]
    return [*cells, *texts] if legible else cells


def _drawn(point: Row, answer: Row) -> Row:
    """What the chart shows of a cell."""
    at, complete = point["period"], point["complete"]
    value = {"value": count(point["value"]) or "none"} if "value" in point else {}
    return {
        "cohort": f"{moment(point['start'], weekday=False)} · {point['size']:,}",
        "size": point["size"],
        "period": spans(answer)[at],
        "label": answer["labels"][at],
        "own": at == 0,
        "returned": point["returned"],
        "share": point["share"],
        "shown": percent(point["share"]),
        "label_text": _short(point["share"], len(answer["labels"])) + ("" if complete else "*"),
        "complete": complete,
        "state": "" if complete else "more may yet come back",
        **value,
    }


def _short(share: float | None, columns: int) -> str:
    return percent(share, 1 if columns * CELL <= WIDEST else 0)


def _together(answer: Row) -> list[Row]:
    """The first row: all cohorts whose period is over."""
    rows = []
    for at, share in enumerate(answer["average"]):
        if share is not None:
            over = [row for row in answer["rows"] if row["complete"][at]]
            size, returned = sum(row["size"] for row in over), sum(row["returned"][at] for row in over)
            point = {"start": EVERYBODY, "size": size, "period": at, "returned": returned, "share": share}
            kept = {**point, "complete": True} | ({"value": None} if _measured(answer) else {})
            rows.append({**_drawn(kept, answer), "cohort": EVERYBODY})
    return rows


def _largest(rows: Sequence[Row]) -> float:
    """The share that is darkest: the largest but for cohorts' own periods, which would leave no shade."""
    later = [row["share"] for row in rows if row["share"] is not None and not row["own"]]
    return max(later or [row["share"] or 0 for row in rows], default=0) or 1


def _measured(answer: Row) -> bool:
    return any("values" in row for row in answer["rows"])
