"""Errors as RFC 9457 problem documents: one shape for whatever goes wrong, from a bad selector to a bug.

{"type": "urn:backsight:problem:unsupported-selector", "title": "Unsupported selector", "status": 400,
 "detail": "…", "field": "steps[0].css", "value": "a:hover", "valid": "…"}
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from backsight.api.headers import SECURITY_HEADERS
from backsight.errors import BacksightError, nearest, shown

PROBLEM_JSON: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:backsight:problem:"
LONGEST_VALUE: Final = 200
"""Bytes of JSON up to which a value at fault is given back as it came; a longer one is shown cut."""

_CAPITAL: Final = re.compile(r"(?<!^)(?=[A-Z])")

logger = logging.getLogger("backsight.api")


class HTTPError(BacksightError):
    """What is wrong with the HTTP request itself; carries its status, title and headers."""

    def __init__(
        self,
        status: int,
        title: str,
        message: str,
        *,
        field: str = "",
        value: object = None,
        valid: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, field=field, value=value, valid=valid)
        self.status, self.title, self.headers = status, title, dict(headers or {})


def problem(error: BacksightError, status: int | None = None) -> Response:
    """The problem document of a deliberate error; with its own status unless another is given."""
    status = status or error.status
    document: dict[str, Any] = {
        "type": problem_type(error),
        "title": error.title,
        "status": status,
        "detail": error.message,
    }
    if error.field:
        document["field"] = error.field
    if error.value is not None:
        document["value"] = _json_value(error.value)
    if error.valid:
        document["valid"] = error.valid
    headers = error.headers if isinstance(error, HTTPError) else {}
    return _response(status, document, headers)


def problem_type(error: BacksightError) -> str:
    """`urn:backsight:problem:unsupported-selector` of an UnsupportedSelector; of an HTTPError the title."""
    name = error.title if isinstance(error, HTTPError) else _CAPITAL.sub(" ", type(error).__name__)
    return TYPE_PREFIX + name.lower().replace(" ", "-")


def fault(error: Exception, doing: str) -> Response:
    """The problem document of a bug: an id to look for in the log, and nothing of what went wrong inside."""
    number = secrets.token_hex(6)
    logger.error("fault %s while answering %s", number, doing, exc_info=error)
    document = {
        "type": TYPE_PREFIX + "internal-error",
        "title": "Internal error",
        "status": 500,
        "detail": "The server failed to answer; its log says why, under this instance.",
        "instance": f"urn:backsight:fault:{number}",
    }
    return _response(500, document, {})


async def not_routed(request: Request, error: HTTPException) -> Response:
    """The problem document where no operation answers this path or method."""
    path = request.url.path
    if error.status_code == 405:
        allowed = ", ".join(sorted(_methods(request)))
        return problem(
            HTTPError(
                405,
                "Method not allowed",
                f"{shown(path)} does not take {request.method}",
                field="method",
                value=request.method,
                valid=allowed,
                headers={"Allow": allowed},
            )
        )
    if error.status_code == 404:
        paths = {getattr(route, "path_format", "") for route in request.app.routes} - {""}
        valid = nearest(path, paths)
        return problem(
            HTTPError(404, "Not found", f"nothing is at {shown(path)}", field="path", value=path, valid=valid)
        )
    return problem(HTTPError(error.status_code, "HTTP error", str(error.detail), headers=error.headers))


def _methods(request: Request) -> set[str]:
    matching = (route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE)
    return {method for route in matching for method in getattr(route, "methods", None) or ()}


def _json_value(value: object) -> object:
    try:
        encoded = msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return shown(value)
    return value if len(encoded) <= LONGEST_VALUE else shown(value)


def _response(status: int, document: dict[str, Any], headers: Mapping[str, str]) -> Response:
    body = msgspec.json.encode(document)
    return Response(body, status, {**SECURITY_HEADERS, **headers}, PROBLEM_JSON)
