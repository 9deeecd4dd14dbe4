"""Which site a write key writes to, remembered for a few seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

Sites = Callable[[str], str | None]
"""Maps a write key to the name of its site; None for a key that may not write."""

MAX_REMEMBERED: Final = 10_000
"""Made-up keys are remembered too, and there is no end to them; past this many all are forgotten."""


class RememberedSites:
    """Asks `sites` about a key at most once in `seconds`."""

    def __init__(self, sites: Sites, seconds: float) -> None:
        self._sites, self._seconds = sites, seconds
        self._remembered: dict[str, tuple[str | None, float]] = {}

    def of(self, key: str, now: float) -> str | None:
        """The key's site at time `now`."""
        site, until = self._remembered.get(key, (None, now))
        if now < until:
            return site
        if len(self._remembered) >= MAX_REMEMBERED:
            self._remembered.clear()
        site = self._sites(key)
        self._remembered[key] = (site, now + self._seconds)
        return site
