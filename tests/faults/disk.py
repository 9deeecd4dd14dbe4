"""A disk that is full: a small one that really is, where it may be mounted, and a limit on files anywhere."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil

from faults.house import House
from faults.processes import await_true


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """Mounts a disk of that size on `folder`; yields whether that was allowed."""
    folder.mkdir()
    size = f"size={megabytes}m"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "backsight-faults", folder], capture_output=True
    )
    try:
        yield mounted.returncode == 0
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> Path:
    """Leaves not a byte; the file to be deleted when there is to be room again."""
    ballast = folder / "ballast"
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        for size in (1 << 16, 1 << 12):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass
    return ballast


def limit_files(house: House, to_bytes: int) -> None:
    """From now on no file of the server or its committer grows past that, whoever writes it.

    Needs no privilege. Each write that would do it fails, as on a full disk, if with another error's number.
    """
    server = psutil.Process(house.backsight.pid)
    for process in (server, *server.children()):
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (to_bytes, most))


def await_refusals(house: House) -> None:
    """Returns when visitors are told to come back later, again and again."""
    wanted = house.ledger.lost_answers["503"] + 20
    await_true("refusals", lambda: house.ledger.lost_answers["503"] >= wanted or house.crowd.ended)


def used(folder: Path) -> float:
    """The share of the disk that is taken."""
    room = os.statvfs(folder)
    return 1 - room.f_bavail / room.f_blocks
