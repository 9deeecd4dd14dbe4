"""Named events: their definition, and what they are told as."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import NAME, TEXT, Schema, array, full, obj, ref
from backsight.named_events import MAX_DESCRIPTION_CHARS
from backsight.rules.rule import MAX_RULES

DEFINITION: Final[Schema] = {
    "rules": array(ref("Rule"), minItems=1, maxItems=MAX_RULES),
    "description": {**TEXT, "maxLength": MAX_DESCRIPTION_CHARS},
}
_NAMED_EVENT: Final[Schema] = {
    "name": NAME,
    "rules": array(ref("Rule")),
    "description": TEXT,
    "version": {"type": "integer", "minimum": 1},
    "actor": {**TEXT, "description": "Who made this version"},
    "at": {**TEXT, "format": "date-time"},
    "deleted": {"type": "boolean"},
}

SCHEMAS: Final[dict[str, Schema]] = {
    "Definition": obj(DEFINITION, ("rules",)),
    "NamedEvent": full(_NAMED_EVENT),
    "NamedEvents": full({"site": TEXT, "events": array(ref("NamedEvent"))}),
    "History": full({"versions": array(ref("NamedEvent"))}),
}
