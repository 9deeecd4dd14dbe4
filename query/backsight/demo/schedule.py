"""When the demo's devices visit: growth over eight weeks, weekends, evenings, and people who come back.

Everything is drawn from one seed and ends now, so that a demo run twice within a day shows the same shop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from backsight.demo.personas import REPEATABLE
from backsight.demo.recording import RecordedVisit

WEEKS = 8
WEEKDAYS = (1.0, 1.05, 1.0, 0.98, 0.95, 1.15, 1.25)
"""How busy the shop is from Monday to Sunday."""
HOURS = (2, 1, 1, 0, 0, 1, 2, 4, 6, 7, 7, 8, 10, 9, 7, 6, 7, 8, 9, 11, 13, 12, 8, 4)
"""How busy it is by hour of the day."""
GROWTH = 1.8
"""How much busier the last day is than the first."""
LOOKERS = 4
"""How many people look for each who buys, by recorded visitor."""
RETURNS = {True: 0.86, False: 0.35}
"""Chance that a member, or anybody else, comes back within the next weeks; it shrinks with each visit."""
FATIGUE = 0.97
PACE = (40.0, 160.0)
"""How much slower people are than the script that was recorded."""


@dataclass(frozen=True)
class Appearance:
    """One visit to be replayed: whose, when, and how much slower than it was recorded."""

    start: datetime
    device: int
    number: int
    pace: float
    visit: RecordedVisit


def first_monday(now: datetime) -> datetime:
    """Midnight of the Monday with which the replay's first week begins; the last week is the current one."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=today.weekday(), weeks=WEEKS - 1)


def schedule(
    visitors: Sequence[Sequence[RecordedVisit]], devices: int, now: datetime, seed: int = 1
) -> list[Appearance]:
    """Every visit of `devices` devices, in order of time; each device follows one recorded visitor."""
    rng = Random(seed)  # noqa: S311 - a demo's chance, not a secret
    begin = first_monday(now)
    days = [begin + timedelta(days=n) for n in range((now - begin).days + 1)]
    weights = [(1 + (GROWTH - 1) * n / len(days)) * WEEKDAYS[day.weekday()] for n, day in enumerate(days)]
    arrivals = rng.choices(days, weights, k=devices)
    people = rng.choices(visitors, [1 if _buys(visits) else LOOKERS for visits in visitors], k=devices)
    shown = [seen for device, day in enumerate(arrivals) for seen in _life(rng, people[device], device, day)]
    latest = now - timedelta(minutes=1)
    return sorted((one for one in shown if _end(one) < latest), key=lambda one: (one.start, one.device))


def _buys(visits: Sequence[RecordedVisit]) -> bool:
    return any(visit.name == "buy" for visit in visits)


def _life(rng: Random, visits: Sequence[RecordedVisit], device: int, day: datetime) -> Iterator[Appearance]:
    """The recorded visits in their order, then repetitions for as long as the device keeps coming back."""
    chance = RETURNS[any(visit.name == "join" for visit in visits)]
    repeated = [visit for visit in visits if visit.name in REPEATABLE]
    number, pace = 0, rng.uniform(*PACE)
    for visit in visits:
        yield Appearance(_moment(rng, day), device, number, pace, visit)
        number, day = number + 1, day + timedelta(days=rng.choice((1, 2, 4, 7, 9, 12)))
    while repeated and rng.random() < chance:
        yield Appearance(_moment(rng, day), device, number, pace, rng.choice(repeated))
        number, day, chance = number + 1, day + timedelta(days=rng.randint(3, 11)), chance * FATIGUE


def _moment(rng: Random, day: datetime) -> datetime:
    hour = rng.choices(range(24), HOURS)[0]
    return day + timedelta(hours=hour, seconds=rng.uniform(0, 3600))


def _end(one: Appearance) -> datetime:
    length = max(batch.offset_ms for batch in one.visit.batches) * one.pace
    return one.start + timedelta(milliseconds=length)
