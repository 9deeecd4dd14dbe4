"""Rules, predicates and steps: what a question is made of."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import NAME, TEXT, Schema, array, choice, either, full, obj, ref
from backsight.contract import EventType
from backsight.rules.bursts import MOST_CLICKS, MOST_RADIUS
from backsight.rules.predicates import OPERATORS
from backsight.rules.rule import ELEMENT_FIELDS, PAGE_FIELDS

VALUE: Final = {"type": ["string", "number", "boolean", "array"]}
_TEST: Final = either(ref("Test"), array(ref("Test"), minItems=1))
PREDICATES: Final = array(ref("Predicate"))
_EVENT_TYPES: Final = tuple(kind.value for kind in EventType)

RULE: Final[Schema] = {
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
    "name": {**NAME, "description": "Name of a tracked event, or of a vital"},
    **dict.fromkeys(ELEMENT_FIELDS, _TEST),
    "page": obj(dict.fromkeys(PAGE_FIELDS, _TEST)),
    "where": PREDICATES,
    "rage": obj(
        {
            "clicks": {"type": "integer", "minimum": 2, "maximum": MOST_CLICKS, "default": 3},
            "within": {**TEXT, "default": "1s", "description": "Seconds or milliseconds, up to a minute"},
            "radius": {"type": "integer", "minimum": 0, "maximum": MOST_RADIUS, "default": 30},
        },
        description="Of clicks, those that complete a burst in one place; see docs/reference/rules.md",
    ),
}


def step(**more: Schema) -> Schema:
    """The forms of a step, with what else may stand in it."""
    more["label"] = NAME
    return either(
        {**NAME, "description": "A named event's name"},
        obj({"event": NAME, "where": PREDICATES, **more}, ("event",)),
        obj({**RULE, **more}),
        obj({"any": array(ref("Rule"), minItems=1), "where": PREDICATES, **more}, ("any",)),
    )


SCHEMAS: Final[dict[str, Schema]] = {
    "Test": obj({"op": choice(*OPERATORS), "value": VALUE}, ("op",)),
    "Predicate": either(
        obj({"property": NAME, "op": choice(*OPERATORS), "value": VALUE}, ("property", "op")),
        obj({"all": array(ref("Predicate"), minItems=1)}, ("all",)),
        obj({"any": array(ref("Predicate"), minItems=1)}, ("any",)),
        obj({"not": ref("Predicate")}, ("not",)),
    ),
    "Rule": either(obj(RULE), obj({"any": array(ref("Rule"), minItems=1)}, ("any",))),
    "Step": step(),
    "ReadyRules": full(
        {"rules": array(full({"name": TEXT, "title": TEXT, "description": TEXT, "rule": ref("Rule")}))}
    ),
}
