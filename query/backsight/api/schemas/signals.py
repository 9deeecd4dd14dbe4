"""Signals: the request and the answer."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import COUNT, SHARE, TEXT, Schema, array, full, obj, ref
from backsight.reports.signals.request import (
    DEFAULT_CONFIDENCE,
    DEFAULT_LEAST,
    DEFAULT_LISTED,
    MAX_LISTED,
)

_PERSONS: Final = full({"persons": COUNT, "outcome": COUNT, "share": SHARE})
_NUMBER: Final[Schema] = {"type": "number", "minimum": 0}

SCHEMAS: Final[dict[str, Schema]] = {
    "SignalsRequest": obj(
        {
            "funnel": {**ref("FunnelRequest"), "description": "Who reached a step, with who did not"},
            "step": {"type": "integer", "minimum": 2, "description": "Left out: the last one"},
            "retention": {**ref("RetentionRequest"), "description": "Or: who returned, with who did not"},
            "period": {"type": "integer", "minimum": 1, "default": 1, "description": "Number of a column"},
            "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LISTED, "default": DEFAULT_LISTED},
            "at_least": {
                "type": "integer", "minimum": 5, "maximum": 1_000_000, "default": DEFAULT_LEAST,
                "description": "Persons who have to have done a thing, and not done it",
            },
            "confidence": {
                "type": "number", "minimum": 0.5, "exclusiveMaximum": 1, "default": DEFAULT_CONFIDENCE,
                "description": "Of all comparisons together",
            },
            "as_of": ref("AsOf"),
        }
    ),
    "Signals": full(
        {
            "population": _PERSONS,
            "tested": {**COUNT, "description": "How many things were compared"},
            "signals": array(
                full(
                    {
                        "rule": ref("Rule"),
                        "label": TEXT,
                        "did": _PERSONS,
                        "did_not": _PERSONS,
                        "expected": {**SHARE, "description": "The outcome's share of others as active"},
                        "support": {**SHARE, "description": "The share of all who did it"},
                        "lift": {**_NUMBER, "description": "The share with the outcome, by that expected"},
                        "odds_ratio": {**_NUMBER, "description": "Odds of who did it, by others as active"},
                        "interval": array(_NUMBER, minItems=2, maxItems=2),
                        "chance": {**SHARE, "description": "Of such a one coming up though nothing matters"},
                    }
                )
            ),
            "meta": ref("Meta"),
        }
    ),
}  # fmt: skip
