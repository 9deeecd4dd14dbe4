"""JSON schemas of what the API takes and gives, for the OpenAPI document.

Requests are checked by the parsers of `backsight.reports` and `backsight.rules`, whose messages say more than
a schema can; a test holds both against the same requests.
"""

from __future__ import annotations

from typing import Any, Final

from backsight.contract import TABLES, EventType
from backsight.named_events import MAX_DESCRIPTION_CHARS
from backsight.reports.funnel import MAX_STEPS
from backsight.reports.periods import PERIODS, WEEK_STARTS
from backsight.reports.retention import COHORTS, MAX_COLUMNS
from backsight.reports.trend import MAX_SERIES, MEASURES
from backsight.rules.predicates import OPERATORS
from backsight.rules.rule import ELEMENT_FIELDS, MAX_RULES, PAGE_FIELDS

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    """A reference to one of SCHEMAS."""
    return {"$ref": f"#/components/schemas/{name}"}


def referred(value: object) -> set[str]:
    """Names of the schemas to which a schema (or anything that holds some) refers."""
    if isinstance(value, dict):
        own = {value["$ref"].rsplit("/", 1)[1]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(referred, value.values()))
    return set[str]().union(*map(referred, value)) if isinstance(value, list) else set()


def obj(properties: Schema, required: tuple[str, ...] = (), **more: Any) -> Schema:
    """An object that takes these properties and no others."""
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, **needed, "additionalProperties": False, **more}


def full(properties: Schema, **more: Any) -> Schema:
    """An object that always has all of these properties; later versions may add others."""
    return {"type": "object", "properties": properties, "required": list(properties), **more}


def array(items: Schema, **more: Any) -> Schema:
    """A list of such items."""
    return {"type": "array", "items": items, **more}


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def either(*schemas: Schema, **more: Any) -> Schema:
    """One of these forms."""
    return {"anyOf": list(schemas), **more}


def choice(*words: str, **more: Any) -> Schema:
    """One of these words."""
    return {"type": "string", "enum": list(words), **more}


TEXT: Final[Schema] = {"type": "string"}
NAME: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 200}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
SHARE: Final[Schema] = nullable({"type": "number", "minimum": 0, "maximum": 1})
VERSION: Final[Schema] = {"type": "integer", "minimum": -1}
SECONDS: Final[Schema] = nullable({"type": "number", "minimum": 0})
DURATION: Final[Schema] = {"type": "string", "pattern": "^[0-9]{1,9}[smhdw]$"}
MOMENT: Final[Schema] = {
    "type": "string",
    "description": "A date, inclusive, in `timezone`; an instant (RFC 3339); or `30d` for 30 days ago",
}


# ── Questions ───────────────────────────────────────────────────────────────────────────────────────────────

_VALUE: Final = {"type": ["string", "number", "boolean", "array"]}
_TEST: Final = either(ref("Test"), array(ref("Test"), minItems=1))
_PREDICATES: Final = array(ref("Predicate"))
_EVENT_TYPES: Final = tuple(kind.value for kind in EventType)

_RULE: Final[Schema] = {
    "on": either(
        choice(*_EVENT_TYPES, "any"),
        array(choice(*_EVENT_TYPES), minItems=1),
        description="Left out: `click` where there is `css`, `track` where there is `name`",
    ),
    "css": {
        **TEXT,
        "minLength": 1,
        "description": "A selector; see docs/reference/rules.md",
    },
    "match": choice("closest", "target", default="closest"),
    "name": {**NAME, "description": "Name of a tracked event"},
    **dict.fromkeys(ELEMENT_FIELDS, _TEST),
    "page": obj(dict.fromkeys(PAGE_FIELDS, _TEST)),
    "where": _PREDICATES,
}
_COMMON: Final[Schema] = {
    "from": MOMENT,
    "to": MOMENT,
    "timezone": {**TEXT, "default": "UTC", "description": "An IANA name"},
    "where": {**_PREDICATES, "description": "What every event has to meet"},
    "person_where": {**_PREDICATES, "description": "What the traits of the person have to meet"},
}
_DEFINITION: Final[Schema] = {
    "rules": array(ref("Rule"), minItems=1, maxItems=MAX_RULES),
    "description": {**TEXT, "maxLength": MAX_DESCRIPTION_CHARS},
}


