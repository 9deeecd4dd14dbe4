"""Reads a batch of which something is unsound, entry by entry, and keeps all that is not.

A page, element or node that can't be used costs only the events that need it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Final, Generic, TypeVar

import msgspec

from backsight.contract import (
    MAX_BATCH_EVENTS,
    MAX_BATCH_NODES,
    MAX_BATCH_PAGES,
    MAX_DEPTH,
    MAX_EVENT_BYTES,
    MAX_NESTING,
    EventType,
    Reason,
)
from backsight_collector.wire.batch import Batch, Decoded, Element, Envelope, Event, Node, Page
from backsight_collector.wire.rejections import SHOWN_CHARS, MalformedBatch, Rejection, cut, explain, field_of
from backsight_collector.wire.soundness import missing_field, nests_too_deep

MAX_SENT_EVENTS: Final = 10 * MAX_BATCH_EVENTS
"""Events past MAX_BATCH_EVENTS are rejected one by one; a batch with more than this many is no batch."""

T = TypeVar("T")


class _RawBatch(Envelope, kw_only=True):
    pages: list[msgspec.Raw]
    events: list[msgspec.Raw]
    elements: list[msgspec.Raw] = []
    nodes: list[msgspec.Raw] = []


_batch: Final = msgspec.json.Decoder(_RawBatch)
_fields: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_page: Final = msgspec.json.Decoder(Page)
_element: Final = msgspec.json.Decoder(Element)
_node: Final = msgspec.json.Decoder(Node)
_event: Final = msgspec.json.Decoder(Event)


Why = str | msgspec.DecodeError
"""What is wrong with an entry: in words only where somebody is told, as a table may have thousands of entries
that nothing needs, and wording takes longer than reading."""


def _worded(why: Why) -> str:
    return why if isinstance(why, str) else explain(why)


class _Refused(Exception):
    """One entry can't be used."""

    def __init__(self, why: Why, reason: Reason = Reason.BAD_EVENT) -> None:
        super().__init__(why)
        self.why, self.reason = why, reason


def salvage(body: bytes, admit: Callable[[str], object] = str) -> Decoded:
    """What can be kept of the batch. Raises MalformedBatch when there is no batch to begin with.

    `admit` gets the key before anything is read that could be long, and ends the reading by raising.
    """
    source = _Source(body)
    raw = source.batch()
    admit(raw.key)
    if len(raw.events) > MAX_SENT_EVENTS:
        raise MalformedBatch(
            f"events: {len(raw.events)} events; a batch holds up to {MAX_BATCH_EVENTS}", field="events"
        )
    pages: _Kept[Page] = _Kept("page", Reason.BAD_PAGE, raw.pages, MAX_BATCH_PAGES)
    pages.fill(lambda entry: source.read(_page, entry))
    elements: _Kept[Element] = _Kept("element", Reason.BAD_NODE, raw.elements, MAX_BATCH_NODES)
    elements.fill(lambda entry: source.read(_element, entry))
    nodes = _keep_nodes(source, raw.nodes, elements)
    events = _Events(source, pages, nodes)
    for index, entry in enumerate(raw.events):
        events.take(index, entry)
    batch = Batch(
        **{field: getattr(raw, field) for field in Envelope.__struct_fields__},
        pages=pages.rows,
        elements=elements.rows,
        nodes=nodes.rows,
        events=[event for _, event in events.kept],
    )
    return Decoded(batch, events.kept, events.rejections, events.duplicates)


class _Source:
    """The body, its lone surrogates (JSON can spell them, text can't hold them) spelt with a mark.

    msgspec refuses a document with such an escape as a whole, also where it only skips; so they are taken out
    before, and entries that have the mark are refused. The mark is made of the body's digest, so that no body
    can hold it already; trying marks in turn would take minutes with a body that holds many of them.
    """

    _ESCAPE: Final = re.compile(
        rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
        re.DOTALL,
    )

    def __init__(self, body: bytes) -> None:
        _require_utf8(body)
        self.mark = b"<lone %s>" % blake2b(body, digest_size=16).hexdigest().encode()
        self.body = self._ESCAPE.sub(self._respell, body) if b"\\u" in body else body

    def _respell(self, escape: re.Match[bytes]) -> bytes:
        return self.mark + escape["lone"] if escape["lone"] else escape[0]

    def sent(self, entry: msgspec.Raw) -> bytes:
        """The entry as it was sent."""
        return bytes(entry).replace(self.mark, b"\\")

    def batch(self) -> _RawBatch:
        """The envelope read, the tables' entries not yet. Raises MalformedBatch."""
        try:
            raw = _batch.decode(self.body)
        except msgspec.ValidationError as error:
            raise self._malformed(explain(error), field_of(error)) from error
        except msgspec.DecodeError as error:
            raise MalformedBatch(f"the body is not JSON: {explain(error)}") from error
        mark = self.mark.decode()
        for field in ("key", "batch", "device", "session", "user", "user_agent"):
            if mark in (getattr(raw, field) or ""):
                raise self._malformed(f"{field}: a lone surrogate is not text", field)
        for field in ("dropped", "unsure"):
            if any(mark in each for each in getattr(raw, field)):
                raise self._malformed(f"{field}: a lone surrogate is not text", field)
        return raw

    def _malformed(self, detail: str, field: str) -> MalformedBatch:
        try:
            fields = _fields.decode(self.body) if field else {}
        except msgspec.DecodeError as error:  # a field is bad, but what follows it is not even JSON
            return MalformedBatch(f"the body is not JSON: {explain(error)}")
        entry = fields.get(re.split(r"[.\[]", field)[0])
        return MalformedBatch(
            detail, field=field, value=None if entry is None else cut(self.sent(entry), SHOWN_CHARS)
        )

    def read(self, decoder: msgspec.json.Decoder[T], entry: msgspec.Raw) -> T:
        """The typed entry, or _Refused."""
        if self.mark in bytes(entry):
            raise _Refused("a lone surrogate is not text")
        try:
            return decoder.decode(entry)
        except msgspec.DecodeError as error:
            raise _Refused(error.with_traceback(None)) from None  # it may be kept, what led to it need not


