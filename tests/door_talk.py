"""Bytes that are sent to the door, answers as they come back, and a disk that may be slow."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import NamedTuple

from backsight.contract import WriteKey
from backsight_collector.journal.segments import DiskFile

KEYS = {"wk_test": WriteKey("shop"), "wk_listed": WriteKey("shop", frozenset({"https://*.shop.example"}))}


class SlowDisk:
    """Syncs while it may."""

    def __init__(self) -> None:
        self.may_sync = threading.Event()
        self.may_sync.set()
        self.is_asked = threading.Event()

    def __call__(self, path: Path) -> DiskFile:
        disk = self

        class File(DiskFile):
            def sync(self) -> None:
                if not disk.may_sync.is_set():
                    disk.is_asked.set()
                assert disk.may_sync.wait(20)
                super().sync()

        return File(path)


class Answer(NamedTuple):
    """One answer as it stood on the wire, its date left out."""

    status: int
    headers: dict[str, str]
    body: bytes


def answers(received: bytes) -> list[Answer]:
    """All whole answers in what a connection received; AssertionError where there is anything else."""
    found = []
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        assert re.fullmatch(r"HTTP/1\.1 [1-5]\d\d [A-Za-z -]+", status), status
        headers = dict(line.split(": ", 1) for line in lines)
        assert len(headers) == len(lines), lines
        headers.pop("date", None)
        length = int(headers.get("content-length", 0))
        assert len(rest) >= length
        found.append(Answer(int(status[9:12]), headers, rest[:length]))
        received = rest[length:]
    return found


def post(body: bytes, *lines: bytes, path: bytes = b"/v1/capture") -> bytes:
    head = [b"POST %s HTTP/1.1" % path, b"Host: x", *lines, b"Content-Length: %d" % len(body)]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def chunked(body: bytes, *lines: bytes) -> bytes:
    head = [b"POST /v1/capture HTTP/1.1", b"Host: x", *lines, b"Transfer-Encoding: chunked"]
    chunks = (body[at : at + 700] for at in range(0, len(body), 700))
    sent = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"\r\n".join(head) + b"\r\n\r\n" + sent + b"0\r\n\r\n"
