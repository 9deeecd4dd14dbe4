"""Named events: their definition, and what they are told as."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import (
    COUNT,
    NAME,
    TEXT,
    Schema,
    array,
    choice,
    full,
    nullable,
    obj,
    ref,
)
from backsight.named_events import MAX_DESCRIPTION_CHARS
from backsight.repairs.request import DEFAULT_DAYS, MOST_DAYS
from backsight.rules.rule import MAX_RULES

DEFINITION: Final[Schema] = {
    "rules": array(ref("Rule"), minItems=1, maxItems=MAX_RULES),
    "description": {**TEXT, "maxLength": MAX_DESCRIPTION_CHARS},
}
DAYS: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": MOST_DAYS}
"""Of which activity is told."""
_NAMED_EVENT: Final[Schema] = {
    "name": NAME,
    "rules": array(ref("Rule")),
    "description": TEXT,
    "version": {"type": "integer", "minimum": 1},
    "actor": {**TEXT, "description": "Who made this version"},
    "at": {**TEXT, "format": "date-time"},
    "deleted": {"type": "boolean"},
}

_DATE: Final[Schema] = {**TEXT, "format": "date"}
_EVENTS: Final = full({"events": COUNT})
_ACTIVITY: Final[Schema] = {
    "from": {**_DATE, "description": "The first of the days"},
    "daily": array(COUNT, description="Events of each day"),
    "events": COUNT,
    "persons": COUNT,
    "last": nullable({**_DATE, "description": "Of the last event"}),
    "silent_since": nullable(_DATE),
    "cause": nullable(
        choice("no_visits", "no_match", description="Nobody is on its pages any more, or nothing matches")
    ),
    "words": nullable({**TEXT, "description": "What is said of the silence"}),
}
_REPAIR: Final[Schema] = {
    "silent_since": _DATE,
    "rule": {**ref("Rule"), "description": "That is to be added"},
    "rules": array(ref("Rule"), description="All, with the one that is added"),
    "words": TEXT,
    "why": array(TEXT),
    "found": full({"events": COUNT, "persons": COUNT}, description="By the rule, since the silence"),
    "before": _EVENTS,
    "after": _EVENTS,
    "overlap": {**_EVENTS, "description": "Found by the rule before the silence"},
}
_ASKED: Final[Schema] = {
    "activity": nullable({**ref("EventActivity"), "description": "Where it was asked for"}),
    "repair": nullable(ref("Repair")),
}


def _with(schema: Schema, more: Schema) -> Schema:
    """A schema, and what may stand there besides."""
    return {**schema, "properties": {**schema["properties"], **more}}


SCHEMAS: Final[dict[str, Schema]] = {
    "DbtSchema": full({"version": {"const": 2}, "sources": array({"type": "object"}, minItems=1)}),
    "Definition": obj(DEFINITION, ("rules",)),
    "NamedEvent": full(_NAMED_EVENT),
    "NamedEvents": _with(
        full({"site": TEXT, "events": array(_with(full(_NAMED_EVENT), _ASKED))}), {"meta": ref("Meta")}
    ),
    "ActivityRequest": obj(
        {
            "days": {**DAYS, "default": DEFAULT_DAYS},
            "timezone": {**TEXT, "default": "UTC", "description": "An IANA name"},
            "as_of": ref("AsOf"),
        }
    ),
    "Activity": full(
        {
            "events": array(
                full({"name": NAME, "activity": ref("EventActivity"), "repair": nullable(ref("Repair"))})
            ),
            "meta": ref("Meta"),
        }
    ),
    "EventActivity": full(_ACTIVITY),
    "Repair": full(_REPAIR),
    "History": full({"versions": array(ref("NamedEvent"))}),
}
