"""Reads what a snippet sent: `decode` turns a body into events that can be stored, and says why others can't.

It is pure and deterministic: the route calls it to answer, the committer calls it again, maybe days later and
in another process, to write the rows, and both must come to the same events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from backsight.contract import MAX_EVENT_BYTES
from backsight_collector.wire.batch import Batch, Decoded
from backsight_collector.wire.known_elements import KnownElements
from backsight_collector.wire.salvage import salvage
from backsight_collector.wire.soundness import is_sound
from backsight_collector.wire.stack import on_a_whole_stack

_batch: Final = msgspec.json.Decoder(Batch)


class _Sizes(msgspec.Struct):
    events: list[msgspec.Raw]


_sizes: Final = msgspec.json.Decoder(_Sizes)


def decode(body: bytes, admit: Callable[[str], object] = str, known: KnownElements | None = None) -> Decoded:
    """The batch, with a rejection for each event that can't be kept. Raises MalformedBatch, nothing else.

    To say what is wrong with a batch can take a hundred times as long as to read a sound one. Before that,
    `admit` gets its write key, and may raise what it likes: then so does this. With `known`, elements of a
    sound batch are KnownElements; nothing else differs.
    """
    try:
        return _decode(body, admit, known)
    except RecursionError:
        return on_a_whole_stack(lambda: _decode(body, admit, known))


def _decode(body: bytes, admit: Callable[[str], object], known: KnownElements | None) -> Decoded:
    """The common case in one typed pass; entry by entry when anything at all is unusual.

    Sizes are asked first: of 5 MB of `[],[],…` in one event's props, objects of 110 MB would be made.
    """
    read: Callable[[bytes], Batch | None] = _batch.decode if known is None else known.batch
    try:
        batch = read(body) if len(body) <= MAX_EVENT_BYTES or _are_events_small(body) else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        batch = None
    if batch is not None and is_sound(batch):
        return Decoded(batch, list(enumerate(batch.events)), [], 0)
    return salvage(body, admit)


def _are_events_small(body: bytes) -> bool:
    return all(len(bytes(event)) <= MAX_EVENT_BYTES for event in _sizes.decode(body).events)
