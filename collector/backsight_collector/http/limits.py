"""How much a write key may send."""

from __future__ import annotations


class RateLimit:
    """A token bucket for each key: `rate` events a second, and `burst` events at once after a silence.

    A batch is let in while its key is not in debt, and may take the key into debt: so a batch larger than the
    burst still comes through, and is paid for afterwards.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._buckets: dict[str, tuple[float, float]] = {}  # key: tokens, and when they were counted

    def wait(self, key: str, events: int, now: float) -> float:
        """Takes `events` at time `now` and gives 0; or takes nothing, and gives the seconds to wait."""
        tokens, counted = self._buckets.get(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - counted) * self._rate)
        if tokens < 0:
            self._buckets[key] = (tokens, now)
            return -tokens / self._rate
        self._buckets[key] = (tokens - events, now)
        return 0.0
