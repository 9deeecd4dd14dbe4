"""The trend: its request and its answer."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import COUNT, TEXT, Schema, array, choice, full, obj, ref
from backsight.api.schemas.request import COMMON
from backsight.api.schemas.rules import step
from backsight.reports.periods import PERIODS, WEEK_STARTS
from backsight.reports.trend import MAX_SERIES, MEASURES

SCHEMAS: Final[dict[str, Schema]] = {
    "Series": step(measure=choice(*MEASURES, default="events")),
    "TrendRequest": obj(
        {
            **COMMON,
            "series": array(ref("Series"), minItems=1, maxItems=MAX_SERIES),
            "interval": choice(*PERIODS, default="day"),
            "week_start": choice(*WEEK_STARTS, default="monday"),
        },
        ("series",),
    ),
    "Trend": full(
        {
            "labels": array(TEXT),
            "series": array(
                full({"label": TEXT, "measure": choice(*MEASURES), "values": array(COUNT), "total": COUNT})
            ),
            "meta": ref("Meta"),
        }
    ),
}
