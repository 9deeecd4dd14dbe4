"""What every answer tells beside its figures, and what is told instead of an answer."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import TEXT, VERSION, Schema, array, full, nullable
from backsight.contract import TABLES

SCHEMAS: Final[dict[str, Schema]] = {
    "Meta": full(
        {
            "site": TEXT,
            "snapshot": full(dict.fromkeys(TABLES, VERSION)),
            "events": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}},
            "watermark": nullable({**TEXT, "format": "date-time"}),
            "ms": {"type": "number", "minimum": 0},
            "warnings": array(TEXT),
        },
        description="Table versions, versions of the named events used, newest arrival, milliseconds",
    ),
    "Sql": full({"sql": TEXT}),
    "Problem": full(
        {"type": TEXT, "title": TEXT, "status": {"type": "integer"}, "detail": TEXT},
        description="RFC 9457; `field`, `value` and `valid` where they make sense, `instance` of a fault",
    ),
}
