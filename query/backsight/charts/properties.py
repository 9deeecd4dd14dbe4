"""The chart of the properties: how often each is there."""

from __future__ import annotations

from typing import Final

from backsight.charts.parts import NAMES, SHARE, Row, Spec, chart

MOST: Final = 40
"""Bars that can be read."""


def properties(answer: Row) -> Spec:
    """A bar a property that is there at all: the share of events, or of persons, that have it."""
    rows = [{**each, "share": each["count"] / each["of"]} for each in answer["properties"] if each["count"]]
    rows = sorted(rows, key=lambda each: -each["share"])[:MOST]
    shown = ("name", "kind", "type", "count", "of", "share")
    return chart(
        [{key: each[key] for key in shown} for each in rows],
        "Properties",
        "A bar a property: the share of events, or of persons, that have it.",
        height={"step": 18},
        mark="bar",
        encoding={
            "y": {"field": "name", **NAMES},
            "x": {"field": "share", "title": "of those looked at", **SHARE},
            "tooltip": [{"field": key} for key in shown[:-1]] + [{"field": "share", "format": ".1%"}],
        },
    )
