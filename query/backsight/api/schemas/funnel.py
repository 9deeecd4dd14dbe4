"""The funnel: its request and its answer."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import (
    COUNT,
    DURATION,
    SECONDS,
    SHARE,
    TEXT,
    Schema,
    array,
    choice,
    full,
    obj,
    ref,
)
from backsight.api.schemas.request import COMMON
from backsight.reports.funnel import MAX_STEPS

SCHEMAS: Final[dict[str, Schema]] = {
    "FunnelRequest": obj(
        {
            **COMMON,
            "steps": array(ref("Step"), minItems=1, maxItems=MAX_STEPS),
            "window": {**DURATION, "default": "14d", "description": "From the first step, inclusive"},
            "order": choice("ordered", default="ordered"),
            "entry": choice("any", "first", default="any"),
            "count": choice("persons", default="persons"),
            "range": choice("all", description="`from` and `to` bound every step, not the first one only"),
        },
        ("steps",),
    ),
    "Funnel": full(
        {
            "steps": array(
                full(
                    {
                        "label": TEXT,
                        "count": COUNT,
                        "from_start": SHARE,
                        "from_previous": SHARE,
                        "still_open": {**COUNT, "description": "Persons who may yet get there"},
                        "settled": full({"from_start": SHARE, "from_previous": SHARE}),
                        "seconds": full({"mean": SECONDS, "median": SECONDS, "p90": SECONDS}),
                    }
                )
            ),
            "meta": ref("Meta"),
        }
    ),
}
