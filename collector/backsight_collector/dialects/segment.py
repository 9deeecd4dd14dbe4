"""The Segment HTTP spec: a message, or a batch of them, read as batches of our wire.

A message that can't be an event is rejected as an event of our own wire is: alone, with a reason.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec

from backsight.contract import MAX_BATCH_PAGES
from backsight_collector.dialects import segment_messages as messages
from backsight_collector.dialects.mending import mend, require_utf8
from backsight_collector.dialects.segment_messages import Fields, Message, Refused, Sender
from backsight_collector.dialects.segment_times import Time
from backsight_collector.wire import Decoded, MalformedBatch, Rejection
from backsight_collector.wire import decode as decode_wire
from backsight_collector.wire.rejections import cut, explain, field_of
from backsight_collector.wire.salvage import MAX_SENT_EVENTS
from backsight_collector.wire.stack import on_a_whole_stack

SEGMENT: Final = "segment"
"""The dialect of a batch; of a single message it is `segment/track`: its type may stand in the path alone."""
_KEY: Final = "segment"
"""Stands for the write key, of which the journal holds only what it opens."""
_NOBODY: Final = Sender("-", None, None, None)
"""Of messages that do not say whose they are; none of them becomes an event."""
_SENT_AS: Final = {"name": "event", "props": "properties", "time": "timestamp"}
"""What the wire's fields are called in a message."""
_FIELD: Final = re.compile(r"\A\w+|(?<=`\$\.)\w+")
"""Of a rejection's detail: where it names a field."""


class Request(NamedTuple):
    """A request's messages, and the write key where one stands in the body."""

    write_key: str | None
    batches: list[Decoded]


def decode(body: bytes, received_at: int, kind: str | None = None) -> list[Decoded]:
    """The messages of a body that was received then (µs since 1970); `kind` is the type of a single one, None
    says that it is a batch. Raises MalformedBatch, nothing else."""
    return read(body, received_at, kind).batches


def read(body: bytes, received_at: int, kind: str | None = None) -> Request:
    """The same, with the write key. Raises MalformedBatch, nothing else."""
    try:
        return _read(body, received_at, kind)
    except RecursionError:
        return on_a_whole_stack(partial(_read, body, received_at, kind))


def dialects() -> Mapping[str, Callable[[bytes, int], list[Decoded]]]:
    """The dialects by the names under which they are journalled."""
    return {SEGMENT: decode} | {dialect_of(kind): partial(decode, kind=kind) for kind in messages.TYPES}


def dialect_of(kind: str | None) -> str:
    """The dialect of a single message of this type, or of a batch."""
    return SEGMENT if kind is None else f"{SEGMENT}/{kind}"


# ── The body ────────────────────────────────────────────────────────────────────────────────────────────────


class _Batch(msgspec.Struct, rename="camel"):
    batch: list[msgspec.Raw]
    write_key: Any = None
    sent_at: Time = None
    context: Any = None


_batch: Final = msgspec.json.Decoder(_Batch)
_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_message: Final = msgspec.json.Decoder(Message)


def _read(body: bytes, received_at: int, kind: str | None) -> Request:
    require_utf8(body)
    try:
        batch = _opened(body, kind)
    except msgspec.DecodeError:
        batch = _mended(body, kind)
    if len(batch.batch) > MAX_SENT_EVENTS:
        detail = f"batch: {len(batch.batch)} messages; a request holds up to {MAX_SENT_EVENTS}"
        raise MalformedBatch(detail, field="batch")
    reading = _Reading(batch, received_at, kind)
    for index, raw in enumerate(batch.batch):
        reading.take(index, bytes(raw))
    return Request(_key(batch.write_key) or reading.write_key, list(reading.batches()))


def _opened(body: bytes, kind: str | None) -> _Batch:
    if kind is None:
        return _batch.decode(body)
    _object.decode(body)  # it is one, and JSON to its end
    return _Batch([msgspec.Raw(body)])


def _mended(body: bytes, kind: str | None) -> _Batch:
    try:
        return _opened(mend(body), kind)
    except msgspec.ValidationError as error:
        raise MalformedBatch(explain(error), field=field_of(error)) from error
    except msgspec.DecodeError as error:
        raise MalformedBatch(f"the body is not JSON: {explain(error)}") from error


def _key(said: object) -> str | None:
    return said if isinstance(said, str) and said else None


# ── Its messages ────────────────────────────────────────────────────────────────────────────────────────────


