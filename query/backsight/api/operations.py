"""What the API can be asked: one operation a method and path, from which the routes and the OpenAPI document
follow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from backsight.api.schemas.parts import TEXT, Schema, schema_name
from backsight.api.schemas.timelines import TIMELINE
from backsight.asking import Question
from backsight.fields import read_object
from backsight.keys import Principal
from backsight.requests import REPORT_PATHS
from backsight.results import Result
from backsight.scan.context import rfc3339
from backsight.site import Site


@dataclass(frozen=True)
class Call:
    """A request, understood: whose site, who asks, about which name, with which body."""

    site: Site
    principal: Principal
    name: str = ""
    body: dict[str, Any] | None = None
    expected_version: int | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    """What stands behind the path's question mark."""


@dataclass(frozen=True)
class Answer:
    """What to say: a JSON value, a report's result (which also has a tabular form), or nothing (204)."""

    content: dict[str, Any] | Result | None
    version: int | None = None
    """Version of the named event, for the ETag."""


@dataclass(frozen=True)
class Operation:
    """One method on one path."""

    id: str
    method: str
    path: str
    scope: str
    summary: str
    run: Callable[[Call], Answer | Question]
    """What it says; or, of a report, the question that is to be answered."""
    request: str | None = None
    """Schema of the body; None where it takes none."""
    response: str | None = None
    """Schema of the JSON answer; None where there is none (204)."""
    tabular: bool = False
    """Whether Arrow and CSV can be asked for."""
    preconditions: tuple[str, ...] = ()
    """Conditional headers that it honours."""
    query: tuple[str, ...] = ()
    """Parameters that may stand behind the path's question mark: of those that PARAMETERS describes."""
    on_page: bool = False
    """Whether a definer's token may ask for it, from pages of its origin."""
    reads_lake: bool = False
    """Whether it reads the lake though it is no question: questions do anyway."""

    @property
    def is_report(self) -> bool:
        """Whether it reads the lake, which may take long."""
        return self.tabular or self.reads_lake or (self.scope == "read" and self.request is not None)


def _report(report: str, call: Call) -> Question:
    return call.site.ask(report, call.body or {})


def _person(call: Call) -> Question:
    query: dict[str, Any] = dict(read_object(call.query, "", ("order", "limit", "after")))
    if query.get("limit", "").isdecimal():
        query["limit"] = int(query["limit"])
    return call.site.ask("persons", {"person": call.name, **query})


def _sql(report: str, call: Call) -> Answer:
    return Answer({"sql": call.site.explain(report, call.body or {})})


def _list_events(call: Call) -> Answer:
    events = [event.to_json() for event in call.site.events()]
    return Answer({"site": call.site.site, "events": events})


def _read_event(call: Call) -> Answer:
    event = call.site.event(call.name)
    return Answer(event.to_json(), event.version)


def _put_event(call: Call) -> Answer:
    body = read_object(call.body, "", ["rules", "description"])
    actor = call.principal.key_id
    event = call.site.put_event(call.name, body, call.expected_version, actor)
    return Answer(event.to_json(), event.version)


def _delete_event(call: Call) -> Answer:
    call.site.drop_event(call.name, call.expected_version, call.principal.key_id)
    return Answer(None)


def _read_history(call: Call) -> Answer:
    return Answer({"versions": [event.to_json() for event in call.site.history(call.name)]})


def _list_cohorts(call: Call) -> Answer:
    cohorts = [cohort.to_json() for cohort in call.site.cohorts()]
    return Answer({"site": call.site.site, "cohorts": cohorts})


def _read_cohort(call: Call) -> Answer:
    cohort = call.site.cohort(call.name)
    return Answer(cohort.to_json(), cohort.version)


def _put_cohort(call: Call) -> Answer:
    body = read_object(call.body, "", ["person_where", "static", "description"])
    cohort = call.site.put_cohort(call.name, body, call.expected_version, call.principal.key_id)
    return Answer(cohort.to_json(), cohort.version)


def _freeze_cohort(call: Call) -> Answer:
    cohort = call.site.freeze(call.name, call.body or {}, call.expected_version, call.principal.key_id)
    return Answer(cohort.to_json(), cohort.version)


def _delete_cohort(call: Call) -> Answer:
    call.site.drop_cohort(call.name, call.expected_version, call.principal.key_id)
    return Answer(None)


