"""The collector's routes in the API's document, where one process serves both.

docs/reference/collector.md has all of them.
"""

from __future__ import annotations

from typing import Any, Final

_KEPT: Final = "On disk; `rejected` events, each with its reason, are kept apart and need not be sent again"
_FAILURES: Final = {
    "400": "Nothing can be read of the body; `field` says where",
    "401": "No site has this write key",
    "403": "Pages of this origin may not send",
    "408": "The body came too slowly",
    "413": "The body is too large",
    "415": "The body is encoded otherwise than with gzip",
    "429": "The key is past its rate: send it again after `Retry-After` seconds",
    "503": "Nothing was kept: send it again after `Retry-After` seconds",
}
_COUNT: Final = {"type": "integer", "minimum": 0}
_REPORT: Final = {
    "type": "object",
    "properties": {
        "accepted": _COUNT,
        "duplicates": _COUNT,
        "rejected": {"type": "array", "items": {"type": "object"}},
        "missing": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["accepted", "rejected"],
}
_ANYTHING: Final = {"type": "object"}


def _intake(operation: str, summary: str, description: str, answer: dict[str, Any]) -> dict[str, Any]:
    failure = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    body = {"application/json": {"schema": _ANYTHING}}
    return {
        "post": {
            "operationId": operation,
            "summary": summary,
            "description": description,
            "tags": ["capture"],
            "security": [],
            "requestBody": {"required": True, "content": body},
            "responses": {
                "200": {"description": _KEPT, "content": {"application/json": {"schema": answer}}},
                **{status: {"description": meaning, **failure} for status, meaning in _FAILURES.items()},
            },
        }
    }


COLLECTOR_PATHS: Final = {
    "/v1/capture": _intake(
        "capture",
        "Take in a batch of events",
        "The snippet's own form, docs/reference/wire.md; the write key stands in the body. Browsers send "
        "it as `text/plain`.",
        _REPORT,
    ),
    "/v1/batch": _intake(
        "segmentBatch",
        "Take in messages of the Segment HTTP spec",
        "So do `/v1/track`, `/v1/identify`, `/v1/page` and their like, with one message each: "
        "docs/how-to/server-side-events.md. The write key is Basic auth's user name, or in the body.",
        _ANYTHING,
    ),
    "/batch": _intake(
        "posthogBatch",
        "Take in events as PostHog's clients send them",
        "So do `/e`, `/i/v0/e` and `/capture`: docs/reference/posthog.md. The write key is `api_key`.",
        _ANYTHING,
    ),
}
