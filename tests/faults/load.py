"""Visitors over real HTTP, who do as the snippet does, and remember what they did and what was heard."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any, Final

from captures import NODES
from faults.processes import WRITE_KEY

STEPS: Final = ("step 1", "step 2", "step 3")
RETRIED: Final = {408, 429, 503}
WAIT_S: Final = 0.05
"""Before a batch is sent again; the snippet waits longer."""


@dataclass
class Batch:
    """One batch of one visitor's page: `body` as it is sent, but for `sent_at`."""

    id: str
    page: str
    sequences: range
    body: dict[str, Any]
    types: Counter[str]
    bad: int  # places in the batch of events that can't be accepted
    heard: int | None = None
    """What `Ledger.now` said when its 200 was heard."""


@dataclass
class Visitor:
    """One device, one page instance, one way through the funnel: everything in its first batch."""

    device: str
    reached: int
    batches: list[Batch] = field(default_factory=list)


class Ledger:
    """What was sent and what was acknowledged; `now` numbers moments, as a power supply counts syncs."""

    def __init__(self) -> None:
        self.visitors: list[Visitor] = []
        self.deleted: list[Visitor] = []
        self.vanished: list[Batch] = []
        """Sent once by pages that ended before any answer: stored whole or not at all."""
        self.now: Callable[[], int] = lambda: 0
        self.acknowledged = self.repeated = self.refused = 0
        self.lost_answers: Counter[str] = Counter()
        self._changed = threading.Condition()

    def hear(self, batch: Batch) -> None:
        """A 200."""
        with self._changed:
            if batch.heard is None:
                batch.heard = self.now()
                self.acknowledged += len(batch.sequences)
            else:
                self.repeated += 1
            self._changed.notify_all()

    def miss(self, why: str) -> None:
        """Something else than a 200; the batch will be sent again."""
        with self._changed:
            self.lost_answers[why] += 1
            self._changed.notify_all()

    def await_(self, what: str, holds: Callable[[], bool], seconds: float = 60) -> None:
        """Returns once something holds that may follow from an answer."""
        with self._changed:
            assert self._changed.wait_for(holds, seconds), f"waited {seconds:.0f} s for {what}"

    def batches(self) -> Iterator[Batch]:
        """Those of all visitors, acknowledged or not."""
        for visitor in list(self.visitors):
            yield from list(visitor.batches)


class Crowd:
    """Threads full of visitors, from `begin` to `rest`; each waits for an answer before sending on."""

    def __init__(self, port: int, ledger: Ledger, seed: int, threads: int = 4) -> None:
        self.ledger, self._port = ledger, port
        self._seeds, self._count = random.Random(seed), threads
        self._threads: list[threading.Thread] = []
        self._resting = threading.Event()
        self.failures: list[BaseException] = []

    def begin(self) -> None:
        self._resting.clear()
        self._threads = [
            threading.Thread(target=self._run, args=[random.Random(self._seeds.random())], daemon=True)
            for _ in range(self._count)
        ]
        for thread in self._threads:
            thread.start()

    def rest(self, seconds: float = 60) -> None:
        """Everybody has an answer to all that they sent; nobody sends any more."""
        self._resting.set()
        for thread in self._threads:
            thread.join(seconds)
            assert not thread.is_alive(), f"a batch was not acknowledged within {seconds:.0f} s"
        if self.failures:
            raise self.failures[0]

    @contextmanager
    def visiting(self) -> Iterator[None]:
        """Visitors come and go while this is entered."""
        self.begin()
        try:
            yield
        finally:
            self.rest()

    @property
    def ended(self) -> bool:
        """Whether somebody came to grief: what is waited for may then never come."""
        return bool(self.failures)

    def resend(self, count: int) -> None:
        """Somebody who never heard the answer sends batches again that were acknowledged at any time."""
        heard = [batch for batch in self.ledger.batches() if batch.heard is not None]
        with closing(Sender(self._port, self.ledger)) as sender:
            for batch in self._seeds.sample(heard, min(count, len(heard))):
                sender.send(batch)

    def _run(self, chance: random.Random) -> None:
        try:
            with closing(Sender(self._port, self.ledger)) as sender:
                while not self._resting.is_set():
                    self._visit(sender, chance)
        except BaseException as error:
            self.failures.append(error)
            raise

    def _visit(self, sender: Sender, chance: random.Random) -> None:
        visitor = Visitor(f"device-{chance.getrandbits(64):x}", chance.randrange(len(STEPS) + 1))
        self.ledger.visitors.append(visitor)
        page, sequence = f"page-{chance.getrandbits(64):x}", 0
        for number in range(chance.randrange(1, 5)):
            batch = _batch(visitor, page, sequence, chance, is_first=number == 0)
            visitor.batches.append(batch)
            sequence = batch.sequences.stop
            sender.send(batch)
            if chance.random() < 0.1:  # a page ended before the answer came, and another sends it again
                sender.send(chance.choice(visitor.batches))
        if chance.random() < 0.2:
            device = f"vanished-{chance.getrandbits(64):x}"
            gone = _batch(Visitor(device, 0), device, 0, chance, is_first=False)
            self.ledger.vanished.append(gone)
            sender.send_and_vanish(gone)


