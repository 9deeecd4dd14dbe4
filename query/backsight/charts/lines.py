"""Lines over time, as trends and funnels draw them: what is not over yet is hollow and dashed.

A row is a point: `start` and `when` (of its period), `series`, `value`, `complete`, and what tooltips tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any, Final

from backsight.charts.parts import FAINT, HOVER, NAMES, START, Row, Spec, chart, layer

MOST_COLOURS: Final = 7
"""Series that have a colour and a shape of their own; the others are drawn grey."""
MOST_POINTS: Final = 45
"""Points of a line that are shown before it is pointed at."""
SHAPES: Final = ["circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "triangle-right"]
ISOLATE: Final = {"name": "isolated", "select": {"type": "point", "fields": ["series"]}, "bind": "legend"}
"""A click on a name in the legend dims the others."""

_DETAIL: Final = {"field": "series", "type": "nominal"}
_LEGEND: Final = {"orient": "top", "title": None, "symbolOpacity": 1, "symbolFillColor": None}


def lines(
    rows: Sequence[Row], names: Sequence[str], axis: Row, tooltip: list[Row], title: str | Row, **parts: Any
) -> Spec:
    """A line a series: those of `names` in colours, the others grey. Rows of one series follow each other."""
    several = len({row["series"] for row in rows}) > 1
    colour = _coloured(names) if several else {}
    own, other = "datum.coloured", "!datum.coloured"
    drawn = [*({**row, "joint": False} for row in _told_apart(rows, names)), *_joints(rows, names)]
    grey = [_line(other, {"style": "other", "opacity": 0.4}, {"detail": _DETAIL})] if several else []
    return chart(
        drawn,
        title,
        encoding={"x": START, "y": {"field": "value", **axis}},
        layer=[
            *grey,
            _line(own, {}, {**colour, **_dimmed(several)}, isolate=several),
            _not_over(colour or {"detail": _DETAIL}),
            *_points(rows, colour, tooltip),
        ],
        **parts,
    )


def _coloured(names: Sequence[str]) -> Row:
    return {"color": {"field": "series", **NAMES, "scale": {"domain": list(names)}, "legend": _LEGEND}}


def _dimmed(several: bool) -> Row:
    return {"opacity": {"condition": {"param": "isolated", "value": 1}, "value": FAINT}} if several else {}


def _line(test: str, style: Row, encoding: Row, *, isolate: bool = False) -> Spec:
    made = layer(
        "line", {"strokeJoin": "round", **style}, f"datum.complete && !datum.joint && {test}", **encoding
    )
    return {**made, "params": [ISOLATE]} if isolate else made


def _not_over(by: Row) -> Spec:
    """From the last point that is over to those that are not."""
    return layer("line", {"strokeDash": [3, 4]}, "datum.joint || !datum.complete", **by)


def _points(rows: Sequence[Row], colour: Row, tooltip: list[Row]) -> list[Spec]:
    """Solid ones, hollow ones, and one that can't be seen everywhere: it takes the pointer."""
    shape: Row = (
        {
            "shape": {
                "field": "series",
                **NAMES,
                "scale": {**colour["color"]["scale"], "range": SHAPES},
                "legend": _LEGEND,
            }
        }
        if colour
        else {}
    )
    sparse = len({row["start"] for row in rows}) <= MOST_POINTS
    near = {"param": "near", "empty": False, "value": 120}
    size = {"size": {"condition": near, "value": 36 if sparse else 0}}
    hit = layer("point", {"opacity": 0, "size": 200}, "!datum.joint && isValid(datum.value)", tooltip=tooltip)
    hollow = {"size": {"condition": near, "value": 36}}
    kinds: list[tuple[str, bool, Row]] = [("datum.complete", True, size), ("!datum.complete", False, hollow)]
    shown = [
        layer("point", {"filled": filled, "opacity": 1, "strokeWidth": 1.75},
              f"!datum.joint && datum.coloured && isValid(datum.value) && {test}",
              **colour, **shape, **large)
        for test, filled, large in kinds
    ]  # fmt: skip
    return [*shown, {**hit, "params": [HOVER]}]


def _told_apart(rows: Sequence[Row], names: Sequence[str]) -> list[Row]:
    return [{**row, "coloured": row["series"] in names} for row in rows]


def _joints(rows: Sequence[Row], names: Sequence[str]) -> Iterator[Row]:
    """The last point of each series that is over, once more: from there the dashes begin."""
    for _, series in groupby(_told_apart(rows, names), lambda row: row["series"]):
        for before, after in pairwise(series):
            if before["complete"] and not after["complete"]:
                yield {**before, "joint": True}
