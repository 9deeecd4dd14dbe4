"""Definitions as code: the plan, the apply, and the JSON schema of an events file.

The file's schema is made of the API's own, so that what editors complete is what the API takes.
"""

from __future__ import annotations

from typing import Any, Final

from backsight.api.schemas import cohorts, rules
from backsight.api.schemas.parts import (
    COUNT,
    MOMENT,
    NAME,
    TEXT,
    Schema,
    array,
    choice,
    either,
    full,
    nullable,
    obj,
    ref,
    referred,
)
from backsight.definitions.document import FILE
from backsight.named_events import MAX_DESCRIPTION_CHARS
from backsight.rules.rule import MAX_RULES

_RULES: Final = array(ref("Rule"), minItems=1, maxItems=MAX_RULES)
_DESCRIBED: Final[Schema] = {
    "description": {**TEXT, "maxLength": MAX_DESCRIPTION_CHARS, "description": "What it means, for people"}
}
_EVENT: Final = either(
    obj({"rules": {**_RULES, "description": "One of which has to hold"}, **_DESCRIBED}, ("rules",)),
    obj({**rules.RULE, **_DESCRIBED}, anyOf=[{"required": [key]} for key in ("on", "css", "name", "rage")]),
    obj({"any": _RULES, **_DESCRIBED}, ("any",)),
    description="A named event: the fields of its rule, or its `rules`",
)
_COHORT: Final = obj(
    {"person_where": {**cohorts.CONDITIONS, "minItems": 1}, **_DESCRIBED},
    ("person_where",),
    description="Persons who meet all of the conditions",
)


def _named(entries: Schema, what: str) -> Schema:
    of_names = {"type": "object", "additionalProperties": entries, "propertyNames": NAME}
    return {**nullable(of_names), "description": what}


_FILE: Final[Schema] = {
    **obj(
        {
            "version": {"const": 1, "description": "Of this format"},
            "name": {
                **NAME,
                "description": f"What the file is called in the store; else its own name, {FILE}",
            },
            "events": _named(_EVENT, "Named events, by name"),
            "cohorts": _named(_COHORT, "Cohorts, by name"),
        },
        ("version",),
    ),
    "anyOf": [{"required": ["events"]}, {"required": ["cohorts"]}],
}
_OVERWRITE: Final = either(
    {"type": "boolean"},
    array(NAME),
    description="Whether what was changed elsewhere since the last apply is overwritten, or for which names",
)
_ASKED: Final[Schema] = {
    "definitions": ref("EventsFile"),
    "file": {**NAME, "default": FILE, "description": "What the file is called, if it does not say so itself"},
    "prune": {"type": "boolean", "default": False, "description": "Deletes names that no file has"},
    "overwrite": _OVERWRITE,
}
_SIDE: Final = full({"events": COUNT, "persons": COUNT})
_ROW: Final = full(
    {
        "type": TEXT,
        "name": nullable(TEXT),
        "text": nullable(TEXT),
        "path": nullable(TEXT),
        "events": COUNT,
        "element": nullable(full({"tag": TEXT, "attributes": {"type": "object"}})),
    }
)
_MEMBERS: Final[Schema] = {
    "name": NAME,
    "before": nullable(COUNT),
    "after": nullable(COUNT),
    "gained": nullable(COUNT),
    "lost": nullable(COUNT),
    "fails": nullable({**TEXT, "description": "Why it can't be asked after the apply"}),
}
_KIND: Final = choice("event", "cohort")
_ACTION: Final = choice("create", "change", "describe", "rename", "delete")
_NUMBER: Final = nullable({"type": "number"})
_CHANGE: Final = full(
    {"version": COUNT, "actor": TEXT, "at": {**TEXT, "format": "date-time"}, "deleted": {"type": "boolean"}}
)

