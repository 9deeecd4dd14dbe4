"""Elements that were read before, told by their bytes.

A site's pages send the same elements again and again. Of a batch that is folded, each is read once, and then
is the same object: whoever keeps something by element needs not look at its contents.
"""

from __future__ import annotations

from typing import Final

import msgspec

from backsight.contract import MAX_BATCH_NODES
from backsight_collector.wire.batch import Batch, Element

KNOWN_BYTES: Final = 100_000_000
"""What they may take, roughly; all are let go when it is passed."""
_ENTRY_BYTES: Final = 600


class KnownElement(Element, frozen=True, gc=False, eq=False):
    """An element that stands for all with the same bytes; equal to itself alone, and hashed as such."""


class _Batch(Batch, kw_only=True, gc=False):
    elements: list[msgspec.Raw] = []  # type: ignore[assignment]  # until they are exchanged for what they say


_batch: Final = msgspec.json.Decoder(_Batch)
_element: Final = msgspec.json.Decoder(KnownElement)


class KnownElements:
    """Reads batches. Not to be shared between threads."""

    def __init__(self, most_bytes: int = KNOWN_BYTES) -> None:
        self._known: dict[bytes, KnownElement] = {}
        self._bytes, self._most_bytes = 0, most_bytes

    def batch(self, body: bytes) -> Batch | None:
        """The batch, as a decoder of Batch gives it; None for one with more elements than are valid.

        Raises what the decoder raises.
        """
        batch = _batch.decode(body)
        if len(batch.elements) > MAX_BATCH_NODES:
            return None
        raw = list(map(bytes, batch.elements))
        found = list(map(self._known.get, raw))
        if None in found:
            found = [self._element(each) for each in raw]
        batch.elements = found  # type: ignore[assignment]
        return batch

    def _element(self, raw: bytes) -> KnownElement:
        found = self._known.get(raw)
        if found is None:
            found = _element.decode(raw)
            self._bytes += _ENTRY_BYTES + 3 * len(raw)
            if self._bytes > self._most_bytes:
                self._known.clear()
                self._bytes = 0
            self._known[raw] = found
        return found
