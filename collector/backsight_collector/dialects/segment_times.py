"""When a Segment message happened: of the times that it may bear, which one counts, and by whose clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from backsight_collector.wire.batch import MAX_TIME_MS

Time = str | int | float | None
"""As sent: ISO 8601, or milliseconds since 1970."""

ON_THE_WAY: Final = 60_000
"""Milliseconds for which a request may have been on its way, retries included: up to that, `sentAt` and our
clock agree. Servers keep their clocks; to correct these by what a network took would make them worse."""
LIVE: Final = 86_400_000
"""Milliseconds before it was sent within which a time was read off the sender's clock; an older one is
history, which the sender had from elsewhere."""
_EARLIEST: Final = 100_000_000_000
"""In 1973. Numbers below this are seconds, or nonsense."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class Unreadable(ValueError):
    """No time is meant by it; the message says what would be one."""


class When(NamedTuple):
    """A time in milliseconds since 1970, and what the sender's clock said when it was sent: None where the
    time is to be taken as it is."""

    time: float
    sent_at: float | None


def parse(said: Time) -> float | None:
    """Milliseconds since 1970; None where nothing was said. Raises Unreadable."""
    if said is None or said == "":
        return None
    if not isinstance(said, str):
        if not _EARLIEST <= said < MAX_TIME_MS:
            raise Unreadable(f"{str(said)[:80]} is no time in milliseconds since 1970, nor ISO 8601")
        return float(said)
    try:
        moment = datetime.fromisoformat(said)
    except ValueError as error:
        raise Unreadable(f"{said[:80]!r} is not ISO 8601") from error
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) / _MILLISECOND


def clock(sent_at: Time, received: float) -> float | None:
    """`sentAt` where it tells that the sender's clock is wrong; `received` is in milliseconds by ours."""
    try:
        sent = parse(sent_at)
    except Unreadable:
        return None
    if sent is None or not 0 <= sent < MAX_TIME_MS or abs(received - sent) <= ON_THE_WAY:
        return None
    return sent


def when(timestamp: Time, original: Time, sent_at: Time, received: float) -> When:
    """When a message happened. Raises Unreadable.

    Beside an `originalTimestamp`, somebody has made a corrected `timestamp` of it already, and that is taken.
    """
    said, clocked = parse(timestamp), parse(original)
    sent = clock(sent_at, received)
    if said is None:
        return When(received, None) if clocked is None else When(clocked, sent)
    is_live = clocked is None and sent is not None and sent - said <= LIVE
    return When(said, sent if is_live else None)
