"""The picture of paths: columns of nodes, and bands between them.

Vega-Lite knows no such picture; its marks are laid out here. Nodes are `rect`s and bands are `area`s between
two curves, in pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from backsight.charts.layout import Box, Key, boxes_of, ends, place
from backsight.charts.parts import NAMES, QUANTITY, Row, Spec, chart, headed, layer, nothing, tips, written
from backsight.charts.words import count, counted, plain, shortened, span

LEAST_HEIGHT: Final = 320
ROW: Final = 46
"""Pixels for each node of the fullest column."""
COLUMN: Final = 190
NARROW: Final = 150
"""Pixels from one column to the next; narrower where there are many."""
BAR: Final = 10
BANDS: Final = 12
"""Most edges of a step that are drawn; a picture of more tells nothing."""
POINTS: Final = 12
"""Points of a curve."""
LETTER: Final = 6.2
"""Pixels of a letter, roughly."""
KINDS: Final = {"event": "named event", "pageview": "page", "track": "custom event"}

FIELDS: Final[Row] = dict.fromkeys(
    "band source target persons mean median node kind label shown came went".split()
    + "step events x x2 y y2 middle".split()
)
"""Every row has all fields; bands lack those of nodes, and nodes those of bands."""


@dataclass(frozen=True)
class Picture:
    """How large it is: columns, pixels from one to the next, pixels high."""

    first: int
    columns: int
    across: int
    height: int

    def left(self, column: int) -> float:
        return (column - self.first) * self.across


def paths(answer: Row) -> Spec:
    """Columns of nodes, and bands between them as wide as they were often gone."""
    edges = _drawn(answer["edges"])
    if not edges:
        return nothing("No paths in this range.")
    boxes = boxes_of(edges)
    picture = _picture(boxes)
    scale = place(boxes, edges, picture.height)
    bands = list(_bands(edges, boxes, scale, picture))
    nodes = [_node(box, picture) for box in boxes.values()]
    return _spec(answer, [*bands, *nodes], picture, len(answer["edges"]) - len(edges))


def _spec(answer: Row, rows: list[Row], picture: Picture, left_out: int) -> Spec:
    told = f"{counted(answer['paths'], 'path')} of {counted(answer['persons'], 'person')}"
    of_band = tips(
        ("source", "from"),
        ("target", "to"),
        ("step", "step"),
        ("events", "times#"),
        ("persons", "persons#"),
        ("median", "median time"),
        ("mean", "mean time"),
    )
    of_node = tips(
        ("node", "node"),
        ("kind", "kind"),
        ("step", "step"),
        ("came", "came here#"),
        ("went", "went on along a band#"),
    )
    band, node = "datum.band != null", "datum.node != null"
    y, y2 = _pixels("y", picture.height, reverse=True), {"field": "y2"}
    lit = {"condition": {"param": "lit", "empty": False, "value": 0.6}, "value": 0.28}
    each = {"field": "band", "type": "nominal"}
    light = {"type": "point", "fields": ["band"], "on": "pointerover", "clear": "pointerout"}
    kind = {"color": {"field": "kind", **NAMES, "legend": {"orient": "top"}}}
    name = {"align": "left", "baseline": "middle", "dx": 5}
    middle = _pixels("middle", picture.height, reverse=True)
    right = _pixels("x2", picture.columns * picture.across)
    return chart(
        rows,
        headed(told, f"{counted(left_out, 'smaller band')} not drawn" if left_out else ""),
        f"Paths: {told}. " + "; ".join(_said(edge) for edge in answer["edges"][:8]) + ".",
        encoding={"x": _pixels("x", picture.columns * picture.across)},
        layer=[
            {
                **layer(
                    "area",
                    {"style": "other", "line": False, "strokeOpacity": 0},
                    band,
                    y=y,
                    y2=y2,
                    detail=each,
                    fillOpacity=lit,
                    tooltip=of_band,
                ),
                "params": [{"name": "lit", "select": light}],
            },
            layer("rect", {}, node, y=y, x2={"field": "x2"}, y2=y2, tooltip=of_node, **kind),
            written("label", {**name, "dy": -6}, node, x=right, y=middle),
            written("shown", {**name, "dy": 7, "style": "muted"}, node, x=right, y=middle),
        ],
        width=picture.columns * picture.across,
        height=picture.height,
    )


def _said(edge: Row) -> str:
    ends = (plain(edge[end]["name"]) for end in ("source", "target"))
    return f"{' to '.join(ends)} {counted(edge['events'], 'time')}"


def _drawn(edges: list[Row]) -> list[Row]:
    """The largest edges of each step; they come in that order."""
    taken: dict[int, int] = {}
    kept = []
    for edge in edges:
        taken[edge["step"]] = taken.get(edge["step"], 0) + 1
        if taken[edge["step"]] <= BANDS:
            kept.append(edge)
    return kept


def _picture(boxes: Mapping[Key, Box]) -> Picture:
    columns = [key[0] for key in boxes]
    first, number = min(columns), max(columns) - min(columns) + 1
    most = max(columns.count(column) for column in set(columns))
    return Picture(first, number, COLUMN if number <= 5 else NARROW, max(LEAST_HEIGHT, most * ROW))


def _bands(edges: list[Row], boxes: Mapping[Key, Box], scale: float, picture: Picture) -> Iterator[Row]:
    """Curves; on either side of a node they lie in the order of the nodes that they lead to."""
    order = sorted(range(len(edges)), key=lambda at: [boxes[key].top for key in ends(edges[at])])
    begins = {at: boxes[ends(edges[at])[0]].leave(edges[at]["events"] * scale) for at in order}
    order.sort(key=lambda at: [boxes[key].top for key in reversed(ends(edges[at]))])
    finish = {at: boxes[ends(edges[at])[1]].enter(edges[at]["events"] * scale) for at in order}
    for number, edge in enumerate(edges):
        left = picture.left(ends(edge)[0][0]) + BAR
        told, width = _told(number, edge), edge["events"] * scale
        for point in range(POINTS + 1):
            along = point / POINTS
            bent = along * along * (3 - 2 * along)
            y = begins[number] + (finish[number] - begins[number]) * bent
            yield {**told, "x": left + along * (picture.across - BAR), "y": y, "y2": y + width}


def _told(number: int, edge: Row) -> Row:
    return {
        **FIELDS,
        "band": number,
        "source": plain(edge["source"]["name"]),
        "target": plain(edge["target"]["name"]),
        "step": str(edge["step"]),
        "events": edge["events"],
        "persons": edge["persons"],
        "mean": span(edge["seconds"]["mean"]),
        "median": span(edge["seconds"]["median"]),
    }


def _node(box: Box, picture: Picture) -> Row:
    column, kind, name = box.key
    left = picture.left(column)
    return {
        **FIELDS,
        "node": plain(name),
        "kind": plain(KINDS.get(kind, kind)),
        "label": shortened(plain(name), int((picture.across - BAR - 14) / LETTER)),
        "shown": count(box.events),
        "step": str(column),
        "events": box.events,
        "came": box.came or box.events,
        "went": box.went,
        "x": left,
        "x2": left + BAR,
        "y": box.top,
        "y2": box.top + box.height,
        "middle": box.top + box.height / 2,
    }


def _pixels(field: str, most: int, *, reverse: bool = False) -> Row:
    """A position that is laid out already; y counts from the top."""
    scale = {"domain": [0, most], "nice": False, "zero": False, "reverse": reverse}
    return {"field": field, "axis": None, "scale": scale, **QUANTITY}
