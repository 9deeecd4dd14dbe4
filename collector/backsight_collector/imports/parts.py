"""Rows become parts: bodies of journal records, each day's and each person's rows together.

A chunk's rows are put in order by day, so that a fold meets few partitions however the file is sorted, and
then cut into parts by number of rows and by their size in the file. Both depend on the file alone: an import
that goes on after a kill cuts the same rows into the same parts, and leaves out those that the journal holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple

import msgspec

from backsight.contract import MAX_EVENT_BYTES, MAX_NESTING, Reason
from backsight_collector.dialects.imported import IMPORT, Entry, Part
from backsight_collector.fold.rows import DAY, MAX_AGE
from backsight_collector.imports.errors import Refused
from backsight_collector.imports.formats import Format
from backsight_collector.imports.mapped import Element, Mapped, Person, Said, Spoken
from backsight_collector.imports.rows import Row
from backsight_collector.journal.records import BACKSIGHT
from backsight_collector.wire.rejections import cut
from backsight_collector.wire.soundness import nests_too_deep

CHUNK_ROWS: Final = 50_000
CHUNK_BYTES: Final = 32_000_000
"""A chunk is held in memory: what is read of the file, and about three times as much that is made of it."""
PART_ROWS: Final = 1_000
PART_BYTES: Final = 2_000_000
BATCH_EVENTS: Final = 200
"""Each event is of a page of its own, and a batch has up to 200 (MAX_BATCH_PAGES)."""
SPOKEN: Final = {"segment": "batch", "posthog": "batch"}
"""Under which name the bodies of a dialect hold their messages."""
MAX_CHAIN: Final = 512

_encoder: Final = msgspec.json.Encoder(enc_hook=str)


class Numbered(NamedTuple):
    """A row, its number within the file, and what it says: or why it says nothing."""

    number: int
    row: Row
    said: tuple[_Told, ...]
    refusal: tuple[Reason, str] | None = None

    @property
    def order(self) -> tuple[int, bytes]:
        """Days together, and a person's rows of a day."""
        return (self.said[0].day, self.said[0].who) if self.said else (-1, b"")


class _Told(NamedTuple):
    """One event as it goes into a batch: everything encoded, so that nothing hostile is met later."""

    day: int
    who: bytes  # equal for those that one batch may hold
    time: float
    said: Said
    event: bytes
    page: bytes


def judge(number: int, row: Row, format_: Format, place: str, began: int) -> Numbered:
    """What a row says. Never raises: what can't be kept is refused. `began` (µs): times later than that, or
    more than ten years before, are no history."""
    if row.fields is None:
        return Numbered(number, row, (), (Reason.BAD_EVENT, row.fault))
    try:
        told = tuple(_told(said, began) for said in format_.read(row.fields, place))
    except Refused as refusal:
        return Numbered(number, row, (), (refusal.reason, refusal.detail))
    except (UnicodeEncodeError, RecursionError, TypeError, ValueError, OverflowError) as error:
        return Numbered(number, row, (), (Reason.BAD_EVENT, f"{type(error).__name__}: {error}"[:240]))
    return Numbered(number, row, told)