def _require_utf8(body: bytes) -> None:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedBatch(f"the body is not UTF-8: {error.reason} at byte {error.start}") from error


class _Kept(Generic[T]):
    """The sound rows of one table, and where each entry as sent has gone to."""

    def __init__(self, noun: str, reason: Reason, entries: list[msgspec.Raw], most: int) -> None:
        self.rows: list[T] = []
        self._noun, self._reason, self._entries, self._most = noun, reason, entries, most
        self._places: list[int | Why] = []

    def fill(self, read: Callable[[msgspec.Raw], T]) -> _Kept[T]:
        """Reads the entries in order; `read` may ask for the place of an earlier one."""
        for entry in self._entries[: self._most]:
            try:
                row = read(entry)
            except _Refused as refusal:
                self._places.append(refusal.why)
            else:
                self._places.append(len(self.rows))
                self.rows.append(row)
        return self

    def place(self, index: int) -> int:
        """Where the entry `index` is now; _Refused when there is none that can be used."""
        if index >= len(self._places):
            raise _Refused(self._absence(index), self._reason)
        place = self._places[index]
        if not isinstance(place, int):
            raise _Refused(f"{self._noun} {index}: {_worded(place)}", self._reason)
        return place

    def _absence(self, index: int) -> str:
        sent = len(self._entries)
        if index >= sent:
            return f"there is no {self._noun} {index}, the batch has {sent}"
        if index >= self._most:
            return f"{self._noun} {index}: only the first {self._most} of a batch are read"
        return f"{self._noun} {index} does not come before it"


def _keep_nodes(source: _Source, entries: list[msgspec.Raw], elements: _Kept[Element]) -> _Kept[Node]:
    """The nodes whose chain of ancestors is sound up to its root."""
    kept: _Kept[Node] = _Kept("node", Reason.BAD_NODE, entries, MAX_BATCH_NODES)
    depths: list[int] = []

    def read(entry: msgspec.Raw) -> Node:
        node = source.read(_node, entry)
        node.element = elements.place(node.element)
        node.parent = kept.place(node.parent) if node.parent >= 0 else -1
        depth = depths[node.parent] + 1 if node.parent >= 0 else 0
        if depth >= MAX_DEPTH:
            raise _Refused(f"it lies more than {MAX_DEPTH} elements deep")
        depths.append(depth)
        return node

    return kept.fill(read)


class _Events:
    """Goes through the events as sent; each is kept, rejected with a reason, or counted as a duplicate."""

    def __init__(self, source: _Source, pages: _Kept[Page], nodes: _Kept[Node]) -> None:
        self.kept: list[tuple[int, Event]] = []
        self.rejections: list[Rejection] = []
        self.duplicates = 0
        self._source, self._pages, self._nodes = source, pages, nodes
        self._identities: set[tuple[str, int]] = set()

    def take(self, index: int, entry: msgspec.Raw) -> None:
        sent = self._source.sent(entry)
        try:
            event = self._read(index, entry, len(sent))
        except _Refused as refusal:
            self.rejections.append(Rejection(index, refusal.reason, _worded(refusal.why), cut(sent)))
            return
        identity = (self._pages.rows[event.page].id, event.seq)
        if identity in self._identities:
            self.duplicates += 1
            return
        self._identities.add(identity)
        self.kept.append((index, event))

    def _read(self, index: int, entry: msgspec.Raw, size: int) -> Event:
        if index >= MAX_BATCH_EVENTS:
            raise _Refused(f"a batch holds up to {MAX_BATCH_EVENTS} events", Reason.TOO_MANY)
        if size > MAX_EVENT_BYTES:
            raise _Refused(f"{size} bytes; an event has up to {MAX_EVENT_BYTES}", Reason.TOO_LARGE)
        event = self._typed(entry)
        for field, value in (("props", event.props), ("traits", event.traits)):
            if nests_too_deep(value):
                raise _Refused(f"{field}: nests more than {MAX_NESTING} deep", Reason.TOO_DEEP)
        if missing := missing_field(event):
            raise _Refused(f"{missing}: missing; a {event.type} event needs it")
        event.page = self._pages.place(event.page)
        if event.node is not None:
            event.node = self._nodes.place(event.node)
        return event

    def _typed(self, entry: msgspec.Raw) -> Event:
        try:
            return self._source.read(_event, entry)
        except _Refused as refusal:
            detail = _worded(refusal.why)
            if not detail.startswith("type: ") or "enum" not in detail:
                raise
            detail = f"{detail}; valid: {', '.join(EventType)}"
            raise _Refused(detail, Reason.UNKNOWN_TYPE) from refusal
