"""How an operation is answered over HTTP: key, form, body, work in a thread, answer; and every error as a
problem.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from backsight.api.bodies import parse_object, read_body
from backsight.api.connection import while_connected
from backsight.api.cross_origin import Places, Tokens, require_impersonal, require_page, shared_headers
from backsight.api.flights import Flights
from backsight.api.guesses import Guesses
from backsight.api.headers import bearer_key
from backsight.api.kept import KeptAnswers
from backsight.api.operation import Answer, Call, Later, Operation, Repeated, Said
from backsight.api.paths import names_in_path, query_of
from backsight.api.preconditions import expected_version
from backsight.api.problems import HTTPError, fault, problem
from backsight.api.representations import JSON, YAML, choose, encode, render, repeated
from backsight.api.streams import Streams
from backsight.api.workers import Workers
from backsight.asking import Question
from backsight.errors import BacksightError, Cancelled, Conflict, Exceeded, Gone, Refused
from backsight.keys import OF_LINKS, Principal
from backsight.results import RESULTS
from backsight.site import Site
from backsight.store import coming_from

KEYS: Final = "Bearer and a secret key, sk_…; on a page of the site, a definer's token"
SMALL: Final = 65_536
"""Bytes of a body that is read at once; a larger one in a thread, while others are served."""

logger = logging.getLogger("backsight.api")


@dataclass(frozen=True)
class Endpoint:
    """One operation, with what it needs to be answered."""

    operation: Operation
    open_site: Callable[[str], Site]
    authenticate: Callable[[str], Principal]
    tokens: Tokens | None
    """Of pages that may ask; None where none may."""
    names: Workers
    questions: Workers
    flights: Flights
    places: Places
    """For what is asked with definer's tokens."""
    guesses: Guesses
    kept: KeptAnswers
    """Of links."""
    streams: Streams

    async def answer(self, request: Request) -> Response:
        """The answer, whatever happens."""
        started = time.perf_counter()
        shared: Mapping[str, str] = {}
        try:
            shared = await self._shared(request)
            response = await self._answer(request)
        except Conflict as error:
            response = problem(error, status=412 if self.operation.preconditions else error.status)
        except BacksightError as error:
            is_deliberate = error.status < 500 or isinstance(error, HTTPError | Exceeded | Cancelled)
            response = problem(error) if is_deliberate else fault(error, self._name)
        except Exception as error:
            response = fault(error, self._name)
        if self.operation.on_page:
            response.headers.update(shared)
            response.headers.add_vary_header("Origin")
        ms = (time.perf_counter() - started) * 1000
        # The path's pattern, not the path: what stands in a log is ours.
        logger.info("%s %d %.0f ms", self._name, response.status_code, ms)
        return response

    async def _answer(self, request: Request) -> Response:
        operation = self.operation
        media = choose(request, operation)
        principal = await self._principal(request)
        require_page(principal, operation, request)
        principal.require(operation.scope)
        with self.places.of(principal):
            return await self._told(request, principal, media)

    async def _told(self, request: Request, principal: Principal, media: str) -> Response:
        operation = self.operation
        body = await self._body(request) if operation.request else None
        require_impersonal(principal, body or {})
        expected = expected_version(request, operation.preconditions)
        (name, part), query = names_in_path(request), query_of(request, operation.query)

        address = client_address(request)

        def work() -> Said:
            site = self.open_site(principal.site)
            call = Call(site, principal, name, body, expected, query, part, server_of(request))
            with coming_from(address):
                return operation.run(call)

        return await while_connected(request, self._respond(work, media))

    async def _body(self, request: Request) -> dict[str, Any]:
        body = await read_body(request, self.operation.body_bytes)
        return parse_object(body) if len(body) <= SMALL else await self.names.run(lambda: parse_object(body))

    async def _respond(self, work: Callable[[], Said], media: str) -> Response:
        said = await self._run(work)
        if isinstance(said, Repeated):
            later = said.later
            return repeated(await self.kept.answer(said.key, lambda: self._encoded(later)), media)
        if isinstance(said, Later) and media in (JSON, YAML):
            said = await self._told_later(said)
        elif isinstance(said, Later):
            said = await self.questions.run(said.ask)
        if isinstance(said, Question) and self.operation.streams and media != JSON:
            return await self.streams.answer(said, media)
        if isinstance(said, Question):
            answered, kind = await self.flights.answer(said), RESULTS.get(said.report)
            said = Answer(answered.answer if kind is None else kind(*answered))
        told = said
        return await self.names.run(lambda: render(told, media))

    async def _told_later(self, later: Later) -> Answer:
        answered = await self.flights.answer(await self.questions.run(later.ask))
        return await self.names.run(lambda: later.told(answered.answer))

    async def _encoded(self, later: Later) -> bytes:
        told = await self._told_later(later)
        return await self.names.run(lambda: encode(told.content or {}, JSON))

    async def _run(self, work: Callable[[], Said]) -> Said:
        if (self.operation.tabular and not self.operation.reads_lake) or self.operation.asks:
            return await self.questions.run(work)
        return await (self.flights.alone(work) if self.operation.is_report else self.names.run(work))

    async def _shared(self, request: Request) -> Mapping[str, str]:
        """Headers for pages of another origin, of operations that they may ask for."""
        tokens = self.tokens
        if tokens is None or not self.operation.on_page or "origin" not in request.headers:
            return {}
        return await self.names.run(lambda: shared_headers(request, tokens))

    async def _principal(self, request: Request) -> Principal:
        key = bearer_key(request)
        if key is None:
            raise unauthenticated("no key was sent")
        address = client_address(request)

        def authenticated() -> Principal:
            with coming_from(address):
                return self.authenticate(key)

        try:
            return await self.names.run(authenticated)
        except Gone as error:
            if self.operation.scope == OF_LINKS:
                raise
            raise unauthenticated(error.message, ', error="invalid_token"', error.valid) from error
        except Refused as error:
            self.guesses.failed(address)
            raise unauthenticated(error.message, ', error="invalid_token"', error.valid) from error

    @property
    def _name(self) -> str:
        return f"{self.operation.method} {self.operation.path}"


def server_of(request: Request) -> str:
    """The server's address as the caller reached it; the scheme is what a trusted proxy says."""
    return f"{request.url.scheme}://{request.url.netloc}"


def client_address(request: Request) -> str | None:
    """From where the request comes: the peer's, or what a trusted proxy says (`api.proxies`)."""
    return request.client.host if request.client else None


def unauthenticated(message: str, reason: str = "", valid: str = KEYS) -> HTTPError:
    """401 with the challenge of RFC 6750."""
    return HTTPError(
        401,
        "Unauthenticated",
        message,
        field="Authorization",
        valid=valid,
        headers={"WWW-Authenticate": f'Bearer realm="backsight"{reason}'},
    )
