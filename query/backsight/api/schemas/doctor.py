"""The doctor: what is examined, and what is found."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import TEXT, Schema, array, choice, full, obj, ref
from backsight.doctor.examination import DEFAULT_DAYS, MOST_DAYS

EXAMINED: Final[dict[str, Schema]] = {
    "days": {
        "type": "integer", "minimum": 1, "maximum": MOST_DAYS, "default": DEFAULT_DAYS,
        "description": "Of which losses and refusals are told, up to today",
    },
    "timezone": {**TEXT, "default": "UTC", "description": "Whose days they are: an IANA name"},
}  # fmt: skip
"""What is asked of an examination."""

_FINDING: Final = full(
    {
        "check": choice(
            "capturing",
            "names",
            "selectors",
            "losses",
            "refusals",
            "attributes",
            "bots",
            "contexts",
            "lake",
            "storing",
            "damage",
            "door",
            "disk",
        ),
        "state": choice("fine", "know", "act", description="act: there is something to do"),
        "words": TEXT,
        "do": array(TEXT, description="What to do about it, the best first"),
        "facts": {"type": "object", "description": "The figures, by check"},
    }
)

SCHEMAS: Final[dict[str, Schema]] = {
    "DoctorRequest": obj({**EXAMINED, "as_of": ref("AsOf")}),
    "Doctor": full(
        {
            "fine": {"type": "boolean", "description": "Whether there is nothing to do"},
            "findings": array(_FINDING),
            "meta": ref("Meta"),
        }
    ),
}
