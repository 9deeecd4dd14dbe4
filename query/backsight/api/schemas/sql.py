"""SQL: a statement, and its rows."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import TEXT, Schema, array, full, obj, ref
from backsight.sandbox.question import DEFAULT_ROWS, MAX_PARAMS, MAX_ROWS, MAX_SQL

SCHEMAS: Final[dict[str, Schema]] = {
    "SqlRequest": obj(
        {
            "sql": {
                **TEXT,
                "minLength": 1,
                "maxLength": MAX_SQL,
                "description": "One SELECT, in DuckDB's SQL, over the views of docs/reference/sql.md",
            },
            "params": {
                "type": "object",
                "maxProperties": MAX_PARAMS,
                "description": "Values of its `$name`s: texts, numbers, booleans, null, or lists of them",
            },
            "limit": {
                "type": "integer",
                "minimum": 1,
                "maximum": MAX_ROWS,
                "default": DEFAULT_ROWS,
                "description": "Most rows of the answer",
            },
            "as_of": ref("AsOf"),
        },
        ("sql",),
    ),
    "SqlRows": full(
        {
            "columns": array(full({"name": TEXT, "type": TEXT})),
            "rows": array({"type": "array"}),
            "truncated": {"type": "boolean", "description": "Whether there were more rows"},
            "meta": ref("Meta"),
        }
    ),
}