class Sender:
    """One browser's connection to the collector."""

    def __init__(self, port: int, ledger: Ledger) -> None:
        self._ledger, self._pause = ledger, threading.Event()
        self._connection = HTTPConnection("127.0.0.1", port, timeout=20)

    def close(self) -> None:
        self._connection.close()

    def send(self, batch: Batch) -> None:
        """Sends until it is acknowledged."""
        while True:
            status = self._post(batch)
            if status == 200:
                self._ledger.hear(batch)
                return
            assert status is None or status in RETRIED, f"{batch.id} was answered with {status}"
            self._pause.wait(WAIT_S)

    def send_and_vanish(self, batch: Batch) -> None:
        """Sends once and does not listen."""
        with suppress(OSError, HTTPException):
            self._connection.request("POST", "/v1/capture", _encoded(batch))
        self._connection.close()

    def _post(self, batch: Batch) -> int | None:
        try:
            self._connection.request("POST", "/v1/capture", _encoded(batch))
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            self._connection.close()
            self._ledger.miss("no answer")
            return None
        if answer.status != 200:
            after = answer.headers["Retry-After"]
            assert after is not None, f"{answer.status} without Retry-After"
            assert int(after) > 0
            self._ledger.miss(str(answer.status))
        return answer.status


def _encoded(batch: Batch) -> bytes:
    return json.dumps({**batch.body, "sent_at": time.time() * 1000}).encode()


def _batch(visitor: Visitor, page: str, sequence: int, chance: random.Random, *, is_first: bool) -> Batch:
    steps = STEPS[: visitor.reached] if is_first else ()
    events: list[dict[str, Any]] = [{"type": "track", "name": step} for step in steps]
    events += [{"type": "click", "node": 2} for _ in range(chance.randrange(1, 9))]
    if is_first and visitor.reached == len(STEPS):
        events.append({"type": "identify", "user": f"user of {visitor.device}"})
    bad = int(chance.random() < 0.1)
    now = time.time() * 1000 - len(events)
    numbered: list[dict[str, Any]] = [
        {**event, "page": 0, "seq": sequence + place, "time": now + place}
        for place, event in enumerate(events)
    ]
    name = f"{page}-{sequence}"
    body = {
        "v": 1, "key": WRITE_KEY, "batch": name, "device": visitor.device, "session": visitor.device,
        "pages": [{"id": page, "url": "https://shop.example/p/12?a=1"}],
        "elements": _elements(chance), "nodes": NODES, "events": numbered + [{"type": "?"}] * bad,
    }  # fmt: skip
    types = Counter(event["name"] if event["type"] == "track" else event["type"] for event in events)
    return Batch(name, page, range(sequence, sequence + len(events)), body, types, bad)


def _elements(chance: random.Random) -> list[dict[str, Any]]:
    """A page's; now and then new ones come up, for as long as visitors do."""
    name = f"new-{chance.getrandbits(32):x}" if chance.random() < 0.2 else "btn"
    button = {"tag": "button", "attrs": {"class": name, "data-sku": str(chance.randrange(3_000))}}
    return [{"tag": "html", "attrs": {"lang": "en"}}, {"tag": "body"}, button]
