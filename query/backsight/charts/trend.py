"""The chart of a trend, and the points and names that its tables share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from backsight.charts.lines import MOST_COLOURS, lines
from backsight.charts.parts import (
    MARGIN,
    NAMES,
    NUMBER,
    QUANTITY,
    WHOLE,
    Row,
    Spec,
    bare,
    bars,
    chart,
    headed,
    layer,
    nothing,
    reaching,
    tips,
    when,
    written,
)
from backsight.charts.words import count, percent, plain, shortened

POOLED: Final = "(all others)"
NO_VALUE: Final = "(none)"
LONGEST: Final = 60
"""Characters of a title."""
COUNTS = ("events", "persons", "sessions", "active_persons")
"""Measures whose values are whole."""


def trend(answer: Row) -> Spec:
    """A line a series (of formulas alone, where there are some); the periods before are dotted, those that
    are not over dashed. Of one period alone, a bar a series.
    """
    series = drawn_series(answer)
    rows = [_drawn(row) for row in points({**answer, "series": [each for _, each in series]}, series)]
    if not rows:
        return nothing("No periods in this range.")
    return _bars(answer, rows, series) if len(answer["labels"]) == 1 else _lines(answer, rows, series)


def drawn_series(answer: Row) -> list[tuple[str, Row]]:
    """The series that a chart shows, each with its name: formulas alone, where there are some."""
    calculated = any("formula" in each for each in answer["series"])
    named = zip(_names(answer["series"]), answer["series"], strict=True)
    return [(name, each) for name, each in named if ("formula" in each) == calculated]


def _names(series: list[Row]) -> list[str]:
    """A name for each series; where the groups are all of one series, theirs alone."""
    groups = {group_text(each) for each in series} - {None}
    if len({each["label"] for each in series}) == 1 and len(groups) == len(series):
        return [group_text(each) or "" for each in series]
    return series_names(series)


def _lines(answer: Row, rows: list[Row], series: list[tuple[str, Row]]) -> Spec:
    names = _largest(series)
    told = _told(answer, rows)
    axis = {"title": _measured(series), **(WHOLE if is_whole(answer) else NUMBER)}
    values = [row["value"] for row in rows] + [row["previous"] for row in rows if "previous" in row]
    if not any(values):
        axis |= reaching(values)
    made = lines(
        rows, names, axis, told, _title(answer, rows, series), description=_words(answer, series), height=260
    )
    if "previous_labels" in answer:
        made["layer"].insert(0, _before(made["layer"]))
    return made


def _before(layers: list[Spec]) -> Spec:
    """The range before, dotted, in the colours of its series."""
    colour = {name: each for name, each in layers[1]["encoding"].items() if name == "color"}
    colour = colour or {"detail": {"field": "series", "type": "nominal"}}
    style = {"strokeDash": [1, 4], "strokeCap": "round", "opacity": 0.75}
    return layer("line", style, "!datum.joint", y={"field": "previous", **QUANTITY}, **colour)


def _bars(answer: Row, rows: list[Row], series: list[tuple[str, Row]]) -> Spec:
    axis = {"title": _measured(series), **bare(WHOLE if is_whole(answer) else NUMBER)}
    values = [row[key] or 0 for row in rows for key in ("value", "previous") if key in row]
    if min(values) >= 0:
        axis |= reaching(values, margin=3 * MARGIN)
    return chart(
        rows,
        _title(answer, rows, series),
        _words(answer, series),
        height={"step": 26},
        encoding={
            "y": {"field": "series", **NAMES},
            "x": {"field": "value", **axis},
        },
        layer=[
            bars(tooltip=_told(answer, rows)),
            written("label", {"align": "left", "dx": 5}),
        ],
    )


def _title(answer: Row, rows: list[Row], series: list[tuple[str, Row]]) -> Row:
    labels = list(dict.fromkeys(each["label"] for _, each in series))
    name = shortened(plain(", ".join(labels)), LONGEST) if len(labels) <= 3 else f"{len(labels)} series"
    drawn = {row["series"] for row in rows}
    grey = len(drawn) - MOST_COLOURS if len(answer["labels"]) > 1 and len(drawn) > MOST_COLOURS else 0
    line, one = len(answer["labels"]) > 1, not all(row["complete"] for row in rows)
    return headed(
        name,
        f"grey: {grey} smaller ones" if grey else "",
        ("dotted: the range before" if line else "with what it was in the range before")
        if "previous_labels" in answer
        else "",
        ("dashed, hollow: not over yet" if line else "not over yet") if one else "",
    )


def _words(answer: Row, series: list[tuple[str, Row]]) -> str:
    """What one hears of the chart."""
    told = ", ".join(f"{plain(name)} {count(each['total'])}" for name, each in series[:5])
    more = f" and {len(series) - 5} more" if len(series) > 5 else ""
    labels = answer["labels"]
    return f"Trend from {plain(labels[0])} to {plain(labels[-1])}; in all {told}{more}."


def _told(answer: Row, rows: list[Row]) -> list[Row]:
    """Tooltips: whose figure it is, of when, how much, and how much it was before."""
    found = [("when", "from"), ("series", "series"), ("measure", "measure"), ("shown", "value")]
    if "previous_labels" in answer:
        found += [("before", "range before"), ("change", "change")]
    return tips(*found)


def _measured(series: list[tuple[str, Row]]) -> str | None:
    """The axis' title: the measure, where all series have the same."""
    found = {_measure(each) for _, each in series}
    return shortened(plain(found.pop()), 40) if len(found) == 1 else None


