"""The query API as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from backsight.api.cross_origin import Places, Preflight, Tokens
from backsight.api.endpoint import Endpoint
from backsight.api.flights import Flights
from backsight.api.guesses import Guesses
from backsight.api.headers import SECURITY_HEADERS
from backsight.api.kept import KeptAnswers
from backsight.api.openapi import document
from backsight.api.operations import OPERATIONS, Operation
from backsight.api.page_files import page_routes
from backsight.api.paths import RawRoute
from backsight.api.problems import not_routed
from backsight.api.schemas import SCHEMAS
from backsight.api.schemas.definitions import FILE_SCHEMA_PATH, file_schema
from backsight.api.schemas.parts import Schema
from backsight.api.streams import Streams
from backsight.api.workers import Workers
from backsight.keys import Principal
from backsight.site import Site

NAME_THREADS: Final = 4
"""Threads for keys and named events, which take milliseconds and do not queue behind reports."""
QUESTION_THREADS: Final = 2
"""Threads that look which snapshot and definitions a report is about, before it queues."""
NAMES_WAITING: Final = 256
ROW_THREADS: Final = 2
"""Threads that send the rows behind figures: at most so many streams at a time."""
ROWS_WAITING: Final = 16
NO_SCHEMAS: Final[Mapping[str, Schema]] = {}


def create_api(
    open_site: Callable[[str], Site],
    authenticate: Callable[[str], Principal],
    *,
    tokens: Tokens | None = None,
    operations: Sequence[Operation] = (),
    schemas: Mapping[str, Schema] | None = None,
    threads: int = 2,
    waiting: int = 256,
    seconds: float | None = None,
    guesses: Guesses | None = None,
    beside: Mapping[str, Any] | None = None,
) -> FastAPI:
    """The query API: `/v1/reports/…`, `/v1/events…` and `/v1/openapi.json`, and at `/` the page that asks it;
    `state.forget()` lets go of answers that are kept.

    `open_site` gives the site of a name, `authenticate` the principal of a secret key (or raises Refused);
    both are called in threads, as is what `tokens` tells of definer's tokens: without it, pages of other
    origins may ask for nothing. At most `threads` reports run at a time and `waiting` more wait, in the order
    in which they came; beyond that the answer is 503, as where a report takes longer than `seconds`. Equal
    reports are computed once, those that nobody waits for any more are called off. `operations` are answered
    and described like the API's own, with the `schemas` that they name; what no operation answers is a
    problem document. `guesses` counts the keys that open nothing. The document describes also the paths that
    others answer `beside` the API.
    """
    names = Workers("names", NAME_THREADS, NAMES_WAITING)
    questions = Workers("questions", QUESTION_THREADS, NAMES_WAITING)
    reports = Workers("reports", threads, waiting)
    flights, places, guesses = Flights(reports, seconds), Places(), guesses or Guesses()
    kept, rows = KeptAnswers(), Workers("rows", ROW_THREADS, ROWS_WAITING)
    streams = Streams(rows, flights)

    def forget() -> None:
        flights.forget()
        kept.forget()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        names.close()
        questions.close()
        reports.close()
        rows.close()

    app = FastAPI(
        title="Backsight",
        version=version("backsight"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        exception_handlers={HTTPException: not_routed},
    )
    app.state.forget = forget
    every = (*OPERATIONS, *operations)
    for operation in every:
        endpoint = Endpoint(
            operation, open_site, authenticate, tokens, names, questions, flights, places, guesses, kept,
            streams,
        )  # fmt: skip
        app.routes.append(
            RawRoute(operation.path, endpoint.answer, methods=[operation.method], name=operation.id)
        )
    app.routes.extend(page_routes())
    if tokens is not None:
        app.routes[:0] = _preflights(every, tokens, names)
    described = document(app.version, every, {**SCHEMAS, **(schemas or {})}, beside or {})
    app.openapi = lambda: described  # type: ignore[method-assign]
    app.add_route("/v1/openapi.json", partial(_describe, msgspec.json.encode(described)))
    app.add_route(FILE_SCHEMA_PATH, partial(_describe, msgspec.json.encode(file_schema())))
    return app


def _preflights(operations: Sequence[Operation], tokens: Tokens, names: Workers) -> list[BaseRoute]:
    of_path: dict[str, list[Operation]] = {}
    for operation in operations:
        if operation.on_page:
            of_path.setdefault(operation.path, []).append(operation)
    return [
        RawRoute(path, Preflight(asked, tokens, names.run).answer, methods=["OPTIONS"])
        for path, asked in of_path.items()
    ]


async def _describe(described: bytes, _: Request) -> Response:
    return Response(described, headers=dict(SECURITY_HEADERS), media_type="application/json")
