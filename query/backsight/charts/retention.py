"""The charts of a retention table."""

from __future__ import annotations

from collections.abc import Sequence

from backsight.charts.lines import MOST_COLOURS, lines
from backsight.charts.parts import SHARE, Row, Spec, below, headed, nothing, reaching, tips
from backsight.charts.retention_cells import period_axis, spans
from backsight.charts.retention_heat import heat_map
from backsight.charts.trend import group_text
from backsight.charts.words import count, percent, plain


def retention(answer: Row) -> Spec:
    """The share that came back, by period, a line a group; under it a heat map of everybody.

    It has a row a cohort and a column a period; what is not over yet is hollow.
    """
    if not any(row["size"] for row in answer["rows"]):
        return nothing("Nobody began in this range.")
    return below(_curves(answer), heat_map(answer))


def _curves(answer: Row) -> Spec:
    """What the averages are, as far as any cohort's period is over."""
    tables = answer.get("groups") or [
        {"value": ["all"], "average": answer["average"], "rows": answer["rows"]}
    ]
    rows = [
        {
            "start": period,
            "when": label,
            "series": _named(each),
            "value": share,
            "shown": percent(share),
            "persons": _pooled(each["rows"], at),
            "complete": True,
        }
        for each in tables
        for at, (period, label, share) in enumerate(
            zip(spans(answer), answer["labels"], each["average"], strict=False)
        )
        if share is not None
    ]
    grouped = "groups" in answer
    tooltip = tips(
        *([("series", "group")] if grouped else []),
        ("when", "period"),
        ("shown", "came back"),
        ("persons", "persons"),
    )
    names = [_named(each) for each in tables][:MOST_COLOURS]
    axis = {"title": "came back", **SHARE, **reaching([row["value"] for row in rows])}
    grey = len(tables) - len(names)
    made = lines(
        rows,
        names,
        axis,
        tooltip,
        headed(_title(answer), f"grey: {grey} smaller groups" if grey else ""),
        description=_words(answer),
        height=150,
    )
    made["encoding"]["x"] = {**period_axis(answer), "field": "start"}
    return made


def _pooled(rows: Sequence[Row], at: int) -> str:
    """How many of how many: of the cohorts whose period is over."""
    over = [row for row in rows if row["complete"][at]]
    returned, size = sum(row["returned"][at] for row in over), sum(row["size"] for row in over)
    return f"{count(returned)} of {count(size)}"


def _title(answer: Row) -> str:
    at = next(
        (at for at in (1, 0) if at < len(answer["average"]) and answer["average"][at] is not None), None
    )
    if at is None:
        return "Nothing is over yet"
    label = answer["labels"][at].lower()
    return f"{percent(answer['average'][at])} came back {'on' if label.startswith('day') else 'in'} {label}"


def _words(answer: Row) -> str:
    told = ", ".join(
        f"{label} {percent(share)}"
        for label, share in zip(answer["labels"], answer["average"], strict=False)
        if share is not None
    )
    return f"Retention of {count(sum(row['size'] for row in answer['rows']))} persons: {told}."


def _named(group: Row) -> str:
    return plain(group_text({"group": group["value"]}) or "")
