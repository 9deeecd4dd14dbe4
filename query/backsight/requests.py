"""How Python values become the JSON of a request: dates, durations, rules written as keyword arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from backsight.errors import InvalidRequest, shown
from backsight.named_events import NamedEvent

Request = dict[str, Any]

REPORT_PATHS: Final[Mapping[str, str]] = {
    "funnel": "/v1/reports/funnel",
    "funnel_persons": "/v1/reports/funnel/persons",
    "retention": "/v1/reports/retention",
    "retention_persons": "/v1/reports/retention/persons",
    "trend": "/v1/reports/trend",
    "lifecycle": "/v1/reports/lifecycle",
    "stickiness": "/v1/reports/stickiness",
    "paths": "/v1/reports/paths",
    "attribution": "/v1/reports/attribution",
    "signals": "/v1/reports/signals",
    "persons": "/v1/reports/persons",
    "preview": "/v1/events/preview",
    "cohort_preview": "/v1/cohorts/preview",
    "activity": "/v1/reports/activity",
    "elements": "/v1/reports/elements",
    "doctor": "/v1/reports/doctor",
    "properties": "/v1/reports/properties",
    "funnel_events": "/v1/reports/funnel/events",
    "retention_events": "/v1/reports/retention/events",
    "trend_events": "/v1/reports/trend/events",
    "lifecycle_events": "/v1/reports/lifecycle/events",
    "stickiness_events": "/v1/reports/stickiness/events",
    "paths_events": "/v1/reports/paths/events",
    "attribution_events": "/v1/reports/attribution/events",
    "preview_events": "/v1/events/preview/events",
}
"""Where the HTTP API takes each report's request; with `/sql` after it, the SQL is what comes back."""


def without_none(request: Mapping[str, Any]) -> Request:
    """The request without what was left open."""
    return {key: value for key, value in request.items() if value is not None}


def listed(value: object) -> object:
    """A sequence as JSON has it. Anything else stays as it is and is refused by name: of all things a string,
    which would fall apart into letters.
    """
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def several(value: object) -> object:
    """One or several: a single text, object or named event is a list of it, a sequence as JSON has it."""
    return [value] if isinstance(value, str | Mapping | NamedEvent) else listed(value)


def in_json(value: object) -> object:
    """A value of a request, with named events in it by their names."""
    if isinstance(value, NamedEvent):
        return value.name
    if isinstance(value, Mapping):
        return {key: in_json(each) for key, each in value.items()}
    return [in_json(each) for each in value] if isinstance(value, list | tuple) else value


def filters(where: object, person_where: object) -> Request:
    """`where` and `person_where` of a request, as far as they are given."""
    return {key: several(value) for key, value in (("where", where), ("person_where", person_where)) if value}


def group_of(value: object) -> object:
    """The group of a breakdown, as a request names it: a value alone is the group's only one."""
    return [value] if isinstance(value, str | int | float) else listed(value)


def broken_down(value: str | Sequence[str] | Mapping[str, Any] | None) -> object:
    """A breakdown as a request has it: of one property, of several, or given whole."""
    if value is None or isinstance(value, Mapping):
        return value
    return {"by": several(value)}


def duration(value: str | timedelta) -> str:
    """A duration as a request has it: `"14d"`; a timedelta in seconds."""
    return f"{round(value.total_seconds())}s" if isinstance(value, timedelta) else value


def moments(
    from_: str | date | None,
    to: str | date | None,
    since: str | timedelta | None,
    timezone: str,
    as_of: object = None,
) -> Request:
    """`from`, `to`, `timezone` and `as_of` of a request; `since` says `from` too. Raises InvalidRequest.

    `as_of` is an earlier result, or its `meta`.
    """
    if since is not None and from_ is not None:
        raise InvalidRequest(
            "both 'from_' and 'since' are given", field="since", value=since, valid="one of them"
        )
    first = _moment(from_, "from_") if since is None else duration(since)
    earlier = getattr(as_of, "meta", as_of)
    return without_none({"from": first, "to": _moment(to, "to"), "timezone": timezone, "as_of": earlier})


def rules_of(
    css: str | None,
    on: str | Sequence[str] | None,
    match: str | None,
    text: str | Mapping[str, Any] | None,
    page: str | Mapping[str, Any] | None,
    where: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None,
    rules: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None,
) -> object:
    """The rules that keyword arguments stand for: one, or those given as `rules`. Raises InvalidRequest."""
    rule = without_none(
        {
            "css": css,
            "on": list(on) if isinstance(on, tuple) else on,
            "match": match,
            "text": _equal_to(text),
            "page": {"path": _equal_to(page)} if isinstance(page, str) else page,
            "where": several(where),
        }
    )
    if rules is None:
        return [rule]
    if rule:
        raise InvalidRequest(
            f"{', '.join(map(repr, rule))} and 'rules' are given both",
            field="rules",
            valid="one rule in words, or 'rules'",
        )
    return several(rules)


def _equal_to(value: str | Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return {"op": "is", "value": value} if isinstance(value, str) else value


def _moment(value: str | date | None, field: str) -> str | None:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InvalidRequest(
                f"{shown(value)} says no timezone",
                field=field,
                value=value,
                valid="an aware datetime, a date or a string",
            )
        return value.isoformat()
    return value.isoformat() if isinstance(value, date) else value
