"""What every report's request takes."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import MOMENT, TEXT, Schema
from backsight.api.schemas.rules import PREDICATES

COMMON: Final[Schema] = {
    "from": MOMENT,
    "to": MOMENT,
    "timezone": {**TEXT, "default": "UTC", "description": "An IANA name"},
    "where": {**PREDICATES, "description": "What every event has to meet"},
    "person_where": {**PREDICATES, "description": "What the traits of the person have to meet"},
}
"""Properties of every request."""
