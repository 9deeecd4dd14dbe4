"""The collector as an application: its routes, and what must be open while they are served.

    collector = Collector(data_dir, keys, settings)
    app = FastAPI(lifespan=collector.lifespan, routes=[*collector.routes, …])
    uvicorn.run(collector.in_front_of(app))

`in_front_of` lets batches pass by the framework (measured: its middleware and routing cost a batch more than
reading it does); everything else goes through the application, as does a batch when it is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from backsight_collector.disk import DiskSpace
from backsight_collector.http.capture import PATH, CaptureRoute
from backsight_collector.http.intake import Intake, WriteKeys
from backsight_collector.http.metrics import CONTENT_TYPE, Connections, Metrics, committer_lines
from backsight_collector.http.posthog import posthog_routes
from backsight_collector.http.problems import Problem
from backsight_collector.http.script import beside, script_routes
from backsight_collector.http.segment import segment_routes
from backsight_collector.http.settings import CollectorSettings
from backsight_collector.http.telling import keep_telling
from backsight_collector.journal.segments import DiskFile, Opener, list_segments
from backsight_collector.journal.writer import Journal
from backsight_collector.status import read_status

WRITER: Final = "collector"
"""The name of the server's journal under `journal/`."""


class Collector:
    """The collector's front, writing to `data_dir`/journal/collector.

    `keys` says what a write key opens. `routes` can be mounted in any Starlette or
    FastAPI application whose lifespan is, or enters, `lifespan`: it opens the journal (JournalLocked,
    OSError: the application does not start), and closes it when all that is pending is on disk. `direct` are
    those that a server's protocol may call without ASGI meanwhile, by path; each is among `routes` as well,
    for all that is not a small whole POST. `connections` are what the server counts of its own,
    `others` gives what else the process counts: both are for `/metrics`.
    """

    def __init__(
        self,
        data_dir: Path,
        keys: WriteKeys,
        settings: CollectorSettings | None = None,
        *,
        opener: Opener = DiskFile,
        connections: Connections | None = None,
        space: DiskSpace | None = None,
        others: Callable[[], str] = str,
    ) -> None:
        self._settings, self._opener = settings or CollectorSettings(), opener
        self._data_dir, self._directory = data_dir, data_dir / "journal" / WRITER
        self._metrics, self._others = Metrics(connections), others
        self._space = space or DiskSpace(data_dir)
        self._intake = Intake(keys, self._settings, self._space)
        self._capture = CaptureRoute(self._intake, self._settings, self._metrics)
        self._capture_paths = {PATH, beside(self._settings.script_path, PATH[1:])}
        self.direct = dict.fromkeys(self._capture_paths, self._capture.direct)
        self.routes: list[BaseRoute] = [
            *(Route(path, self._capture, name="capture") for path in sorted(self._capture_paths)),
            *segment_routes(self._intake, self._settings, self._metrics),
            *posthog_routes(self._intake, self._settings, self._metrics),
            *script_routes(self._settings.script_path),
            Route("/healthz", self._healthz),
            Route("/readyz", self._readyz),
            Route("/metrics", self._show_metrics),
        ]

    def in_front_of(self, app: ASGIApp) -> ASGIApp:
        """`app`, but batches go to their route by the shortest way."""

        async def front(scope: Scope, receive: Receive, send: Send) -> None:
            is_batch = scope["type"] == "http" and scope["path"] in self._capture_paths
            await (self._capture if is_batch else app)(scope, receive, send)

        return front

    @asynccontextmanager
    async def lifespan(self, app: object = None) -> AsyncIterator[None]:
        """Batches are taken in while this is entered."""
        journal = Journal(
            self._directory, max_pending_bytes=self._settings.max_pending_bytes, opener=self._opener
        )
        self._intake.open(journal)
        telling = asyncio.create_task(keep_telling(self._metrics, self._data_dir))
        try:
            yield
        finally:
            telling.cancel()
            self._intake.shut()
            await asyncio.to_thread(journal.close)
            self._intake.close()

    async def _healthz(self, request: Request) -> Response:
        """The process runs."""
        return JSONResponse({"status": "ok"})

    async def _readyz(self, request: Request) -> Response:
        """Whether a batch sent now would be kept."""
        if (why := self._unreadiness()) is None:
            return JSONResponse({"status": "ready"})
        status, headers, body = Problem(HTTPStatus.SERVICE_UNAVAILABLE, why, retry_after=1).answer()
        return Response(body, status, {name.decode(): value.decode() for name, value in headers})

    def _unreadiness(self) -> str | None:
        journal = self._intake.journal
        if journal is None:
            return "the journal is not open"
        if journal.failure is not None:
            return f"the journal {journal.failure}"
        if journal.pending_bytes >= self._settings.max_pending_bytes:
            return f"the journal's disk can't keep up: {journal.pending_bytes} bytes wait"
        return self._space.shortage()

    async def _show_metrics(self, request: Request) -> Response:
        sizes = await asyncio.to_thread(_segment_bytes, self._directory)
        journal = self._intake.journal
        text = self._metrics.text(
            {
                "backsight_ready": ("1 when batches are kept.", int(self._unreadiness() is None)),
                "backsight_journal_pending_bytes": (
                    "Bytes that wait for the journal's disk.", journal.pending_bytes if journal else 0
                ),
                "backsight_journal_segments": ("Files of the journal.", len(sizes)),
                "backsight_journal_bytes": ("Bytes of the journal, folded or not.", sum(sizes)),
            }
        )  # fmt: skip
        if status := await asyncio.to_thread(read_status, self._data_dir):
            text += committer_lines(status)
        return Response(text + self._others(), headers={"content-type": CONTENT_TYPE})


def _segment_bytes(directory: Path) -> list[int]:
    sizes = []
    for segment in list_segments(directory):
        try:
            sizes.append(segment.path.stat().st_size)
        except FileNotFoundError:  # trimmed since it was listed
            continue
    return sizes
