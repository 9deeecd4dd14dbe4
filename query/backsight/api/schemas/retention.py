"""Retention: its request and its answer."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import COUNT, SHARE, TEXT, Schema, array, choice, full, obj, ref
from backsight.api.schemas.request import COMMON
from backsight.reports.periods import PERIODS, WEEK_STARTS
from backsight.reports.retention import COHORTS, MAX_COLUMNS

SCHEMAS: Final[dict[str, Schema]] = {
    "RetentionRequest": obj(
        {
            **COMMON,
            "start": ref("Step"),
            "return": ref("Step"),
            "period": choice(*PERIODS, default="day"),
            "periods": {"type": "integer", "minimum": 1, "maximum": MAX_COLUMNS, "default": 12},
            "cohort": choice(*COHORTS, default="first_in_range"),
            "returned": choice("on", "on_or_after", default="on"),
            "mode": choice("calendar", default="calendar"),
            "week_start": choice(*WEEK_STARTS, default="monday"),
            "range": choice("all", description="`from` and `to` bound returns too"),
        },
        ("start", "return"),
    ),
    "Retention": full(
        {
            "rows": array(
                full(
                    {
                        "start": TEXT,
                        "size": COUNT,
                        "returned": array(COUNT),
                        "complete": array({"type": "boolean"}),
                    }
                )
            ),
            "average": array(SHARE),
            "meta": ref("Meta"),
        }
    ),
}
