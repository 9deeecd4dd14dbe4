"""Persons as reports list them, page by page."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import COUNT, TEXT, Schema, array, full, nullable
from backsight.scan.person_ids import DEFAULT_LISTED, MAX_LISTED

PERSON: Final[Schema] = {**TEXT, "pattern": "^-?[0-9]{1,19}$", "description": "A number, as text"}
LISTING: Final[Schema] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LISTED, "default": DEFAULT_LISTED},
    "after": {**PERSON, "description": "`next` of the page before"},
}
"""Properties of a request: which page."""
LISTED: Final[Schema] = {
    "total": COUNT,
    "persons": array(
        full(
            {
                "person": PERSON,
                "user_id": nullable(TEXT),
                "device_ids": array(TEXT),
                "traits": {"type": "object"},
            }
        )
    ),
    "next": nullable(PERSON),
}
"""Properties of an answer."""
