"""Records the demo's traffic afresh: `python -m backsight.demo.record [VISITORS]`.

Scripted visitors use the shop in real Chromium; the real snippet sends its batches to a recorder that stands
where the collector would. Nothing in between touches what is sent.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from random import Random
from typing import TYPE_CHECKING, Any

import click

from backsight.demo import personas, recording
from backsight.demo.browser import chromium
from backsight.demo.personas import Hand, Visitor
from backsight.demo.questions import NAMED_EVENTS
from backsight.demo.recording import RecordedVisit, Recording, SentBatch
from backsight.demo.serving import listening, origin, serving
from backsight.demo.shop import Receive, Scope, Send, create_shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

VISITORS = 60
PATIENCE_S = 5.0
"""How long a visit's last batches may take to arrive after its page has gone."""

WITNESS = """
for (const type of new Set(RULES.map((rule) => rule.on)))
  addEventListener(type, (event) => {
    const target = event.composedPath()[0];
    for (const { name, on, css } of RULES)
      if (on === type && target instanceof Element && target.closest(css)) window.witness(name);
  }, { capture: true, passive: true });
"""
"""Asks Chromium, at the moment of each event, whether the demo's rules hold: an oracle for the counts."""


@dataclass
class Recorder:
    """Stands where the collector would; keeps every body of `POST /v1/capture`."""

    snippet: bytes
    started: float = 0.0
    batches: list[SentBatch] = field(default_factory=list)
    earlier: set[str] = field(default_factory=set)

    def start(self) -> None:
        """Begins a visit: what arrives now belongs to it, but for repeats out of earlier visits.

        What is sent as a page ends may get lost, so the snippet sends it again from the origin's next page.
        """
        self.earlier |= {recording.batch_id(batch) for batch in self.batches}
        self.started, self.batches = time.monotonic(), []

    def complete(self) -> bool:
        """Whether every page that was seen in this visit has also said that it was left."""
        kinds = {(one.page, one.type) for batch in self.batches for one in recording.events_of(batch)}
        begun, left = ({page for page, kind in kinds if kind == wanted} for wanted in ("pageview", "leave"))
        return bool(begun) and begun == left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/backsight.js":
            await _answer(send, b"text/javascript", self.snippet)
        elif scope["path"] == "/v1/capture" and scope["method"] == "POST":
            await _answer(send, b"application/json", await self._keep(scope, receive))

    async def _keep(self, scope: Scope, receive: Receive) -> bytes:
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if (b"content-encoding", b"gzip") in scope["headers"]:
            body = gzip.decompress(body)
        sent = SentBatch(round((time.monotonic() - self.started) * 1000), body.decode())
        if recording.batch_id(sent) not in self.earlier:
            self.batches.append(sent)
        return json.dumps({"accepted": len(json.loads(body)["events"]), "rejected": []}).encode()


async def _answer(send: Send, kind: bytes, body: bytes) -> None:
    headers = [(b"content-type", kind), (b"access-control-allow-origin", b"*")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def rules() -> list[dict[str, str]]:
    """The demo's CSS rules, flat, as the witness takes them."""
    return [
        {"name": name, "on": rule["on"], "css": rule["css"]}
        for name, given in NAMED_EVENTS.items()
        for rule in given
    ]


@contextmanager
def context(
    browser: Browser, visitor: Visitor, devices: dict[str, Any], told: Callable[[str], None]
) -> Iterator[BrowserContext]:
    """A fresh browser profile that looks like the visitor's device, with the witness in every page."""
    device = {key: value for key, value in devices[visitor.device].items() if key != "default_browser_type"}
    profile = browser.new_context(**device, locale="en-GB")
    profile.expose_binding("witness", lambda _source, name: told(name))
    profile.add_init_script(f"{{ const RULES = {json.dumps(rules())}; {WITNESS} }}")
    try:
        yield profile
    finally:
        profile.close()


def visits_of(
    visitor: Visitor, browser: Browser, devices: dict[str, Any], recorder: Recorder, shop: str
) -> Iterator[RecordedVisit]:
    """Makes a visitor's visits one after the other, in one browser profile, and yields what was sent."""
    rng, answers = Random(visitor.seed), Counter[str]()  # noqa: S311 - a script's chance, not a secret
    with context(browser, visitor, devices, lambda name: answers.update([name])) as profile:
        for name in visitor.plan:
            answers.clear()
            recorder.start()
            page = profile.new_page()
            personas.VISITS[name](Hand(page, rng, shop, visitor.email))
            page.goto(
                "about:blank"
            )  # leaves as a visitor does; closing the tab outright would not always run pagehide
            wait_for(page.wait_for_timeout, recorder.complete)
            agent = page.evaluate("navigator.userAgent")
            page.close()
            yield RecordedVisit(visitor.number, name, visitor.email, agent, dict(answers), recorder.batches)


def wait_for(pause: Callable[[float], None], done: Callable[[], bool]) -> None:
    """Lets the browser run until `done`, for at most PATIENCE_S."""
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the last batches of a visit did not arrive within {PATIENCE_S} s")
        pause(20)


def record(visitors: int = VISITORS, seed: int = 1) -> Recording:
    """Drives `visitors` scripted visitors through the shop and returns all that the snippet sent."""
    recorder = Recorder((files("backsight_collector") / "static" / "backsight.js").read_bytes())
    collector, shop = listening(), listening()
    home = origin(shop)
    with ExitStack() as stack:
        stack.enter_context(serving(recorder, collector))
        stack.enter_context(serving(create_shop(origin(collector), "wk_juniper-rye"), shop))
        browser, devices = stack.enter_context(chromium())
        people = stack.enter_context(
            click.progressbar(personas.cast(visitors, seed), label="Visitors in Chromium", file=sys.stderr)
        )
        visits = [visit for one in people for visit in visits_of(one, browser, devices, recorder, home)]
    return Recording(home, visits)


def main() -> None:
    """Records, writes the file and says what is in it."""
    made = record(int(sys.argv[1]) if len(sys.argv) > 1 else VISITORS)
    recording.write(made)
    events = sum(len(visit.identities()) for visit in made.visits)
    size = recording.PATH.stat().st_size
    click.echo(f"{len(made.visits)} visits, {events} events, {size / 1000:.0f} kB in {recording.PATH}")


if __name__ == "__main__":
    main()
