"""One person: a timeline, and why each event does or does not count in a report."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import COUNT, TEXT, Schema, array, choice, either, full, nullable, obj, ref
from backsight.api.schemas.persons import LISTED, PERSON
from backsight.contract import StatementKind
from backsight.reports.explain.outcomes import OUTCOMES
from backsight.reports.explain.request import ORDERS, REPORTS
from backsight.scan.person_ids import DEFAULT_LISTED, MAX_LISTED

_TIME: Final[Schema] = {**TEXT, "format": "date-time"}
TIMELINE: Final[Schema] = {
    "order": choice(*ORDERS, default="newest", description="Which events come first"),
    "limit": {
        "type": "integer", "minimum": 1, "maximum": MAX_LISTED, "default": DEFAULT_LISTED,
        "description": "Events at a time",
    },
    "after": {**TEXT, "description": "`next` of the page before"},
}  # fmt: skip
"""Which page of a timeline."""

_WHO: Final = either(
    {**TEXT, "description": "A `person` of an answer, or `user:ID` or `device:ID`"},
    obj({"user": TEXT}, ("user",)),
    obj({"device": TEXT}, ("device",)),
)
_EVENT: Final[Schema] = {
    "id": {**TEXT, "description": "Where it stands; an `after`"},
    "time": _TIME,
    "type": TEXT,
    "page": full({name: nullable(TEXT) for name in ("host", "path", "query", "title", "referrer")}),
    "element": nullable(
        full(
            {
                "tag": TEXT,
                "attributes": {"type": "object"},
                "selector": {**TEXT, "description": "A short one that matches it"},
                "text": nullable(TEXT),
                "label": nullable(TEXT),
                "href": nullable(TEXT),
            }
        )
    ),
    "properties": {"type": "object", "description": "What else is known of it; of `props` the custom ones"},
    "device": TEXT,
    "session": nullable(TEXT),
    "names": array(TEXT, description="The named events that it bears"),
}
_OUTCOME: Final = full(
    {
        "outcome": choice(*OUTCOMES),
        "reason": {**TEXT, "description": "A code"},
        "words": {**TEXT, "description": "The reason in words, with its figures"},
        "counts": array({"type": "object"}, description="As what it counts"),
        "data": {"type": "object", "description": "The figures of the words"},
    }
)
_STATEMENT: Final = full(
    {
        "statement_id": TEXT,
        "kind": choice(*(kind.value for kind in StatementKind)),
        "time": _TIME,
        "device": nullable(TEXT),
        "user": nullable(TEXT),
        "traits": nullable({"type": "object"}),
        "revokes": nullable(TEXT),
        "holds": {"type": "boolean"},
    }
)
_NAMED: Final[Schema] = LISTED["persons"]["items"]["properties"]

SCHEMAS: Final[dict[str, Schema]] = {
    "PersonsRequest": obj(
        {
            "person": _WHO,
            **TIMELINE,
            "report": choice(*REPORTS, description="In which report the events are explained"),
            "request": {"type": "object", "description": "What that report was asked, without `as_of`"},
            "only": choice("considered", description="Leaves out events that the report does not look for"),
            "as_of": ref("AsOf"),
        },
        ("person",),
    ),
    "Persons": {
        **full(
            {
                "person": full(
                    {
                        **_NAMED,
                        "person": PERSON,
                        "events": COUNT,
                        "first_seen": nullable(_TIME),
                        "last_seen": nullable(_TIME),
                        "statements": array(_STATEMENT),
                        "statements_total": COUNT,
                    }
                ),
                "events": array({**full(_EVENT), "properties": {**_EVENT, "outcome": _OUTCOME}}),
                "next": nullable(TEXT),
                "meta": ref("Meta"),
            }
        ),
    },
}
SCHEMAS["Persons"]["properties"] |= {
    "report": choice(*REPORTS),
    "verdict": {
        **full(
            {
                "counted": {"type": "boolean"},
                "words": array(TEXT),
                "timezone": TEXT,
                "person_where": array({"type": "object"}),
            }
        ),
        "description": "What became of the person; what else it holds goes with the report",
    },
}
