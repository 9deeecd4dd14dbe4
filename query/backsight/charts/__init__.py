"""Charts of reports, as Vega-Lite specifications with their data: any page can draw them, Altair too.

Each takes a report's answer; a module a report. Nothing here imports a chart library.
"""

from backsight.charts.funnel import funnel
from backsight.charts.lifecycle import lifecycle, stickiness
from backsight.charts.parts import Row, Spec, plain
from backsight.charts.preview import cohort_preview, preview
from backsight.charts.retention import cells, has_begun, retention
from backsight.charts.trend import group_text, points, series_names, trend

__all__ = [
    "Row",
    "Spec",
    "cells",
    "cohort_preview",
    "funnel",
    "group_text",
    "has_begun",
    "lifecycle",
    "plain",
    "points",
    "preview",
    "retention",
    "series_names",
    "stickiness",
    "trend",
]
