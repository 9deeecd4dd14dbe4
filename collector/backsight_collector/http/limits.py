"""How much a write key may send."""

from __future__ import annotations


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
