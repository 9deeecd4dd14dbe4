"""One file, from its first row to its last: read, said in our terms, appended to the journal, noted.

    rows → judged → chunk by day → parts → the door's own check → journal (fsync) → progress

Every step back is covered by the next: a part counts once it is in the journal, a chunk once that is noted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from backsight.contract import id64
from backsight_collector import dialects
from backsight_collector.dialects.imported import IMPORT
from backsight_collector.imports.errors import ImportProblem
from backsight_collector.imports.files import digest_of, opened
from backsight_collector.imports.formats import FORMATS, Options, detect
from backsight_collector.imports.mapped import Fields
from backsight_collector.imports.parts import Numbered, chunks, cut_parts, encode_part, judge
from backsight_collector.imports.progress import CUTTING, Counts, Imports, Progress, nth
from backsight_collector.imports.rows import Row, rows_of
from backsight_collector.journal.records import Capture, encode_record

LOOKED_AT: Final = 50
"""Rows by which a format is told."""
MAX_PERSONS: Final = 1_000_000
"""Persons that are counted: beyond, there are more than that."""

Keep = Callable[[bytes], None]
"""Appends a record to the journal; returns once it is durable."""


class Source(NamedTuple):
    """A file that is to be imported: `digest` is of its contents, `format` was said or told by its first
    rows. `state` is its size and when it was last written (ns), as it was before it was read."""

    path: Path
    digest: str
    format: str
    state: tuple[int, int]

    def key(self, site: str) -> str:
        """Under which its imports are known."""
        return f"{site}-{self.digest}"

    def require_unchanged(self) -> None:
        """Raises ImportProblem where somebody writes to it: its last line may be half there, and as it will
        be it is another file, whose rows without an id would come in again."""
        if _state(self.path) != self.state:
            raise ImportProblem(
                f"{self.path.name} is being written to, and is imported up to where this was noticed. "
                "Valid: a file that is complete, or a copy of it; what has an id of its own comes in once."
            )


class Seen:
    """Who was met, over all files of a run: users, and devices on which none was. Counts up to
    MAX_PERSONS."""

    def __init__(self) -> None:
        self._users: set[int] = set()
        self._devices: set[int] = set()
        self._owned: set[int] = set()

    def __len__(self) -> int:
        return len(self._users) + len(self._devices - self._owned)

    @property
    def is_full(self) -> bool:
        """Whether there may be more than are counted."""
        return len(self._users) + len(self._devices) >= MAX_PERSONS

    def add(self, device: str, user: str | None) -> None:
        """A device, and who used it."""
        if self.is_full:
            return
        self._devices.add(known := id64("device", device))
        if user is not None:
            self._owned.add(known)
            self._users.add(id64("user", user))


def source_of(path: Path, format_: str | None) -> Source:
    """What a file is. Raises ImportProblem where that is not clear, OSError."""
    state = _state(path)
    if format_ is None:
        format_ = detect(first_rows(path), path.name)
    return Source(path, digest_of(path), format_, state)


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def is_empty(path: Path) -> bool:
    """Whether a file has no rows at all, as exports have them for hours in which nothing happened."""
    with opened(path) as file:
        return next(rows_of(file), None) is None


def first_rows(path: Path) -> list[Fields]:
    """The first rows that can be read."""
    with opened(path) as file:
        looked_at = islice(rows_of(file), 10 * LOOKED_AT)
        return list(islice((row.fields for row in looked_at if row.fields is not None), LOOKED_AT))


def begin(
    imports: Imports, source: Source, site: str, said: Mapping[str, str], *, again: bool
) -> Progress | None:
    """The import of the file, to go on with or new; null where it was finished before, and not `again`.

    Raises ImportProblem where it was begun with other options.
    """
    runs = imports.runs(source.key(site))
    last = runs[-1] if runs else None
    if last is not None and last.finished is None:
        if (last.format, last.options) != (source.format, dict(said)):
            before = " ".join(
                [f"--format {last.format}", *(f"{key} {value}" for key, value in last.options.items())]
            )
            raise ImportProblem(
                f"{source.path.name}: its import was begun with {before}, and is at row {last.rows}. "
                "Valid: the same options, to go on."
            )
        if last.cutting != CUTTING:
            raise ImportProblem(
                f"{source.path.name}: its import was begun by another version. Valid: that one, to go on."
            )
        return last
    if last is not None and not again:
        return None
    return new_import(source, site, said, len(runs))


def new_import(source: Source, site: str, said: Mapping[str, str], run: int = 0) -> Progress:
    """The beginning of an import; nothing is noted yet."""
    now = time.time_ns() // 1_000
    return Progress(nth(source.key(site), run), str(source.path), site, source.format, dict(said), now)


class Importer:
    """Imports one file; `done` is the share of the file that was read, `progress` counts what came of it."""

    def __init__(self, source: Source, progress: Progress, options: Options, seen: Seen) -> None:
        self.done = 0.0
        self.progress = progress
        self._source, self._seen = source, seen
        self._format = FORMATS[source.format](options)

    def run(self, keep: Keep, imports: Imports | None) -> Iterator[int]:
        """Gives the number of rows read, part by part, so that the caller can show it, or wait. Nothing is
        noted without `imports`. Raises ImportProblem where the file changes, JournalError, OSError."""
        progress = self.progress
        if imports is not None:
            imports.save(progress)  # what the journal then says of it has something to refer to
        with opened(self._source.path) as file:
            rows = islice(enumerate(rows_of(file)), progress.rows, None)
            for chunk in chunks(rows):
                self._source.require_unchanged()
                yield from self._chunk(chunk, keep)
                self.done = file.done
                progress.rows, progress.parts = chunk[-1][0] + 1, 0
                if imports is not None:
                    imports.save(progress)
        self._source.require_unchanged()
        progress.finished, self.done = time.time_ns() // 1_000, 1.0
        if imports is not None:
            imports.save(progress)

    def _chunk(self, chunk: list[tuple[int, Row]], keep: Keep) -> Iterator[int]:
        judged = [self._judge(number, row) for number, row in chunk]
        counts = Counts()
        for part, rows in enumerate(cut_parts(judged)):
            body = encode_part(self.progress.key, self.progress.rows, part, rows)
            self._count(body, counts)
            if part >= self.progress.parts:
                keep(encode_record(Capture(time.time_ns() // 1_000, self.progress.site, None, body, IMPORT)))
            yield len(rows)
        counts.days = sorted({told.day for each in judged for told in each.said})
        self.progress.counts += counts

    def _judge(self, number: int, row: Row) -> Numbered:
        place = f"import {self._source.digest} {number}"
        return judge(number, row, self._format, place, self.progress.began)

    def _count(self, body: bytes, counts: Counts) -> None:
        """What the committer will make of a part: by the same decoders."""
        for decoded in dialects.DIALECTS[IMPORT](body, self.progress.began):
            counts.events += len(decoded.events)
            for rejection in decoded.rejections:
                counts.add(rejection.reason, rejection.detail)
            times = [event.time for _, event in decoded.events]
            if times:
                counts.first = min([*times, *([] if counts.first is None else [counts.first])])
                counts.last = max([*times, *([] if counts.last is None else [counts.last])])
                self._seen.add(decoded.batch.device, decoded.batch.user)
