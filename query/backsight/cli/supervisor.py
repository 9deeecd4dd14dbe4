"""Keeps one child process running for as long as this one does."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from threading import Event, Lock, Thread
from typing import Final

FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 30.0
STEADY_SECONDS: Final = 60.0
"""A child that ran for this long was well: the next wait is the first one again."""
STOP_SECONDS: Final = 20.0
SILENT_SECONDS: Final = 120.0
"""A committer that has shown no sign of life for so long hangs: its longest pause is 30 s."""
SIGN_SECONDS: Final = 1.0
"""How often a child gives a sign of life, at most."""


class Supervisor:
    """Runs `command` and starts it again whenever it ends, waiting twice as long each time.

    The child's standard input is a socket to this process, and the child is to end when that closes: so it
    never outlives this process, however that one dies. It has a session of its own, so that Ctrl-C in a
    terminal reaches this process alone, which stops the child in its turn. `say` is told of every end that
    nobody asked for.

    With `silent_seconds` the child is to give signs of life (see SignsOfLife); where none comes for so long,
    it hangs, is killed and replaced. No clock on the wall plays a part: those can be set.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        say: Callable[[str], None],
        first_wait: float = FIRST_WAIT,
        silent_seconds: float | None = None,
    ) -> None:
        self._name, self._command, self._say, self._first_wait = name, command, say, first_wait
        self._silent_seconds = silent_seconds
        self._stopping, self._turn = Event(), Lock()
        self._child = self._spawn()
        self._thread = Thread(target=self._watch, name=f"supervisor of {name}", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """The process id of the child that was started last."""
        return self._child.pid

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Asks the child to end and waits for it; ends it by force after so many seconds."""
        with self._turn:
            self._stopping.set()
        self._child.terminate()
        try:
            self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            self._say(f"the {self._name} did not end within {seconds:.0f} s and is killed")
            self._child.kill()
        self._thread.join()

    def _spawn(self) -> subprocess.Popen[bytes]:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                child: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603  # the command is the composition's own
                    self._command, stdin=theirs.fileno(), start_new_session=True
                )
            except BaseException:
                ours.close()
                raise
        self._line = ours
        return child

    def _watch(self) -> None:
        wait, started = self._first_wait, time.monotonic()
        while True:
            self._listen()
            code = self._child.wait()
            self._line.close()
            if self._stopping.is_set():
                return
            if time.monotonic() - started > STEADY_SECONDS:
                wait = self._first_wait
            self._say(f"the {self._name} ended ({_reason(code)}) and starts again in {wait:g} s")
            self._stopping.wait(wait)
            wait, started = min(wait * 2, LONGEST_WAIT), time.monotonic()
            with self._turn:
                if self._stopping.is_set():
                    return
                try:
                    self._child = self._spawn()
                except OSError as error:  # no memory, no processes left: the next round tries again
                    self._say(f"the {self._name} can't be started: {error}")

    def _listen(self) -> None:
        """Returns when the child has ended, or hung and was killed."""
        try:
            self._line.settimeout(self._silent_seconds)
            while self._line.recv(4_096):
                pass
        except TimeoutError:
            self._say(f"the {self._name} gave no sign of life for {self._silent_seconds:g} s and is killed")
            self._child.kill()
        except OSError:  # closed: by the child's end, or since the last one
            pass


class SignsOfLife:
    """The child's side: to be called again and again while it is at work, from any thread."""

    def __init__(self) -> None:
        self._line = socket.socket(fileno=os.dup(sys.stdin.fileno()))
        self._next = time.monotonic()

    def __call__(self) -> None:
        """Never waits, and costs nothing when it was called just before."""
        if (now := time.monotonic()) >= self._next:
            self._next = now + SIGN_SECONDS
            with contextlib.suppress(OSError):  # nobody listens any more, or not at the moment
                self._line.send(b".", socket.MSG_DONTWAIT)


def _reason(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
