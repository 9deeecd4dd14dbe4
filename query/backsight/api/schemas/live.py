"""What is captured right now."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.behind import event
from backsight.api.schemas.parts import COUNT, TEXT, Schema, array, full, ref
from backsight.reports.live.report import DEFAULT_LIVE, MAX_LIVE, WORDS

LIVE: Final[dict[str, Schema]] = {
    "after": {**TEXT, "description": "`next` of an earlier answer; left out: the newest events"},
    "limit": {
        "type": "integer", "minimum": 1, "maximum": MAX_LIVE, "default": DEFAULT_LIVE,
        "description": "Events at a time",
    },
}  # fmt: skip
_MINUTE: Final = full({"start": {**TEXT, "format": "date-time"}, "events": COUNT})

SCHEMAS: Final[dict[str, Schema]] = {
    "Live": full(
        {
            "events": array(
                event("The newest first", **dict.fromkeys(WORDS, TEXT)),
                description="Named events that look at other events, such as rage clicks, are not told here",
            ),
            "next": {**TEXT, "description": "The `after` of the next poll"},
            "more": {"type": "boolean", "description": "Whether there is more already"},
            "gap": {
                "type": "boolean",
                "description": "`after` is of no use any more: forget what you have, these are the newest",
            },
            "minutes": array(_MINUTE, description="Of the last 30, the one that is not over last"),
            "meta": ref("Meta"),
        }
    )
}
