"""Who visits: devices of log-normal activity, one in five identified, some users on two devices, a few
devices with two users; and the statements that say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from backsight.contract import STATEMENTS
from bench.lake.columns import DAY, DAYS, FIRST_DAY, SITE, Integers, fill, micros_of, mixed, pick, repeat

EVENTS_PER_DEVICE: Final = 100
IDENTIFIED: Final = 0.2
SECOND_DEVICE: Final = 0.1
"""Share of the identified devices that belong to the user of the one before."""
SECOND_USER: Final = 0.01
"""Share of the identified devices on which another user follows."""
PLANS: Final = ("free", "pro", "team", "enterprise")


@dataclass(frozen=True)
class People:
    """Columns by device; `device` numbers are places in them."""

    ids: Integers
    until: npt.NDArray[np.float64]
    """Share of all activity up to and with each device."""
    user: Integers
    """0 where nobody is ever identified."""
    since: Integers
    """Microseconds at which the user is identified."""
    next_user: Integers
    """Who follows on the device; 0 where nobody does."""
    next_since: Integers

    def draw(self, count: int, random: np.random.Generator) -> Integers:
        """Devices, by how active they are."""
        return np.minimum(np.searchsorted(self.until, random.random(count)), len(self.ids) - 1)

    def users(self, device: Integers, time: Integers) -> Integers:
        """Who was known to be at the device then; 0 for nobody."""
        first = np.where(time >= self.since[device], self.user[device], 0)
        return np.where((self.next_user[device] != 0) & (time >= self.next_since[device]),
                        self.next_user[device], first)  # fmt: skip


def make_people(events: int, random: np.random.Generator) -> People:
    """A device for every hundred events."""
    count = max(events // EVENTS_PER_DEVICE, 100)
    activity = random.lognormal(0.0, 1.2, count)
    place = np.arange(1, count + 1)
    identified = random.random(count) < IDENTIFIED
    own = mixed(place + 2**40)
    second = identified & (random.random(count) < SECOND_DEVICE)
    last_known = np.maximum.accumulate(np.where(identified & ~second, place, 0))
    user = np.where(identified, np.where(second & (last_known > 0), own[last_known - 1], own), 0)
    since = micros_of(FIRST_DAY) + random.integers(0, DAYS * DAY, count)
    followed = identified & (random.random(count) < SECOND_USER)
    next_user = np.where(followed, mixed(place + 2**41), 0)
    next_since = since + random.integers(DAY, 20 * DAY, count)
    return People(mixed(place), np.cumsum(activity) / activity.sum(), user, since, next_user, next_since)


def statement_rows(device: Integers, user: Integers, time: Integers) -> pa.Table:
    """One `identify` a row; every second one says which plan the user has."""
    count = len(device)
    numbers = np.arange(count)
    plans = [f'{{"plan": "{plan}", "seats": {seats}}}' for plan in PLANS for seats in (1, 3, 10)]
    made = {
        "site": repeat(SITE, count), "kind": repeat("identify", count), "time": time,
        "received_at": time + 1_000_000, "statement_id": pa.array([f"s{number:09d}" for number in numbers]),
        "device": device, "user": user,
        "device_id": pa.array([f"d{number:x}" for number in device.tolist()]),
        "user_id": pa.array([f"u{number:x}" for number in user.tolist()]),
        "traits": pick(plans, np.abs(user) // 7, mask=user % 2 == 0),
    }  # fmt: skip
    return fill(STATEMENTS, made, count)


def make_statements(people: People) -> pa.Table:
    """Of every identified device, within the lake's days."""
    end = micros_of(FIRST_DAY) + DAYS * DAY
    known = np.flatnonzero(people.user)
    more = np.flatnonzero((people.next_user != 0) & (people.next_since < end))
    device = np.concatenate([people.ids[known], people.ids[more]])
    user = np.concatenate([people.user[known], people.next_user[more]])
    return statement_rows(device, user, np.concatenate([people.since[known], people.next_since[more]]))
