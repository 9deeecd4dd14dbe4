"""An examination of a site: is it capturing, did names fall silent, what got lost, is the server well.

POST /v1/reports/doctor
{"days": 30, "timezone": "UTC"}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backsight.doctor.attributes import attributes
from backsight.doctor.bots import agents_query, bots
from backsight.doctor.capturing import capturing
from backsight.doctor.examination import Examination
from backsight.doctor.findings import Finding
from backsight.doctor.lake_files import lake_files
from backsight.doctor.losses import losses, pages_query
from backsight.doctor.machine import machine
from backsight.doctor.names import dead_selectors, silent_names
from backsight.doctor.refusals import refusals, refused_query, refused_rows
from backsight.scan.context import Context

Answer = dict[str, Any]


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field."""
    asked = Examination.of(request, context)
    findings = examine(asked)
    return {
        "fine": all(finding.state != "act" for finding in findings),
        "findings": [finding.to_json() for finding in findings],
        "meta": context.meta((), asked.activity.warnings),
    }


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL of what was lost, refused, and of user agents, with parameters; that of names is activity's."""
    asked = Examination.of(request, context)
    queries = (pages_query(asked), refused_query(asked), agents_query(asked))
    return ";\n\n".join(query.text(context) for query in queries)


def examine(asked: Examination) -> list[Finding]:
    """What every check finds, in the order in which it is read."""
    refused = refused_rows(asked)
    return [
        capturing(asked),
        *silent_names(asked),
        *dead_selectors(asked),
        losses(asked, refused),
        refusals(asked, refused),
        attributes(asked),
        bots(asked),
        lake_files(asked),
        *machine(asked),
    ]
