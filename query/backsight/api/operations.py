"""What the API can be asked: one operation a method and path, from which the routes and the OpenAPI document
follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from backsight.api.calls import (
    ask_person,
    ask_report,
    ask_sql,
    change_key,
    create_key,
    create_link,
    delete_cohort,
    delete_event,
    delete_person,
    delete_persons,
    document_events,
    examine,
    explain,
    find_candidates,
    freeze_cohort,
    list_cohorts,
    list_deletions,
    list_events,
    list_keys,
    list_properties,
    list_ready,
    list_unnamed,
    preview_deletion,
    put_cohort,
    put_event,
    read_audit_lines,
    read_cohort,
    read_cohort_history,
    read_definer,
    read_deletion,
    read_event,
    read_history,
    read_live,
    read_site,
    revoke_key,
    rotate_key,
)
from backsight.api.definition_calls import apply_definitions, plan_definitions
from backsight.api.operation import Answer, Call, Later, Operation
from backsight.api.saved_operations import SAVED_OPERATIONS
from backsight.api.schemas.administration import AUDIT
from backsight.api.schemas.definer import LISTING
from backsight.api.schemas.doctor import EXAMINED
from backsight.api.schemas.events import DAYS
from backsight.api.schemas.live import LIVE
from backsight.api.schemas.parts import TEXT, Schema, schema_name
from backsight.api.schemas.properties import SAMPLED
from backsight.api.schemas.timelines import TIMELINE
from backsight.requests import REPORT_PATHS

__all__ = ["OPERATIONS", "PARAMETERS", "Answer", "Call", "Later", "Operation"]

PAGE_BYTES: Final = 5_000_000
"""Largest body that says what stands on a page: one of 20,000 elements takes some 3 MB."""

PARAMETERS: Final[Mapping[str, Schema]] = {
    "name": {**TEXT, "description": "The name of a named event, a cohort or a saved report"},
    "key_id": {**TEXT, "description": "The id of a key, `k_…`"},
    "deletion": {**TEXT, "description": "The id of a deletion"},
    "person": {**TEXT, "description": "A `person` of an answer, or `user:ID` or `device:ID`"},
    "link_id": {**TEXT, "description": "The id of a link, `k_…`"},
}
"""What stands in paths."""

_OF_EVENTS: Final[Mapping[str, Schema]] = {
    "activity": {
        **DAYS,
        "description": "Of so many days up to today: each event comes with its `activity` and `repair`",
    },
    "timezone": {**TEXT, "default": "UTC", "description": "Whose days they are: an IANA name"},
}
_OF_PERSONS: Final[Mapping[str, Schema]] = {name: TIMELINE[name] for name in ("order", "limit", "after")}


def _report_operations(report: str, summary: str, on_page: bool = False) -> tuple[Operation, Operation]:
    path, schema = REPORT_PATHS[report], schema_name(report)
    run = Operation(
        report,
        "POST",
        path,
        "read",
        summary,
        partial(ask_report, report),
        f"{schema}Request",
        schema,
        tabular=True,
        on_page=on_page,
    )
    of_sql = Operation(
        f"{report}Sql", "POST", f"{path}/sql", "read", f"The SQL that answers this {report}; nothing is run",
        partial(explain, report), f"{schema}Request", "Sql",
    )  # fmt: skip
    return run, of_sql


def _rows_operation(report: str, summary: str) -> Operation:
    """The raw events behind a figure of a report."""
    name = f"{report}_events"
    return Operation(
        name, "POST", REPORT_PATHS[name], "read", summary, partial(ask_report, name),
        f"{schema_name(name)}Request", schema_name(name), tabular=True, streams=True,
    )  # fmt: skip


_EVENT: Final = "/v1/events/{name}"
_COHORT: Final = "/v1/cohorts/{name}"
_KEY: Final = "/v1/keys/{key_id}"
_CONDITIONS: Final = ("If-Match", "If-None-Match")

OPERATIONS: Final[tuple[Operation, ...]] = (
    *_report_operations("funnel", "Who got how far through a sequence of steps"),
    *_report_operations("funnel_persons", "Who reached a step of a funnel, or got no further than before it"),
    *_report_operations("retention", "Who came back, by cohort and period"),
    *_report_operations("retention_persons", "Who is in a cell of a retention table"),
    *_report_operations("trend", "How much, over time"),
    *_report_operations("lifecycle", "Who is new, returning, resurrecting or dormant, by period"),
    *_report_operations("stickiness", "In how many periods persons did something"),
    *_report_operations("paths", "Which ways persons took, within their sessions"),
    *_report_operations("attribution", "To which touch conversions are owed"),
    _rows_operation("funnel", "The raw events that did the steps of a funnel"),
    _rows_operation("retention", "The raw events of a cell of a retention table: starts and returns"),
    _rows_operation("trend", "The raw events that a series counts in a period"),
    _rows_operation("lifecycle", "The raw events of those who are new, returning, resurrecting or dormant"),
    _rows_operation("stickiness", "The raw events of those who did something in so many periods"),
    _rows_operation("paths", "The raw events at both ends of an edge of paths"),
    _rows_operation("attribution", "The conversions of a group, and the touches that they are owed to"),
    _rows_operation("preview", "The raw events that rules would match"),
    *_report_operations("signals", "What nobody named and goes with a drop or a return"),
    *_report_operations("persons", "One person's events, and why each does or does not count in a report"),
    Operation(
        "readPerson", "GET", "/v1/persons/{person}", "read", "One person: who it is, and what they did",
        ask_person, response="Persons", tabular=True, query=_OF_PERSONS,
    ),
    Operation(
        "deletePerson", "DELETE", "/v1/persons/{person}", "admin", "Delete a person everywhere, for good",
        delete_person, response="Deletion", accepted=True, reads_lake=True,
    ),
    Operation(
        "deletePersons", "POST", "/v1/deletions", "admin", "Delete persons everywhere, for good",
        delete_persons, "DeletionRequest", "Deletion", accepted=True, reads_lake=True, body_bytes=PAGE_BYTES,
    ),
    Operation(
        "previewDeletion", "POST", "/v1/deletions/preview", "admin", "What a deletion would take away",
        preview_deletion, "DeletionRequest", "DeletionPreview", reads_lake=True, body_bytes=PAGE_BYTES,
    ),
    Operation(
        "listDeletions", "GET", "/v1/deletions", "admin", "The deletions of persons, and how far they are",
        list_deletions, response="Deletions",
    ),
    Operation(
        "readDeletion", "GET", "/v1/deletions/{deletion}", "admin", "How far a deletion is, and what it did",
        read_deletion, response="Deletion",
    ),
    *_report_operations("preview", "What rules would match, before anything is saved", on_page=True),
    Operation(
        "sql", "POST", "/v1/sql", "read", "The rows of a SQL statement over the views of the site", ask_sql,
        "SqlRequest", "SqlRows", tabular=True, reads_lake=True,
    ),
    Operation(
        "planDefinitions", "POST", "/v1/events/plan", "read", "What an apply of an events file would do",
        plan_definitions, "PlanRequest", "Plan", reads_lake=True, body_bytes=PAGE_BYTES,
    ),
    Operation(
        "applyDefinitions", "POST", "/v1/events/apply", "define", "Apply an events file, whole or not at all",
        apply_definitions, "ApplyRequest", "Applied", body_bytes=PAGE_BYTES,
    ),
    Operation("listReady", "GET", "/v1/rules", "read", "Ready-made rules", list_ready, response="ReadyRules"),
    Operation(
        "listEvents", "GET", "/v1/events", "read", "The named events; on demand how active they are",
        list_events, response="NamedEvents", query=_OF_EVENTS, on_page=True,
    ),
    Operation(
        "documentEvents", "GET", "/v1/documentation", "read",
        "The named events, and the views that SQL is asked of, as dbt documents a source", document_events,
        response="DbtSchema", asks=True, yaml=True,
    ),
    Operation(
        "readHistory", "GET", f"{_EVENT}/history", "read", "Every version of a named event, newest first",
        read_history, response="History", on_page=True,
    ),
    Operation(
        "readEvent", "GET", _EVENT, "read", "What a name means now", read_event, response="NamedEvent",
        on_page=True,
    ),
    Operation(
        "putEvent", "PUT", _EVENT, "define", "Bind a name to rules, for all of history", put_event,
        "Definition", "NamedEvent", preconditions=_CONDITIONS, on_page=True,
    ),
    Operation(
        "deleteEvent", "DELETE", _EVENT, "define", "Take a name away; its history stays", delete_event,
        preconditions=_CONDITIONS, on_page=True,
    ),
    *_report_operations("activity", "How active names are, which fell silent, and what took their place"),
    Operation(
        "candidates", "POST", "/v1/elements/candidates", "read", "Rules for an element of a page, best first",
        find_candidates, "CandidatesRequest", "Candidates", on_page=True, body_bytes=PAGE_BYTES,
    ),
    *_report_operations("elements", "What is clicked most and bears no name yet"),
    Operation(
        "listElements", "GET", "/v1/elements", "read", "What is clicked most and bears no name yet",
        list_unnamed, response="Elements", tabular=True, query=LISTING, on_page=True,
    ),
    Operation(
        "readLive", "GET", "/v1/live", "read", "The newest raw events, and then what was stored since",
        read_live, response="Live", query=LIVE,
    ),
    *_report_operations("doctor", "What is wrong with the site, and what to do about it"),
    Operation(
        "readDoctor", "GET", "/v1/doctor", "read", "What is wrong with the site, and what to do about it",
        examine, response="Doctor", tabular=True, query=EXAMINED,
    ),
    *_report_operations("properties", "What a question may name: properties of events, custom ones, traits"),
    Operation(
        "listProperties", "GET", "/v1/properties", "read",
        "What a question may name: properties of events, custom ones, traits", list_properties,
        response="Properties", tabular=True, query=SAMPLED,
    ),
    Operation(
        "createLink", "POST", "/v1/definer/links", "define", "A link that opens the definer on a page",
        create_link, "LinkRequest", "Link",
    ),
    Operation(
        "readDefiner", "GET", "/v1/definer", "read", "What the definer's token is good for",
        read_definer, response="Definer", on_page=True,
    ),
    *_report_operations("cohort_preview", "Who meets some conditions now, before anything is saved"),
    Operation("listCohorts", "GET", "/v1/cohorts", "read", "The cohorts", list_cohorts, response="Cohorts"),
    Operation(
        "readCohortHistory", "GET", f"{_COHORT}/history", "read", "Every version of a cohort, newest first",
        read_cohort_history, response="CohortHistory",
    ),
    Operation("readCohort", "GET", _COHORT, "read", "What a cohort is now", read_cohort, response="Cohort"),
    Operation(
        "putCohort", "PUT", _COHORT, "define", "Bind a name to conditions on persons, or to a list of them",
        put_cohort, "CohortDefinition", "Cohort", preconditions=_CONDITIONS,
    ),
    Operation(
        "freezeCohort", "POST", f"{_COHORT}/freeze", "define", "List those who are in a cohort now",
        freeze_cohort, "Freeze", "Cohort", preconditions=_CONDITIONS, reads_lake=True,
    ),
    Operation(
        "deleteCohort", "DELETE", _COHORT, "define", "Take a cohort away; its history stays", delete_cohort,
        preconditions=_CONDITIONS,
    ),
    *SAVED_OPERATIONS,
    Operation("readSite", "GET", "/v1/site", "read", "What the key opens", read_site, response="SiteOpened"),
    Operation("listKeys", "GET", "/v1/keys", "admin", "The keys of the site", list_keys, response="Keys"),
    Operation(
        "createKey", "POST", "/v1/keys", "admin", "A new write key, or with scopes a secret one", create_key,
        "KeyRequest", "Key",
    ),
    Operation(
        "changeKey", "PATCH", _KEY, "admin", "Set a key's end, origins, rate or label", change_key,
        "KeyChange", "Key",
    ),
    Operation(
        "rotateKey", "POST", f"{_KEY}/rotate", "admin", "A new key that opens the same; the old one ends",
        rotate_key, "Rotation", "Key",
    ),
    Operation(
        "revokeKey", "DELETE", _KEY, "admin", "Make a key useless from now on", revoke_key,
        response="RevokedKey",
    ),
    Operation(
        "readAudit", "GET", "/v1/audit", "admin", "Who changed what, when and from where", read_audit_lines,
        response="AuditTrail", query=AUDIT,
    ),
)  # fmt: skip
"""In the order in which paths are tried."""
