"""Which batches are known to be on disk: for senders that could not wait for the answer.

A page that ends sends its last batch and never hears what became of it. The next page names that batch as
`unsure`, and sends again only what is `missing` here. So this may forget, which costs a batch sent twice (its
events are stored once all the same), but must not claim to know what was never kept.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Final

_ALL_BITS: Final = 2**64 - 1
SLOTS: Final = 2**20
"""A power of two, of 8 bytes each: 8 MB, whatever is sent."""


class KeptBatches:
    """Batches that became durable since the process began, by site.

    Each has one slot, by its digest; a later one with the same slot takes it. So of the last 10,000 batches
    some 1 % are forgotten, and nothing is ever moved, counted or allocated. A batch that was not kept passes
    for one that was when their digests, of 64 bits, are equal.
    """

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * SLOTS))

    def add(self, site: str, batch: str) -> None:
        """The batch is on disk."""
        digest = _digest(site, batch)
        self._slots[digest % SLOTS] = digest

    def missing(self, site: str, batches: Iterable[str]) -> list[str]:
        """Those that are not known, each once, in their order."""
        return [batch for batch in dict.fromkeys(batches) if not self._has(_digest(site, batch))]

    def _has(self, digest: int) -> bool:
        return self._slots[digest % SLOTS] == digest


def _digest(site: str, batch: str) -> int:
    """64 bits, never 0, which is an empty slot; a site's name holds no NUL.

    Python's own hash of texts: keyed, by chance for each process, so that nobody can choose batches that pass
    for each other; a fifth of what a cryptographic one costs.
    """
    return hash(f"{site}\0{batch}") & _ALL_BITS or 1