def _largest(series: list[tuple[str, Row]]) -> list[str]:
    """The names that get a colour: the largest, in the answer's order; what is pooled gets none."""
    if len(series) <= MOST_COLOURS:
        return [plain(name) for name, _ in series]
    own = [(name, each) for name, each in series if each.get("group", ()) is not None]
    ranked = sorted(own, key=lambda each: -abs(each[1]["total"] or 0))[:MOST_COLOURS]
    kept = {name for name, _ in ranked}
    return [plain(name) for name, _ in series if name in kept]


def is_whole(answer: Row) -> bool:
    """Whether all of a trend's values are counts."""
    counts = all(each.get("measure") in COUNTS for each in answer["series"])
    return counts and not any(
        isinstance(value, float) for each in answer["series"] for value in each["values"]
    )


def points(answer: Row, named: Sequence[tuple[str, Row]] | None = None) -> list[Row]:
    """The points of a trend's answer: start, series (its name), measure, value.

    With the group, where it is broken down, and the value before, where it is compared; `complete` where the
    answer says it. `named` are some of its series with their names.
    """
    series = answer["series"]
    return [
        point
        for name, each in named or zip(series_names(series), series, strict=True)
        for point in _points(answer, name, each)
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
    if values is None:
        return POOLED
    return ", ".join(_value_text(each, alone=len(values) == 1) for each in values)


def _value_text(value: Any, *, alone: bool) -> str:
    # In quotes where it would read as something else: analytics data is full of "(none)".
    text = NO_VALUE if value is None else str(value)
    return f'"{text}"' if value in (POOLED, NO_VALUE) or (not alone and ", " in text) else text


def _points(answer: Row, name: str, series: Row) -> list[Row]:
    point: Row = {"series": name, "measure": _measure(series)}
    if "group" in series:
        point["group"] = group_text(series)
    rows = [
        {"start": start, **point, "value": value, "complete": complete}
        for start, value, complete in zip(answer["labels"], series["values"], answer["complete"], strict=True)
    ]
    if "previous" not in series:
        return rows
    before = series["previous"]["values"]
    return [{**row, "previous": value} for row, value in zip(rows, before, strict=True)]


def _drawn(row: Row) -> Row:
    """What a chart shows of a point."""
    kept = {
        "series": plain(row["series"]),
        "measure": plain(row["measure"]),
        "value": row["value"],
        "complete": row["complete"],
        "shown": count(row["value"]) or "none",
        "label": count(row["value"]) or "none",
    }
    if "previous" not in row:
        return {**when(row["start"]), **kept}
    before = row["previous"]
    change = (row["value"] - before) / abs(before) if before and row["value"] is not None else None
    told = {"previous": before, "before": count(before) or "none"}
    told |= {"label": f"{kept['label']}, was {told['before']}" + (f" ({_signed(change)})" if before else "")}
    return {**when(row["start"]), **kept, **told, "change": _signed(change)}


def _signed(change: float | None) -> str:
    return "" if change is None else f"{'+' if change > 0 else ''}{percent(change)}"


def _measure(series: Row) -> str:
    """The measure in words: `avg of price`, `active persons (7d)`, or a formula."""
    if "formula" in series:
        return str(series["formula"])
    of = f" of {series['property']}" if "property" in series else ""
    over = f" over {series['over']}" if "over" in series else ""
    return f"{series['measure']}{of}{over}"
