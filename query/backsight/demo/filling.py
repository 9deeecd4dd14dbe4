"""Fills a running Backsight with the replayed weeks, and makes sure that every event of them is seen."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import click

from backsight.demo.backend import Backend
from backsight.demo.posting import Posting, Tally
from backsight.demo.recording import Recording
from backsight.demo.replay import Post, Replay
from backsight.demo.schedule import Appearance, first_monday, schedule
from backsight.demo.shop import TAG_KEY
from backsight.errors import BacksightError

if TYPE_CHECKING:
    from backsight.questions import Questions

VISIBLE_S = 120.0
"""How long stored events may take to be seen by a report before the demo gives up."""


class NotVisible(BacksightError):
    """What the collector accepted is not what the lake has: the one thing that must not happen."""

    title = "Not visible"


@dataclass(frozen=True)
class Filled:
    """What was replayed, and how long it took until it was accepted, and from then until it was visible."""

    tally: Tally
    devices: int
    events: int
    accepted_s: float
    visible_s: float


def fill(
    site: Questions, collector: Backend, shop: str, recording: Recording, devices: int, now: datetime
) -> Filled:
    """Replays a recording over `devices` devices and the weeks before `now`; `shop` is the shop's origin.

    Returns when a report sees every event. Raises NotTaken or NotVisible.
    """
    appearances = schedule(recording.by_visitor(), devices, now)
    events, began = distinct_events(appearances), time.monotonic()
    tally = _post(Replay(recording, shop, TAG_KEY), appearances, collector)
    sent = time.monotonic()
    await_visible(site, events, now)
    people = len({one.device for one in appearances})
    return Filled(tally, people, events, sent - began, time.monotonic() - sent)


def _post(replay: Replay, appearances: list[Appearance], collector: Backend) -> Tally:
    total = sum(len(one.visit.batches) for one in appearances)
    posts = replay.posts(appearances)
    with click.progressbar(posts, length=total, label="Batches to the collector", file=sys.stderr) as bar:
        return Posting(collector.url).send(_iterator(bar))


def _iterator(bar: Iterable[Post]) -> Iterator[Post]:
    yield from bar


def seen(site: Questions, now: datetime) -> int:
    """Events of any kind that a report sees in the weeks before `now`."""
    trend = site.trend({"on": "any"}, interval="month", from_=first_monday(now))
    return int(sum(series["total"] for series in trend.series))


def await_visible(site: Questions, events: int, now: datetime) -> None:
    """Returns when a report sees that many events; NotVisible where it sees more, or too few for too long."""
    deadline = time.monotonic() + VISIBLE_S
    while (found := seen(site, now)) != events:
        if found > events or time.monotonic() > deadline:
            raise NotVisible(f"{events} distinct events were accepted, and {found} are in the lake.")
        time.sleep(0.2)


def distinct_events(appearances: Iterable[Appearance]) -> int:
    """Events that the appearances stand for, each once, however often its batch is sent."""
    sizes: dict[int, int] = {}
    total = 0
    for one in appearances:
        key = id(one.visit)
        if key not in sizes:
            sizes[key] = len(one.visit.identities())
        total += sizes[key]
    return total
