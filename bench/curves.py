"""Curves over days as a picture: Vega-Lite, drawn to SVG without a browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import vl_convert

PANELS: Final[Sequence[tuple[str, Mapping[str, str]]]] = (
    ("one commit, ms", {"commit_p50": "median", "commit_p95": "p95", "commit_cpu": "median of CPU"}),
    ("a report's start, ms", {"open_lake": "a new process", "next_snapshot": "a server"}),
    ("data files", {"event_files": "events", "partitions": "their days", "other_files": "other tables"}),
    ("log files", {"log_files": "log files"}),
    ("MB of log", {"log_size": "log"}),
    ("MB of data", {"data_size": "on disk", "live_size": "in the lake"}),
    ("merges a day", {"merges": "merges"}),
    ("MB of memory", {"memory": "committer"}),
)
COLUMNS: Final = 4


def draw(days: Sequence[Mapping[str, Any]], path: Path) -> None:
    """One panel for each kind of measure."""
    specification = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "columns": COLUMNS,
        "concat": [_panel(title, series, days) for title, series in PANELS],
        "config": {
            "view": {"stroke": None},
            "axis": {"grid": True, "gridOpacity": 0.4},
            "background": "white",
        },
    }
    specification["resolve"] = {"scale": {"color": "independent"}}
    path.write_text(vl_convert.vegalite_to_svg(specification))


def _panel(title: str, series: Mapping[str, str], days: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    rows = [
        {"day": day["day"], "value": round(day[name], 2), "of": label}
        for day in days
        for name, label in series.items()
    ]
    colour: dict[str, Any] = {"field": "of", "type": "nominal", "sort": list(series.values()), "title": None}
    colour["legend"] = {"orient": "bottom"} if len(series) > 1 else None
    return {
        "title": {"text": title, "anchor": "start", "fontSize": 12},
        "width": 190,
        "height": 120,
        "data": {"values": rows},
        "mark": {"type": "line", "interpolate": "monotone"},
        "encoding": {
            "x": {"field": "day", "type": "quantitative", "title": "day", "axis": {"tickCount": 6}},
            "y": {"field": "value", "type": "quantitative", "title": None, "scale": {"zero": True}},
            "color": colour,
        },
    }
