"""What every answer tells beside its figures, and what is told instead of an answer."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import TEXT, VERSION, Schema, array, full, nullable, obj
from backsight.contract import TABLES

_VERSIONS: Final[Schema] = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}}
_META: Final[Schema] = {
    "site": TEXT,
    "now": {**TEXT, "format": "date-time", "description": "When it was asked"},
    "snapshot": obj(dict.fromkeys(TABLES, VERSION), tuple(TABLES)),
    "events": _VERSIONS,
    "cohorts": _VERSIONS,
    "watermark": nullable({**TEXT, "format": "date-time"}),
    "ms": {"type": "number", "minimum": 0},
    "warnings": array(TEXT),
}

SCHEMAS: Final[dict[str, Schema]] = {
    "AsOf": obj(
        _META,
        ("now", "snapshot"),
        description="The `meta` of an earlier answer: the question is answered as it was then. Of it `now`, "
        "`snapshot`, `events` and `cohorts` count",
    ),
    "Meta": full(
        _META,
        description="Table versions, versions of the named events and cohorts used, newest arrival, "
        "milliseconds; taken as `as_of` by every question",
    ),
    "Sql": full({"sql": TEXT}),
    "Problem": full(
        {"type": TEXT, "title": TEXT, "status": {"type": "integer"}, "detail": TEXT},
        description="RFC 9457; `field`, `value` and `valid` where they make sense, `instance` of a fault",
    ),
}
