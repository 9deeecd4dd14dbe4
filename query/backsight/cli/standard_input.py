"""What comes from standard input, as a file: an import reads its files more than once."""

from __future__ import annotations

import fcntl
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PREFIX: Final = "standard-input-"


@contextmanager
def as_file(folder: Path, files: Sequence[str]) -> Iterator[list[str]]:
    """The files, with what comes from standard input (-) in one of its own in `folder` while this lasts."""
    if "-" not in files:
        yield list(files)
        return
    folder.mkdir(exist_ok=True)
    _clear(folder)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=PREFIX) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
        file.flush()
        yield [file.name if each == "-" else each for each in files]


def _clear(folder: Path) -> None:
    """Deletes what commands have left that were killed: nobody would ever, and persons stand in it."""
    for path in folder.glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as left:
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)  # its command, if it runs, holds it
            path.unlink()
