"""Reads a journal back, also while another process writes to it.

The newest segment may still grow, so what is incomplete or unsound at its end is "not yet". In any older
segment it is final: an incomplete frame was never acknowledged and is counted as torn; any other unsound
stretch is damage, and its bytes are set aside. After damage the reader goes on at the next sound frame.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple, Self

from backsight_collector.journal.frames import HEADER_BYTES, MARKER, payload_checksum, read_header
from backsight_collector.journal.segments import (
    OFFSET_BITS,
    OFFSET_MASK,
    PREAMBLE,
    Segment,
    list_segments,
    publish,
    sync_directory,
)

SET_ASIDE: Final = "set-aside"


class Record(NamedTuple):
    """A record and its position: segment number << 32 | end of its frame; positions only ever grow."""

    position: int
    payload: bytes


class Damage(NamedTuple):
    """An unsound stretch: its `position` (of its end), its length in bytes, and where its bytes were put."""

    position: int
    length: int
    path: Path


class _Short(NamedTuple):
    """The file ends before the frame does."""


class _Unsound(NamedTuple):
    """No frame of ours begins here."""


class _Frame(NamedTuple):
    start: int
    end: int
    payload: bytes


class JournalReader:
    """Reads the journal in `directory`, which need not exist yet. Only one process should trim.

    `damaged` lists the stretches found so far, each once; `torn` counts incomplete ends of older segments.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.damaged: list[Damage] = []
        self.torn = 0
        self._judged: set[tuple[int, int]] = set()

    def read(self, after: int, max_bytes: int) -> list[Record]:
        """Records behind position `after` (0: from the beginning), in order, until they pass `max_bytes`.

        An empty list means that there is nothing new; one record comes whole, however large.
        """
        records: list[Record] = []
        total = 0
        for record in self._records(after):
            records.append(record)
            total += len(record.payload)
            if total >= max_bytes:
                break
        return records

    def trim(self, upto: int) -> int:
        """Deletes the segments whose records all lie at or before `upto`, but never the newest; how many."""
        done = [
            segment
            for segment in list_segments(self.directory)[:-1]
            if segment.number < upto >> OFFSET_BITS or segment.position(segment.path.stat().st_size) <= upto
        ]
        for segment in done:
            segment.path.unlink()
        if done:
            sync_directory(self.directory)
        return len(done)

    def _records(self, after: int) -> Iterator[Record]:
        segments = list_segments(self.directory)
        for segment in segments:
            if segment.number < after >> OFFSET_BITS:
                continue
            begin = after & OFFSET_MASK if segment.number == after >> OFFSET_BITS else 0
            frames = self._frames(segment, max(begin, len(PREAMBLE)), final=segment is not segments[-1])
            for frame in frames:
                yield Record(segment.position(frame.end), frame.payload)

    def _frames(self, segment: Segment, offset: int, *, final: bool) -> Iterator[_Frame]:
        with _View(segment) as view:
            while offset < view.size:
                found = view.frame(offset)
                if isinstance(found, _Unsound):
                    following = view.search(offset + 1)
                    if following is None and not final:
                        return
                    self._set_aside(view, offset, following.start if following else view.size)
                    found = following or found
                if not isinstance(found, _Frame):
                    self._count_torn(segment, offset, final=final and isinstance(found, _Short))
                    return
                yield found
                offset = found.end

    def _count_torn(self, segment: Segment, offset: int, *, final: bool) -> None:
        if final and (segment.number, offset) not in self._judged:
            self._judged.add((segment.number, offset))
            self.torn += 1

    def _set_aside(self, view: _View, start: int, end: int) -> None:
        """Keeps the bytes from `start` to `end` for people to see; zeros that a power cut left are torn."""
        segment = view.segment
        if (segment.number, start) in self._judged:
            return
        stretch = view.cut(start, end - start)
        if end == view.size and not stretch.strip(b"\0"):
            self._count_torn(segment, start, final=True)
            return
        self._judged.add((segment.number, start))
        path = self.directory / SET_ASIDE / f"{segment.number:010d}-{start}.bytes"
        publish(path, stretch)
        self.damaged.append(Damage(segment.position(end), end - start, path))


class _View:
    """A segment's bytes, as many as there were when it was opened."""

    def __init__(self, segment: Segment) -> None:
        self.segment = segment

    def __enter__(self) -> Self:
        self._descriptor = os.open(self.segment.path, os.O_RDONLY)
        self.size = os.fstat(self._descriptor).st_size
        return self

    def __exit__(self, *exception: object) -> None:
        os.close(self._descriptor)

    def cut(self, offset: int, length: int) -> bytes:
        return os.pread(self._descriptor, min(length, self.size - offset), offset)

    def frame(self, offset: int) -> _Frame | _Short | _Unsound:
        """What begins at `offset`."""
        if self.size - offset < HEADER_BYTES:
            return _Short()
        header = read_header(self.cut(offset, HEADER_BYTES), self.segment.salt, self.segment.number, offset)
        if header is None:
            return _Unsound()
        begin = offset + HEADER_BYTES
        if begin + header.length > self.size:
            return _Short()
        payload = self.cut(begin, header.length)
        is_sound = payload_checksum(payload) == header.checksum
        return _Frame(offset, begin + header.length, payload) if is_sound else _Unsound()

    def search(self, offset: int) -> _Frame | None:
        """The first sound frame at or behind `offset`."""
        rest = self.cut(offset, self.size - offset)
        at = rest.find(MARKER)
        while at >= 0:
            found = self.frame(offset + at)
            if isinstance(found, _Frame):
                return found
            at = rest.find(MARKER, at + 1)
        return None