def _told(said: Said, began: int) -> _Told:
    if not began - MAX_AGE < said.time * 1_000 < began + DAY:
        raise Refused(
            "a time in the future" if said.time * 1_000 >= began else "a time more than ten years ago"
        )
    day = int(said.time * 1_000 // DAY)
    if isinstance(said, Spoken):
        _require_shallow(said.message)
        return _Told(day, said.dialect.encode(), said.time, said, _encoder.encode(said.message), b"")
    for field in ("props", "traits"):
        _require_shallow(said.event.get(field))
    if len(said.chain) > MAX_CHAIN:
        raise Refused(f"an element more than {MAX_CHAIN} deep", Reason.BAD_NODE)
    page = _encoder.encode({"id": said.identity, **said.page})
    return _Told(day, _encoder.encode(said.person), said.time, said, _encoder.encode(said.event), page)


def _require_shallow(value: dict[str, Any] | None) -> None:
    if nests_too_deep(value):
        raise Refused(f"nests more than {MAX_NESTING} deep", Reason.TOO_DEEP)


def chunks(rows: Iterable[tuple[int, Row]]) -> Iterator[list[tuple[int, Row]]]:
    """Rows and their numbers, as many as are held at a time."""
    chunk: list[tuple[int, Row]] = []
    size = 0
    for numbered in rows:
        chunk.append(numbered)
        size += numbered[1].size
        if len(chunk) >= CHUNK_ROWS or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def cut_parts(chunk: Sequence[Numbered]) -> Iterator[list[Numbered]]:
    """The rows of a chunk in the order in which they are written, part by part."""
    part: list[Numbered] = []
    size = 0
    for numbered in sorted(chunk, key=attrgetter("order")):
        part.append(numbered)
        size += numbered.row.size
        if len(part) >= PART_ROWS or size >= PART_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def encode_part(key: str, row: int, number: int, rows: Sequence[Numbered]) -> bytes:
    """The record's body; see dialects/imported.py."""
    refused = [
        (each.number, each.row.place, each.refusal[0], each.refusal[1], cut(each.row.raw or _shown(each.row)))
        for each in rows
        if each.refusal is not None
    ]
    return _encoder.encode(Part(key, row, number, list(_entries(rows)), refused))


def _shown(row: Row) -> bytes:
    """A row that was read, as JSON, for the dead letter."""
    try:
        return _encoder.encode(row.fields)
    except (UnicodeEncodeError, RecursionError, TypeError, ValueError, OverflowError):
        return repr(row.fields)[:MAX_EVENT_BYTES].encode("utf-8", "replace")


def _entries(rows: Sequence[Numbered]) -> Iterator[Entry]:
    groups: dict[bytes, list[tuple[Numbered, _Told]]] = {}
    for numbered in rows:
        for told in numbered.said:
            groups.setdefault(told.who, []).append((numbered, told))
    for group in groups.values():
        group.sort(key=lambda pair: pair[1].time)
        for start in range(0, len(group), BATCH_EVENTS):
            yield _entry(group[start : start + BATCH_EVENTS])


def _entry(group: Sequence[tuple[Numbered, _Told]]) -> Entry:
    numbers, places = [each.number for each, _ in group], [each.row.place for each, _ in group]
    first = group[0][1].said
    if isinstance(first, Spoken):
        messages = [msgspec.Raw(told.event) for _, told in group]
        body: object = {SPOKEN[first.dialect]: messages}
        return Entry(first.dialect, numbers, places, msgspec.Raw(_encoder.encode(body)))
    return Entry(BACKSIGHT, numbers, places, msgspec.Raw(_batch([told for _, told in group], first.person)))


def _batch(group: Sequence[_Told], person: Person) -> bytes:
    """A batch of our wire; without `sent_at`, so that its times are kept."""
    context = _Context()
    events = []
    for place, told in enumerate(group):
        assert isinstance(told.said, Mapped)  # noqa: S101  # a group is of one kind
        node = context.node(told.said.chain)
        numbers = b'"page":%d,"seq":%d,"time":%b' % (place, told.said.sequence, _encoder.encode(told.time))
        numbers += b"" if node is None else b',"node":%d' % node
        comma = b"," if len(told.event) > 2 else b""
        events.append(msgspec.Raw(b"{" + numbers + comma + told.event[1:]))
    batch = {
        "v": 1, "key": IMPORT, "batch": IMPORT, "device": person.device,
        "session": person.session, "user": person.user, "user_agent": person.agent,
        "pages": [msgspec.Raw(told.page) for told in group], "events": events,
        "elements": context.elements, "nodes": context.nodes,
    }  # fmt: skip
    return _encoder.encode(batch)


class _Context:
    """The elements and nodes of a batch, each once."""

    def __init__(self) -> None:
        self.elements: list[dict[str, object]] = []
        self.nodes: list[list[int]] = []
        self._elements: dict[object, int] = {}
        self._nodes: dict[object, int] = {}

    def node(self, chain: Sequence[Element]) -> int | None:
        """The place of the chain's first element; null where there is none."""
        place = -1
        for element in reversed(chain):
            place = self._node(place, element)
        return place if chain else None

    def _node(self, parent: int, element: Element) -> int:
        described = (element.tag, element.namespace, tuple(element.attributes.items()))
        at = self._elements.setdefault(described, len(self.elements))
        if at == len(self.elements):
            self.elements.append(
                {"tag": element.tag, "ns": element.namespace, "attrs": dict(element.attributes)}
            )
        ordinals = (
            element.child_index,
            element.child_last,
            element.type_index,
            element.type_last,
            element.flags,
        )
        node = (parent, at, *ordinals)
        place = self._nodes.setdefault(node, len(self.nodes))
        if place == len(self.nodes):
            self.nodes.append(list(node))
        return place
