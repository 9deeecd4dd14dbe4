"""Saved reports, the links that share them, and answers with their charts."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import (
    COUNT,
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
    schema_name,
)
from backsight.keys.settings import MAX_LABEL_CHARS
from backsight.named_events import MAX_DESCRIPTION_CHARS
from backsight.saved_reports import REPORTS_SAVED
from backsight.saved_reports.links import DAYS, MAX_SERVER_CHARS, MOST_DAYS
from backsight.saved_reports.shared import TOLD_OF_META

_INSTANT: Final[Schema] = {**TEXT, "format": "date-time"}
_DESCRIPTION: Final[Schema] = {**TEXT, "maxLength": MAX_DESCRIPTION_CHARS}
_SPEC: Final[Schema] = {"type": "object", "description": "Vega-Lite, data included"}
_TABLES: Final = array(ref("TableInWords"), description="What people read under the chart")
_ANSWER: Final = either(*(ref(schema_name(report)) for report in REPORTS_SAVED))
_WHAT: Final[Schema] = {"name": NAME, "report": choice(*REPORTS_SAVED), "description": TEXT}
_LINK: Final[Schema] = {
    "link_id": TEXT,
    "report": {**NAME, "description": "The name of the saved report"},
    "label": TEXT,
    "created": _INSTANT,
    "expires": nullable(_INSTANT),
    "revoked": nullable(_INSTANT),
    "last_used": nullable({**_INSTANT, "description": "The hour, as far as it was noted"}),
    "maker": nullable({**TEXT, "description": "The id of the key that made it, or who did"}),
}


def _definition(report: str) -> Schema:
    request = ref(f"{schema_name(report)}Request")
    return obj(
        {"report": choice(report), "request": request, "description": _DESCRIPTION}, ("report", "request")
    )


SCHEMAS: Final[dict[str, Schema]] = {
    **{
        f"{schema_name(report)}Drawn": full(
            {"answer": ref(schema_name(report)), "spec": _SPEC, "tables": _TABLES}
        )
        for report in (*REPORTS_SAVED, "preview", "activity")
    },
    "SavedDefinition": either(
        *map(_definition, REPORTS_SAVED), description="A request without `as_of`: it is asked anew each time"
    ),
    "SavedReport": full(
        {
            "name": NAME,
            "report": {**TEXT, "description": "Which report; empty of a deletion"},
            "request": {"type": "object", "description": "As it was given"},
            "description": TEXT,
            "version": {"type": "integer", "minimum": 1},
            "actor": {**TEXT, "description": "Who made this version"},
            "at": _INSTANT,
            "deleted": {"type": "boolean"},
            "broken": nullable({**TEXT, "description": "Why it can't be asked at present"}),
        }
    ),
    "SavedReports": full({"site": TEXT, "saved": array(ref("SavedReport"))}),
    "SavedHistory": full({"versions": array(ref("SavedReport"))}),
    "SavedAnswer": full(
        {**_WHAT, "request": {"type": "object"}, "answer": _ANSWER, "spec": _SPEC, "tables": _TABLES}
    ),
    "TableInWords": full(
        {
            "title": TEXT,
            "header": array(TEXT),
            "rows": array(array(TEXT), description="Of many, the first and the last"),
            "left": array(COUNT, description="Numbers of the columns that are aligned left"),
            "notes": array(TEXT),
        }
    ),
    "ShareRequest": obj(
        {
            "days": nullable(
                {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MOST_DAYS,
                    "default": DAYS,
                    "description": "Null: until it is revoked",
                }
            ),
            "label": {**TEXT, "maxLength": MAX_LABEL_CHARS, "description": "Whom it is for"},
            "server": {
                **TEXT,
                "minLength": 1,
                "maxLength": MAX_SERVER_CHARS,
                "description": "The address at which others reach the server; else the one that was asked",
            },
        }
    ),
    "ShareLink": full(
        {**_LINK, "url": nullable({**TEXT, "description": "Told when it is made, and never again"})}
    ),
    "ShareLinks": full({"links": array(ref("ShareLink"), description="Oldest first")}),
    "RevokedLink": full({"revoked": {**COUNT, "description": "1; 0 where it had been revoked before"}}),
    "SharedAnswer": full(
        {
            **_WHAT,
            "range": full(
                dict.fromkeys(("from", "to", "timezone"), nullable(TEXT)),
                description="As the request says them",
            ),
            "answer": full(
                {
                    "meta": full(
                        {
                            "now": _INSTANT,
                            "watermark": nullable(_INSTANT),
                            "warnings": array(TEXT),
                        }
                    )
                },
                description=f"As the report answers; of its `meta` {', '.join(TOLD_OF_META)}",
            ),
            "spec": _SPEC,
            "tables": _TABLES,
        }
    ),
}
