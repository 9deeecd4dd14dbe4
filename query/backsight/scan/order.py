"""Where an event stands among a person's: one 64-bit place out of its time and its sequence number.

Within one page instance, places order events exactly as (time, sequence) do. Across page instances only the
time counts; the sequence's bits then mean nothing. Sequence numbers past the last that fits share its place.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Final, TypeVar

from backsight.parquet_rows import Integers
from backsight.scan.request import EARLIEST, micros

Number = TypeVar("Number", int, Integers)

SEQUENCE_BITS: Final = 11
"""What a time between EARLIEST and LATEST, in microseconds, leaves of 63 bits."""

LAST_SEQUENCE: Final = 2**SEQUENCE_BITS - 1
"""The sequence number that all greater ones share."""

ORIGIN: Final = micros(datetime.combine(EARLIEST, time(), UTC))
BEFORE_ALL: Final = 2**63 - 1
"""A place after every event's."""

PLACE: Final = f"((epoch_us(e.time) - ({ORIGIN})) << {SEQUENCE_BITS}) + least(e.sequence, {LAST_SEQUENCE})"
"""SQL of an event's place."""

TIE: Final = "(e.page & -2147483648) + e.sequence"
"""SQL of what orders events of one place, as a timeline's `page`: the page instance, then, past
LAST_SEQUENCE, the sequence number. Ids of pages are hashes, which their upper half tells apart.
"""


def place_of(instant: datetime) -> int:
    """The first place at an instant."""
    return (micros(instant) - ORIGIN) << SEQUENCE_BITS


def instant_of(place: Number) -> Number:
    """Microseconds since the origin at which a place lies, or each of several."""
    return place >> SEQUENCE_BITS


def instant_sql(place: str) -> str:
    """SQL of the same."""
    return f"({place} >> {SEQUENCE_BITS})"
