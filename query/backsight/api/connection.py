"""Clients that go away before they have their answer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

CLIENT_CLOSED: Final = 499
"""Status that the log tells where the client left; nobody reads it."""


async def while_connected(request: Request, answer: Coroutine[Any, Any, Response]) -> Response:
    """The answer; cancelled as soon as the client is gone. The request's body has to be read before."""
    answering, leaving = asyncio.create_task(answer), asyncio.create_task(_left(request))
    try:
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return await answering if answering.done() else Response(status_code=CLIENT_CLOSED)
    finally:
        answering.cancel()
        leaving.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
