"""A moment is armed from outside while the process runs; who reaches it first is killed there, or hangs."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from faults.plan import ARMED, FIRED, Moment


class Ambush:
    """Lies in wait for the armed moment, in a process of this role."""

    def __init__(self, folder: Path, role: str) -> None:
        self._armed, self._fired, self._role = folder / ARMED, folder / FIRED, role
        self._known: tuple[int, Moment] | None = None
        self._passed = 0

    @property
    def is_laid(self) -> bool:
        return self._armed.exists()

    def before(self, call: str, path: str, halfway: Callable[[], object] | None = None) -> None:
        self._pass("before", call, path)
        if halfway is not None:
            self._pass("halfway", call, path, halfway)

    def after(self, call: str, path: str) -> None:
        self._pass("after", call, path)

    def _pass(self, when: str, call: str, path: str, first: Callable[[], object] = lambda: None) -> None:
        moment = self._moment()
        if moment is None or (moment.role, moment.call, moment.when) != (self._role, call, when):
            return
        if not _is_meant(moment, path):
            return
        self._passed += 1
        if self._passed < moment.nth or not self._is_first():
            return
        first()
        if moment.deed == "hang":
            threading.Event().wait()
        os.kill(os.getpid(), signal.SIGKILL)

    def _moment(self) -> Moment | None:
        try:
            made = self._armed.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        if self._known is None or self._known[0] != made:
            self._known, self._passed = (made, Moment.of(self._armed.read_text())), 0
        return self._known[1]

    def _is_first(self) -> bool:
        """Whether no process has taken this moment yet."""
        try:
            os.link(self._armed, self._fired)
            os.remove(self._armed)  # noqa: PTH107  # `unlink` is watched
        except (FileExistsError, FileNotFoundError):
            return False
        return True


def _is_meant(moment: Moment, path: str) -> bool:
    if not re.search(moment.path, path) or not re.match(moment.thread, threading.current_thread().name):
        return False
    return not moment.holding or moment.holding.encode() in Path(path).read_bytes()