class _Sent(NamedTuple):
    """A message that can be an event: its place as sent, its JSON, and what the wire is to read of it."""

    place: int
    raw: bytes
    page: Fields
    event: Fields


class _Group:
    """One sender's messages."""

    def __init__(self) -> None:
        self.sent: list[_Sent] = []
        self.rejections: list[Rejection] = []
        self.duplicates = 0


class _Reading:
    """Goes through the messages as sent, and gathers them by sender."""

    def __init__(self, batch: _Batch, received_at: int, kind: str | None) -> None:
        self.write_key: str | None = None
        self._batch, self._received_at, self._kind = batch, received_at, kind
        self._context = batch.context if isinstance(batch.context, dict) else {}
        self._groups: dict[Sender, _Group] = {}
        self._seen: set[str] = set()
        self._unnamed: Counter[str] = Counter()

    def take(self, index: int, raw: bytes) -> None:
        sender = _NOBODY
        try:
            message = self._typed(raw)
            kind = self._kind or message.type or ""
            at = messages.moment(message, self._batch.sent_at, self._received_at / 1000)
            sender = messages.sender(message, kind, at)
            event, page = messages.event(message, kind, at), messages.page(message, kind)
        except Refused as refused:
            rejection = Rejection(index, refused.reason, refused.detail, cut(raw))
            self._group(sender).rejections.append(rejection)
            return
        page["id"] = self._page_id(message, raw)
        if page["id"] in self._seen:
            self._group(sender).duplicates += 1
            return
        self._seen.add(page["id"])
        self._group(sender).sent.append(_Sent(index, raw, page, event))

    def batches(self) -> Iterator[Decoded]:
        """What was taken, as batches of the wire."""
        digest = blake2b(digest_size=16)
        for raw in self._batch.batch:
            digest.update(raw)
        batch = f"segment:{digest.hexdigest()}"
        for sender, group in self._groups.items():
            first, *others = _chunks(group.sent)
            decoded = _decoded(batch, sender, first)
            yield decoded._replace(
                rejections=sorted([*decoded.rejections, *group.rejections]),
                duplicates=decoded.duplicates + group.duplicates,
            )
            for chunk in others:
                yield _decoded(batch, sender, chunk)

    def _typed(self, raw: bytes) -> Message:
        try:
            message = _message.decode(raw)
        except msgspec.DecodeError as error:
            raise Refused(explain(error)) from error
        self.write_key = self.write_key or _key(message.write_key)
        if self._context:
            own = message.context if isinstance(message.context, dict) else {}
            message.context = self._context | own
        return message

    def _group(self, sender: Sender) -> _Group:
        return self._groups.setdefault(sender, _Group())

    def _page_id(self, message: Message, raw: bytes) -> str:
        """Of a message without an id, what it says is its identity, as long as it says when: of two that do
        not, nobody can know whether one is a repetition of the other, and both count."""
        if message.message_id not in (None, ""):
            return messages.page_id(str(message.message_id))
        digest = blake2b(raw, digest_size=16)
        if not (message.timestamp or message.original_timestamp):
            digest.update(f"{self._batch.sent_at or message.sent_at or self._received_at}".encode())
        said = digest.hexdigest()
        self._unnamed[said] += 1
        return f"segment~{said}.{self._unnamed[said]}"


def _chunks(sent: Sequence[_Sent]) -> list[Sequence[_Sent]]:
    """As many as a batch of the wire can hold; one, maybe empty, at least."""
    starts = range(0, max(len(sent), 1), MAX_BATCH_PAGES)
    return [sent[start : start + MAX_BATCH_PAGES] for start in starts]


def _decoded(batch: str, sender: Sender, sent: Sequence[_Sent]) -> Decoded:
    """Messages of one sender as the wire reads them, their places those in the request as sent."""
    wire = {
        "v": 1,
        "key": _KEY,
        "batch": batch,
        **sender._asdict(),
        "pages": [each.page for each in sent],
        "events": [{"page": place, **each.event} for place, each in enumerate(sent)],
    }
    decoded = decode_wire(msgspec.json.encode(wire))
    return Decoded(
        decoded.batch,
        [(sent[place].place, event) for place, event in decoded.events],
        [
            Rejection(sent[place].place, reason, _in_their_words(detail), cut(sent[place].raw))
            for place, reason, detail, _ in decoded.rejections
        ],
        decoded.duplicates,
    )


def _in_their_words(detail: str) -> str:
    return _FIELD.sub(lambda field: _SENT_AS.get(field[0], field[0]), detail)
