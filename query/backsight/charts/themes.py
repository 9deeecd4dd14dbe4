"""How charts look on a light ground and on a dark one: two configurations of Vega-Lite with the same keys.

Charts name no colour of their own. They say what a mark is (its place in a palette, a style, how opaque), and
one of these says how that looks; without any they are drawn in Vega-Lite's own colours, and nothing is lost.
The ground shows through; GROUNDS are those that the colours were chosen for.
"""

from __future__ import annotations

from typing import Any, Final, Literal

Theme = Literal["light", "dark"]
Config = dict[str, Any]

GROUNDS: Final[dict[Theme, str]] = {"light": "#ffffff", "dark": "#1b1b1b"}
FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def _config(ink: str, muted: str, line: str, palette: list[str], heat: list[str]) -> Config:
    text = {"labelColor": ink, "titleColor": muted, "labelFontSize": 11, "titleFontSize": 11}
    return {
        "background": "transparent",
        "font": FONT,
        "padding": {"left": 4, "top": 4, "right": 18, "bottom": 6},
        "view": {"stroke": None, "continuousWidth": 640, "continuousHeight": 240},
        "mark": {"color": palette[0]},
        "text": {"color": ink, "fontSize": 11},
        "rule": {"color": muted},
        "style": {"muted": {"color": muted}, "other": {"color": muted}},
        "axis": {
            **text,
            "titleFontWeight": "normal",
            "domainColor": line,
            "tickColor": line,
            "gridColor": line,
            "gridOpacity": 0.6,
            "labelPadding": 5,
        },
        "axisDiscrete": {"grid": False, "ticks": False},
        "axisYDiscrete": {"labelLimit": 260},
        "legend": {**text, "titleFontWeight": "normal", "orient": "top", "labelLimit": 170, "columns": 3},
        "title": {
            "anchor": "start",
            "color": ink,
            "fontSize": 14,
            "fontWeight": 600,
            "subtitleColor": muted,
            "subtitleFontSize": 11.5,
            "subtitlePadding": 5,
            "offset": 12,
        },
        "concat": {"spacing": 36},
        "range": {"category": palette, "ordinal": palette, "heatmap": heat, "ramp": heat},
    }


LIGHT: Final = _config(
    ink="#1f2328",
    muted="#59636e",
    line="#d5dae0",
    palette=["#2a6fb0", "#d0750a", "#0f6b4a", "#6b2a86", "#7a5200", "#d85a8f", "#2b9ab3", "#6e7781"],
    heat=["#e6f0fa", "#9cc5ea", "#4a90cf", "#1c5c9c", "#0b3a6b"],
)
DARK: Final = _config(
    ink="#e8eaed",
    muted="#a7afb8",
    line="#3d444d",
    palette=["#6cb0f0", "#e07b2e", "#9be8b4", "#9c66d8", "#f2dc6a", "#d9618f", "#5fd3c4", "#9aa4ae"],
    heat=["#1d2f42", "#23517d", "#3379b7", "#6cb0f0", "#cfe6fb"],
)
THEMES: Final[dict[Theme, Config]] = {"light": LIGHT, "dark": DARK}


def themed(spec: dict[str, Any], theme: Theme) -> dict[str, Any]:
    """A chart with a theme's colours on a ground of its own, for a picture that stands by itself."""
    return {**spec, "config": {**THEMES[theme], "background": GROUNDS[theme]}}
