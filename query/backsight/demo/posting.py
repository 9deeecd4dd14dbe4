"""Posts batches to a collector over a few kept-alive connections, and waits where it is told to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlsplit

import msgspec

from backsight.demo.replay import Post
from backsight.errors import BacksightError, shown

CONNECTIONS = 4
BUSY = frozenset({429, 503})
"""Answers that mean: nothing was kept, send the same batch again after `Retry-After`."""


class NotTaken(BacksightError):
    """The collector refused a batch of the replay, or an event in it."""

    title = "Not taken"


@dataclass
class Tally:
    """What the collector has said it keeps."""

    batches: int = 0
    events: int = 0


class Posting:
    """Sends to `POST /v1/capture` of the collector at `origin`, and counts what it has accepted."""

    def __init__(self, origin: str) -> None:
        self._address = urlsplit(origin).netloc
        self._lock = threading.Lock()
        self.tally = Tally()

    def send(self, posts: Iterator[Post]) -> Tally:
        """Sends all of them, about in order; raises NotTaken at the first that is refused."""
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            for done in [pool.submit(self._drain, posts) for _ in range(CONNECTIONS)]:
                done.result()
        return self.tally

    def _drain(self, posts: Iterator[Post]) -> None:
        connection = HTTPConnection(self._address, timeout=30)
        try:
            while post := self._next(posts):
                self._count(self._post(connection, post))
        finally:
            connection.close()

    def _next(self, posts: Iterator[Post]) -> Post | None:
        with self._lock:
            return next(posts, None)

    def _post(self, connection: HTTPConnection, post: Post) -> bytes:
        while True:
            connection.request("POST", "/v1/capture", post.body, _headers(post))
            answer = connection.getresponse()
            body = answer.read()
            if answer.status == 200:
                return body
            if answer.status not in BUSY:
                raise NotTaken(f"the collector answered {answer.status}: {shown(body)}")
            time.sleep(_patience(answer))

    def _count(self, body: bytes) -> None:
        answer = msgspec.json.decode(body)
        if answer["rejected"]:
            raise NotTaken(f"the collector rejected an event: {shown(answer['rejected'][0])}")
        with self._lock:
            self.tally.batches += 1
            self.tally.events += answer["accepted"]


def _headers(post: Post) -> dict[str, str]:
    return {"Content-Type": "text/plain", "User-Agent": post.user_agent}


def _patience(answer: HTTPResponse) -> float:
    return float(answer.getheader("Retry-After") or 1)
