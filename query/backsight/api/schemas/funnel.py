"""The funnel: its request and its answer, and who is meant."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.breakdowns import GROUP, breakdown
from backsight.api.schemas.parts import (
    COUNT,
    DURATION,
    NAME,
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
from backsight.api.schemas.rules import step
from backsight.reports.breakdown import MAX_PROPERTIES
from backsight.reports.funnel import MAX_STEPS
from backsight.reports.funnel.groups import ATTRIBUTIONS
from backsight.reports.funnel.histogram import DEFAULT_BINS, MAX_BINS
from backsight.reports.funnel.options import COUNTS, EXCLUDE_MODES, MAX_HELD, ORDERS
from backsight.reports.funnel.rules import MAX_EXCLUSIONS
from backsight.scan.periods import PERIODS, WEEK_STARTS


def _number(least: int, most: int, **more: object) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most, **more}


_STEP: Final = _number(1, MAX_STEPS)
_FLAG: Final[Schema] = {"type": "boolean", "default": False}
_ANY_STEP: Final = step(
    optional={**_FLAG, "description": "It may be left out; neither the first step nor the last one"},
    first_ever={**_FLAG, "description": "Only a person's first such event in all of history fills it"},
)
_EXCLUSION: Final = obj(
    {
        "event": ref("Step"),
        "after": {**_STEP, "default": 1, "description": "Counted from the event of this step …"},
        "before": {**_STEP, "description": "… to that of this one; left out: of the last step"},
    },
    ("event",),
)
_ASKED: Final[Schema] = {
    **COMMON,
    "steps": array(_ANY_STEP, minItems=1, maxItems=MAX_STEPS),
    "window": {**DURATION, "default": "14d", "description": "From the first step, inclusive"},
    "order": choice(
        *ORDERS, default="ordered",
        description="`strict`: no other named or custom event between; `any`: how many steps were done",
    ),
    "entry": choice(
        "any", "first", description="Which first steps open an attempt; `any`, but of totals `first`"
    ),
    "count": choice(
        *COUNTS, default="persons", description="`totals`: attempts, one after another, of each person"
    ),
    "session": {**ref("Session"), "description": "Of count `sessions`: what decides them"},
    "exclude": array(_EXCLUSION, maxItems=MAX_EXCLUSIONS, description="What ends an attempt between steps"),
    "exclude_mode": choice(
        *EXCLUDE_MODES, default="attempt", description="Whether an attempt or the whole person is out"
    ),
    "hold": array(NAME, maxItems=MAX_HELD, description="Properties with one value at all steps"),
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


def _maybe(schema: Schema, **more: Schema) -> Schema:
    """The same object, which has more properties where they were asked for."""
    return {**schema, "properties": {**schema["properties"], **more}}


_EXCLUDED: Final = {**COUNT, "description": "How many more would have got here but for `exclude`"}
_STEPS: Final = array(
    _maybe(
        full(
            {
                "label": {**TEXT, "description": "In any order: of the step of this number in the request"},
                "count": COUNT,
                "from_start": SHARE,
                "from_previous": SHARE,
                "still_open": {**COUNT, "description": "Persons who may yet get there"},
                "settled": full({"from_start": SHARE, "from_previous": SHARE}),
                "seconds": full({"mean": SECONDS, "median": SECONDS, "p90": SECONDS}),
            }
        ),
        optional={"const": True},
        excluded=_EXCLUDED,
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

_GROUP: Final = _maybe(full({"value": GROUP, "steps": _STEPS}), **_MORE)
_PERSON: Final[Schema] = LISTED["persons"]["items"]
_TIMES: Final = array(nullable({**TEXT, "format": "date-time"}), description="When each step was done")

SCHEMAS: Final[dict[str, Schema]] = {
    "FunnelRequest": obj(_ASKED, ("steps",)),
    "Funnel": _maybe(
        full({"steps": _STEPS, "meta": ref("Meta")}),
        order=choice(*ORDERS[1:], description="Where it is not `ordered`"),
        count=choice(*COUNTS[1:], description="Where it is not `persons`"),
        groups=array(_GROUP),
        **_MORE,
    ),
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
