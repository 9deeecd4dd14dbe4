"""Properties that a question may name."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import COUNT, TEXT, Schema, array, choice, full, nullable, obj, ref
from backsight.reports.properties import MOST_SAMPLE, MOST_VALUES, SAMPLE

SAMPLED: Final[dict[str, Schema]] = {
    "sample": {
        "type": "integer", "minimum": 1, "maximum": MOST_SAMPLE, "default": SAMPLE,
        "description": "How many of the newest events are looked at",
    },
}  # fmt: skip
"""What is asked of the properties."""

_PROPERTY: Final = full(
    {
        "name": {**TEXT, "description": "As questions name it"},
        "kind": choice("custom", "trait", "captured", "derived"),
        "type": nullable(choice("text", "number", "boolean", "list", "object", "mixed")),
        "count": {**COUNT, "description": "Events, or of a trait persons, that have it"},
        "of": {**COUNT, "description": "Of so many that were looked at"},
        "values": array(
            {"type": ["string", "number", "boolean"]},
            maxItems=MOST_VALUES,
            description="The most frequent first; long texts are cut",
        ),
    }
)

SCHEMAS: Final[dict[str, Schema]] = {
    "PropertiesRequest": obj({**SAMPLED, "as_of": ref("AsOf")}),
    "Properties": full({"properties": array(_PROPERTY), "meta": ref("Meta")}),
}
