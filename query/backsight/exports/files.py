"""A file or a folder that appears whole or not at all: written beside its place, synced, then renamed into
it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def appearing(path: Path, *, is_folder: bool) -> Iterator[Path]:
    """Where to write what is then at `path`. After an error nothing is there; what a kill left is written
    over."""
    draft = path.with_name(f".{path.name}.draft")
    _remove(draft)
    path.parent.mkdir(parents=True, exist_ok=True)
    if is_folder:
        draft.mkdir()
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