def _read_cohort_history(call: Call) -> Answer:
    return Answer({"versions": [cohort.to_json() for cohort in call.site.cohort_history(call.name)]})


def _create_link(call: Call) -> Answer:
    return Answer(call.site.create_link(call.body or {}, call.principal.key_id).to_json())


def _read_definer(call: Call) -> Answer:
    asking = call.principal
    expires = None if asking.expires is None else rfc3339(asking.expires)
    return Answer({"site": asking.site, "origin": asking.origin, "expires": expires})


PARAMETERS: Final[dict[str, Schema]] = {
    "name": {**TEXT, "description": "The name of a named event or a cohort"},
    "person": {**TEXT, "description": "A `person` of an answer, or `user:ID` or `device:ID`"},
    **TIMELINE,
}
"""What stands in paths, and behind them."""


def _report_operations(report: str, summary: str, on_page: bool = False) -> tuple[Operation, Operation]:
    path, schema = REPORT_PATHS[report], schema_name(report)
    run = Operation(
        report,
        "POST",
        path,
        "read",
        summary,
        partial(_report, report),
        f"{schema}Request",
        schema,
        tabular=True,
        on_page=on_page,
    )
    explain = Operation(
        f"{report}Sql", "POST", f"{path}/sql", "read", f"The SQL that answers this {report}; nothing is run",
        partial(_sql, report), f"{schema}Request", "Sql",
    )  # fmt: skip
    return run, explain


_EVENT: Final = "/v1/events/{name}"
_COHORT: Final = "/v1/cohorts/{name}"
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
    *_report_operations("signals", "What nobody named and goes with a drop or a return"),
    *_report_operations("persons", "One person's events, and why each does or does not count in a report"),
    Operation(
        "readPerson", "GET", "/v1/persons/{person}", "read", "One person: who it is, and what they did",
        _person, response="Persons", tabular=True, query=("order", "limit", "after"),
    ),
    *_report_operations("preview", "What rules would match, before anything is saved", on_page=True),
    Operation(
        "listEvents", "GET", "/v1/events", "read", "The named events", _list_events, response="NamedEvents",
        on_page=True,
    ),
    Operation(
        "readHistory", "GET", f"{_EVENT}/history", "read", "Every version of a named event, newest first",
        _read_history, response="History", on_page=True,
    ),
    Operation(
        "readEvent", "GET", _EVENT, "read", "What a name means now", _read_event, response="NamedEvent",
        on_page=True,
    ),
    Operation(
        "putEvent", "PUT", _EVENT, "define", "Bind a name to rules, for all of history", _put_event,
        "Definition", "NamedEvent", preconditions=_CONDITIONS, on_page=True,
    ),
    Operation(
        "deleteEvent", "DELETE", _EVENT, "define", "Take a name away; its history stays", _delete_event,
        preconditions=_CONDITIONS, on_page=True,
    ),
    Operation(
        "createLink", "POST", "/v1/definer/links", "define", "A link that opens the definer on a page",
        _create_link, "LinkRequest", "Link",
    ),
    Operation(
        "readDefiner", "GET", "/v1/definer", "read", "What the definer's token is good for",
        _read_definer, response="Definer", on_page=True,
    ),
    *_report_operations("cohort_preview", "Who meets some conditions now, before anything is saved"),
    Operation("listCohorts", "GET", "/v1/cohorts", "read", "The cohorts", _list_cohorts, response="Cohorts"),
    Operation(
        "readCohortHistory", "GET", f"{_COHORT}/history", "read", "Every version of a cohort, newest first",
        _read_cohort_history, response="CohortHistory",
    ),
    Operation("readCohort", "GET", _COHORT, "read", "What a cohort is now", _read_cohort, response="Cohort"),
    Operation(
        "putCohort", "PUT", _COHORT, "define", "Bind a name to conditions on persons, or to a list of them",
        _put_cohort, "CohortDefinition", "Cohort", preconditions=_CONDITIONS,
    ),
    Operation(
        "freezeCohort", "POST", f"{_COHORT}/freeze", "define", "List those who are in a cohort now",
        _freeze_cohort, "Freeze", "Cohort", preconditions=_CONDITIONS, reads_lake=True,
    ),
    Operation(
        "deleteCohort", "DELETE", _COHORT, "define", "Take a cohort away; its history stays", _delete_cohort,
        preconditions=_CONDITIONS,
    ),
)  # fmt: skip
"""In the order in which paths are tried."""
