"""What PostHog's libraries send, as batches of our wire: one for each device, user and session in a request.

A request is `{"api_key": KEY, "sent_at": …, "batch": [EVENT, …]}`, one event, or a list of events, in which
each may name the key. What an event means is said in posthog_events; here they are put together, and read by
the wire's own decoder, so that its limits hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import msgspec

from backsight.contract import MAX_BATCH_EVENTS, Reason
from backsight_collector.dialects.mending import mend, require_utf8
from backsight_collector.dialects.posthog_batches import Batches
from backsight_collector.dialects.posthog_events import read_event
from backsight_collector.dialects.posthog_kinds import Unusable
from backsight_collector.dialects.posthog_times import Clock, parse_time
from backsight_collector.wire import Decoded, MalformedBatch
from backsight_collector.wire.rejections import SHOWN_CHARS
from backsight_collector.wire.stack import on_a_whole_stack

POSTHOG: Final = "posthog"
NO_KEY: Final = "none"
"""What stands for the write key where a request names none, as in an import."""
MAX_EVENTS: Final = 10 * MAX_BATCH_EVENTS
Object = dict[str, Any]


def decode(body: bytes, received_at: int) -> list[Decoded]:
    """The batches of a request that was received at some time (µs since 1970). Raises MalformedBatch."""
    read = partial(_decode, body, received_at)
    try:
        return read()
    except RecursionError:
        return on_a_whole_stack(read)


def _decode(body: bytes, received_at: int) -> list[Decoded]:
    request = _json(body)
    envelope, entries = _parts(request)
    key = _key(envelope) or next((key for entry in entries if (key := _key(entry))), NO_KEY)
    batches = Batches(key)
    sent_at = _sent_at(envelope, entries)
    for place, entry in enumerate(entries):
        try:
            batches.add(
                place, entry, read_event(_event(entry, key), Clock(sent_at, received_at / 1_000, place))
            )
        except Unusable as unusable:
            batches.reject(place, entry, unusable.reason, unusable.detail)
    return batches.decoded()


def _json(body: bytes) -> object:
    require_utf8(body)
    for text in (body, mend):
        try:
            return msgspec.json.decode(text if isinstance(text, bytes) else text(body))
        except msgspec.DecodeError as error:
            failure = error
    raise MalformedBatch(f"the body is not JSON: {str(failure)[:SHOWN_CHARS]}")


def _parts(request: object) -> tuple[Mapping[str, Any], list[object]]:
    """What holds for the whole request, and its events."""
    if not isinstance(request, dict | list):
        raise MalformedBatch("expected an object or an array of events")
    envelope: Mapping[str, Any] = request if isinstance(request, dict) else {}
    entries = envelope.get("batch", envelope.get("data", [request])) if envelope else request
    if not isinstance(entries, list):
        raise MalformedBatch("batch: expected an array", field="batch")
    if len(entries) > MAX_EVENTS:
        too_many = f"batch: {len(entries)} events; a request holds up to {MAX_EVENTS}"
        raise MalformedBatch(too_many, field="batch")
    return envelope, entries


def _event(entry: object, key: str) -> Mapping[str, Any]:
    if not isinstance(entry, dict):
        raise Unusable("expected an object")
    if _key(entry) not in (None, key):
        raise Unusable("token: another one than the request's", Reason.BAD_EVENT)
    return entry


def _key(said: object) -> str | None:
    """The write key that is named, if any."""
    if not isinstance(said, dict):
        return None
    props = said.get("properties")
    inner = props.get("token") if isinstance(props, dict) else None
    for key in (said.get("api_key"), said.get("token"), said.get("$token"), inner):
        if isinstance(key, str) and key:
            return key
    return None


def _sent_at(envelope: Mapping[str, Any], entries: list[object]) -> float | None:
    """When it was sent, in ms; None where that is not said, or its times are history."""
    if envelope.get("historical_migration") is True:
        return None
    first = entries[0] if entries and isinstance(entries[0], dict) else {}
    for said in (envelope.get("sent_at"), first.get("sent_at")):
        if said not in (None, ""):
            try:
                return parse_time(said, "sent_at")
            except Unusable:
                return None
    return None
