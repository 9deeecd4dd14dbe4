"""Paths that hold a named event's name, which may hold a slash of its own."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from starlette.requests import Request
from starlette.routing import Match, Route
from starlette.types import Scope

from backsight.errors import InvalidRequest


class RawRoute(Route):
    """Matches the path as it was sent: in a decoded one, `Added%2Fremoved` would be two segments."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The match, with path parameters still percent-encoded."""
        raw = scope.get("raw_path")
        return super().matches({**scope, "path": raw.decode("latin-1")} if raw else scope)


def event_name(request: Request) -> str:
    """The name in the path; empty where there is none. Raises InvalidRequest where it is not UTF-8."""
    sent = request.path_params.get("name", "")
    try:
        return unquote_to_bytes(sent).decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            "the name is not UTF-8", field="name", value=sent, valid="percent-encoded UTF-8"
        ) from error
