"""How far an import is: a file in `imports/` of the data folder, one for each file that was ever imported to
a site.

It is rewritten only after what it says is durable in the journal, and the journal's last record says which
part of which import it is: so together they are exact, however and whenever the import was killed, and
however late it goes on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

from backsight_collector.dialects.imported import place_of
from backsight_collector.imports.errors import ImportProblem
from backsight_collector.journal.reader import JournalReader, Record
from backsight_collector.journal.segments import OFFSET_BITS, list_segments, publish

FOLDER: Final = "imports"
JOURNAL: Final = "import"
"""The writer's name: `journal/import`."""
CUTTING: Final = 1
"""Number of the way in which files are cut into parts (parts.py); to be raised whenever that changes."""
SAMPLES: Final = 3
READ_BYTES: Final = 16_000_000


class Counts(msgspec.Struct):
    """What became of the rows so far. `first` and `last` are the events' times in ms."""

    events: int = 0
    refused: dict[str, int] = {}
    samples: dict[str, list[str]] = {}
    first: float | None = None
    last: float | None = None
    days: list[int] = []

    def add(self, reason: str, detail: str) -> None:
        """A row that was refused."""
        self.refused[reason] = self.refused.get(reason, 0) + 1
        shown = self.samples.setdefault(reason, [])
        if len(shown) < SAMPLES:
            shown.append(detail)

    def __add__(self, other: Counts) -> Counts:
        firsts = [each for each in (self.first, other.first) if each is not None]
        lasts = [each for each in (self.last, other.last) if each is not None]
        reasons = list(dict.fromkeys([*self.samples, *other.samples]))
        return Counts(
            self.events + other.events,
            dict(Counter(self.refused) + Counter(other.refused)),
            {each: [*self.samples.get(each, []), *other.samples.get(each, [])][:SAMPLES] for each in reasons},
            min(firsts, default=None),
            max(lasts, default=None),
            sorted({*self.days, *other.days}),
        )


class Progress(msgspec.Struct):
    """Of one file: all of its first `rows` rows are in the journal, and `parts` parts of the chunk behind
    them."""

    key: str
    file: str
    site: str
    format: str
    options: dict[str, str]
    began: int  # µs since 1970
    rows: int = 0
    parts: int = 0
    finished: int | None = None
    counts: Counts = msgspec.field(default_factory=Counts)
    cutting: int = CUTTING


_progress: Final = msgspec.json.Decoder(Progress)


class Imports:
    """The folder of a data directory. Whoever writes here holds the journal's lock."""

    def __init__(self, data: Path) -> None:
        self._folder, self._journal = data / FOLDER, data / "journal" / JOURNAL

    def find(self, key: str) -> Progress | None:
        """How far that import is; null where it has not begun. Raises ImportProblem where the file can't be
        read."""
        path = self._path(key)
        try:
            return _progress.decode(path.read_bytes())
        except FileNotFoundError:
            return None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ImportProblem(f"{path} can't be read: {error}. It says how far an import is.") from error

    def runs(self, key: str) -> list[Progress]:
        """Every time that the file was imported, `key` first, then `key-2` …"""
        found: list[Progress] = []
        while (progress := self.find(nth(key, len(found)))) is not None:
            found.append(progress)
        return found

    def save(self, progress: Progress) -> None:
        """Durable on return."""
        publish(self._path(progress.key), msgspec.json.encode(progress))

    def catch_up(self) -> int:
        """Notes the last part that the journal holds, which a kill may have kept from being noted; its
        position (0 where there is none). To be called before anything is appended: only the last record can
        be ahead."""
        last = self._last_record()
        if last is None:
            return 0
        if (part := place_of(last.payload)) is not None:
            progress = self.find(part.key)
            if progress is not None and progress.rows == part.row and progress.parts <= part.part:
                progress.parts = part.part + 1
                self.save(progress)
        return last.position

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    def _last_record(self) -> Record | None:
        """Of the newest segment that has any; the one before it is not deleted as long as it may be
        needed."""
        reader = JournalReader(self._journal)
        for segment in reversed(list_segments(self._journal)):
            last: Record | None = None
            position = segment.number << OFFSET_BITS
            while records := [
                record
                for record in reader.read(position, READ_BYTES)
                if record.position >> OFFSET_BITS == segment.number
            ]:
                last = records[-1]
                position = last.position
            if last is not None:
                return last
        return None


def nth(key: str, run: int) -> str:
    """The key of a file's imports after the first (0)."""
    return key if run == 0 else f"{key}-{run + 1}"
