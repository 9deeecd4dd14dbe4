"""What may be set about the collector's front; every value has a default that serves a small deployment."""

from __future__ import annotations

from dataclasses import dataclass

from backsight.contract import SNIPPET
from backsight_collector.journal.writer import MAX_PENDING_BYTES


@dataclass(frozen=True)
class CollectorSettings:
    """Times are in seconds, sizes in bytes."""

    events_per_second: float | None = None
    """Most events that one write key may send, on average; None: any number. More is answered with 429.

    A batch counts as one event at least, and as one for each 32 KB (MAX_EVENT_BYTES) that it has.
    """
    device_events_per_second: float | None = 200.0
    """The same for one device that sends by the snippet's route; None: any number."""
    burst_seconds: float = 10.0
    """For how long a key or device that was silent may send at any rate: its allowance is this times the
    rate."""
    origins: frozenset[str] = frozenset()
    """Pages' origins that may send, such as `https://shop.example`; empty: all. Servers send no origin."""
    script_path: str = f"/{SNIPPET}"
    """Where the snippet is served besides; its parts and its batches' route stand in the same folder."""
    body_seconds: float = 30.0
    """A request's body must have arrived within this time."""
    max_bodies_bytes: int = 256_000_000
    """Most that bodies which arrive or are not read yet may have together; others are told to come back."""
    max_pending_bytes: int = MAX_PENDING_BYTES
    """Most that may wait for the journal's disk, before others are told to come back."""
