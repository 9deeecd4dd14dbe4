"""What the collector's tests share: a batch to begin with, and a collector that answers in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from starlette.applications import Starlette

from backsight.contract import WriteKey
from backsight_collector.disk import DiskSpace
from backsight_collector.http.app import Collector
from backsight_collector.http.settings import CollectorSettings
from backsight_collector.journal.records import Capture, Record, decode_record
from backsight_collector.journal.segments import DiskFile, Opener
from backsight_collector.journal.writer import JournalReader

KEY = "wk_test"
KEYS = {KEY: WriteKey("shop")}


def _batch(**changes: Any) -> dict[str, Any]:
    page = {"id": "page-1", "url": "https://shop.example/p/12", "title": "Kettle", "viewport": [1280, 720]}
    shared = {"page": 0, "time": 1_792_540_795_000}
    return {
        "v": 1,
        "key": KEY,
        "batch": "batch-1",
        "device": "device-1",
        "session": "session-1",
        "sent_at": 1_792_540_800_123,
        "pages": [page],
        "elements": [
            {"tag": "html"},
            {"tag": "body"},
            {"tag": "button", "attrs": {"class": "btn", "id": None}},
        ],
        "nodes": [[-1, 0, 1, 1, 1, 1, 0], [0, 1, 2, 1, 1, 1, 0], [1, 2, 4, 3, 1, 2, 0]],
        "events": [
            {"type": "pageview", "seq": 0, **shared},
            {"type": "click", "seq": 1, "node": 2, "x": 310, "y": 95, "text": "Add to basket", **shared},
            {"type": "track", "seq": 2, "name": "Added", "props": {"sku": 12}, **shared},
        ],
        **changes,
    }


@pytest.fixture
def make_batch() -> Callable[..., dict[str, Any]]:
    """A sound batch of three events as plain JSON, with the given fields instead of its own."""
    return _batch


class Answer(NamedTuple):
    """What a request came to."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """A collector within its lifespan; requests are ASGI messages, so that tests say how they arrive."""

    def __init__(
        self,
        folder: Path,
        settings: CollectorSettings,
        keys: Callable[[str], WriteKey | None],
        opener: Opener,
        space: DiskSpace | None,
        stack: ExitStack,
    ) -> None:
        self.data_dir = folder
        self.collector = Collector(folder, keys, settings, opener=opener, space=space)
        inner = Starlette(routes=self.collector.routes)
        self.app = self.collector.in_front_of(inner)
        self.runner = stack.enter_context(asyncio.Runner())
        self._reader = JournalReader(folder / "journal" / "collector")
        lifespan = self.collector.lifespan()
        self.runner.run(lifespan.__aenter__())
        stack.callback(lambda: self.runner.run(lifespan.__aexit__(None, None, None)))

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None, parts: Iterable[bytes] = (b"",)
    ) -> Answer:
        """One request, whose body comes in parts and then ends."""
        return self.runner.run(self.exchange(method, path, headers, parts))

    def post(self, body: Any, **headers: str) -> Answer:
        """A batch (bytes, or JSON to be) to the capture route, its length announced."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("POST", "/v1/capture", {"content-length": str(len(data)), **lines}, [data])

    async def exchange(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        parts: Iterable[bytes] = (b"",),
        *,
        end: str = "complete",
    ) -> Answer:
        """The same inside the server's loop; `end` may be "stall" or "disconnect" instead."""
        arriving = list(parts)
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if arriving:
                part = arriving.pop(0)
                return {
                    "type": "http.request",
                    "body": part,
                    "more_body": bool(arriving) or end != "complete",
                }
            if end == "stall":
                await asyncio.get_running_loop().create_future()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path.partition("?")[0],
            "raw_path": path.partition("?")[0].encode(),
            "query_string": path.partition("?")[2].encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()],
        }
        await self.app(scope, receive, send)
        if not sent:
            return Answer(0, {}, b"")
        head = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], head, b"".join(message.get("body", b"") for message in sent[1:]))

    def journalled(self) -> list[Record]:
        """What the journal holds, as another process would read it."""
        return [decode_record(record.payload) for record in self._reader.read(0, 2**30)]

    def captures(self) -> list[Capture]:
        return [record for record in self.journalled() if isinstance(record, Capture)]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts a collector on a folder of the test's own; it is stopped at the end."""
    with ExitStack() as stack:

        def start(
            settings: CollectorSettings | None = None,
            keys: Callable[[str], WriteKey | None] = KEYS.get,
            opener: Opener = DiskFile,
            space: DiskSpace | None = None,
        ) -> Server:
            return Server(tmp_path, settings or CollectorSettings(), keys, opener, space, stack)

        yield start
