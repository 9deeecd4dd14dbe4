"""The funnel: its request and its answer, and who is meant."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.breakdowns import GROUP, breakdown
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
    nullable,
    obj,
    ref,
)
from backsight.api.schemas.persons import LISTED, LISTING
from backsight.api.schemas.request import COMMON
from backsight.reports.breakdown import MAX_PROPERTIES
from backsight.reports.funnel import MAX_STEPS
from backsight.reports.funnel.groups import ATTRIBUTIONS
from backsight.reports.funnel.histogram import DEFAULT_BINS, MAX_BINS
from backsight.reports.periods import PERIODS, WEEK_STARTS


def _number(least: int, most: int, **more: object) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most, **more}


_STEP: Final = _number(1, MAX_STEPS)
_ASKED: Final[Schema] = {
    **COMMON,
    "steps": array(ref("Step"), minItems=1, maxItems=MAX_STEPS),
    "window": {**DURATION, "default": "14d", "description": "From the first step, inclusive"},
    "order": choice("ordered", default="ordered"),
    "entry": choice("any", "first", default="any"),
    "count": choice("persons", default="persons"),
    "range": choice("all", description="`from` and `to` bound every step, not the first one only"),
    "breakdown": breakdown(
        attribution=choice(*ATTRIBUTIONS, default="first", description="Which of an attempt's events counts"),
        step={**_STEP, "description": "Of attribution `step`: which one"},
    ),
    "interval": choice(*PERIODS, description="Adds the funnel of each period, by its first step"),
    "week_start": choice(*WEEK_STARTS, default="monday"),
    "histogram": obj(
        {"from": _STEP, "to": _STEP, "bins": _number(1, MAX_BINS, default=DEFAULT_BINS)},
        description="Adds how long it took between two steps; from the first to the last one",
    ),
    "curve": {
        "type": "boolean", "default": False,
        "description": "Adds how the share of those who converted grows with time (Kaplan-Meier)",
    },
}  # fmt: skip
_STEPS: Final = array(
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
)
_BIN: Final = full({"from": {"type": "integer"}, "to": {"type": "integer"}, "count": COUNT})
_MORE: Final[Schema] = {
    "trend": array(full({"start": TEXT, "complete": {"type": "boolean"}, "steps": _STEPS})),
    "histogram": full(
        {
            "from": _STEP,
            "to": _STEP,
            "persons": COUNT,
            "seconds": full({"mean": SECONDS, "median": SECONDS, "p90": SECONDS}),
            "bins": array(_BIN, description="In seconds; the last one is closed"),
        }
    ),
    "curve": array(full({"seconds": {"type": "number"}, "converted": SHARE, "at_risk": COUNT})),
}


def _maybe(schema: Schema, **more: Schema) -> Schema:
    """The same object, which has more properties where they were asked for."""
    return {**schema, "properties": {**schema["properties"], **more}}


_GROUP: Final = _maybe(full({"value": GROUP, "steps": _STEPS}), **_MORE)
_PERSON: Final[Schema] = LISTED["persons"]["items"]
_TIMES: Final = array(nullable({**TEXT, "format": "date-time"}), description="When each step was done")

SCHEMAS: Final[dict[str, Schema]] = {
    "FunnelRequest": obj(_ASKED, ("steps",)),
    "Funnel": _maybe(full({"steps": _STEPS, "meta": ref("Meta")}), groups=array(_GROUP), **_MORE),
    "FunnelPersonsRequest": obj(
        {
            **_ASKED,
            "step": {**_STEP, "description": "Left out: the last one"},
            "dropped": {
                "type": "boolean", "default": False,
                "description": "Who got to the step before, and no further",
            },
            "group": {
                "description": "`value` of a group; or that of all that are pooled",
                "anyOf": [
                    array({"type": ["string", "integer", "null"]}, minItems=1, maxItems=MAX_PROPERTIES),
                    obj({"pooled": {"const": True}}, ("pooled",)),
                ],
            },
            **LISTING,
        },
        ("steps",),
    ),
    "FunnelPersons": full(
        {**LISTED, "persons": array(_maybe(_PERSON, times=_TIMES)), "meta": ref("Meta")}
    ),
}  # fmt: skip
