"""Planted funnels: devices that do planted steps at planted times, so that the true counts are known.

Each group of devices does one thing that a funnel or a retention table has to get right; nobody else touches
the planted steps. What follows from the groups is counted here by reading them, not by any report.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from bench.lake.columns import DAY, FIRST_DAY, Integers, micros_of, mixed
from bench.lake.elements import STEPS
from bench.lake.people import statement_rows

HOUR: Final = DAY // 24
WINDOW_DAYS: Final = 14
RETURNS: Final = (0, 1, 3)
"""Weeks after the start in which the weekly devices come back."""
WEEKS: Final = 8
"""Weeks in which they start."""
DEVICES_PER_EVENTS: Final = 20_000
"""One device of each group for so many events of the lake."""

GROUPS: Final[dict[str, tuple[tuple[tuple[int, int], ...], int]]] = {
    # (step, hours since the device's start) …, and how far the funnel of three steps gets within 14 days
    "converted": (((1, 0), (2, 5), (3, 200)), 3),
    "at the last moment": (((1, 0), (2, 30), (3, 14 * 24)), 3),
    "too late": (((1, 0), (2, 30), (3, 14 * 24 + 1)), 2),
    "backwards": (((3, 0), (2, 2), (1, 4)), 1),
    "one left out": (((1, 0), (3, 3)), 1),
    "second attempt": (((1, 0), (2, 10), (1, 16 * 24), (2, 17 * 24), (3, 18 * 24)), 3),
    "looked again": (((1, 0), (1, 13 * 24), (2, 15 * 24), (3, 16 * 24)), 3),
    "never began": (((2, 0), (3, 1)), 0),
}
ACROSS: Final = "across devices"
"""Began on one device without a name; the user is identified there, and does the rest on another."""


@dataclass(frozen=True)
class Plant:
    """The planted events, by time, and the answers that follow."""

    device: Integers
    time: Integers
    step: Integers
    """Places in STEPS."""
    user: Integers
    statements: pa.Table
    funnel: tuple[int, int, int]
    """Persons at each of `.planted-1` to `.planted-3`."""
    retention: tuple[int, tuple[int, ...]]
    """Persons who start in each of the WEEKS, and how many of them come back in each of RETURNS."""


def make_plant(events: int, random: np.random.Generator) -> Plant:
    """The plant of a lake of so many events."""
    size = max(events // DEVICES_PER_EVENTS, 5)
    rows = [_group(number, steps, size, random) for number, (steps, _) in enumerate(GROUPS.values())]
    across, statements = _across(len(GROUPS), size, random)
    rows += [across, _weekly(len(GROUPS) + 2, size, random)]
    device, time, step, user = (np.concatenate(column) for column in zip(*rows, strict=True))
    order = np.argsort(time, kind="stable")
    reached = [size * sum(far >= least for _, far in GROUPS.values()) + size for least in (1, 2, 3)]
    counts = (reached[0], reached[1], reached[2])
    starting = size // WEEKS + 1
    returned = tuple(starting for _ in RETURNS)
    return Plant(device[order], time[order], step[order], user[order], statements, counts,
                 (starting, returned))  # fmt: skip


def _devices(group: int, size: int) -> Integers:
    return mixed(np.arange(size) + 2**42 + group * 2**32)


def _starts(size: int, random: np.random.Generator) -> Integers:
    """Early enough that everything lies within the lake's days."""
    return micros_of(FIRST_DAY) + random.integers(0, 60 * DAY, size)


def _group(
    group: int, steps: tuple[tuple[int, int], ...], size: int, random: np.random.Generator
) -> tuple[Integers, Integers, Integers, Integers]:
    start = _starts(size, random)
    device = np.repeat(_devices(group, size), len(steps))
    after = np.tile(np.array([hours * HOUR for _, hours in steps]), size)
    step = np.tile(np.array([STEPS.index(f"planted-{number}") for number, _ in steps]), size)
    return device, np.repeat(start, len(steps)) + after, step, np.zeros(len(step), np.int64)


def _across(
    group: int, size: int, random: np.random.Generator
) -> tuple[tuple[Integers, Integers, Integers, Integers], pa.Table]:
    start, user = _starts(size, random), mixed(np.arange(size) + 2**43)
    phone, desk = _devices(group, size), _devices(group + 1, size)
    step = np.tile(np.array([STEPS.index(f"planted-{number}") for number in (1, 2, 3)]), size)
    device = np.stack([phone, desk, desk], 1).ravel()
    time = (start[:, None] + np.array([0, 30 * HOUR, 40 * HOUR])).ravel()
    known = np.stack([np.zeros(size, np.int64), user, user], 1).ravel()
    said = statement_rows(np.concatenate([phone, desk]), np.concatenate([user, user]),
                          np.concatenate([start + 20 * HOUR, start + 29 * HOUR]))  # fmt: skip
    return (device, time, step, known), said


def _weekly(
    group: int, size: int, random: np.random.Generator
) -> tuple[Integers, Integers, Integers, Integers]:
    starting = size // WEEKS + 1
    week = np.repeat(np.arange(WEEKS), starting)
    start = micros_of(FIRST_DAY) + week * 7 * DAY + random.integers(0, 6 * DAY, len(week))
    time = start[:, None] + np.array([0, *(later * 7 * DAY + HOUR for later in RETURNS)])
    steps = [STEPS.index("weekly-1"), *(STEPS.index("weekly-2") for _ in RETURNS)]
    device = np.repeat(_devices(group, len(week)), len(steps))
    return device, time.ravel(), np.tile(np.array(steps), len(week)), np.zeros(len(device), np.int64)
