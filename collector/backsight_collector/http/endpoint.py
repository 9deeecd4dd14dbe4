"""What the routes of other products' APIs share: a preflight's answer, refusals, CORS, counts."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from starlette.types import Receive, Scope, Send

from backsight_collector.http.body import Disconnected
from backsight_collector.http.cors import EXPOSED, METHODS, preflight, readable
from backsight_collector.http.intake import Intake, user_agent
from backsight_collector.http.metrics import Metrics, Tally
from backsight_collector.http.problems import SAFE, Answer, Headers, Problem
from backsight_collector.http.settings import CollectorSettings
from backsight_collector.journal.records import Capture
from backsight_collector.wire import Decoded

_PREFLIGHT: Final = preflight(b"authorization, *")
_METHODS: Final[Headers] = [(b"allow", METHODS)]


class Endpoint(ABC):
    """An ASGI endpoint that takes events in with POST, from servers and from pages of any origin that may."""

    def __init__(self, intake: Intake, settings: CollectorSettings, metrics: Metrics) -> None:
        self._intake, self._settings, self._metrics = intake, settings, metrics

    @abstractmethod
    async def post(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> Answer:
        """The answer to a POST, once what it brought is safe. Problem; Disconnected."""

    def refuse(self, problem: Problem) -> Answer:
        """A problem in the form that the senders expect."""
        return problem.answer()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        try:
            answer = await self._answer(scope, headers, receive)
        except Problem as problem:
            self._metrics.refused(problem)
            answer = self.refuse(problem)
        except Disconnected:
            return
        self._metrics.answered(answer.status, time.perf_counter() - started)
        lines = [*answer.headers, *SAFE, *readable(headers, self._settings.origins), EXPOSED]
        if answer.status != HTTPStatus.NO_CONTENT:
            lines.append((b"content-length", b"%d" % len(answer.body)))
        await send({"type": "http.response.start", "status": answer.status, "headers": lines})
        await send({"type": "http.response.body", "body": answer.body})

    async def keep(
        self,
        batches: Sequence[Decoded],
        key: str,
        headers: Mapping[bytes, bytes],
        received_at: int,
        body: bytes,
        dialect: str,
    ) -> None:
        """Returns when what was read of a body is safe, for the site of this key. Problem 401, 403, 429, 503.

        The library's own user agent says nothing of whoever did something: only a page's is the visitor's.
        """
        tallies = [Tally.of(decoded, 0) for decoded in batches]
        events = sum(tally.accepted + tally.duplicates + len(tally.rejected) for tally in tallies)
        origin = headers.get(b"origin")
        site = self._intake.site(key, origin, events, len(body))
        agent = None if origin is None else user_agent(headers)
        if any(tally.accepted or tally.rejected for tally in tallies):
            await self._intake.keep(Capture(received_at, site, agent, body, dialect), key)
            self._metrics.kept(Tally(0, 0, 0, [], len(body)))
        for tally in tallies:
            self._metrics.kept(tally)

    async def _answer(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> Answer:
        if scope["method"] == "OPTIONS":
            return Answer(HTTPStatus.NO_CONTENT, _PREFLIGHT, b"")
        if scope["method"] != "POST":
            raise Problem(HTTPStatus.METHOD_NOT_ALLOWED, "events are sent with POST", headers=_METHODS)
        self._intake.require_origin(headers.get(b"origin"))
        return await self.post(scope, headers, receive)
