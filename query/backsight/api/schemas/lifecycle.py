"""Lifecycle and stickiness: their requests and answers."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import COUNT, SHARE, TEXT, Schema, array, choice, full, obj, ref
from backsight.api.schemas.request import COMMON
from backsight.reports.lifecycle import STATES
from backsight.scan.periods import PERIODS, WEEK_STARTS

_REQUEST: Final = obj(
    {
        **COMMON,
        "event": ref("Step"),
        "interval": choice(*PERIODS, default="day"),
        "week_start": choice(*WEEK_STARTS, default="monday"),
    },
    ("event",),
)

SCHEMAS: Final[dict[str, Schema]] = {
    "LifecycleRequest": _REQUEST,
    "Lifecycle": full(
        {
            "labels": array(TEXT),
            "complete": array({"type": "boolean"}, description="Whether the period is over"),
            "series": array(full({"label": choice(*STATES), "values": array(COUNT)})),
            "meta": ref("Meta"),
        }
    ),
    "StickinessRequest": _REQUEST,
    "Stickiness": full(
        {
            "interval": choice(*PERIODS),
            "persons": COUNT,
            "rows": array(
                full(
                    {
                        "periods": {"type": "integer", "minimum": 1},
                        "persons": COUNT,
                        "share": SHARE,
                        "at_least": {**SHARE, "description": "Share of persons with as many or more"},
                    }
                )
            ),
            "meta": ref("Meta"),
        }
    ),
}
