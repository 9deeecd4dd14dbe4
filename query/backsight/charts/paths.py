"""The picture of paths: columns of nodes, and bands between them.

Vega-Lite knows no such picture; its marks are laid out here. Nodes are `rect`s and bands are `area`s between
two curves, in pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from backsight.charts.parts import ACCENT, INK, Row, Spec, chart, layer, plain

HEIGHT: Final = 380
COLUMN: Final = 190
"""Pixels from one column to the next."""
BAR: Final = 12
GAP: Final = 14
"""Pixels between two nodes of a column; a label is as high."""
BANDS: Final = 12
"""Most edges of a step that are drawn; a picture of more tells nothing."""
POINTS: Final = 12
"""Points of a curve."""
LONGEST: Final = 28
"""Most characters of a name."""

FIELDS: Final[Row] = dict.fromkeys(
    [*"band source target persons node kind label events x x2 y y2 middle".split(), "median seconds"]
)
"""Every row has all fields; bands lack those of nodes, and nodes those of bands."""

Key = tuple[int, str, str]
"""Column, kind and name."""


@dataclass
class Box:
    """A node's bar: its top, its height, and how much of either side is taken by bands."""

    key: Key
    events: int
    top: float = 0.0
    height: float = 0.0
    left: float = 0.0
    right: float = 0.0


def paths(answer: Row) -> Spec:
    """Columns of nodes, and bands between them as wide as they were often gone."""
    edges = _drawn(answer["edges"])
    boxes = _boxes(edges)
    first = min((key[0] for key in boxes), default=0)
    columns = max((key[0] for key in boxes), default=0) - first + 1
    scale = _place(boxes)
    bands = list(_bands(edges, boxes, scale, first))
    nodes = [_node(box, first) for box in boxes.values()]
    tooltip = [{"field": name} for name in ("source", "target", "events", "persons", "median seconds")]
    band, node = "datum.band != null", "datum.node != null"
    y, y2 = _pixels("y", HEIGHT, reverse=True), {"field": "y2"}
    name = {"align": "left", "baseline": "middle", "dx": BAR + 4, "fontSize": 11, "color": INK}
    told = [{"field": name} for name in ("kind", "node", "events")]
    each_band = {"field": "band", "type": "nominal"}
    return chart(
        [*bands, *nodes],
        width=columns * COLUMN,
        height=HEIGHT,
        encoding={"x": _pixels("x", columns * COLUMN)},
        layer=[
            layer(
                "area",
                {"color": ACCENT, "opacity": 0.28},
                band,
                y=y,
                y2=y2,
                detail=each_band,
                tooltip=tooltip,
            ),
            layer("rect", {"color": ACCENT}, node, y=y, x2={"field": "x2"}, y2=y2, tooltip=told),
            layer("text", name, node, y=_pixels("middle", HEIGHT, reverse=True), text={"field": "label"}),
        ],
        config={"view": {"stroke": None}},
    )


def _drawn(edges: list[Row]) -> list[Row]:
    """The largest edges of each step; they come in that order."""
    taken: dict[int, int] = {}
    kept = []
    for edge in edges:
        taken[edge["step"]] = taken.get(edge["step"], 0) + 1
        if taken[edge["step"]] <= BANDS:
            kept.append(edge)
    return kept


def _ends(edge: Row) -> tuple[Key, Key]:
    """The nodes of an edge, each in its column; where paths begin, or are marked, is column 0."""
    column = edge["step"] - 1 if edge["step"] > 0 else edge["step"]
    source, target = edge["source"], edge["target"]
    return (column, source["kind"], source["name"]), (column + 1, target["kind"], target["name"])


def _boxes(edges: list[Row]) -> dict[Key, Box]:
    """Every node that has a band, as large as what comes or what goes, whichever is more."""
    out: dict[Key, int] = {}
    into: dict[Key, int] = {}
    for edge in edges:
        source, target = _ends(edge)
        out[source] = out.get(source, 0) + edge["events"]
        into[target] = into.get(target, 0) + edge["events"]
    keys = dict.fromkeys([*out, *into])
    found = [Box(key, max(out.get(key, 0), into.get(key, 0))) for key in keys]
    return {box.key: box for box in sorted(found, key=lambda box: (box.key[0], -box.events, box.key))}


def _place(boxes: Mapping[Key, Box]) -> float:
    """Puts the nodes of each column below each other, and gives the pixels of an event."""
    columns: dict[int, list[Box]] = {}
    for box in boxes.values():
        columns.setdefault(box.key[0], []).append(box)
    scale = min(
        ((HEIGHT - GAP * len(column)) / sum(box.events for box in column) for column in columns.values()),
        default=1.0,
    )
    for column in columns.values():
        top = 0.0
        for box in column:
            box.top, box.height = top, max(box.events * scale, 1.0)
            top += box.height + GAP
    return scale


def _bands(edges: list[Row], boxes: Mapping[Key, Box], scale: float, first: int) -> Iterator[Row]:
    for number, edge in enumerate(edges):
        source, target = (boxes[key] for key in _ends(edge))
        width = edge["events"] * scale
        begins, ends = source.top + source.right, target.top + target.left
        source.right += width
        target.left += width
        left = (source.key[0] - first) * COLUMN + BAR
        told = {
            **FIELDS,
            "band": number,
            "source": plain(edge["source"]["name"]),
            "target": plain(edge["target"]["name"]),
            "events": edge["events"],
            "persons": edge["persons"],
            "median seconds": edge["seconds"]["median"],
        }
        for point in range(POINTS + 1):
            along = point / POINTS
            bent = along * along * (3 - 2 * along)
            y = begins + (ends - begins) * bent
            yield {**told, "x": left + along * (COLUMN - BAR), "y": y, "y2": y + width}


def _node(box: Box, first: int) -> Row:
    column, kind, name = box.key
    left = (column - first) * COLUMN
    short = name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
    return {
        **FIELDS,
        "node": plain(name),
        "kind": plain(kind),
        "label": plain(short),
        "events": box.events,
        "x": left,
        "x2": left + BAR,
        "y": box.top,
        "y2": box.top + box.height,
        "middle": box.top + box.height / 2,
    }


def _pixels(field: str, most: int, *, reverse: bool = False) -> Row:
    """A position that is laid out already; y counts from the top."""
    scale = {"domain": [0, most], "nice": False, "zero": False, "reverse": reverse}
    return {"field": field, "type": "quantitative", "axis": None, "scale": scale}
