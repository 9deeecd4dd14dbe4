"""One fold: journal records become rows, each event once.

Every record is read against what the lake already holds of it. `events` is committed last, so what it covers
is covered by all tables; only where recovery had to set aside another table's entry, records are read again
that `events` covers, and then yield no event rows but whatever else is missing.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import pyarrow as pa

from backsight.contract import EventType, id64
from backsight_collector import dialects
from backsight_collector.fold.batch_nodes import BatchNodes
from backsight_collector.fold.dead_letters import DeadLetterRows
from backsight_collector.fold.known import salt
from backsight_collector.fold.memory import Memory
from backsight_collector.fold.rows import BatchFacts, EventRows, microseconds
from backsight_collector.fold.statements import StatementRows
from backsight_collector.journal.records import Capture, Record, Revocation
from backsight_collector.wire import Decoded, Event, KnownElements, MalformedBatch

log = logging.getLogger(__name__)

CHUNK: Final = 8
CHUNK_BYTES: Final = 4_000_000
"""Records, and bytes of them, that are decoded before any of them becomes rows: a body may become thirty
times its size by being read. And what is still in the processor's caches when it becomes rows, and is freed,
costs a quarter less than with 256 records at a time."""
FULL_CHARACTERS: Final = 100_000_000
"""Of texts in a fold's rows, past which it takes no further record: a page's address and title are sent once
for a thousand events, and stand in each of their rows."""


class Covered(NamedTuple):
    """How far each table holds the records of one writer, as journal positions."""

    events: int
    statements: int
    dead_letters: int


class _Read(NamedTuple):
    position: int
    capture: Capture
    decoded: Decoded
    pages: list[int]  # id64 of each page


class Fold:
    """Gathers the rows of the first `taken` records of those given. `duplicates` counts events that were
    stored before, `deleted` those that came too late (their person was deleted since they happened), in the
    records at `late`."""

    def __init__(self, memory: Memory) -> None:
        self.duplicates = 0
        self.deleted = 0
        self.late: set[int] = set()
        self.batches = 0
        self.taken = 0
        self._memory = memory
        self._events = EventRows()
        self._statements = StatementRows(memory.pairs, memory.statement_ids)
        self._letters = DeadLetterRows(memory.letters)

    @property
    def events(self) -> int:
        return len(self._events)

    @property
    def dead_letters(self) -> Counter[str]:
        """Events by the reason for which they are none."""
        return self._letters.counts

    def add(self, records: Sequence[tuple[int, Record]], covered: Covered) -> None:
        """Takes records of one writer, in the order of their positions; not all where their rows would take
        too much memory."""
        for chunk in _chunks(records):
            self._add_chunk(chunk, covered)
            if self._is_full:
                return

    def refuse(self, position: int, record: Record, why: str, covered: Covered) -> None:
        """Takes a record as one of which no rows can be made."""
        self.taken += 1
        self._add_unreadable(position, record, why, covered)

    def tables(self) -> Mapping[str, pa.Table]:
        """The rows by table, in the order in which they must be committed."""
        elements, nodes = self._memory.contexts.take()
        return {
            "elements": elements,
            "nodes": nodes,
            "statements": self._statements.table(),
            "dead_letters": self._letters.table(),
            "events": self._events.table(),
        }

    @property
    def _is_full(self) -> bool:
        return self._events.characters > FULL_CHARACTERS

    def _add_chunk(self, records: Sequence[tuple[int, Record]], covered: Covered) -> None:
        memory = self._memory
        reads = [_read(position, record, memory.elements) for position, record in records]
        batches = [batch for read in reads if isinstance(read, list) for batch in read]
        if batches:
            memory.events.turn(batches[-1].capture.received_at)
            memory.letters.turn(batches[-1].capture.received_at)
        memory.events.recall({page ^ salt(batch.capture.site) for batch in batches for page in batch.pages})
        for (position, record), read in zip(records, reads, strict=True):
            if self._is_full:
                return
            self.taken += 1
            if isinstance(record, Capture):
                self._add_capture(position, record, read, covered)
            elif isinstance(record, Revocation) and position > covered.statements:
                self._statements.revoke(record)

    def _add_capture(
        self, position: int, capture: Capture, read: list[_Read] | MalformedBatch, covered: Covered
    ) -> None:
        self.batches += 1
        if isinstance(read, MalformedBatch):
            log.error("site %s: an acknowledged batch can't be read: %s", capture.site, read.detail)
            self._add_unreadable(position, capture, read.detail, covered)
            return
        for batch in read:
            self._add_batch(batch, covered)

    def _add_unreadable(self, position: int, record: Record, why: str, covered: Covered) -> None:
        if isinstance(record, Capture) and position > covered.dead_letters:
            self._letters.add_unreadable(record, why)

    def _add_batch(self, read: _Read, covered: Covered) -> None:
        if self._memory.deleted.concerns(read.capture.site):
            read = self._without_deleted(read)
        capture, decoded = read.capture, read.decoded
        if read.position > covered.dead_letters:
            self._letters.add(capture, decoded)
        if read.position > covered.events:
            self.duplicates += decoded.duplicates
            events = self._only_new(read)
        else:
            events = [event for _, event in decoded.events]
        if events:
            self._add_events(read, events, covered)

    def _without_deleted(self, read: _Read) -> _Read:
        """Without what its person did before being deleted. A batch of which something is that old has no
        dead letters either: when they happened is not known."""
        batch, received_at = read.decoded.batch, read.capture.received_at
        device, user = id64("device", batch.device), None if batch.user is None else id64("user", batch.user)
        clock_error = 0 if batch.sent_at is None else received_at - microseconds(batch.sent_at)
        standing = [
            (index, event)
            for index, event in read.decoded.events
            if min(microseconds(event.time) + clock_error, received_at)
            > self._memory.deleted.until(read.capture.site, device, _said_user(event, user))
        ]
        late = len(read.decoded.events) - len(standing)
        self.deleted += late
        if not late:
            return read
        self.late.add(read.position)
        return read._replace(decoded=read.decoded._replace(events=standing, rejections=[]))

    def _only_new(self, read: _Read) -> list[Event]:
        site, pages, seen = salt(read.capture.site), read.pages, self._memory.events
        events = [event for _, event in read.decoded.events if seen.add(pages[event.page] ^ site, event.seq)]
        self.duplicates += len(read.decoded.events) - len(events)
        return events

    def _add_events(self, read: _Read, events: Sequence[Event], covered: Covered) -> None:
        batch, rows = read.decoded.batch, self._events
        facts = rows.add_batch(read.capture, batch)
        nodes = BatchNodes(self._memory.contexts.site(facts.site), batch, facts.received_at)
        pages: dict[int, int] = {}
        for event in events:
            node_id = None if event.node is None else nodes.node_id(event.node)
            if read.position > covered.statements:
                self._statements.add(event, batch, facts, read.pages[event.page])
            if read.position <= covered.events:
                continue
            page = pages.get(event.page)
            if page is None:
                page = pages[event.page] = rows.add_page(batch.pages[event.page], read.pages[event.page])
            withheld = () if event.node is None else nodes.withheld(event.node)
            rows.add_event(event, facts, page, _user(event, facts), node_id, withheld)


def _chunks(records: Sequence[tuple[int, Record]]) -> Iterator[Sequence[tuple[int, Record]]]:
    start = size = 0
    for at, (_, record) in enumerate(records):
        size += len(record.body) if isinstance(record, Capture) else 0
        if at - start >= CHUNK or (at > start and size > CHUNK_BYTES):
            yield records[start:at]
            start, size = at, len(record.body) if isinstance(record, Capture) else 0
    if records:
        yield records[start:]


def _read(position: int, record: Record, known: KnownElements) -> list[_Read] | MalformedBatch:
    """The batches of a record, if it has any; MalformedBatch is returned, as it does not end the fold."""
    if not isinstance(record, Capture):
        return []
    try:
        return [
            _Read(position, record, decoded, [id64("page", page.id) for page in decoded.batch.pages])
            for decoded in dialects.read(record, known)
        ]
    except MalformedBatch as malformed:
        return malformed


def _user(event: Event, facts: BatchFacts) -> int | None:
    return _said_user(event, facts.user)


def _said_user(event: Event, user: int | None) -> int | None:
    """Whose the event is, in a batch of that user."""
    if event.type is EventType.IDENTIFY and event.user is not None:
        return id64("user", event.user)
    return user
