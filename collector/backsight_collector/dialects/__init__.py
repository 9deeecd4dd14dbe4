"""In which forms events may come in: our own wire, and those that other products' libraries speak.

A dialect is a function from a body, and when it was received, to batches of our wire: one for each device,
session and user that it speaks of. It is pure and deterministic: the door calls it to answer, the committer
calls it again, maybe days later, to write the rows, and both must come to the same events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from backsight_collector.dialects import imported, posthog, segment
from backsight_collector.journal.records import BACKSIGHT, Capture
from backsight_collector.wire import Decoded, KnownElements, MalformedBatch, decode
from backsight_collector.wire.stack import on_a_whole_stack

Decode = Callable[[bytes, int], list[Decoded]]
"""Reads a body that was received at some time (µs since 1970). Raises MalformedBatch, nothing else."""

DIALECTS: Final[Mapping[str, Decode]] = {
    BACKSIGHT: lambda body, received_at: [decode(body)],
    **segment.dialects(),
    posthog.POSTHOG: posthog.decode,
    imported.IMPORT: lambda body, received_at: imported.decode(body, received_at, DIALECTS),
}


def read(capture: Capture, known: KnownElements | None = None) -> list[Decoded]:
    """What a journalled request says. Raises MalformedBatch where that is nothing.

    `known` are the elements of those that were read before (see wire.decode).
    """
    if capture.dialect == BACKSIGHT:
        return [decode(capture.body, known=known)]
    if (dialect := DIALECTS.get(capture.dialect)) is None:
        raise MalformedBatch(f"this version does not speak the dialect {capture.dialect!r}", field="dialect")
    try:
        return dialect(capture.body, capture.received_at)
    except RecursionError:
        return on_a_whole_stack(lambda: dialect(capture.body, capture.received_at))
