"""What a power cut leaves of a data directory: what was synced, and of the rest as much as chance has it.

Everything that Backsight syncs is written down as it is synced (inside/durable.py). A directory is made of
that record; SQLite's files, whose syncs are not seen, are copied as they are.
"""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from faults.inside.durable import Recorder

DATABASE: Final = "backsight.sqlite*"

Entries = dict[str, tuple[int, bool]]
"""A directory's names: which inode each is, and whether that is a directory."""


@dataclass
class Disk:
    """What is durable after some syncs: the sizes of files and the entries of directories, by inode."""

    sizes: dict[int, int] = field(default_factory=dict)
    directories: dict[int, Entries] = field(default_factory=dict)


class Power:
    """The power supply of the processes that work on `data` under a plan in `folder`, from now on."""

    def __init__(self, folder: Path, data: Path, durable: Path | None = None) -> None:
        """What stands in `data` by now is durable; where `durable` is given, only what stands there too."""
        self._data, self._folder = data, folder / "durable"
        shutil.rmtree(self._folder, ignore_errors=True)
        self._inodes = self._folder / "inodes"
        self._inodes.mkdir(parents=True)
        self.recorder = Recorder(self._folder)
        for path in [data, *sorted(data.rglob("*"))]:
            self.recorder.note(str(path), durable and durable / path.relative_to(data))
        self._before = len(self._lines())

    def syncs(self) -> int:
        """How many there have been."""
        return int((self._folder / "count").read_text() or 0)

    def cut_at(self, number: int) -> None:
        """From the sync of this number on, none returns any more, in any process."""
        draft = self._folder / "draft"
        draft.write_text(str(number))
        draft.replace(self._folder / "cut")

    def disk(self, syncs: int | None = None) -> Disk:
        """What was durable after so many syncs; after all of them."""
        disk = Disk()
        lines = self._lines()
        for line in lines if syncs is None else lines[: self._before + syncs]:
            said = json.loads(line)
            if "size" in said:
                disk.sizes[said["inode"]] = said["size"]
            else:
                disk.directories[said["inode"]] = {
                    name: (inode, is_directory) for name, (inode, is_directory) in said["entries"].items()
                }
        return disk

    def restore(
        self, target: Path, disk: Disk, chance: random.Random | None = None, written: Path | None = None
    ) -> None:
        """Makes `target` what is found when the power is back.

        With `chance`, what was `written` (else what stands in the folder) and not synced is partly there: any
        name that came or went may have come or gone, and files go on behind their durable end with a part of
        what was written, or with zeros.
        """
        self._build(target, self._data.stat().st_ino, disk)
        if chance:
            _let_through(target, written or self._data, chance)
        for path in self._data.glob(DATABASE):
            shutil.copy(path, target / path.name)

    def _lines(self) -> list[str]:
        return (self._folder / "log").read_text().splitlines()

    def _build(self, target: Path, inode: int, disk: Disk) -> None:
        target.mkdir()
        for name, (child, is_directory) in disk.directories.get(inode, {}).items():
            if is_directory:
                self._build(target / name, child, disk)
            else:
                kept = (self._inodes / str(child)).read_bytes()
                (target / name).write_bytes(kept[: disk.sizes.get(child, 0)])


def _let_through(durable: Path, written: Path, chance: random.Random) -> None:
    """Puts some of what was written on top of what is durable."""
    names = {path.name for folder in (durable, written) if folder.is_dir() for path in folder.iterdir()}
    for name in sorted(names):
        old, new = durable / name, written / name
        if old.exists() != new.exists() and chance.random() < 0.5:
            continue
        if not new.exists():
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        elif new.is_dir():
            old.mkdir(exist_ok=True)
            _let_through(old, new, chance)
        else:
            known = old.read_bytes() if old.exists() else b""
            old.write_bytes(_content(known, new.read_bytes(), chance))


def _content(durable: bytes, written: bytes, chance: random.Random) -> bytes:
    if not written.startswith(durable):  # another file by the same name
        return chance.choice([durable, written])
    tail = written[len(durable) :]
    through = chance.choice([0, len(tail), chance.randrange(len(tail) + 1)])
    zeros = chance.choice([0, 0, len(tail) - through])
    return durable + tail[:through] + bytes(zeros)
