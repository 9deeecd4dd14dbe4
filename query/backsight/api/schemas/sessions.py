"""How a question decides sessions."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import DURATION, Schema, obj, ref

SCHEMAS: Final[dict[str, Schema]] = {
    "Session": obj(
        {
            "gap": {**DURATION, "description": "More than that without any event ends a session"},
            "starts": {**ref("Step"), "description": "Every such event begins another session"},
        },
        minProperties=1,
        description="Left out, sessions are those that the snippet captured",
    ),
}
