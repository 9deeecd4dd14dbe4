"""The chart of attribution: what each touch is owed."""

from __future__ import annotations

from typing import Any, Final

from backsight.charts.parts import (
    MARGIN,
    NAMES,
    NUMBER,
    Row,
    Spec,
    bare,
    bars,
    chart,
    headed,
    nothing,
    reaching,
    tips,
    written,
)
from backsight.charts.trend import group_text
from backsight.charts.words import count, percent, plain

UNATTRIBUTED: Final = "(unattributed)"


def attribution(answer: Row) -> Spec:
    """A bar a group, and a faint one for what is owed to nothing."""
    every = answer["total"]["conversions"]
    if not every:
        return nothing("No conversions in this range.")
    rows = [_drawn(row) for row in credits_of(answer)]
    owed = sum(row["conversions"] for row in rows if row["attributed"])
    summed = any(row["summed"] for row in rows)
    tooltip = tips(
        ("group", "touch"),
        ("shared", "conversions"),
        ("share", "of all"),
        ("persons", "persons#"),
        *([("summed", "sum")] if summed else []),
    )
    axis = {**bare(NUMBER), **reaching([row["conversions"] for row in rows], margin=3 * MARGIN)}
    return chart(
        rows,
        headed(
            f"{percent(owed / every)} of {count(every)} conversions are owed to a touch",
            "faint: owed to none",
        ),
        "Attribution: " + "; ".join(f"{row['group']} {row['label']}" for row in rows[:8]) + ".",
        height={"step": 26},
        encoding={
            "y": {"field": "group", **NAMES},
            "x": {"field": "conversions", "title": "conversions", **axis},
        },
        layer=[
            bars("datum.attributed", tooltip=tooltip),
            bars("!datum.attributed", faint=True, tooltip=tooltip),
            written("label", {"align": "left", "dx": 5}),
        ],
    )


def credits_of(answer: Row) -> list[Row]:
    """The groups of an attribution answer and, last, what is owed to nothing: group (a text), attributed,
    conversions, persons, sum, share (of all conversions).
    """
    every = answer["total"]["conversions"]
    parts: list[tuple[str, bool, Any]] = [(_named(group["value"]), True, group) for group in answer["groups"]]
    parts.append((UNATTRIBUTED, False, answer["unattributed"]))
    return [
        {"group": name, "attributed": attributed}
        | {key: figures[key] for key in ("conversions", "persons", "sum")}
        | {"share": figures["conversions"] / every if every else None}
        for name, attributed, figures in parts
    ]


def _drawn(row: Row) -> Row:
    shared, share = count(row["conversions"]), percent(row["share"])
    return {
        "group": plain(row["group"]),
        "attributed": row["attributed"],
        "conversions": row["conversions"],
        "shared": shared,
        "persons": row["persons"],
        "summed": count(row["sum"]),
        "share": share,
        "label": f"{shared} · {share}",
    }


def _named(value: list[Any] | None) -> str:
    """A group's values in one text."""
    text = group_text({"group": value}) or ""
    return f'"{text}"' if text == UNATTRIBUTED else text
