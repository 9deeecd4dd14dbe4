"""The demo from the first line to the last: serve, replay, name, ask, and say where to look next."""

from __future__ import annotations

import select
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from backsight.demo import DEVICES, recording
from backsight.demo.backend import Backend, backend, open_site
from backsight.demo.filling import Filled, fill, seen
from backsight.demo.questions import FUNNEL, NAMED_EVENTS, RETENTION, define_names
from backsight.demo.recording import Recording
from backsight.demo.schedule import first_monday
from backsight.demo.serving import free_port, listening, origin, serving
from backsight.demo.shop import TAG_KEY, create_shop

if TYPE_CHECKING:
    from backsight.questions import Questions

LIVE_VISITORS = 12


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
            folder = self._data or Path(stack.enter_context(_throw_away_folder()))
            collector = stack.enter_context(backend(folder, free_port(self._port)))
            shop = listening(free_port(self._port + 1))
            home = origin(shop)
            stack.enter_context(serving(create_shop(collector.url, TAG_KEY), shop))
            site = stack.enter_context(open_site(collector))
            self._fill(site, collector, home)
            self._name(site)
            self._ask(site)
            if stay:
                _say_where_it_is(collector, home)
                self._stay(site)
        _say_how_to_go_on(self._data)

    def _fill(self, site: Questions, collector: Backend, home: str) -> None:
        """Replays the traffic into a folder that has none yet."""
        if there := seen(site, self._now):
            click.echo(f"{there:,} events are in {collector.data} already; nothing is replayed.\n")
        else:
            _say_filled(fill(site, collector, home, self._traffic(), self._devices, self._now))

    def _traffic(self) -> Recording:
        if not self._live:
            return recording.read()
        from backsight.demo.record import record

        return record(LIVE_VISITORS, seed=int(self._now.timestamp()))

    def _name(self, site: Questions) -> None:
        """Gives the four names, now that everything has long happened, and says what each stands for."""
        define_names(site)
        click.secho("Four names, given now, for all of history", bold=True)
        for name, rules in NAMED_EVENTS.items():
            found = site.preview(rules=rules)
            click.echo(f"  {name:<18}{found.events:>8,} events by {found.persons:>5,} persons")
            click.echo("".join(f"      {rule['on']} on {rule['css']}\n" for rule in rules), nl=False)

    def _ask(self, site: Questions) -> None:
        """Prints the funnel and the retention table over the replayed weeks."""
        begin = first_monday(self._now)
        for result in (site.funnel(**FUNNEL, from_=begin), site.retention(**RETENTION, from_=begin)):
            click.echo(f"\n{result!r}\n  answered in {result.meta['ms']:.0f} ms")

    def _stay(self, site: Questions) -> None:
        """Until interrupted; at a terminal, Enter asks again, so that one's own clicks are seen to count."""
        interactive = sys.stdin.isatty()
        click.echo(f"\n{'Enter asks again, with your own clicks in it; ' if interactive else ''}Ctrl-C ends.")
        try:
            while not interactive:
                time.sleep(3600)
            while _enter_pressed():
                self._ask(site)
        except KeyboardInterrupt:
            click.echo()


def _enter_pressed() -> bool:
    """Waits for a line; False at the end of input."""
    # In short turns: a Ctrl-C that comes just before a read would otherwise be heard only after it.
    while not select.select([sys.stdin], [], [], 0.5)[0]:
        continue
    return bool(sys.stdin.readline())


def _throw_away_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="backsight-demo-")


def _say_filled(filled: Filled) -> None:
    tally, events = filled.tally, filled.events
    rate = tally.events / filled.accepted_s
    click.echo(
        f"{tally.batches:,} batches of {filled.devices:,} devices: {tally.events:,} events accepted in "
        f"{filled.accepted_s:.1f} s ({rate:,.0f}/s), all visible {filled.visible_s:.1f} s later.\n"
        f"{events:,} are stored, each once: what may be lost as a page ends, browsers send again.\n"
    )


def _say_where_it_is(collector: Backend, home: str) -> None:
    steps = [step for step in FUNNEL["steps"] if isinstance(step, str)]
    quoted = " ".join(f'"{step}"' for step in steps)
    click.secho("\nWhere to look next", bold=True)
    click.echo(f"""  The page      {collector.url}/#{collector.secret_key}
                is a link for you alone: live events, names, funnels, reports
  The shop      {home}: what you click there is captured; then ask again
  HTTP API      {collector.url}, with Authorization: Bearer {collector.secret_key}
                {collector.url}/v1/openapi.json describes it
  Python        import backsight as bs
                site = bs.open("{collector.data}")
                site.funnel({steps}, since="8w")
  Command line  backsight funnel {quoted} --since 8w --data {collector.data}
  To read       docs/tutorial/first-click.md""")


def _say_how_to_go_on(kept: Path | None) -> None:
    again = f"backsight demo --data {kept}" if kept else "backsight demo"
    click.secho("\nWhere to look next", bold=True)
    click.echo(f"""  The shop      {again}, without --exit: it stays, captures what you click there,
                and has a page for live events, funnels and reports
  Your site     backsight up, and the line of HTML that it prints
  To read       docs/tutorial/first-click.md""")
