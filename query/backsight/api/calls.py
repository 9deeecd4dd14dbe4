"""What each operation of the API does: it says something, or gives the question that is to be answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from backsight.api.operation import Answer, Call, Later
from backsight.asking import Question
from backsight.dbt_schema import dbt_schema
from backsight.deletions import DeletionRequests
from backsight.errors import Refused
from backsight.fields import read_object
from backsight.keys import SCOPES, KeyRequests
from backsight.ready import ready_rules
from backsight.results import Sql
from backsight.scan.context import rfc3339

MOST_DIGITS: Final = 10
_NUMBERS: Final = frozenset({"activity", "before", "days", "limit", "sample"})
MOST_TOKEN_CHANGES: Final = 500
"""Versions of names that one definer's token may make: whoever takes one from a page fills no database."""


def ask_report(report: str, call: Call) -> Question:
    """A report, as its body asks for it."""
    return call.site.ask(report, call.body or {})


def ask_sql(call: Call) -> Answer:
    """The rows of a statement."""
    request = call.body or {}
    return Answer(Sql(call.site.ask_sql(request).answer()[0]["table"], str(request.get("sql"))))


def ask_person(call: Call) -> Question:
    """The timeline of the person in the path."""
    query = _asked_for(call, "order", "limit", "after")
    return call.site.ask("persons", {"person": call.name, **query})


def _asked_for(call: Call, *names: str) -> dict[str, Any]:
    """What stands behind the path's question mark, whole numbers as such. Refuses other names."""
    known = read_object(call.query, "", names)
    return {name: _number(value) if name in _NUMBERS else value for name, value in known.items()}


def _number(value: object) -> object:
    """The whole number, of one that is written so; what reads it refuses anything else by name."""
    is_number = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < MOST_DIGITS
    return int(value) if isinstance(value, str) and is_number else value


def explain(report: str, call: Call) -> Answer:
    """The SQL of a report."""
    return Answer({"sql": call.site.explain(report, call.body or {})})


def list_events(call: Call) -> Answer | Later:
    """The named events; with how active they are, where that is asked for."""
    asked = _asked_for(call, "activity", "timezone")
    if "activity" not in asked:
        return _listed(call, {})
    request = {"days": asked.pop("activity"), **asked}
    return Later(partial(call.site.ask, "activity", request), partial(_listed, call))


def _listed(call: Call, active: Mapping[str, Any]) -> Answer:
    events = [event.to_json() for event in call.site.events()]
    if active:
        known = {each["name"]: each for each in active["events"]}
        nothing = {"activity": None, "repair": None}  # of a name that was made while the others were counted
        events = [{**event, **known.get(event["name"], nothing)} for event in events]
    meta = {"meta": active["meta"]} if active else {}
    return Answer({"site": call.site.site, "events": events, **meta})


def document_events(call: Call) -> Later:
    """The named events and the views, as dbt documents them."""

    def told(known: Mapping[str, Any]) -> Answer:
        return Answer(dbt_schema(call.site.site, call.site.events(), known["properties"]))

    return Later(partial(call.site.ask, "properties", {}), told)


def list_ready(call: Call) -> Answer:
    """The ready-made rules."""
    return Answer({"rules": ready_rules()})


def find_candidates(call: Call) -> Answer:
    """Rules for an element of a page."""
    return Answer(call.site.answer("candidates", call.body or {})[0])


def read_event(call: Call) -> Answer:
    """What a name means."""
    event = call.site.event(call.name)
    return Answer(event.to_json(), event.version)


def put_event(call: Call) -> Answer:
    """A name is bound to rules."""
    body = read_object(call.body, "", ["rules", "description"])
    actor = call.principal.key_id
    _require_changes_left(call)
    event = call.site.put_event(call.name, body, call.expected_version, actor)
    return Answer(event.to_json(), event.version)


def delete_event(call: Call) -> Answer:
    """A name is taken away."""
    _require_changes_left(call)
    call.site.drop_event(call.name, call.expected_version, call.principal.key_id)
    return Answer(None)


def _require_changes_left(call: Call) -> None:
    asking = call.principal
    if asking.origin is not None and call.site.changes_by(asking.key_id) >= MOST_TOKEN_CHANGES:
        message = f"this definer's token has made {MOST_TOKEN_CHANGES} changes, as many as one may."
        raise Refused(message, field="key", valid="a new link, by `backsight define`")


def read_history(call: Call) -> Answer:
    """Every version of a name."""
    return Answer({"versions": [event.to_json() for event in call.site.history(call.name)]})


def list_cohorts(call: Call) -> Answer:
    """The cohorts."""
    cohorts = [cohort.to_json() for cohort in call.site.cohorts()]
    return Answer({"site": call.site.site, "cohorts": cohorts})


