"""The charts of what has a name, and of what has none yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from backsight.charts.parts import (
    MARGIN,
    NAMES,
    QUANTITY,
    START,
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
from backsight.charts.words import count, counted, plain

ROW: Final = 36
"""Pixels of a name."""
HIGH: Final = 0.78
"""How much of them its largest day takes."""


def activity(events: list[Row]) -> Spec:
    """A row a name, each with the shape of its days: every row has a scale of its own.

    Names that fell silent have a mark where they did.
    """
    rows = [row for place, each in enumerate(events) for row in _days(place, each)]
    if not rows:
        return nothing("No named events yet.")
    silent = [each for each in events if each["activity"]["silent_since"]]
    domain = {"domain": [0, len(events)], "reverse": True, "nice": False, "zero": False}
    y = {"field": "top", "axis": None, "scale": domain, **QUANTITY}
    tooltip = tips(
        ("name", "name"),
        ("when", "day"),
        ("events", "events#"),
        ("largest", "largest day#"),
        ("since", "silent since"),
    )
    names = {"field": "label", **NAMES, "axis": {"domain": False}}
    mark = {"filled": True, "shape": "triangle-up", "size": 90, "style": "other"}
    return chart(
        rows,
        headed(
            "Events a day",
            "each name on a scale of its own",
            f"triangle: silent since, {counted(len(silent), 'name')}" if silent else "",
        ),
        "Activity of "
        + "; ".join(
            f"{plain(each['name'])}: {counted(each['activity']['events'], 'event')}" for each in events[:8]
        )
        + ".",
        height=ROW * len(events),
        encoding={"x": {**START, "axis": {**START["axis"], "grid": False}}},
        resolve={"scale": {"y": "independent"}},
        layer=[
            layer("point", {"opacity": 0}, y={**names, "scale": {"paddingInner": 0, "paddingOuter": 0}}),
            layer(
                "area",
                {"opacity": 0.85, "interpolate": "step"},
                y=y,
                y2={"field": "ground"},
                detail={"field": "name", "type": "nominal"},
            ),
            layer("rect", {"opacity": 0}, y={**y, "field": "above"}, y2={"field": "ground"}, tooltip=tooltip),
            layer("point", mark, "datum.fell", y={**y, "field": "ground"}, tooltip=tooltip),
        ],
    )


def _days(place: int, each: dict[str, Any]) -> Iterator[Row]:
    known = each["activity"]
    first, most = date.fromisoformat(known["from"]), max(known["daily"], default=0)
    for number, events in enumerate(known["daily"]):
        day = (first + timedelta(days=number)).isoformat()
        yield {
            **when(day),
            "name": plain(each["name"]),
            "label": f"{plain(each['name'])} · {count(known['events'])}",
            "events": events,
            "largest": most,
            "since": known["silent_since"] or "",
            "fell": day == known["silent_since"],
            "ground": place + 1 - (1 - HIGH) / 2,
            "above": place + (1 - HIGH) / 2,
            "top": place + 1 - (1 - HIGH) / 2 - (events / most * HIGH if most else 0),
        }


def elements(answer: Row) -> Spec:
    """A bar an element, with its events."""
    rows = [
        {
            "element": plain(f"{number}. {each['words']}"),
            "name": plain(each["name"]),
            "events": each["events"],
            "persons": each["persons"],
            "pages": plain(", ".join(page["path"] for page in each["pages"])),
            "label": f"{count(each['events'])} by {counted(each['persons'], 'person')}",
        }
        for number, each in enumerate(answer["elements"], 1)
    ]
    if not rows:
        return nothing("Nothing that was clicked is without a name.")
    tooltip = tips(
        ("element", "element"),
        ("name", "suggested name"),
        ("events", "events#"),
        ("persons", "persons#"),
        ("pages", "on"),
    )
    axis = {**bare(WHOLE), **reaching([row["events"] for row in rows], margin=3 * MARGIN)}
    return chart(
        rows,
        "Clicked, and without a name",
        f"{len(rows)} elements without a name: "
        + "; ".join(f"{row['element']} {row['label']}" for row in rows[:6]),
        height={"step": 24},
        encoding={
            "y": {"field": "element", **NAMES},
            "x": {"field": "events", "title": "events", **axis},
        },
        layer=[bars(tooltip=tooltip), written("label", {"align": "left", "dx": 5})],
    )
