"""The chart of signals."""

from __future__ import annotations

from backsight.charts.parts import ACCENT, AGAINST, QUANTITY, Row, Spec, chart, layer, percent, plain


def signals(answer: Row) -> Spec:
    """A dot a signal at its odds ratio, on the stretch where it surely lies; a line where nothing changes.

    Those that go with the outcome are blue, those that go with its absence orange.
    """
    tooltip = [{"field": name} for name in ("what", "persons", "with outcome", "expected", "odds ratio")]
    what = {"field": "what", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 320}}
    axis = {"format": "~g", "tickCount": 6}
    scale = {"scale": {"type": "log"}, "axis": axis, "title": "odds of the outcome, times", **QUANTITY}
    side = {"condition": {"test": "datum['odds ratio'] > 1", "value": ACCENT}, "value": AGAINST}
    return chart(
        [_drawn(each) for each in answer["signals"]],
        width=420,
        height={"step": 24},
        layer=[
            layer("rule", {"color": "gray", "strokeDash": [4, 4]}, x={"datum": 1, **scale}),
            layer("rule", {"size": 2}, y=what, x={"field": "low", **scale}, x2={"field": "high"}, color=side),
            layer("point", {"filled": True, "opacity": 1, "size": 80}, y=what,
                  x={"field": "odds ratio", **scale}, color=side, tooltip=tooltip),
        ],
    )  # fmt: skip


def _drawn(signal: Row) -> Row:
    low, high = signal["interval"]
    return {
        "what": plain(signal["label"]),
        "persons": signal["did"]["persons"],
        "with outcome": percent(signal["did"]["share"]),
        "expected": percent(signal["expected"]),
        "odds ratio": signal["odds_ratio"],
        "low": low,
        "high": high,
    }
