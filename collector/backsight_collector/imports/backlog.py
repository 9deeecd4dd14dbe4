"""How far the lake is behind the import's journal: read from the lake itself, whoever folds."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from deltalake import DeltaTable

from backsight_collector.imports.progress import JOURNAL
from backsight_collector.journal.segments import OFFSET_BITS, OFFSET_MASK, PREAMBLE, list_segments

APP: Final = f"journal/{JOURNAL}"


class Backlog:
    """Of one data directory. `folded` is the position up to which the lake holds the journal, as last looked
    at."""

    def __init__(self, data: Path) -> None:
        self._journal, self._table = data / "journal" / JOURNAL, str(data / "lake" / "events")
        self._handle: DeltaTable | None = None
        self.folded = 0

    def look(self) -> int:
        """Bytes of the journal that the lake does not hold yet."""
        if self._handle is not None:
            self._handle.update_incremental()
        elif DeltaTable.is_deltatable(self._table):
            self._handle = DeltaTable(self._table)
        if self._handle is not None:
            self.folded = self._handle.transaction_version(APP) or 0
        return self._bytes()

    def _bytes(self) -> int:
        number, offset = self.folded >> OFFSET_BITS, self.folded & OFFSET_MASK
        sizes = 0
        for segment in list_segments(self._journal):
            try:
                size = segment.path.stat().st_size
            except FileNotFoundError:  # trimmed meanwhile
                continue
            if segment.number >= number:
                begin = offset if segment.number == number else 0
                sizes += max(0, size - max(begin, len(PREAMBLE)))
        return sizes
