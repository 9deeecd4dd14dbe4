"""The demo from the first line to the last: serve, replay, name, ask, and say where to look next."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from backsight.demo import recording
from backsight.demo.backend import Backend, backend
from backsight.demo.posting import Posting, Tally
from backsight.demo.questions import FUNNEL, NAMED_EVENTS, RETENTION
from backsight.demo.recording import Recording
from backsight.demo.replay import Post, Replay
from backsight.demo.schedule import Appearance, first_monday, schedule
from backsight.demo.serving import listening, origin, serving
from backsight.demo.shop import TAG_KEY, create_shop
from backsight.errors import BacksightError, ConfigurationError

if TYPE_CHECKING:
    from backsight.questions import Questions

DEVICES = 3_000
LIVE_VISITORS = 12
VISIBLE_S = 120.0
"""How long stored events may take to be seen by a report before the demo gives up."""


class NotVisible(BacksightError):
    """Events that the collector accepted are not in the lake: the one thing that must not happen."""

    title = "Not visible"


class Demo:
    """One showing. `live` records Chromium afresh; `data` keeps what was captured, else it is thrown away."""

    def __init__(
        self,
        *,
        live: bool = False,
        data: Path | None = None,
        port: int = 8400,
        devices: int = DEVICES,
        now: datetime | None = None,
    ) -> None:
        self._live, self._data, self._port, self._devices = live, data, port, devices
        self._now = now or datetime.now(UTC)

    def run(self, *, stay: bool) -> None:
        """Shows everything; with `stay`, serves the shop and the API until interrupted."""
        with ExitStack() as stack:
            folder = self._data or Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="backsight-demo-"))
            )
            collector = stack.enter_context(backend(folder, free_port(self._port)))
            shop = listening(free_port(self._port + 1))
            home = origin(shop)
            stack.enter_context(serving(create_shop(collector.url, TAG_KEY), shop))
            site = stack.enter_context(_open(collector))
            self._fill(site, collector, home)
            self.name(site)
            self.ask(site)
            if stay:
                _look_next(collector, home)
                self._stay(site)
        _look_next_time(self._data)

    def _fill(self, site: Questions, collector: Backend, home: str) -> None:
        """Replays the traffic into a folder that has none yet."""
        if there := self.seen(site):
            click.echo(f"{there:,} events are in {collector.data} already; nothing is replayed.\n")
            return
        made = self._traffic()
        shown = schedule(made.by_visitor(), self._devices, self._now)
        began = time.monotonic()
        tally = self.replay(made, shown, collector, home)
        sent = time.monotonic()
        self.await_visible(site, distinct_events(shown))
        _say_replayed(tally, shown, sent - began, time.monotonic() - sent)

    def _traffic(self) -> Recording:
        if not self._live:
            return recording.read()
        from backsight.demo.record import record

        return record(LIVE_VISITORS, seed=int(self._now.timestamp()))

    def replay(self, made: Recording, shown: list[Appearance], collector: Backend, home: str) -> Tally:
        """Sends every appearance through the collector, with a bar on a terminal."""
        total = sum(len(one.visit.batches) for one in shown)
        posts = Replay(made, home, TAG_KEY).posts(shown)
        with click.progressbar(posts, length=total, label="Batches to the collector", file=sys.stderr) as bar:
            return Posting(collector.url).send(_each(bar))

    def seen(self, site: Questions) -> int:
        """Events of any kind that a report sees."""
        trend = site.trend({"on": "any"}, interval="month", from_=first_monday(self._now))
        return int(sum(series["total"] for series in trend.series))

    def await_visible(self, site: Questions, events: int) -> None:
        """Returns when a report sees as many events as were accepted; never fewer, never more."""
        deadline = time.monotonic() + VISIBLE_S
        while (seen := self.seen(site)) != events:
            if seen > events or time.monotonic() > deadline:
                raise NotVisible(f"{events} distinct events were accepted, and {seen} are in the lake.")
            time.sleep(0.2)

    def name(self, site: Questions) -> None:
        """Gives the four names, now that everything has long happened, and says what each stands for."""
        click.secho("Four names, given now, for all of history", bold=True)
        for name, rules in NAMED_EVENTS.items():
            site.define(name, rules=rules)
            found = site.preview(rules=rules)
            click.echo(f"  {name:<18}{found.events:>8,} events by {found.persons:>5,} persons")
            click.echo("".join(f"      {rule['on']} on {rule['css']}\n" for rule in rules), nl=False)

    def ask(self, site: Questions) -> None:
        """Prints the funnel and the retention table over the replayed weeks."""
        begin = first_monday(self._now)
        for result in (site.funnel(**FUNNEL, from_=begin), site.retention(**RETENTION, from_=begin)):
            click.echo(f"\n{result!r}\n  answered in {result.meta['ms']:.0f} ms")

    def _stay(self, site: Questions) -> None:
        """Until interrupted; at a terminal, Enter asks again, so that one's own clicks are seen to count."""
        interactive = sys.stdin.isatty()
        hint = "Enter asks again, with your own clicks in it; " if interactive else ""
        click.echo(f"\n{hint}Ctrl-C ends.")
        try:
            while True:
                if interactive:
                    sys.stdin.readline()
                    self.ask(site)
                else:
                    time.sleep(3600)
        except KeyboardInterrupt:
            click.echo()


def free_port(wanted: int) -> int:
    """The port wanted, where it is free, else any that is."""
    for port in (wanted, 0):
        try:
            with listening(port) as socket:
                return int(socket.getsockname()[1])
        except ConfigurationError:
            continue
    raise ConfigurationError("no port is free on 127.0.0.1", field="port", value=wanted)


def _open(collector: Backend) -> Questions:
    import backsight

    return backsight.open(collector.data)


def _each(posts: Iterator[Post]) -> Iterator[Post]:
    yield from posts


def distinct_events(shown: list[Appearance]) -> int:
    """Events that the appearances stand for, each once, however often its batch is sent."""
    sizes = {id(one.visit): len(one.visit.identities()) for one in shown}
    return sum(sizes[id(one.visit)] for one in shown)


def _say_replayed(tally: Tally, shown: list[Appearance], sending: float, after: float) -> None:
    devices, events = len({one.device for one in shown}), distinct_events(shown)
    rate = tally.events / sending
    click.echo(
        f"{tally.batches:,} batches of {devices:,} devices: {tally.events:,} events accepted in "
        f"{sending:.1f} s ({rate:,.0f}/s), all visible {after:.1f} s later.\n"
        f"{events:,} are stored, each once: {tally.events - events:,} came twice, as pages end.\n"
    )


def _look_next(collector: Backend, home: str) -> None:
    steps = [step for step in FUNNEL["steps"] if isinstance(step, str)]
    quoted = " ".join(f'"{step}"' for step in steps)
    click.secho("\nWhere to look next", bold=True)
    click.echo(f"""  The shop      {home}: what you click there is captured; then ask again
  HTTP API      {collector.url}/docs, with Authorization: Bearer {collector.secret_key}
  Python        import backsight as bs
                site = bs.open("{collector.data}")
                site.funnel({steps}, since="8w")
  Command line  backsight funnel {quoted} --since 8w --data {collector.data}
  To read       docs/tutorial/first-click.md""")


def _look_next_time(kept: Path | None) -> None:
    click.secho("\nWhere to look next", bold=True)
    again = f"backsight demo --data {kept}" if kept else "backsight demo"
    click.echo(f"""  The shop      {again}, without --exit: it stays, and captures what you click there
  Your site     backsight up, and the line of HTML that it prints
  To read       docs/tutorial/first-click.md""")
