"""What a report answers, as an object: the same one whether the lake was read in place or over HTTP."""

from backsight.results.cohort_preview import CohortPreview
from backsight.results.funnel import Funnel
from backsight.results.preview import Preview
from backsight.results.result import Result
from backsight.results.retention import Retention
from backsight.results.trend import Trend

__all__ = ["RESULTS", "CohortPreview", "Funnel", "Preview", "Result", "Retention", "Trend"]

RESULTS: dict[str, type[Result]] = {
    kind.report: kind for kind in (Funnel, Retention, Trend, Preview, CohortPreview)
}
"""The class of each report's result, by the report's name."""
