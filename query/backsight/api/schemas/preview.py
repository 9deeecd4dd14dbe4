"""The preview of rules: its request and its answer."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.events import DEFINITION
from backsight.api.schemas.parts import COUNT, NAME, TEXT, Schema, array, full, nullable, obj, ref
from backsight.api.schemas.request import COMMON

_DATE: Final[Schema] = {**TEXT, "format": "date"}
_SIDE: Final = full({"events": COUNT, "persons": COUNT})


def _spread(value: str) -> Schema:
    """How the events spread over their texts, or pages."""
    return full(
        {
            "from": {**_DATE, "description": "Since when it was looked for"},
            "distinct": COUNT,
            "top": array(full({value: nullable(TEXT), "events": COUNT})),
        }
    )


SCHEMAS: Final[dict[str, Schema]] = {
    "PreviewRequest": obj(
        {
            **COMMON,
            **DEFINITION,
            "against": {
                **DEFINITION["rules"],
                "description": "What the name means so far: `difference` compares the rules with these",
            },
        },
        ("rules",),
    ),
    "Preview": full(
        {
            "events": COUNT,
            "persons": COUNT,
            "daily": array(full({"date": _DATE, "events": COUNT})),
            "elements": array(
                full({"tag": TEXT, "attributes": {"type": "object"}, "text": nullable(TEXT), "count": COUNT})
            ),
            "overlaps": array(full({"name": NAME, "events": COUNT})),
            "texts": _spread("text"),
            "pages": _spread("path"),
            "difference": nullable(full({"gained": _SIDE, "lost": _SIDE}, description="With `against`")),
            "meta": ref("Meta"),
        }
    ),
}
