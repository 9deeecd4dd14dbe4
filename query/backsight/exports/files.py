"""A file or a folder that appears whole or not at all: written beside its place, synced, then renamed into
it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backsight.errors import Conflict


@contextmanager
def appearing(path: Path, *, is_folder: bool) -> Iterator[Path]:
    """Where to write what is then at `path`. After an error nothing is there; what a kill left is written
    over. Raises Conflict while another process writes there."""
    draft = path.with_name(f".{path.name}.draft")
    path.parent.mkdir(parents=True, exist_ok=True)
    claim = _claim(draft, path, is_folder=is_folder)
    try:
        yield draft
        _sync(draft)
        if is_folder and path.is_dir():
            path.rmdir()  # it was empty when it was asked for, and must be still
        draft.rename(path)
        _sync_one(path.parent)
    except BaseException:
        _remove(draft)
        raise
    finally:
        os.close(claim)


def _claim(draft: Path, path: Path, *, is_folder: bool) -> int:
    """Makes the draft anew, and holds it: a lock that no kill leaves behind."""
    if draft.exists():
        left = _held(draft, path)
        _remove(draft)
        os.close(left)
    draft.mkdir() if is_folder else draft.touch(exist_ok=False)
    return _held(draft, path)


def _held(draft: Path, path: Path) -> int:
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise Conflict(
            f"another export is writing {path}.",
            field="path",
            value=str(path),
            valid="another path, or this one when that export is done",
        ) from error
    return descriptor


def _remove(draft: Path) -> None:
    if draft.is_dir():
        shutil.rmtree(draft)
    else:
        draft.unlink(missing_ok=True)


def _sync(draft: Path) -> None:
    for path in sorted(draft.rglob("*"), reverse=True) if draft.is_dir() else []:
        _sync_one(path)
    _sync_one(draft)


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
