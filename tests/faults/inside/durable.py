"""Writes down what each sync makes durable, and nothing else: what a power cut would leave.

A synced file's content up to its size then becomes durable; a synced directory's entries do. Neither implies
the other, as POSIX has it: a file whose directory was not synced is gone, and so is a directory whose parent
was not. The file's bytes are kept by a hard link; they are sound, because everything that Backsight syncs is
only ever appended to or written once. SQLite syncs from C and is not seen here.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path


class Recorder:
    """Records the syncs of all processes in one order, and lets none return once the power is cut."""

    def __init__(self, folder: Path) -> None:
        self._inodes, self._log, self._cut = folder / "inodes", folder / "log", folder / "cut"
        self._count = os.open(folder / "count", os.O_RDWR | os.O_CREAT)
        self._guard = threading.Lock()

    def sync(self, target: int) -> None:
        """In the place of os.fsync and os.fdatasync."""
        with self._in_turn() as number:
            if number is not None:
                self.note(str(Path(f"/proc/self/fd/{target}").readlink()))
                os.pwrite(self._count, b"%d" % number, 0)
                return
        threading.Event().wait()  # the power is off

    def note(self, path: str, durable: Path | None = None) -> None:
        """What a sync of this file or directory makes durable; no more of it than `durable` has."""
        found, said = Path(path).stat(), durable or Path(path)
        line: dict[str, object] = {"inode": found.st_ino}
        if stat.S_ISDIR(found.st_mode):
            names = {child.name for child in said.iterdir()} if said.is_dir() else set()
            line["entries"] = {name: entry for name, entry in self._entries(path) if name in names}
        else:
            self._keep(path, found.st_ino)
            line["size"] = said.stat().st_size if said.exists() else 0
        with self._log.open("a") as log:
            log.write(json.dumps(line) + "\n")

    @contextlib.contextmanager
    def _in_turn(self) -> Iterator[int | None]:
        """The number of this sync; None once the power is off."""
        with self._guard:
            fcntl.flock(self._count, fcntl.LOCK_EX)
            try:
                number = 1 + int(os.pread(self._count, 20, 0) or 0)
                yield None if self._is_cut(number) else number
            finally:
                fcntl.flock(self._count, fcntl.LOCK_UN)

    def _is_cut(self, number: int) -> bool:
        with contextlib.suppress(FileNotFoundError):
            return number > int(self._cut.read_text() or 0)
        return False

    def _entries(self, directory: str) -> Iterator[tuple[str, list[object]]]:
        with os.scandir(directory) as entries:
            for entry in entries:
                is_directory = entry.is_dir(follow_symlinks=False)
                if is_directory or self._keep(entry.path, entry.inode()):
                    yield entry.name, [entry.inode(), is_directory]

    def _keep(self, path: str, inode: int) -> bool:
        """Holds the file's bytes, whatever becomes of its name; False when it has just lost it."""
        kept = self._inodes / str(inode)
        if not kept.exists():
            try:
                os.link(path, kept)
            except FileNotFoundError:
                return False
        return True
