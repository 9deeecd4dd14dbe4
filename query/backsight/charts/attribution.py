"""The chart of attribution: what each touch is owed."""

from __future__ import annotations

from typing import Any, Final

from backsight.charts.parts import ACCENT, FAINT, QUANTITY, Row, Spec, chart, percent, plain

UNATTRIBUTED: Final = "(unattributed)"


def attribution(answer: Row) -> Spec:
    """A bar a group, and a faint one for what is owed to nothing."""
    rows = [
        {**row, "group": plain(row["group"]), "of all": percent(row["share"])} for row in credits_of(answer)
    ]
    return chart(
        rows,
        width=480,
        height={"step": 24},
        mark={"type": "bar"},
        encoding={
            "y": {"field": "group", "type": "nominal", "sort": None, "title": None},
            "x": {"field": "conversions", "title": "conversions", **QUANTITY},
            "color": {"condition": {"test": "datum.attributed", "value": ACCENT}, "value": FAINT},
            "tooltip": [{"field": name} for name in ("group", "conversions", "persons", "sum", "of all")],
        },
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


def _named(value: list[Any] | None) -> str:
    """A group's values in one text."""
    if value is None:
        return "(all others)"
    return ", ".join("(none)" if each is None else str(each) for each in value)
