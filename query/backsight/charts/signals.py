"""The chart of signals."""

from __future__ import annotations

from typing import Final

from backsight.charts.parts import NAMES, QUANTITY, Row, Spec, chart, headed, layer, nothing, tips
from backsight.charts.words import count, percent, plain, shortened

SIDES: Final = ("with it", "against it")
"""What goes with the outcome, and what goes with its absence: told by colour, shape and side of the line."""


def signals(answer: Row) -> Spec:
    """A point a signal at its odds ratio, on the stretch where it surely lies, beside a line at no change."""
    if not answer["signals"]:
        return nothing("Nothing stands out.")
    rows = [_drawn(number, each) for number, each in enumerate(answer["signals"], 1)]
    tooltip = tips(
        ("full", "what"),
        ("persons", "persons who did it#"),
        ("outcome", "of these, with the outcome#"),
        ("share", "share"),
        ("expected", "expected of others as active"),
        ("odds", "odds, times"),
        ("between", "surely between"),
    )
    axis = {"format": "~g", "tickCount": 6, "orient": "top"}
    scale = {
        "type": "log",
        "domain": [min(1, *(row["low"] for row in rows)), max(1, *(row["high"] for row in rows))],
    }
    x = {"scale": scale, "axis": axis, "title": "odds of the outcome, times", **QUANTITY}
    side = {
        "color": {"field": "side", **NAMES, "scale": {"domain": list(SIDES)}, "legend": {"orient": "top"}}
    }
    shape = {
        "shape": {"field": "side", **NAMES, "scale": {"domain": list(SIDES), "range": ["circle", "diamond"]}}
    }
    y = {"field": "what", **NAMES}
    return chart(
        rows,
        headed("What goes with the outcome, and what against it", "stretch: where the odds surely are"),
        "Signals: " + "; ".join(f"{row['what']}, odds times {row['odds']}" for row in rows[:8]) + ".",
        height={"step": 26},
        layer=[
            layer("rule", {"strokeDash": [4, 4]}, x={"datum": 1, **x}),
            layer(
                "rule",
                {"strokeWidth": 2.5},
                y=y,
                x={"field": "low", **x},
                x2={"field": "high"},
                **side,
                tooltip=tooltip,
            ),
            layer(
                "point",
                {"filled": True, "opacity": 1, "size": 90},
                y=y,
                x={"field": "ratio", **x},
                **side,
                **shape,
                tooltip=tooltip,
            ),
        ],
    )


LONGEST: Final = 42
"""Characters of a signal that are shown."""
LEAST: Final = 0.001
MOST: Final = 1_000
"""Odds beyond these are drawn at these: the figures say how far exactly."""


def _drawn(number: int, signal: Row) -> Row:
    low, high = signal["interval"]
    ratio = signal["odds_ratio"]
    return {
        # Two signals may have one label: their number tells them apart, and is that of the table.
        "what": shortened(f"{number}. {plain(signal['label'])}", LONGEST),
        "full": plain(signal["label"]),
        "persons": signal["did"]["persons"],
        "outcome": signal["did"]["outcome"],
        "share": percent(signal["did"]["share"]),
        "expected": percent(signal["expected"]),
        "odds": count(ratio),
        "between": f"{low:,.2f} and {high:,.2f}",
        "ratio": _bounded(ratio),
        "low": _bounded(low),
        "high": _bounded(high),
        "side": SIDES[0] if ratio > 1 else SIDES[1],
    }


def _bounded(odds: float) -> float:
    return min(max(odds, LEAST), MOST)
