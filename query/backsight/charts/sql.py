"""A chart of the rows of a statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from backsight.charts.parts import QUANTITY, Row, Spec, chart, headed
from backsight.charts.words import count, plain

MOST_BARS: Final = 50
"""Texts that have bars beside each other; more of them are not read."""


def sql(x: str, y: str, rows: Sequence[Sequence[Any]], is_time: bool) -> Spec:
    """A line over the time, or a bar for each text; `rows` have an x and a y each."""
    titles = plain(x), plain(y)
    values: list[Row] = [{"x": _along(at, is_time), "y": _number(size)} for at, size in rows]
    shown = headed(f"{titles[1]} by {titles[0]}")
    utc: Row = {"type": "temporal", "scale": {"type": "utc"}}
    tip: list[Row] = [
        {"field": "x", "title": titles[0], "type": "nominal"},
        {"field": "y", "title": titles[1], "format": ",", "type": "quantitative"},
    ]
    if is_time:
        along: Row = {"field": "x", "title": None, **utc}
        encoding: Row = {"x": along, "y": {"field": "y", "title": titles[1], **QUANTITY}, "tooltip": tip}
        mark: Row = {"type": "line", "point": True}
    else:
        along = {"field": "x", "title": titles[0], "type": "nominal", "sort": None}
        encoding = {"y": along, "x": {"field": "y", "title": titles[1], **QUANTITY}, "tooltip": tip}
        if len(values) > MOST_BARS:
            shown = headed(shown["text"], f"the first {MOST_BARS} of {count(len(values))} rows")
        mark, values = {"type": "bar"}, values[:MOST_BARS]
    return chart(values, shown, f"{shown['text']}.", mark=mark, encoding=encoding)


def _along(value: Any, is_time: bool) -> Any:
    # A time without a zone would be read in the reader's, a date in UTC: both are shown as they stand.
    if isinstance(value, str) and is_time and "T" in value and not value.endswith("Z"):
        return plain(f"{value}Z")
    return plain(value) if isinstance(value, str) else value


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, str) else value
