"""The chart of signals."""

from __future__ import annotations

from backsight.charts.parts import ACCENT, FAINT, QUANTITY, Row, Spec, chart, layer, percent, plain


def signals(answer: Row) -> Spec:
    """A dot a signal at its odds ratio, on the stretch where it surely lies; a line where nothing changes."""
    tooltip = [{"field": name} for name in ("what", "persons", "with outcome", "expected", "odds ratio")]
    what = {"field": "what", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 320}}
    scale = {"scale": {"type": "log"}, "title": "odds of the outcome, times", **QUANTITY}
    return chart(
        [_drawn(each) for each in answer["signals"]],
        width=420,
        height={"step": 24},
        encoding={"y": what},
        layer=[
            layer("rule", {"color": FAINT, "size": 2}, x={"datum": 1, **scale}),
            layer("rule", {"color": ACCENT, "size": 2}, x={"field": "low", **scale}, x2={"field": "high"}),
            layer("point", {"color": ACCENT, "filled": True, "size": 70}, x={"field": "odds ratio", **scale},
                  tooltip=tooltip),
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
