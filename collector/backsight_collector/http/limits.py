"""How much a write key may send, and how much of it one device."""

from __future__ import annotations

from typing import Final

MOST_DEVICES: Final = 200_000
TURN: Final = 10
"""How many times what an allowance takes to be whole again a device is remembered, at least. A device may be
in debt by one batch, and that is paid for within this time at any rate from ten events a second on."""


class RateLimit:
    """A token bucket for each key: so many events a second, and `burst_seconds` as many at once after a
    silence.

    A batch is let in while its key is not in debt, and may take the key into debt: so a batch larger than the
    burst still comes through, and is paid for afterwards.
    """

    def __init__(self, burst_seconds: float) -> None:
        self._burst_seconds = burst_seconds
        self._buckets: dict[str, tuple[float, float]] = {}  # key: tokens, and when they were counted

    def wait(self, key: str, events: int, now: float, rate: float) -> float:
        """Takes `events` at time `now` and gives 0; or takes nothing, and gives the seconds to wait."""
        burst = rate * self._burst_seconds
        tokens, counted = self._buckets.get(key, (burst, now))
        tokens = min(burst, tokens + (now - counted) * rate)
        if tokens < 0:
            self._buckets[key] = (tokens, now)
            return -tokens / rate
        self._buckets[key] = (tokens - events, now)
        return 0.0

    def take_over(self, key: str, other: RateLimit) -> None:
        """What the other knows of a key that is not known here."""
        if key not in self._buckets and (bucket := other._buckets.get(key)) is not None:
            self._buckets[key] = bucket

    def __len__(self) -> int:
        return len(self._buckets)


class DeviceLimit:
    """The same for each device, so that one which sends without end does not use up its site's allowance.

    Whoever sends makes device ids up, so they are not remembered for longer than it takes an allowance to be
    whole again, nor more than `most` at a time: past that all begin anew.
    """

    def __init__(self, rate: float, burst_seconds: float, most: int = MOST_DEVICES) -> None:
        self._rate, self._burst_seconds, self._most = rate, burst_seconds, most
        self._turn_at = 0.0
        self._now = RateLimit(burst_seconds)
        self._before = self._now

    def wait(self, device: str, events: int, now: float) -> float:
        """Takes `events` at time `now` and gives 0; or takes nothing, and gives the seconds to wait."""
        if now >= self._turn_at or len(self._now) >= self._most:
            self._before, self._now = self._now, RateLimit(self._burst_seconds)
            self._turn_at = now + TURN * self._burst_seconds
        self._now.take_over(device, self._before)
        return self._now.wait(device, events, now, self._rate)
