"""What the journals hold that the lake does not."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from backsight_collector.dialects.imported import without_rows
from backsight_collector.journal.erasing import erase
from backsight_collector.journal.reader import SET_ASIDE, JournalReader
from backsight_collector.journal.records import Deletion, Record, UnknownRecord, decode_record
from backsight_collector.journal.segments import publish
from backsight_collector.lake.lake import Lake
from backsight_collector.status import Status

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pending:
    """What of one writer's journal is folded next."""

    writer: str
    records: Sequence[tuple[int, Record]]
    position: int  # after the last record, also if that one was unreadable
    full: bool
    deletion: Deletion | None = None  # the one record, where it is one

    def first(self, count: int) -> Pending:
        """As if only so many of its records had been read."""
        if count == len(self.records):
            return self
        return replace(self, records=self.records[:count], position=self.records[count - 1][0], full=True)

    def begins_by(self, until: int) -> bool:
        """Whether some of it may have been appended by that moment (µs since 1970)."""
        return not self.records or self.records[0][1].received_at <= until

    @property
    def app(self) -> str:
        """The name under which the tables know the writer's positions."""
        return f"journal/{self.writer}"


class Journals:
    """The journals below `folder`, each read from where the lake is.

    `rereads`: from where that table is which is furthest behind, since recovery may have set files aside.
    """

    def __init__(self, folder: Path, lake: Lake, status: Status, *, rereads: bool) -> None:
        self._folder, self._lake, self._status, self._rereads = folder, lake, status, rereads
        self._readers: dict[str, JournalReader] = {}
        self.positions: dict[str, int] = {}
        """How far each journal that was read is folded."""

    def writers(self) -> list[str]:
        """Directories below journal/, the server's before the administrators'."""
        folder = self._folder
        names = [path.name for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
        return sorted(names, key=lambda name: (name != "collector", name))

    def read(self, writer: str, most_bytes: int) -> Pending | None:
        """The writer's records that the lake does not hold, up to so many bytes of them."""
        if writer not in self._readers:
            self._readers[writer] = JournalReader(self._folder / writer)
            self.positions[writer] = self._start(f"journal/{writer}")
        raw = self._readers[writer].read(self.positions[writer], most_bytes)
        if not raw:
            return None
        records: list[tuple[int, Record]] = []
        last = 0
        for position, payload in raw:
            try:
                record = decode_record(payload)
            except UnknownRecord as error:
                self.keep_unreadable(writer, position, payload, error)
            else:
                if isinstance(record, Deletion):  # by itself, after what stands before it
                    alone = Pending(writer, [(position, record)], position, True, record)
                    return Pending(writer, records, last, True) if last else alone
                records.append((position, record))
            last = position
        full = sum(len(record.payload) for record in raw) >= most_bytes
        return Pending(writer, records, last, full)

    def let_go(self, pending: Pending) -> None:
        """What is pending is in the lake: the next is what comes after it."""
        # One fold late: the last commit can be made again even where the disk's fsync lies.
        self._readers[pending.writer].trim(self.positions[pending.writer])
        self.positions[pending.writer] = pending.position

    def erase(self, pending: Pending, late: set[int]) -> None:
        """Takes out of the journal what arrived after its person had been deleted."""
        directory, begin = self._folder / pending.writer, self.positions[pending.writer]
        is_late = late.__contains__
        for _ in erase(directory, begin, pending.position, lambda at, _: is_late(at), without_rows):
            pass

    def folded(self) -> dict[Path, int]:
        """How far each journal is folded."""
        return {self._folder / name: position for name, position in self.positions.items()}

    def keep_unreadable(self, writer: str, position: int, payload: bytes, error: Exception) -> None:
        """Keeps the bytes of a record from which no rows can be made, so that the others' can."""
        path = self._folder / writer / SET_ASIDE / f"{position}.record"
        publish(path, payload)
        self._status.unreadable_records += 1
        log.error("journal/%s: a record can't be folded (%s); its bytes are kept as %s", writer, error, path)

    @property
    def damaged_stretches(self) -> int:
        """How many stretches could not be read."""
        return sum(len(reader.damaged) for reader in self._readers.values())

    @property
    def torn_records(self) -> int:
        """How many records end amid a write."""
        return sum(reader.torn for reader in self._readers.values())

    def _start(self, app: str) -> int:
        """Where to begin: after what `events` holds; after recovery, what any table holds."""
        names = self._lake.tables if self._rereads else ["events"]
        return min(self._lake[name].position(app) for name in names)
