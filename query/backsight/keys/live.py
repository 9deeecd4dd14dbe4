"""What write keys open, from memory: for the collector, which asks at every request."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime

from backsight.contract import WriteKey
from backsight.keys.key import hour_of
from backsight.keys.keys import Keys


class LiveWriteKeys:
    """Says what write keys open, for the collector, from memory, at most `seconds` behind the store.

    A key that is not known is looked up again at once, since it may have been made a moment ago; but however
    many unknown keys arrive, the store is asked no more often than every `miss_seconds`. `note` is told, in a
    thread, the ids of keys that were used in an hour in which they had not been noted as used.
    """

    def __init__(
        self,
        keys: Keys,
        seconds: float = 1.0,
        miss_seconds: float = 0.1,
        clock: Callable[[], float] = time.monotonic,
        note: Callable[[Collection[str]], None] | None = None,
    ) -> None:
        self._keys, self._clock, self._note = keys, clock, note
        self._seconds, self._miss_seconds = seconds, miss_seconds
        self._lock = threading.Lock()
        self._read_at = -math.inf
        self._open: dict[str, WriteKey] = {}
        self._used: set[str] = set()
        self._noted: dict[str, datetime] = {}

    def __call__(self, write_key: str) -> WriteKey | None:
        """What the key opens; None for one that is unknown, revoked or expired."""
        self._refresh(self._seconds)
        if write_key not in self._open:
            self._refresh(self._miss_seconds)
        opened = self._open.get(write_key)
        if opened is not None:
            self._used.add(write_key)
        return opened

    def _refresh(self, seconds: float) -> None:
        with self._lock:
            if self._clock() - self._read_at < seconds:
                return
            now = datetime.now(UTC)
            # Of write keys there are a few, of definer's tokens as many as links were ever made.
            write = self._keys.list(kind="write")
            live = {key.shown: key for key in write if key.shown and key.is_live(now)}
            self._open = {
                shown: WriteKey(key.site, frozenset(key.origins), key.events_per_second, key.pages_only)
                for shown, key in live.items()
            }
            self._read_at = self._clock()
            used, self._used = self._used, set()
        self._tell({live[shown].key_id for shown in used & live.keys()}, hour_of(now))

    def _tell(self, used: Collection[str], hour: datetime) -> None:
        fresh = [key_id for key_id in used if self._noted.get(key_id) != hour]
        if self._note is not None and fresh:
            self._noted |= dict.fromkeys(fresh, hour)
            # In a thread: who writes to the store may have to wait for another process that does.
            threading.Thread(target=self._note, args=[fresh], daemon=True).start()
