"""Where the nodes of paths stand: in columns, so that bands cross little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backsight.charts.parts import Row

GAP: Final = 30
"""Pixels between two nodes of a column: their labels are as high."""
SWEEPS: Final = 4
"""How often the columns are put in order by their neighbours."""

Key = tuple[int, str, str]
"""Column, kind and name."""


@dataclass
class Box:
    """A node's bar: what came, what went, where it stands, and how much of either side bands have taken."""

    key: Key
    came: int = 0
    went: int = 0
    top: float = 0.0
    height: float = 0.0
    _left: float = 0.0
    _right: float = 0.0

    @property
    def events(self) -> int:
        """As large as what came or what went, whichever is more."""
        return max(self.came, self.went)

    def enter(self, width: float) -> float:
        """Takes the next stretch of its left side, and gives where that begins."""
        self._left += width
        return self.top + self._left - width

    def leave(self, width: float) -> float:
        """The same of its right side."""
        self._right += width
        return self.top + self._right - width


def ends(edge: Row) -> tuple[Key, Key]:
    """The nodes of an edge, each in its column; where paths begin, or are marked, is column 0."""
    column = edge["step"] - 1 if edge["step"] > 0 else edge["step"]
    source, target = edge["source"], edge["target"]
    return (column, source["kind"], source["name"]), (column + 1, target["kind"], target["name"])


def boxes_of(edges: Sequence[Row]) -> dict[Key, Box]:
    """Every node that has a band."""
    boxes: dict[Key, Box] = {}
    for edge in edges:
        source, target = (boxes.setdefault(key, Box(key)) for key in ends(edge))
        source.went += edge["events"]
        target.came += edge["events"]
    return boxes


def place(boxes: Mapping[Key, Box], edges: Sequence[Row], height: int) -> float:
    """Puts the nodes of each column below each other, and gives the pixels of an event."""
    columns = _ordered(boxes, edges)
    scale = min(
        max(height - GAP * len(column), 1) / max(sum(box.events for box in column), 1) for column in columns
    )
    for column in columns:
        free = height - sum(max(box.events * scale, 1.0) for box in column)
        gap = min(free / len(column), 2 * GAP)
        top = (free - gap * (len(column) - 1)) / 2 if len(column) > 1 else free / 2
        for box in column:
            box.top, box.height = top, max(box.events * scale, 1.0)
            top += box.height + gap
    return scale


def _ordered(boxes: Mapping[Key, Box], edges: Sequence[Row]) -> list[list[Box]]:
    """The columns; in each the largest first, then moved to where the nodes that they are tied to stand."""
    columns: dict[int, list[Box]] = {}
    for box in sorted(boxes.values(), key=lambda box: (box.key[0], -box.events, box.key)):
        columns.setdefault(box.key[0], []).append(box)
    listed = [columns[number] for number in sorted(columns)]
    for sweep in range(SWEEPS):
        backwards = sweep % 2 == 1
        for column in reversed(listed) if backwards else listed:
            means = {box.key: _mean(box.key, edges, listed, backwards) for box in column}
            column.sort(key=lambda box: (means[box.key], box.key[1:]))
    return listed


def _mean(key: Key, edges: Sequence[Row], columns: Sequence[Sequence[Box]], backwards: bool) -> float:
    """Where the neighbours on one side stand, by the size of the bands; its own place, where it has none."""
    places = {box.key: at / max(len(column), 1) for column in columns for at, box in enumerate(column)}
    tied = [(ends(edge), edge["events"]) for edge in edges]
    near = [
        (places[target if backwards else source], events)
        for (source, target), events in tied
        if (source if backwards else target) == key and events
    ]
    return sum(at * events for at, events in near) / sum(e for _, e in near) if near else places[key]
