"""The files of one writer's journal: `NUMBER-SALT.segment`, numbered upwards for ever.

A number is never used twice, because a record's position is made of it, and the lake takes what lies below
its own position for folded: the highest segment is therefore never deleted, and a new one takes a higher one.
Numbers also keep up with the minutes since 1970, so that a journal that was lost, or put back from a backup,
does not begin anew below what the lake holds.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple, Protocol

OFFSET_BITS: Final = 32
OFFSET_MASK: Final = (1 << OFFSET_BITS) - 1
PREAMBLE: Final = b"backsight journal 1".ljust(31) + b"\n"
"""Begins every segment: for people and for `file`; readers skip it, so that damage to it costs nothing."""

_NAME: Final = re.compile(r"(\d{10})-([0-9a-f]{16})\.segment")


class Segment(NamedTuple):
    """A segment's number (from 1), its salt (see frames.py) and where it is."""

    number: int
    salt: int
    path: Path

    def position(self, offset: int) -> int:
        """The position of a record whose frame ends at `offset`."""
        return self.number << OFFSET_BITS | offset


def list_segments(directory: Path) -> list[Segment]:
    """The directory's segments by number; empty when there is no such directory."""
    with contextlib.suppress(FileNotFoundError):
        names = ((path, _NAME.fullmatch(path.name)) for path in directory.iterdir())
        return sorted(Segment(int(name[1]), int(name[2], 16), path) for path, name in names if name)
    return []


def next_segment(directory: Path, after: int = 0) -> Segment:
    """The segment to be written next; its number is above `after` and all that the directory holds."""
    minutes = int(time.time() // 60)
    number = max(minutes, after + 1, *(segment.number + 1 for segment in list_segments(directory)))
    salt = secrets.randbits(64)
    return Segment(number, salt, directory / f"{number:010d}-{salt:016x}.segment")


def sync_directory(directory: Path) -> None:
    """Makes the directory's entries (files created, renamed, deleted) durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_durable: Final[set[Path]] = set()


def ensure_directory(directory: Path) -> None:
    """Creates the directory and those above it that are missing, durably.

    One that is there already may have been made by a process that was killed before it could sync that: so
    its entry is synced too, once a process. Those above it are durable, or it would not have been made.
    """
    is_there = directory.is_dir()
    if is_there and directory in _durable:
        return
    if not is_there:
        ensure_directory(directory.parent)
        directory.mkdir(exist_ok=True)
    with contextlib.suppress(PermissionError):  # of a folder that is not ours, and has stood there before us
        sync_directory(directory.parent)
    _durable.add(directory)


def publish(path: Path, data: bytes) -> None:
    """The file appears whole and durable, or not at all; its folder is made if need be."""
    ensure_directory(path.parent)
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_directory(path.parent)


class SegmentFile(Protocol):
    """What the journal needs of a file that it appends to; each may raise OSError."""

    def write(self, data: bytes) -> None: ...
    def sync(self) -> None: ...
    def close(self) -> None: ...


Opener = Callable[[Path], SegmentFile]


class DiskFile:
    """A new file, written in whole and synced on demand."""

    def __init__(self, path: Path) -> None:
        """Raises FileExistsError rather than write to a file that was there before."""
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o640)

    def write(self, data: bytes) -> None:
        """All of `data`, or OSError; a part of it may then stand in the file."""
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]

    def sync(self) -> None:
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)
