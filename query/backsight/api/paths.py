"""Paths that hold a name, such as a named event's, which may hold a slash of its own."""

from __future__ import annotations

from collections.abc import Collection
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


def names_in_path(request: Request) -> tuple[str, str]:
    """The names in the path: of an event, a cohort or a person, and of a thing below it. Empty where there is
    none.

    Raises InvalidRequest where one is not UTF-8.
    """
    name, part, *_ = (*map(_decoded, request.path_params.values()), "", "")
    return name, part


def _decoded(sent: str) -> str:
    try:
        return unquote_to_bytes(sent).decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            "the name is not UTF-8", field="name", value=sent, valid="percent-encoded UTF-8"
        ) from error


def query_of(request: Request, known: Collection[str]) -> dict[str, str]:
    """What stands behind the question mark, for operations that take something there; each name once."""
    if not known:
        return {}
    given = request.query_params.multi_items()
    for name, value in given:
        if len(request.query_params.getlist(name)) > 1:
            raise InvalidRequest(f"{name!r} is given twice.", field=name, value=value, valid="each name once")
    return dict(given)
