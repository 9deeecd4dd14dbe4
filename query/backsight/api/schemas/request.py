"""What every report's request takes."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.cohorts import CONDITIONS
from backsight.api.schemas.parts import MOMENT, TEXT, Schema, ref
from backsight.api.schemas.rules import PREDICATES

COMMON: Final[Schema] = {
    "from": MOMENT,
    "to": MOMENT,
    "as_of": ref("AsOf"),
    "timezone": {**TEXT, "default": "UTC", "description": "An IANA name"},
    "where": {**PREDICATES, "description": "What every event has to meet"},
    "person_where": {**CONDITIONS, "description": "What every person has to meet"},
}
"""Properties of every request."""
