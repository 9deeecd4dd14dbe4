"""Takes single records out of a journal, in place: who was deleted must stand in no segment either.

The newest segment can't be deleted, as its writer appends to it. So an unwanted payload is overwritten by one
of the same length that says nothing (records.Erased), and the frame stays sound. What a crash leaves half
overwritten is no sound frame: it is finished the next time; and any other unsound stretch is searched too,
and overwritten with zeros. Only what the lake holds may be erased.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from backsight_collector.journal.frames import (
    HEADER_BYTES,
    MARKER,
    frame_header,
    payload_checksum,
    read_header,
)
from backsight_collector.journal.reader import SET_ASIDE
from backsight_collector.journal.segments import (
    OFFSET_BITS,
    OFFSET_MASK,
    PREAMBLE,
    Segment,
    list_segments,
    sync_directory,
)

_BEGINS: Final = b"\x93\xa6erased"  # MessagePack: an array of three, of which the first is the record's tag
_FIXED: Final = len(_BEGINS) + 9 + 5  # with the instant and the head of the filler, each in its longest form

Unwanted = Callable[[int, bytes], bool]
"""Whether a record is to be erased, by its position and payload; or bytes that are none any more."""
Remains = Callable[[bytes], bytes]
"""What is to be kept of a record that is erased: a line, or nothing."""


def erase(
    directory: Path, after: int, upto: int, is_unwanted: Unwanted, remains: Remains = lambda _: b""
) -> Iterator[int]:
    """Erases records behind position `after` up to `upto`; after each record, how many it were (0 or 1).

    A segment's are durable once something of the next is given, or nothing more. Segments may be deleted
    meanwhile.
    """
    for segment in list_segments(directory):
        first, last = segment.number == after >> OFFSET_BITS, segment.number == upto >> OFFSET_BITS
        if after >> OFFSET_BITS <= segment.number <= upto >> OFFSET_BITS:
            begin = max(after & OFFSET_MASK if first else 0, len(PREAMBLE))
            end = upto & OFFSET_MASK if last else OFFSET_MASK
            with contextlib.suppress(FileNotFoundError):  # folded, and let go
                yield from _erase_in(segment, begin, end, is_unwanted, remains)


def erase_set_aside(directory: Path, is_unwanted: Callable[[bytes], bool]) -> int:
    """Deletes the unwanted ones of the files that were set aside; how many."""
    folder = directory / SET_ASIDE
    found = [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    unwanted = [path for path in found if is_unwanted(path.read_bytes())]
    for path in unwanted:
        path.unlink()
    if unwanted:
        sync_directory(folder)
    return len(unwanted)


class _Stretch(NamedTuple):
    """Bytes of a segment: the payload of a frame, or what is no frame."""

    offset: int
    payload: bytes
    is_frame: bool
    is_unfinished: bool = False

    @property
    def end(self) -> int:
        return self.offset + len(self.payload) + (HEADER_BYTES if self.is_frame else 0)


def _erase_in(
    segment: Segment, begin: int, end: int, is_unwanted: Unwanted, remains: Remains
) -> Iterator[int]:
    descriptor = os.open(segment.path, os.O_RDWR)
    try:
        erased = 0
        for stretch in _stretches(descriptor, segment, begin, min(end, os.fstat(descriptor).st_size)):
            position = segment.position(stretch.end)
            is_to_go = stretch.is_unfinished or (
                bool(stretch.payload.strip(b"\0")) and is_unwanted(position, stretch.payload)
            )
            if is_to_go:
                _overwrite(descriptor, segment, stretch, remains)
                erased += 1
            yield int(is_to_go)
        if erased:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _stretches(descriptor: int, segment: Segment, offset: int, end: int) -> Iterator[_Stretch]:
    while offset < end:
        frame = _frame(descriptor, segment, offset, end)
        if frame is None:
            following = _next_frame(descriptor, segment, offset + 1, end)
            frame = _Stretch(offset, os.pread(descriptor, following - offset, offset), is_frame=False)
        yield frame
        offset = frame.end


def _frame(descriptor: int, segment: Segment, offset: int, end: int) -> _Stretch | None:
    header = read_header(os.pread(descriptor, HEADER_BYTES, offset), segment.salt, segment.number, offset)
    if header is None or offset + HEADER_BYTES + header.length > end:
        return None
    payload = os.pread(descriptor, header.length, offset + HEADER_BYTES)
    if payload_checksum(payload) == header.checksum:
        return _Stretch(offset, payload, is_frame=True)
    is_ours = payload.startswith(_BEGINS)
    return _Stretch(offset, payload, is_frame=True, is_unfinished=True) if is_ours else None


def _next_frame(descriptor: int, segment: Segment, offset: int, end: int) -> int:
    rest = os.pread(descriptor, end - offset, offset)
    at = rest.find(MARKER)
    while at >= 0:
        if _frame(descriptor, segment, offset + at, end) is not None:
            return offset + at
        at = rest.find(MARKER, at + 1)
    return end


def _overwrite(descriptor: int, segment: Segment, stretch: _Stretch, remains: Remains) -> None:
    if not stretch.is_frame:
        os.pwrite(descriptor, bytes(len(stretch.payload)), stretch.offset)
        return
    filler = _erased(len(stretch.payload), remains(stretch.payload))
    place = (segment.salt, segment.number, stretch.offset)
    header = frame_header(len(filler), payload_checksum(filler), *place)
    os.pwrite(descriptor, header + filler, stretch.offset)


def _erased(length: int, line: bytes) -> bytes:
    """The payload of an Erased record of exactly this length; with the line, where that fits."""
    room = length - _FIXED
    if room < 0:  # shorter than any capture
        return bytes(length)
    said = line + b"\n" if line and len(line) < room else b""
    return _BEGINS + b"\xcf" + bytes(8) + b"\xc6" + room.to_bytes(4, "big") + said.ljust(room, b"\0")