def _step(**more: Schema) -> Schema:
    """The forms of a step, with what else may stand in it."""
    more["label"] = NAME
    return either(
        {**NAME, "description": "A named event's name"},
        obj({"event": NAME, "where": _PREDICATES, **more}, ("event",)),
        obj({**_RULE, **more}),
        obj({"any": array(ref("Rule"), minItems=1), "where": _PREDICATES, **more}, ("any",)),
    )


_QUESTIONS: Final[dict[str, Schema]] = {
    "Test": obj({"op": choice(*OPERATORS), "value": _VALUE}, ("op",)),
    "Predicate": either(
        obj({"property": NAME, "op": choice(*OPERATORS), "value": _VALUE}, ("property", "op")),
        obj({"all": array(ref("Predicate"), minItems=1)}, ("all",)),
        obj({"any": array(ref("Predicate"), minItems=1)}, ("any",)),
    ),
    "Rule": either(obj(_RULE), obj({"any": array(ref("Rule"), minItems=1)}, ("any",))),
    "Step": _step(),
    "Series": _step(measure=choice(*MEASURES, default="events")),
    "FunnelRequest": obj(
        {
            **_COMMON,
            "steps": array(ref("Step"), minItems=1, maxItems=MAX_STEPS),
            "window": {**DURATION, "default": "14d", "description": "From the first step, inclusive"},
            "order": choice("ordered", default="ordered"),
            "entry": choice("any", "first", default="any"),
            "count": choice("persons", default="persons"),
            "range": choice("all", description="`from` and `to` bound every step, not the first one only"),
        },
        ("steps",),
    ),
    "RetentionRequest": obj(
        {
            **_COMMON,
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
    "TrendRequest": obj(
        {
            **_COMMON,
            "series": array(ref("Series"), minItems=1, maxItems=MAX_SERIES),
            "interval": choice(*PERIODS, default="day"),
            "week_start": choice(*WEEK_STARTS, default="monday"),
        },
        ("series",),
    ),
    "Definition": obj(_DEFINITION, ("rules",)),
    "PreviewRequest": obj({**_COMMON, **_DEFINITION}, ("rules",)),
}


# ── Answers ─────────────────────────────────────────────────────────────────────────────────────────────────

_NAMED_EVENT: Final[Schema] = {
    "name": NAME,
    "rules": array(ref("Rule")),
    "description": TEXT,
    "version": {"type": "integer", "minimum": 1},
    "actor": {**TEXT, "description": "Who made this version"},
    "at": {**TEXT, "format": "date-time"},
    "deleted": {"type": "boolean"},
}

_ANSWERS: Final[dict[str, Schema]] = {
    "Meta": full(
        {
            "site": TEXT,
            "snapshot": full(dict.fromkeys(TABLES, VERSION)),
            "events": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}},
            "watermark": nullable({**TEXT, "format": "date-time"}),
            "ms": {"type": "number", "minimum": 0},
            "warnings": array(TEXT),
        },
        description="Table versions, versions of the named events used, newest arrival, milliseconds",
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
    "Trend": full(
        {
            "labels": array(TEXT),
            "series": array(
                full({"label": TEXT, "measure": choice(*MEASURES), "values": array(COUNT), "total": COUNT})
            ),
            "meta": ref("Meta"),
        }
    ),
    "Preview": full(
        {
            "events": COUNT,
            "persons": COUNT,
            "daily": array(full({"date": {**TEXT, "format": "date"}, "events": COUNT})),
            "elements": array(
                full({"tag": TEXT, "attributes": {"type": "object"}, "text": nullable(TEXT), "count": COUNT})
            ),
            "overlaps": array(full({"name": NAME, "events": COUNT})),
            "meta": ref("Meta"),
        }
    ),
    "Sql": full({"sql": TEXT}),
    "NamedEvent": full(_NAMED_EVENT),
    "NamedEvents": full({"site": TEXT, "events": array(ref("NamedEvent"))}),
    "History": full({"versions": array(ref("NamedEvent"))}),
    "Problem": full(
        {"type": TEXT, "title": TEXT, "status": {"type": "integer"}, "detail": TEXT},
        description="RFC 9457; `field`, `value` and `valid` where they make sense, `instance` of a fault",
    ),
}

SCHEMAS: Final[dict[str, Schema]] = {**_QUESTIONS, **_ANSWERS}
"""By name; each refers to others under `#/components/schemas/`."""
