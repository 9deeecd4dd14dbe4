"""Attribution: the request and the answer."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import (
    COUNT,
    DURATION,
    NAME,
    Schema,
    array,
    choice,
    full,
    nullable,
    obj,
    ref,
)  # fmt: skip
from backsight.api.schemas.request import COMMON
from backsight.reports.attribution.request import COUNTS, TOUCHES, UNITS
from backsight.reports.breakdown import DEFAULT_GROUPS, MAX_GROUPS, MAX_PROPERTIES

_OWED: Final[Schema] = {
    "conversions": {"type": "number", "minimum": 0},
    "persons": COUNT,
    "sum": nullable({"type": "number"}),
}

_VALUE: Final[Schema] = {"type": ["string", "integer", "null"]}

SCHEMAS: Final[dict[str, Schema]] = {
    "AttributionRequest": obj(
        {
            **COMMON,
            "conversion": ref("Step"),
            "by": array(NAME, minItems=1, maxItems=MAX_PROPERTIES, description="What tells touches apart"),
            "touch": choice(*TOUCHES, default="last"),
            "touches": {**ref("Step"), "description": "Left out, pageviews that carry one of `by`"},
            "lookback": {**DURATION, "default": "30d", "description": "Before the conversion, inclusive"},
            "count": choice(*COUNTS, default="every", description="Every conversion, or a person's first"),
            "per": choice(*UNITS, description="Of a session, only the first touch may be one"),
            "property": {**NAME, "description": "Of the conversion: its numbers are added up"},
            "limit": {"type": "integer", "minimum": 1, "maximum": MAX_GROUPS, "default": DEFAULT_GROUPS},
            "session": ref("Session"),
        },
        ("conversion", "by"),
    ),
    "Attribution": full(
        {
            "groups": array(full({"value": nullable(array(_VALUE)), **_OWED})),
            "unattributed": full(_OWED),
            "total": full(_OWED),
            "meta": ref("Meta"),
        }
    ),
}