SCHEMAS: Final[dict[str, Schema]] = {
    "EventsFile": _FILE,
    "PlanRequest": obj(
        {
            **_ASKED,
            "effects": {"type": "boolean", "default": True, "description": "Whether it counts what edits do"},
            "from": MOMENT,
            "to": MOMENT,
            "timezone": {**TEXT, "default": "UTC", "description": "An IANA name"},
        },
        ("definitions",),
    ),
    "ApplyRequest": obj(
        {**_ASKED, "fingerprint": {**TEXT, "minLength": 1, "maxLength": 100, "description": "Of the plan"}},
        ("definitions",),
    ),
    "PlanDrift": full(
        {
            "because": choice("changed", "deleted", "made", "other_file"),
            "file": nullable(TEXT),
            "applied": nullable({**COUNT, "description": "The version that the last apply left"}),
            "file_changed": {"type": "boolean"},
            "changes": array(_CHANGE, description="Since then, newest first"),
            "overwritten": {"type": "boolean"},
        }
    ),
    "PlanEffect": full(
        {
            **dict.fromkeys(("before", "after", "gained", "lost"), _SIDE),
            "sample": full({"gained": array(_ROW), "lost": array(_ROW)}),
            "overlaps": array(full({"name": NAME, "events": COUNT})),
            "dead": array(
                full(
                    {
                        "rule": ref("Rule"),
                        "events": COUNT,
                        "last": nullable(TEXT),
                        "elements": nullable(COUNT),
                    }
                ),
                description="Rules that match nothing, or nothing of late",
            ),
            "warnings": array(TEXT),
        }
    ),
    "PlanMembers": full(_MEMBERS, description="Persons of a cohort before and after"),
    "PlanEdit": full(
        {
            "kind": _KIND,
            "name": NAME,
            "action": _ACTION,
            "from": nullable({**NAME, "description": "Of a rename, the old name"}),
            "version": {**COUNT, "description": "That stands; 0 for none"},
            "before": nullable({"type": "object"}),
            "after": nullable({"type": "object"}),
            "drift": nullable(ref("PlanDrift")),
            "effect": nullable(either(ref("PlanEffect"), ref("PlanMembers"))),
        }
    ),
    "Plan": full(
        {
            "site": TEXT,
            "file": TEXT,
            "fingerprint": TEXT,
            "changes": {"type": "boolean"},
            "held_back": array(full({"kind": _KIND, "name": NAME})),
            "edits": array(ref("PlanEdit")),
            "cohorts": array(ref("PlanMembers"), description="That use something edited"),
            "reports": array(
                full(
                    {
                        "name": NAME,
                        "report": TEXT,
                        "moves": {"type": "boolean"},
                        "fails": nullable(TEXT),
                        "figures": array(full({"figure": TEXT, "before": _NUMBER, "after": _NUMBER})),
                    }
                ),
                description="Saved reports that use something edited",
            ),
            "unchanged": COUNT,
            "left": array(full({"kind": _KIND, "name": NAME}), description="That the file does not know"),
            "meta": ref("Meta"),
        }
    ),
    "Applied": full(
        {
            "site": TEXT,
            "file": TEXT,
            "fingerprint": TEXT,
            "applied": array(full({"kind": _KIND, "name": NAME, "action": _ACTION, "from": nullable(NAME)})),
        }
    ),
}

FILE_SCHEMA_PATH: Final = "/v1/events.schema.json"
"""Where a server tells it, to anybody: it is the same everywhere, and editors have no key."""


def file_schema() -> Schema:
    """The JSON schema of an events file, whole: what it refers to stands in its `$defs`."""
    known = {**rules.SCHEMAS, **cohorts.SCHEMAS}
    needed, waiting = dict[str, Schema](), referred(_FILE)
    while waiting:
        name = waiting.pop()
        needed[name] = known[name]
        waiting |= referred(known[name]) - needed.keys()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Backsight: named events and cohorts",
        **_within(_FILE),
        "$defs": {name: _within(schema) for name, schema in sorted(needed.items())},
    }


def _within(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            key: f"#/$defs/{value.rsplit('/', 1)[1]}" if key == "$ref" else _within(value)
            for key, value in schema.items()
        }
    return [_within(each) for each in schema] if isinstance(schema, list) else schema
