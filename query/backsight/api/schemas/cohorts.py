"""Cohorts and conditions on persons: what a request says of them, and what they are told as."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import (
    COUNT,
    DURATION,
    MOMENT,
    NAME,
    TEXT,
    Schema,
    array,
    choice,
    either,
    full,
    nullable,
    obj,
    ref,
)
from backsight.api.schemas.persons import LISTED, LISTING, PERSON
from backsight.api.schemas.rules import VALUE
from backsight.named_events import MAX_DESCRIPTION_CHARS
from backsight.rules.predicates import OPERATORS
from backsight.scan.periods import PERIODS, WEEK_STARTS
from backsight.scan.person_conditions import MAX_LAST_PERIODS, MAX_TIMES

CONDITIONS: Final = array(ref("PersonCondition"))

_TIMES: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": MAX_TIMES}
_TIMES_OR_NONE: Final[Schema] = {**_TIMES, "minimum": 0}
_LAST: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": MAX_LAST_PERIODS}
_FRAMES: Final[tuple[Schema, ...]] = ({"within": DURATION}, {"from": MOMENT, "to": MOMENT})
_COUNTS: Final[tuple[Schema, ...]] = (
    {"at_least": _TIMES, "at_most": _TIMES_OR_NONE},
    {"exactly": _TIMES_OR_NONE},
)
_IDS: Final = array({**TEXT, "minLength": 1}, minItems=1)
_DESCRIPTION: Final[Schema] = {**TEXT, "maxLength": MAX_DESCRIPTION_CHARS}
_ZONE: Final[Schema] = {**TEXT, "default": "UTC", "description": "An IANA name"}
_STATIC: Final = obj(
    {"users": _IDS, "devices": _IDS, "persons": array(PERSON, minItems=1)},
    minProperties=1,
    description="Ids as the site gave them; persons as reports list them",
)
_COHORT: Final[Schema] = {
    "name": NAME,
    "person_where": nullable(CONDITIONS),
    "members": nullable({**COUNT, "description": "How many users and devices a static cohort lists"}),
    "description": TEXT,
    "version": {"type": "integer", "minimum": 1},
    "actor": {**TEXT, "description": "Who made this version"},
    "at": {**TEXT, "format": "date-time"},
    "deleted": {"type": "boolean"},
}

SCHEMAS: Final[dict[str, Schema]] = {
    "PersonCondition": either(
        obj({"property": NAME, "op": choice(*OPERATORS), "value": VALUE}, ("property", "op")),
        obj({"all": array(ref("PersonCondition"), minItems=1)}, ("all",)),
        obj({"any": array(ref("PersonCondition"), minItems=1)}, ("any",)),
        obj({"not": ref("PersonCondition")}, ("not",)),
        obj({"cohort": {**NAME, "description": "A saved cohort's name"}}, ("cohort",)),
        *(obj({"did": ref("Step"), **counts, **frame}, ("did",)) for counts in _COUNTS for frame in _FRAMES),
        *(obj({"did_first": ref("Step"), **frame}, ("did_first",), minProperties=2) for frame in _FRAMES),
        obj(
            {
                "did_in_periods": ref("Step"),
                "period": choice(*PERIODS, default="day"),
                "periods": _LAST,
                "at_least": {**_LAST, "description": "Of the periods; left out, all of them"},
                "times": {**_TIMES, "default": 1},
                "to": MOMENT,
                "week_start": choice(*WEEK_STARTS, default="monday"),
            },
            ("did_in_periods", "periods"),
        ),
        description="A trait, what a person did, or a cohort: see docs/reference/rules.md",
    ),
    "CohortPreviewRequest": obj(
        {
            "person_where": {**CONDITIONS, "minItems": 1},
            "timezone": _ZONE,
            "as_of": ref("AsOf"),
            "description": _DESCRIPTION,
            **LISTING,
        },
        ("person_where",),
    ),
    "CohortPreview": full({**LISTED, "meta": ref("Meta")}),
    "CohortDefinition": either(
        obj({"person_where": {**CONDITIONS, "minItems": 1}, "description": _DESCRIPTION}, ("person_where",)),
        obj({"static": _STATIC, "description": _DESCRIPTION}, ("static",)),
    ),
    "Freeze": obj(
        {
            "as": {**NAME, "description": "Of the static cohort; left out, the next version of this one"},
            "timezone": _ZONE,
            "description": _DESCRIPTION,
        }
    ),
    "Cohort": full(_COHORT),
    "Cohorts": full({"site": TEXT, "cohorts": array(ref("Cohort"))}),
    "CohortHistory": full({"versions": array(ref("Cohort"))}),
}
