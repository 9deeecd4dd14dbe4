"""What a report answers, as an object: the same one whether the lake was read in place or over HTTP."""

from backsight.results.activity import Activity
from backsight.results.attribution import Attribution
from backsight.results.cohort_preview import CohortPreview
from backsight.results.doctor import Doctor
from backsight.results.elements import Elements
from backsight.results.funnel import Funnel, FunnelPersons
from backsight.results.lifecycle import Lifecycle, Stickiness
from backsight.results.live import Live
from backsight.results.paths import Paths
from backsight.results.person import Person
from backsight.results.person_list import PersonList
from backsight.results.preview import Preview
from backsight.results.properties import Properties
from backsight.results.raw_events import RawEvents
from backsight.results.result import Result
from backsight.results.retention import Retention, RetentionPersons
from backsight.results.signals import Signals
from backsight.results.sql import Sql
from backsight.results.trend import Trend

__all__ = [
    "RESULTS",
    "Activity",
    "Attribution",
    "CohortPreview",
    "Doctor",
    "Elements",
    "Funnel",
    "FunnelPersons",
    "Lifecycle",
    "Live",
    "Paths",
    "Person",
    "PersonList",
    "Preview",
    "Properties",
    "RawEvents",
    "Result",
    "Retention",
    "RetentionPersons",
    "Signals",
    "Sql",
    "Stickiness",
    "Trend",
]

RESULTS: dict[str, type[Result]] = {
    kind.report: kind
    for kind in (
        Funnel,
        FunnelPersons,
        Retention,
        RetentionPersons,
        Trend,
        Lifecycle,
        Stickiness,
        Paths,
        Attribution,
        Signals,
        Person,
        Preview,
        CohortPreview,
        Activity,
        Elements,
        Doctor,
        Properties,
    )
}
"""The class of each report's result, by the report's name."""
