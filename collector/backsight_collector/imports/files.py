"""Which files an import reads, and what is in them: told by their first bytes, not by their names.

A zip archive is as many files as it has members (an Amplitude export is one of `.json.gz` files, sometimes
with a name that ends in `.gz` itself); gzip and zstd are unpacked on the way. Nothing is unpacked to disk.
"""

from __future__ import annotations

import glob
import gzip
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from hashlib import blake2b
from io import BufferedReader
from pathlib import Path
from typing import IO, Final, NamedTuple, cast

import pyarrow as pa

from backsight_collector.imports.errors import ImportProblem

BUFFER: Final = 1 << 20
ZIP, GZIP, ZSTD, PARQUET = b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
EMPTY_ZIP: Final = b"PK\x05\x06"
ENCRYPTED: Final = 1
"""Flag of a member that can't be read without its password."""
MAX_NESTING: Final = 4
"""Packings within each other: an archive that holds itself must end somewhere."""

DAMAGED: Final = (EOFError, zlib.error, zipfile.BadZipFile, pa.ArrowException, OSError, NotImplementedError)
"""What reading a file that is cut, damaged or packed in an unknown way raises."""


class Stream(NamedTuple):
    """One unpacked file: its name as a person finds it (`export.zip/2026-10.json.gz`), and its bytes."""

    name: str
    bytes: IO[bytes]
    is_parquet: bool


def find(patterns: Sequence[str]) -> list[Path]:
    """The files that paths, folders and globs name, each once, in the order of their names.

    Hidden files and those that begin with `_`, as other tools leave them beside their data, are left out of
    folders. Raises ImportProblem where one names nothing."""
    found: dict[Path, None] = {}
    for pattern in patterns:
        named = _named(pattern)
        if not named:
            raise ImportProblem(
                f"there is no file {pattern!r}. Valid: a file, a folder or a glob that names some."
            )
        found.update(dict.fromkeys(path.resolve() for path in named))
    return list(found)


def _named(pattern: str) -> list[Path]:
    path = Path(pattern)
    if path.is_file():
        return [path]
    if path.is_dir():
        return sorted(
            each for each in path.rglob("*") if each.is_file() and not _is_aside(each.relative_to(path))
        )
    matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207  # a pattern may begin anywhere
    return [each for match in matches for each in _named(match) if match != pattern]


def _is_aside(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def digest_of(path: Path) -> str:
    """What the file is, whatever it is called: the hash of all of it."""
    hashed = blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(BUFFER):
            hashed.update(block)
    return hashed.hexdigest()


class OpenFile:
    """A file being read, called `name`; `done` is the share of its bytes that were, from 0 to 1."""

    def __init__(self, path: Path) -> None:
        self.name, self._size = path.name, max(1, path.stat().st_size)
        self._file = path.open("rb", buffering=BUFFER)

    @property
    def done(self) -> float:
        return 1.0 if self._file.closed else min(1.0, self._file.tell() / self._size)

    def streams(self) -> Iterator[Stream]:
        """The files in it, one after the other; the one before is closed. Raises one of DAMAGED."""
        return _streams(self.name, self._file, 0)

    def close(self) -> None:
        self._file.close()


@contextmanager
def opened(path: Path) -> Iterator[OpenFile]:
    """Raises OSError."""
    file = OpenFile(path)
    try:
        yield file
    finally:
        file.close()


def _streams(name: str, file: IO[bytes], depth: int) -> Iterator[Stream]:
    head = _peek(file)
    if depth > MAX_NESTING:
        raise zipfile.BadZipFile(f"packed more than {MAX_NESTING} times")
    if head.startswith((ZIP, EMPTY_ZIP)):
        yield from _members(name, file, depth)
    elif head.startswith(GZIP):
        with gzip.GzipFile(fileobj=file) as unpacked:  # a buffer of ours would lose what stands before a cut
            yield from _streams(name, cast("IO[bytes]", unpacked), depth + 1)
    elif head.startswith(ZSTD):
        with pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd") as packed:
            yield from _streams(name, BufferedReader(packed, BUFFER), depth + 1)
    else:
        yield Stream(name, file, head.startswith(PARQUET))


def _members(name: str, file: IO[bytes], depth: int) -> Iterator[Stream]:
    with _archive(file) as archive:
        for member in sorted(archive.namelist()):
            if member.endswith("/") or _is_aside(Path(member)) or member.startswith("__MACOSX"):
                continue
            if archive.getinfo(member).flag_bits & ENCRYPTED:
                raise zipfile.BadZipFile(f"{member} is encrypted")
            with ExitStack() as stack:
                unpacked = stack.enter_context(archive.open(member))
                buffered = unpacked if _is_parquet(unpacked) else BufferedReader(unpacked, BUFFER)  # type: ignore[type-var]
                yield from _streams(f"{name}/{member}", buffered, depth + 1)


def _archive(file: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except UnicodeDecodeError as error:
        raise zipfile.BadZipFile(f"a name in it is not UTF-8: {error.reason}") from error


def _is_parquet(file: IO[bytes]) -> bool:
    return _peek(file).startswith(PARQUET)


def _peek(file: IO[bytes]) -> bytes:
    peek = getattr(file, "peek", None)
    return peek(4)[:4] if peek is not None else b""
