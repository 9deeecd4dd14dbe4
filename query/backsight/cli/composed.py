"""What the parts of a server make together: one application, the collector's routes before the query API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

GUARDS: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
"""Headers of an answer that brings none of its own."""


def composed(front: Sequence[Route], behind: ASGIApp, folder: str) -> ASGIApp:
    """The collector's routes, before everything else and its middleware: by exact path, then those of which
    a part is a name.

    What is asked below the script's folder is asked of `behind` as if it stood at the root.
    """
    by_path = {route.path: route.handle for route in front if not route.param_convertors}
    by_name = [route for route in front if route.param_convertors]
    inside, raw = f"{folder}/v1/", f"{folder}/v1/".encode()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path, sent, send = scope["path"], scope["raw_path"], _guarded(send)
        if (found := by_path.get(path)) is not None:
            await found(scope, receive, send)
        elif folder and path.startswith(inside) and sent.startswith(raw):
            below = {"path": path.removeprefix(folder), "raw_path": sent[len(folder) :]}
            await behind({**scope, **below}, receive, send)
        elif named := _named(by_name, scope):
            route, names = named
            await route.handle({**scope, **names}, receive, send)
        else:
            await behind(scope, receive, send)

    return app


def _named(routes: Sequence[Route], scope: Scope) -> tuple[Route, Scope] | None:
    """The route that takes the path, and what its names stand for."""
    for route in routes:
        match, names = route.matches(scope)
        if match is not Match.NONE:
            return route, names
    return None


def _guarded(send: Send) -> Send:
    """`send`, by which no answer goes without its headers: the framework's own, such as 405s, have none."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            lines = list(message.get("headers", ()))
            present = {name for name, _ in lines}
            if b"x-content-type-options" not in present:
                lines += [line for line in GUARDS if line[0] not in present]
                message = {**message, "headers": lines}
        await send(message)

    return guarded


async def not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """What a collector without a query API answers to any other path."""
    from starlette.responses import JSONResponse

    document = {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "no such path on a collector",
    }
    await JSONResponse(document, 404, media_type="application/problem+json")(scope, receive, send)
