"""A chart of the rows of a statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from backsight.charts.parts import QUANTITY, Row, Spec, chart
from backsight.charts.words import plain

MOST_BARS: Final = 50
"""Texts that have bars beside each other; more of them are not read."""


def sql(x: str, y: str, rows: Sequence[Sequence[Any]], is_time: bool) -> Spec:
    """A line over the time, or a bar for each text; `rows` have an x and a y each."""
    titles = plain(x), plain(y)
    values: list[Row] = [
        {"x": plain(at) if isinstance(at, str) else at, "y": _number(size)} for at, size in rows
    ]
    tip: list[Row] = [
        {"field": "x", "title": titles[0], "type": "temporal" if is_time else "nominal"},
        {"field": "y", "title": titles[1], "format": ",", "type": "quantitative"},
    ]
    if is_time:
        along: Row = {"field": "x", "title": None, "type": "temporal"}
        encoding: Row = {"x": along, "y": {"field": "y", "title": titles[1], **QUANTITY}, "tooltip": tip}
        mark: Row = {"type": "line", "point": True}
    else:
        along = {"field": "x", "title": titles[0], "type": "nominal", "sort": None}
        encoding = {"y": along, "x": {"field": "y", "title": titles[1], **QUANTITY}, "tooltip": tip}
        mark, values = {"type": "bar"}, values[:MOST_BARS]
    return chart(
        values, f"{titles[1]} by {titles[0]}", f"{titles[1]} by {titles[0]}.", mark=mark, encoding=encoding
    )


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, str) else value
