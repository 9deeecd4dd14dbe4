"""When an event of PostHog's happened, and whether its clock is to be corrected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from backsight_collector.dialects.posthog_kinds import Unusable
from backsight_collector.wire.batch import MAX_TIME_MS

ON_THE_WAY: Final = 60_000
"""Milliseconds by which a server's `sent_at` and our clock may differ and still agree: the network's."""
_SECONDS: Final = 100_000_000_000
"""Numbers below this are seconds since 1970."""


class Clock(NamedTuple):
    """What a request says of time, in ms since 1970: by the sender's clock when it was sent (None: unknown,
    or its times are history, which is taken as it is), and by ours when it came. `place` is the event's."""

    sent_at: float | None
    received: float
    place: int = 0


def moment(event: Mapping[str, Any], props: Mapping[str, Any], clock: Clock) -> tuple[float, float | None]:
    """The event's time, and the `sent_at` by which it is corrected. Raises Unusable."""
    sent_at = None if props.get("$ignore_sent_at") is True else clock.sent_at
    if sent_at is not None and not _is_browser(props) and abs(clock.received - sent_at) <= ON_THE_WAY:
        sent_at = None
    return _time(event, props, clock), sent_at


def _is_browser(props: Mapping[str, Any]) -> bool:
    return props.get("$lib") == "web" or "$raw_user_agent" in props


def _time(event: Mapping[str, Any], props: Mapping[str, Any], clock: Clock) -> float:
    now = clock.received if clock.sent_at is None else clock.sent_at
    if (said := event.get("timestamp")) not in (None, ""):
        return parse_time(said, "timestamp")
    offset = event.get("offset")
    if not isinstance(offset, int | float) or isinstance(offset, bool):
        return now
    clocked = props.get("$time")
    if (
        clock.sent_at is not None
        and isinstance(clocked, float)
        and not props.get("$event_time_override_provided")
    ):
        # posthog-js sends the offset that it had at first with each retry, and with it a later `sent_at`.
        return parse_time(clocked, "$time")
    return min(max(0.0, now - offset), MAX_TIME_MS - 1.0)


def parse_time(said: object, field: str) -> float:
    """Milliseconds since 1970, of ISO 8601 (without an offset: UTC) or a number. Raises Unusable."""
    time = _of_text(said) if isinstance(said, str) else _of_number(said)
    if time is None or not 0 <= time < MAX_TIME_MS:
        raise Unusable(f"{field}: {str(said)[:40]!r} is no time. Valid: ISO 8601, or milliseconds since 1970")
    return time


def _of_text(said: str) -> float | None:
    if said.isascii() and said.isdigit() and len(said) < 18:
        return _of_number(int(said))
    try:
        moment = datetime.fromisoformat(said.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000
    except (ValueError, OverflowError):
        return None


def _of_number(said: object) -> float | None:
    if not isinstance(said, int | float) or isinstance(said, bool):
        return None
    return float(said) * (1_000 if abs(said) < _SECONDS else 1) if abs(said) < 1e18 else None
