"""Retention: its request, its answer, and who is in a cell of it."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.breakdowns import GROUP
from backsight.api.schemas.parts import (
    COUNT,
    NAME,
    SHARE,
    TEXT,
    Schema,
    array,
    choice,
    full,
    nullable,
    obj,
    ref,
)
from backsight.api.schemas.persons import LISTED, LISTING
from backsight.api.schemas.request import COMMON
from backsight.reports.breakdown import MAX_PROPERTIES
from backsight.reports.retention import COHORTS, MAX_COLUMNS, MAX_MINIMUM, MODES, RETURNED
from backsight.reports.statistics import STATISTICS
from backsight.scan.periods import PERIODS, WEEK_STARTS

_NOT_BOTH: Final[Schema] = {"not": {"required": ["periods", "brackets"]}}
_SIZE: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": MAX_COLUMNS - 1}
_ASKED: Final[Schema] = {
    **COMMON,
    "start": ref("Step"),
    "return": ref("Step"),
    "period": choice(*PERIODS, default="day"),
    "periods": {"type": "integer", "minimum": 1, "maximum": MAX_COLUMNS, "default": 12},
    "brackets": array(
        _SIZE,
        minItems=1,
        maxItems=MAX_COLUMNS - 1,
        description="Instead of `periods`: how many of them stand together in each column after the first",
    ),
    "cohort": choice(*COHORTS, default="first_in_range"),
    "returned": choice(*RETURNED, default="on"),
    "minimum": {
        "type": "integer",
        "minimum": 1,
        "maximum": MAX_MINIMUM,
        "default": 1,
        "description": "Returns that it takes to have returned",
    },
    "mode": choice(*MODES, default="calendar"),
    "week_start": choice(*WEEK_STARTS, default="monday"),
    "breakdown": ref("Breakdown"),
    "measure": obj({"measure": choice(*STATISTICS), "property": NAME}, ("measure", "property")),
    "range": choice("all", description="`from` and `to` bound returns too"),
}


def _maybe(schema: Schema, description: str, **more: Schema) -> Schema:
    """The same object, which may have more properties."""
    return {**schema, "properties": {**schema["properties"], **more}, "description": description}


_ROW: Final = _maybe(
    full(
        {"start": TEXT, "size": COUNT, "returned": array(COUNT), "complete": array({"type": "boolean"})},
    ),
    "With `values`, one a column, where there is a `measure`",
    values=array(nullable({"type": "number"})),
)
_TABLE: Final[Schema] = {"rows": array(_ROW), "average": array(SHARE)}
_CELL: Final = obj(
    {
        "start": {**TEXT, "minLength": 1, "description": "`start` of a row"},
        "period": {**COUNT, "maximum": MAX_COLUMNS - 1, "description": "Number of a column"},
        "returned": {"type": "boolean", "default": True},
        "group": {
            "description": "`value` of a group; or that of all that are pooled",
            "anyOf": [
                array({"type": ["string", "integer", "null"]}, minItems=1, maxItems=MAX_PROPERTIES),
                obj({"pooled": {"const": True}}, ("pooled",)),
            ],
        },
    },
    ("start",),
)

SCHEMAS: Final[dict[str, Schema]] = {
    "RetentionRequest": obj(_ASKED, ("start", "return"), **_NOT_BOTH),
    "Retention": _maybe(
        full({**_TABLE, "labels": array(TEXT), "meta": ref("Meta")}),
        "With `groups` where there is a `breakdown`: each a table with its `value`",
        groups=array(full({"value": GROUP, **_TABLE})),
    ),
    "RetentionPersonsRequest": obj(
        {**_ASKED, "cell": _CELL, **LISTING}, ("start", "return", "cell"), **_NOT_BOTH
    ),
    "RetentionPersons": full({**LISTED, "meta": ref("Meta")}),
}
