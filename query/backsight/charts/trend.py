"""The chart of a trend, and the points and names that its tables share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from backsight.charts.parts import ACCENT, QUANTITY, START, WHOLE, Row, Spec, chart, plain

COUNTS = ("events", "persons", "sessions", "active_persons")
"""Measures whose values are whole."""


def trend(answer: Row) -> Spec:
    """A line a series (of formulas alone, where there are some); the periods before are dashed. Of one period
    alone, a bar a series.
    """
    series, calculated = answer["series"], any("formula" in each for each in answer["series"])
    drawn = {
        name
        for name, each in zip(series_names(series), series, strict=True)
        if ("formula" in each) == calculated
    }
    rows = [each for row in points(answer) if row["series"] in drawn for each in _drawn(row)]
    return _bars(answer, rows) if len(answer["labels"]) == 1 else _lines(answer, rows)


def _lines(answer: Row, rows: list[Row]) -> Spec:
    dashes = {"symbolType": "stroke", "symbolFillColor": "transparent"}
    compared = {"field": "range", "type": "nominal", "sort": None, "title": None, "legend": dashes}
    return chart(
        rows,
        width=640,
        height=260,
        mark={"type": "line", "point": True, "strokeJoin": "round"},
        encoding={
            "x": START,
            "y": {"field": "value", "title": None, **(WHOLE if is_whole(answer) else QUANTITY)},
            "color": {
                "field": "series",
                "type": "nominal",
                "sort": None,
                "title": None,
                "legend": {"labelLimit": 320},
            },
            **({"strokeDash": compared} if "previous_labels" in answer else {}),
            "tooltip": [{"field": name} for name in ("start", "series", "value")],
        },
    )


def _bars(answer: Row, rows: list[Row]) -> Spec:
    compared = {"field": "range", "type": "nominal", "sort": None, "title": None}
    both = {"yOffset": compared, "color": compared} if "previous_labels" in answer else {}
    return chart(
        rows,
        width=480,
        height={"step": 24},
        mark={"type": "bar", **({} if both else {"color": ACCENT})},
        encoding={
            "y": {
                "field": "series",
                "type": "nominal",
                "sort": None,
                "title": None,
                "axis": {"labelLimit": 320},
            },
            "x": {"field": "value", "title": None, **(WHOLE if is_whole(answer) else QUANTITY)},
            **both,
            "tooltip": [{"field": name} for name in ("start", "series", "value")],
        },
    )


def is_whole(answer: Row) -> bool:
    """Whether all of a trend's values are counts."""
    counts = all(each.get("measure") in COUNTS for each in answer["series"])
    return counts and not any(
        isinstance(value, float) for each in answer["series"] for value in each["values"]
    )


def points(answer: Row) -> list[Row]:
    """The points of a trend's answer: start, series (its name), measure, value.

    With the group, where it is broken down, and the value before, where it is compared.
    """
    return [
        point
        for name, series in zip(series_names(answer["series"]), answer["series"], strict=True)
        for point in _points(answer["labels"], name, series)
    ]


def series_names(series: list[Row]) -> list[str]:
    """A name for each series, no two alike: its label; measure, group and number where it needs them."""
    alike = [each for each in series if each.get("group") == series[0].get("group")]
    labels = Counter(each["label"] for each in alike)
    names = []
    for each in series:
        name = f"{each['label']} ({_measure(each)})" if labels[each["label"]] > 1 else each["label"]
        names.append(f"{name}: {group_text(each)}" if "group" in each else name)
    taken = Counter(names)
    return [f"{name} #{number}" if taken[name] > 1 else name for number, name in enumerate(names, 1)]


def group_text(series: Row) -> str | None:
    """The group of a series in words; null where nothing is broken down."""
    if "group" not in series:
        return None
    values: Sequence[Any] | None = series["group"]
    return (
        "(all others)"
        if values is None
        else ", ".join("(none)" if each is None else str(each) for each in values)
    )


def _points(labels: Sequence[str], name: str, series: Row) -> list[Row]:
    point: Row = {"series": name, "measure": _measure(series)}
    if "group" in series:
        point["group"] = group_text(series)
    rows = [
        {"start": start, **point, "value": value}
        for start, value in zip(labels, series["values"], strict=True)
    ]
    if "previous" not in series:
        return rows
    before = series["previous"]["values"]
    return [{**row, "previous": value} for row, value in zip(rows, before, strict=True)]


def _drawn(row: Row) -> list[Row]:
    """The points that stand for a row: where it is compared, one more."""
    safe = {key: plain(value) if isinstance(value, str) else value for key, value in row.items()}
    if "previous" not in row:
        return [safe]
    before = safe.pop("previous")
    return [{**safe, "range": "this range"}, {**safe, "value": before, "range": "before"}]


def _measure(series: Row) -> str:
    """The measure in words: `avg of price`, `active persons (7d)`, or a formula."""
    if "formula" in series:
        return str(series["formula"])
    of = f" of {series['property']}" if "property" in series else ""
    over = f" over {series['over']}" if "over" in series else ""
    return f"{series['measure']}{of}{over}"
