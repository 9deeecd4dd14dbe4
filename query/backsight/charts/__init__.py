"""Charts of reports, as Vega-Lite specifications with their data: any page can draw them, Altair too.

Each takes a report's answer; a module a report. Nothing here imports a chart library.
"""

from backsight.charts.activity import activity, elements
from backsight.charts.attribution import attribution, credits_of
from backsight.charts.doctor import doctor
from backsight.charts.funnel import funnel, step_labels, unit_of
from backsight.charts.lifecycle import lifecycle, stickiness
from backsight.charts.parts import Row, Spec
from backsight.charts.paths import paths
from backsight.charts.person import person
from backsight.charts.preview import cohort_preview, preview
from backsight.charts.properties import properties
from backsight.charts.retention import retention
from backsight.charts.retention_cells import cells, has_begun, retention_points, spans
from backsight.charts.signals import signals
from backsight.charts.sql import sql
from backsight.charts.trend import group_text, is_whole, points, series_names, trend
from backsight.charts.words import plain

__all__ = [
    "Row",
    "Spec",
    "activity",
    "attribution",
    "cells",
    "cohort_preview",
    "credits_of",
    "doctor",
    "elements",
    "funnel",
    "group_text",
    "has_begun",
    "is_whole",
    "lifecycle",
    "paths",
    "person",
    "plain",
    "points",
    "preview",
    "properties",
    "retention",
    "retention_points",
    "series_names",
    "signals",
    "spans",
    "sql",
    "step_labels",
    "stickiness",
    "trend",
    "unit_of",
]
