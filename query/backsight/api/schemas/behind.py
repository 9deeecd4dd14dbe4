"""The raw events behind the figures of reports: how a request names a figure, and what a row says."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from backsight.api.schemas import attribution, funnel, lifecycle, paths, preview, retention, trend
from backsight.api.schemas.parts import COUNT, TEXT, Schema, array, choice, either, full, nullable, obj, ref
from backsight.reports.behind.request import DEFAULT_ROWS, MAX_ROWS, ROWS
from backsight.reports.behind.rows import IDS, ROW_SCHEMA
from backsight.reports.breakdown import MAX_PROPERTIES
from backsight.reports.funnel import MAX_STEPS
from backsight.reports.lifecycle import STATES
from backsight.reports.paths.request import MAX_NODES_OF_PATH

_FLAG: Final[Schema] = {"type": "boolean", "default": False}
_GROUP: Final[Schema] = {
    "description": "`value` of a group; or that of all that are pooled",
    "anyOf": [
        array({"type": ["string", "integer", "null"]}, minItems=1, maxItems=MAX_PROPERTIES),
        obj({"pooled": {"const": True}}, ("pooled",)),
    ],
}
_AT: Final[Schema] = {**TEXT, "minLength": 1, "description": "A period, as the answer calls it"}
_PAGE: Final[Schema] = {
    "limit": {
        "type": "integer", "minimum": 1, "maximum": MAX_ROWS, "default": DEFAULT_ROWS,
        "description": "Rows of a page; of a stream (Arrow, CSV) any number, and left out all",
    },
    "after": {**TEXT, "description": "`next` of the page before; asked `as_of` its `meta`"},
}  # fmt: skip
_NODE: Final = obj({"kind": TEXT, "name": TEXT}, ("kind", "name"))
_EDGE: Final = obj(
    {
        "step": {"type": "integer", "minimum": -MAX_NODES_OF_PATH, "maximum": MAX_NODES_OF_PATH},
        "source": {**_NODE, "description": "Left out: any"},
        "target": {**_NODE, "description": "Left out: any"},
        **{name: {"description": "As an edge of the answer has it: taken, not read"}
           for name in ("events", "persons", "seconds")},
    },
    ("step",),
)  # fmt: skip

_JSON_TYPES: Final = (
    (pa.types.is_integer, {"type": "integer"}),
    (pa.types.is_timestamp, {**TEXT, "format": "date-time"}),
    (pa.types.is_map, {"type": "object"}),
    (pa.types.is_list, array(TEXT)),
)


def _column(field: pa.Field) -> Schema:
    if field.name in IDS:
        return {**TEXT, "description": "A number, as text"}
    if field.name == "props":
        return {"type": "object"}
    return next((dict(schema) for test, schema in _JSON_TYPES if test(field.type)), dict(TEXT))


EVENT_COLUMNS: Final[Schema] = {field.name: _column(field) for field in ROW_SCHEMA}
"""Properties of a raw event, in JSON: those that it has not are left out."""
EVENT_ALWAYS: Final = ("time", "type", "names", "person", "device", "page", "sequence")


def event(description: str, **own: Schema) -> Schema:
    """A raw event, with what else is said of it."""
    return {
        "type": "object",
        "properties": {**own, **EVENT_COLUMNS},
        "required": list(EVENT_ALWAYS),
        "description": description,
    }


def _rows(description: str, **own: Schema) -> Schema:
    return full(
        {
            "total": {**COUNT, "description": "Rows in all"},
            "persons": {**COUNT, "description": "Persons that they are of"},
            "events": array(event(description, **own)),
            "next": nullable({**TEXT, "description": "The `after` of the next page"}),
            "meta": ref("Meta"),
        }
    )


def _asked(base: Schema, required: tuple[str, ...] = (), **own: Schema) -> Schema:
    """A report's request with what says which figure is meant, and which page of its rows."""
    page = dict(_PAGE)
    if "limit" in base["properties"]:
        page = {ROWS: page.pop("limit"), **page}
    needed = [*base.get("required", ()), *required]
    more = {"required": needed} if needed else {}
    return {**base, "properties": {**base["properties"], **own, **page}, **more}


def _cell(*required: str, **own: Schema) -> Schema:
    return obj(own, required, description="Which figure")


_STEP: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": MAX_STEPS}
_NUMBER: Final[Schema] = {"type": "number"}
_RETENTION_CELL: Final[Schema] = retention.SCHEMAS["RetentionPersonsRequest"]["properties"]["cell"]

SCHEMAS: Final[dict[str, Schema]] = {
    "FunnelEventsRequest": _asked(
        funnel.SCHEMAS["FunnelRequest"],
        step={**_STEP, "description": "Left out: all"},
        dropped={**_FLAG, "description": "What did the step before, of who got no further"},
        excluded={**_FLAG, "description": "What would have done the step but for `exclude`"},
        group=_GROUP,
        at={**_AT, "description": "`start` of a period of `interval`"},
    ),
    "FunnelEvents": _rows(
        "`attempt` is the same in all rows of one", step=_STEP, attempt={"type": "integer", "minimum": 0}
    ),
    "RetentionEventsRequest": _asked(
        retention.SCHEMAS["RetentionRequest"], ("cell",), cell=_RETENTION_CELL
    ),
    "RetentionEvents": _rows(
        "`value`, where there is a `measure`", role=choice("start", "return", "measured"), value=_NUMBER
    ),
    "TrendEventsRequest": _asked(
        trend.SCHEMAS["TrendRequest"],
        cell=_cell(
            series=either(
                {"type": "integer", "minimum": 1}, TEXT, description="Its number, from 1, or its label"
            ),
            at={**_AT, "description": "One of `labels`; left out: the whole range"},
            group=_GROUP,
            previous={**_FLAG, "description": "Of `previous_labels`"},
        ),
    ),
    "TrendEvents": _rows(
        "`value` of a statistic; `counted_session` where a rule decides sessions",
        period=TEXT, value=_NUMBER, counted_session=TEXT,
    ),
    "LifecycleEventsRequest": _asked(
        lifecycle.SCHEMAS["LifecycleRequest"], ("cell",),
        cell=_cell("at", at=_AT, state=choice(*STATES, description="Left out: everybody")),
    ),
    "LifecycleEvents": _rows("Of dormant persons, of the period before", period=TEXT),
    "StickinessEventsRequest": _asked(
        lifecycle.SCHEMAS["StickinessRequest"],
        cell=_cell(periods={"type": "integer", "minimum": 1, "description": "Left out: everybody"}),
    ),
    "StickinessEvents": _rows("Every one in the range", period=TEXT),
    "PathsEventsRequest": _asked(paths.SCHEMAS["PathsRequest"], ("edge",), edge=_EDGE),
    "PathsEvents": _rows(
        "`transition` is the same in the two rows of one",
        role=choice("source", "target"), transition={"type": "integer", "minimum": 0},
    ),
    "AttributionEventsRequest": _asked(
        attribution.SCHEMAS["AttributionRequest"],
        cell=_cell(
            group=_GROUP, unattributed={**_FLAG, "description": "Conversions that are owed to nothing"}
        ),
    ),
    "AttributionEvents": _rows(
        "`credit` adds up to the group's `conversions`, of either role",
        role=choice("conversion", "touch"), credit=_NUMBER, amount=_NUMBER,
    ),
    "PreviewEventsRequest": _asked(
        preview.SCHEMAS["PreviewRequest"], difference=choice("gained", "lost", description="By `against`")
    ),
    "PreviewEvents": _rows("What the rules match"),
}  # fmt: skip
