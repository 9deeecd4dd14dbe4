"""Deletions of persons."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import COUNT, TEXT, VERSION, Schema, array, choice, full, nullable, obj, ref
from backsight.api.schemas.persons import LISTED
from backsight.deletions import MAX_PERSONS

_WHO: Final[Schema] = {
    "anyOf": [{**TEXT, "minLength": 1}, obj({"user": TEXT}, ("user",)), obj({"device": TEXT}, ("device",))],
    "description": "A `person` of an answer, `user:ID` or `device:ID`, or an object that says the same",
}
_MOMENT: Final[Schema] = {**TEXT, "format": "date-time"}
_TABLES: Final = ("events", "dead_letters", "statements")
_DONE: Final[Schema] = full(
    {
        "rows": {**COUNT, "description": "Removed"},
        "without_user": {**COUNT, "description": "Kept without their user, as they count as somebody else's"},
        "files": {**COUNT, "description": "Rewritten"},
        "older_files": {**COUNT, "description": "Of earlier versions, deleted"},
        "versions": full({"before": VERSION, "after": VERSION}),
    }
)

SCHEMAS: Final[dict[str, Schema]] = {
    "DeletionRequest": obj({"persons": array(_WHO, minItems=1, maxItems=MAX_PERSONS)}, ("persons",)),
    "DeletionPreview": full(
        {
            "persons": {**LISTED["persons"], "description": "The first 100 of them"},
            "persons_total": COUNT,
            "unknown": array(TEXT, description="Those of whom there is nothing"),
            "tables": full(dict.fromkeys(_TABLES, COUNT)),
            "first_seen": nullable(_MOMENT),
            "last_seen": nullable(_MOMENT),
        }
    ),
    "Deletion": full(
        {
            "deletion": {**TEXT, "description": "Its id"},
            "state": choice("requested", "running", "done"),
            "requested_at": {**_MOMENT, "description": "What was received later is not deleted"},
            "completed_at": nullable(_MOMENT),
            "actor": nullable(TEXT),
            "persons": COUNT,
            "tables": {
                **obj(dict.fromkeys(_TABLES, _DONE)),
                "description": "What was done so far",
            },
            "journal_records": {**COUNT, "description": "Erased from the journal"},
            "rows_left": {**nullable(COUNT), "description": "What a last look at all rows found"},
        }
    ),
    "Deletions": full({"deletions": array(ref("Deletion"))}),
}
"""By name."""
