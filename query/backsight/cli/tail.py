"""`backsight tail`: what is captured right now, a line an event."""

from __future__ import annotations

import json
from time import sleep
from typing import TYPE_CHECKING, Any

import click

from backsight.cli.asking import asks_site
from backsight.results.event_words import element, moment, what
from backsight.results.tables import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backsight.questions import Questions

EVERY_SECONDS = 1.0


@click.command()
@click.option(
    "--limit", default=20, show_default=True, type=click.IntRange(1, 200), help="Newest events to begin with."
)
@click.option("--once", is_flag=True, help="Print these and end.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
@asks_site
def tail(site: Questions, limit: int, once: bool, as_json: bool) -> None:
    """Show events as they are stored, until Ctrl-C.

    \b
    backsight tail
    backsight tail --once --limit 200 --json
    """
    try:
        told = site.live(limit=limit)
        _print(told.events, as_json)
        while not once:
            if not told.more:
                sleep(EVERY_SECONDS)
            told = site.live(told.next, limit=200)
            if told.gap:
                click.echo("-- events in between are not shown", err=True)
            _print(told.events, as_json)
    except KeyboardInterrupt:
        pass


def _print(events: Iterable[dict[str, Any]], as_json: bool) -> None:
    for event in reversed(list(events)):
        click.echo(json.dumps(event, ensure_ascii=True) if as_json else line(event))


def line(event: dict[str, Any]) -> str:
    """An event in one line that leaves a terminal as it is."""
    bears = f"[{', '.join(event['names'])}]" if event["names"] else ""
    page = (event.get("host") or "") + (event.get("path") or "")
    parts = [moment(event["time"]), what(event), page, element(event), bears]
    return printable("  ".join(part for part in parts if part), None)
