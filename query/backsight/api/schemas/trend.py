"""The trend: its request and its answer."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.breakdowns import GROUP
from backsight.api.schemas.parts import NAME, TEXT, Schema, array, choice, full, nullable, obj, ref
from backsight.api.schemas.request import COMMON
from backsight.api.schemas.rules import step
from backsight.reports.statistics import STATISTICS
from backsight.reports.trend import INTERVALS, MAX_SERIES, MEASURES
from backsight.reports.trend.formulas import LONGEST, MAX_FORMULAS
from backsight.reports.trend.request import MOST_SMOOTHED
from backsight.scan.periods import WEEK_STARTS

_VALUE: Final = nullable({"type": "number"})
_LINE: Final[Schema] = {"values": array(_VALUE), "total": _VALUE}
_OVER: Final[Schema] = {"type": "string", "pattern": "^[0-9]{1,3}[dw]$"}

SCHEMAS: Final[dict[str, Schema]] = {
    "Series": step(
        measure=choice(*MEASURES, default="events"),
        property={**NAME, "description": f"Of {', '.join(STATISTICS)}: whose numbers"},
        over={**_OVER, "description": "Of active_persons: in so many days up to a period's last"},
    ),
    "TrendRequest": obj(
        {
            **COMMON,
            "series": array(ref("Series"), minItems=1, maxItems=MAX_SERIES),
            "interval": choice(*INTERVALS, default="day", description="`all`: the whole range is one"),
            "week_start": choice(*WEEK_STARTS, default="monday"),
            "breakdown": ref("Breakdown"),
            "formulas": array(
                obj(
                    {"formula": {**TEXT, "minLength": 1, "maxLength": LONGEST}, "label": NAME}, ("formula",)
                ),
                minItems=1,
                maxItems=MAX_FORMULAS,
                description="`A / B * 100`: A is the first series; a division by zero gives null",
            ),
            "cumulative": {"type": "boolean", "default": False, "description": "Of all since the beginning"},
            "smooth": {"type": "integer", "minimum": 1, "maximum": MOST_SMOOTHED, "default": 1,
                       "description": "Each value is the mean of so many, up to its own"},
            "compare": choice("previous", description="Adds the periods just before the range"),
            "session": ref("Session"),
        },
        ("series",),
    ),
    "Trend": full(
        {
            "labels": array(TEXT),
            "complete": array({"type": "boolean"}, description="Whether the period is over"),
            "series": array(
                {
                    "type": "object",
                    "properties": {
                        "label": TEXT,
                        "measure": choice(*MEASURES),
                        "property": NAME,
                        "over": _OVER,
                        "formula": {**TEXT, "description": "In place of a measure"},
                        "group": {**GROUP, "description": "With a breakdown"},
                        **_LINE,
                        "previous": full(_LINE, description="With `compare`: the periods just before"),
                    },
                    "required": ["label", *_LINE],
                }
            ),
            "meta": ref("Meta"),
        }
    ),
}  # fmt: skip
