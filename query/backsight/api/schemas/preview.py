"""The preview of rules: its request and its answer."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.events import DEFINITION
from backsight.api.schemas.parts import COUNT, NAME, TEXT, Schema, array, full, nullable, obj, ref
from backsight.api.schemas.request import COMMON

SCHEMAS: Final[dict[str, Schema]] = {
    "PreviewRequest": obj({**COMMON, **DEFINITION}, ("rules",)),
    "Preview": full(
        {
            "events": COUNT,
            "persons": COUNT,
            "daily": array(full({"date": {**TEXT, "format": "date"}, "events": COUNT})),
            "elements": array(
                full({"tag": TEXT, "attributes": {"type": "object"}, "text": nullable(TEXT), "count": COUNT})
            ),
            "overlaps": array(full({"name": NAME, "events": COUNT})),
            "meta": ref("Meta"),
        }
    ),
}