def read_cohort(call: Call) -> Answer:
    """What a cohort is."""
    cohort = call.site.cohort(call.name)
    return Answer(cohort.to_json(), cohort.version)


def put_cohort(call: Call) -> Answer:
    """A cohort is kept."""
    body = read_object(call.body, "", ["person_where", "static", "description"])
    cohort = call.site.put_cohort(call.name, body, call.expected_version, call.principal.key_id)
    return Answer(cohort.to_json(), cohort.version)


def freeze_cohort(call: Call) -> Answer:
    """Those in a cohort are listed as another one."""
    cohort = call.site.freeze(call.name, call.body or {}, call.expected_version, call.principal.key_id)
    return Answer(cohort.to_json(), cohort.version)


def delete_cohort(call: Call) -> Answer:
    """A cohort is taken away."""
    call.site.drop_cohort(call.name, call.expected_version, call.principal.key_id)
    return Answer(None)


def read_cohort_history(call: Call) -> Answer:
    """Every version of a cohort."""
    return Answer({"versions": [cohort.to_json() for cohort in call.site.cohort_history(call.name)]})


def delete_person(call: Call) -> Answer:
    """The person in the path is to be deleted."""
    return _accepted(call, {"persons": [call.name]})


def delete_persons(call: Call) -> Answer:
    """The persons in the body are to be deleted."""
    return _accepted(call, call.body or {})


def _accepted(call: Call, body: Mapping[str, Any]) -> Answer:
    return Answer(_deletions(call).request(body), status=202)


def _deletions(call: Call) -> DeletionRequests:
    return call.site.deletion_requests(call.principal.key_id)


def preview_deletion(call: Call) -> Answer:
    """What a deletion would take away."""
    return Answer(_deletions(call).preview(call.body or {}))


def list_deletions(call: Call) -> Answer:
    """The deletions."""
    return Answer(_deletions(call).list())


def read_deletion(call: Call) -> Answer:
    """How far a deletion is."""
    return Answer(_deletions(call).read(call.name))


def list_unnamed(call: Call) -> Question:
    """The elements that bear no name."""
    return call.site.ask("elements", _asked_for(call, "limit", "days"))


def read_live(call: Call) -> Answer:
    """What is captured right now."""
    return Answer(call.site.answer("live", _asked_for(call, "after", "limit"))[0])


def examine(call: Call) -> Question:
    """What is wrong with the site."""
    return call.site.ask("doctor", _asked_for(call, "days", "timezone"))


def list_properties(call: Call) -> Question:
    """The properties that a question may name."""
    return call.site.ask("properties", _asked_for(call, "sample"))


def create_link(call: Call) -> Answer:
    """A link to the definer."""
    asking = call.principal
    return Answer(call.site.create_link(call.body or {}, asking.key_id, asking.expires).to_json())


def read_definer(call: Call) -> Answer:
    """What the asker's token is good for."""
    asking = call.principal
    expires = None if asking.expires is None else rfc3339(asking.expires)
    return Answer({"site": asking.site, "origin": asking.origin, "expires": expires})


def read_site(call: Call) -> Answer:
    """What the asker's key opens, and by which key the site's pages send."""
    asking, now = call.principal, datetime.now(UTC)
    live = [key for key in _keys(call).keys.list(asking.site) if key.shown and key.is_live(now)]
    opened = {"site": asking.site, "scopes": [scope for scope in SCOPES if scope in asking.scopes]}
    expires = None if asking.expires is None else rfc3339(asking.expires)
    return Answer({**opened, "expires": expires, "write_key": live[0].shown if live else None})


def _keys(call: Call) -> KeyRequests:
    return call.site.key_requests(call.principal.key_id, call.principal.expires)


def list_keys(call: Call) -> Answer:
    """The keys of the site."""
    return Answer(dict(_keys(call).list()))


def create_key(call: Call) -> Answer:
    """A new key, told this once."""
    return Answer(dict(_keys(call).create(call.body)))


def change_key(call: Call) -> Answer:
    """A key's settings are changed."""
    return Answer(dict(_keys(call).change(call.name, call.body)))


def rotate_key(call: Call) -> Answer:
    """A new key in place of another."""
    return Answer(dict(_keys(call).rotate(call.name, call.body)))


def revoke_key(call: Call) -> Answer:
    """A key opens nothing any more."""
    return Answer(dict(_keys(call).revoke(call.name)))


def read_audit_lines(call: Call) -> Answer:
    """Who changed what."""
    return Answer(call.site.audit_lines(_asked_for(call, "since", "action", "limit", "before")))
