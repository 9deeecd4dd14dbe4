"""How fresh reports are: events that are sent one by one, and asked for until they are counted."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from datetime import date
from typing import Final

import httpx

from bench.dashboard import KEYS

PROBE: Final = "Probe"
POLL_SECONDS: Final = 0.25
"""Between two questions whether a probe is there."""


def asking(url: str) -> httpx.Client:
    """A client that may ask everything."""
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {KEYS['secret']}"}, timeout=120)


class Probes:
    """Sends an event each second, and asks a trend until it counts it."""

    def __init__(self, url: str) -> None:
        self.answers: list[float] = []
        self._acknowledged: list[float] = []
        self._ages: list[float] = []
        self._sender, self._asker = asking(url), asking(url)
        self._question = {"series": [{"on": "track", "name": PROBE}], "from": date.today().isoformat()}

    def send(self) -> None:
        """One probe more."""
        now, place = round(time.time() * 1000), len(self._acknowledged)
        event = {"type": "track", "page": 0, "seq": place, "time": now, "name": PROBE}
        sent = {"v": 1, "key": KEYS["write"], "batch": uuid.uuid4().hex, "device": "probe", "sent_at": now,
                "pages": [{"id": "probe", "url": "https://shop.example/"}], "events": [event]}  # fmt: skip
        if self._sender.post("/v1/capture", json=sent).status_code == httpx.codes.OK:
            self._acknowledged.append(time.perf_counter())

    def ask(self) -> None:
        """How many are counted; notes how old those were that were not before."""
        began = time.perf_counter()
        answer = self._asker.post("/v1/reports/trend", json=self._question).raise_for_status().json()
        now = time.perf_counter()
        self.answers.append(now - began)
        counted = answer["series"][0]["total"]
        self._ages += [now - at for at in self._acknowledged[len(self._ages) : counted]]

    def await_all(self) -> None:
        """Asks until all are counted."""
        while self.pending:
            time.sleep(POLL_SECONDS)
            self.ask()

    @property
    def counted(self) -> int:
        return len(self._ages)

    @property
    def pending(self) -> int:
        return len(self._acknowledged) - len(self._ages)

    @property
    def freshness(self) -> Sequence[float]:
        """Seconds from each probe's 200 until it was counted, without the first, which made the tables."""
        return self._ages[1:]
