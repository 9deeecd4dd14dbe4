"""How a question breaks its figures down, and what a group's value is."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import NAME, Schema, array, nullable, obj
from backsight.reports.breakdown import DEFAULT_GROUPS, MAX_GROUPS, MAX_PROPERTIES


def breakdown(**more: Schema) -> Schema:
    """The properties of a breakdown, with what else a report takes in it."""
    limit: Schema = {"type": "integer", "minimum": 1, "maximum": MAX_GROUPS, "default": DEFAULT_GROUPS,
             "description": "Groups that stand alone; the others are pooled in one more"}  # fmt: skip
    by = array(NAME, minItems=1, maxItems=MAX_PROPERTIES, uniqueItems=True, description="Properties")
    return obj({"by": by, "limit": limit, **more}, ("by",))


GROUP: Final[Schema] = nullable(array({"type": ["string", "integer", "null"]}))
"""A group's value, one entry a property (null where it is missing); null as a whole for the pooled rest."""

SCHEMAS: Final[dict[str, Schema]] = {"Breakdown": breakdown()}
