"""Who may still be let in while the disk is slow: each key its fair share of what waits."""

from __future__ import annotations


class Shares:
    """Bytes that wait for the disk, by key. Holds only keys of which something waits."""

    def __init__(self, most: int) -> None:
        self._ample = most // 2
        self._bytes: dict[str, int] = {}
        self._total = 0

    def is_fair(self, key: str, size: int) -> bool:
        """Whether so much more may wait for the key.

        While half of the bound is free, everything may. Past that, a key may have as much as each would have
        if all that wait now had the same: so one that fills the queue is told to come back, and the other
        half is kept for those that do not.
        """
        if self._total + size <= self._ample:
            return True
        mine = self._bytes.get(key, 0)
        return mine == 0 or mine + size <= self._ample // len(self._bytes)

    def add(self, key: str, size: int) -> None:
        """So much waits for the key from now on."""
        self._bytes[key] = self._bytes.get(key, 0) + size
        self._total += size

    def remove(self, key: str, size: int) -> None:
        """So much of it waits no more."""
        self._total -= size
        left = self._bytes[key] - size
        if left:
            self._bytes[key] = left
        else:
            del self._bytes[key]
