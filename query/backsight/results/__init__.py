"""What a report answers, as an object: the same one whether the lake was read in place or over HTTP."""

from backsight.results.attribution import Attribution
from backsight.results.cohort_preview import CohortPreview
from backsight.results.funnel import Funnel
from backsight.results.lifecycle import Lifecycle, Stickiness
from backsight.results.paths import Paths
from backsight.results.preview import Preview
from backsight.results.result import Result
from backsight.results.retention import Retention
from backsight.results.trend import Trend

__all__ = [
    "RESULTS",
    "Attribution",
    "CohortPreview",
    "Funnel",
    "Lifecycle",
    "Paths",
    "Preview",
    "Result",
    "Retention",
    "Stickiness",
    "Trend",
]

RESULTS: dict[str, type[Result]] = {
    kind.report: kind
    for kind in (Funnel, Retention, Trend, Lifecycle, Stickiness, Paths, Attribution, Preview, CohortPreview)
}
"""The class of each report's result, by the report's name."""
