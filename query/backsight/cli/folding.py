"""Sees to it that what a command appends to the journal is folded: by whoever folds already, or else by a
committer of its own, for as long as the command runs."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from typing import IO, Final, Self

import click

from backsight.cli.committing import committer_command
from backsight.config import Config

LOOK_SECONDS: Final = 0.25
PATIENCE_SECONDS: Final = 5.0
"""How long nothing may be folded before it is asked whether anybody folds at all."""
STARTS: Final = 3
"""How often a committer that ends by itself is started again."""
STOP_SECONDS: Final = 20.0


class Folding:
    """`behind` is how many bytes of the journal the lake does not hold; `folded` the position up to which it
    does."""

    def __init__(self, config: Config) -> None:
        from backsight_collector.imports.backlog import Backlog

        self._config, self._backlog = config, Backlog(config.data)
        self._child: subprocess.Popen[bytes] | None = None
        self._words: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed by __exit__
        self._line: socket.socket | None = None
        self._starts = 0
        self._looked = self._moved = time.monotonic()
        self.behind = 0
        self.folded = 0

    def __enter__(self) -> Self:
        self._look()
        self._start_if_idle()
        return self

    def __exit__(self, *exception: object) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.terminate()
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._hang_up()
        self._words.close()

    def attend(self) -> None:
        """To be called often. Raises ClickException where nobody folds and nobody can."""
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked, before = now, self.folded
        self._look()
        if self.folded != before or not self.behind:
            self._moved = now
        ended = self._child is not None and self._child.poll() is not None
        if ended or (self._child is None and now - self._moved > PATIENCE_SECONDS):
            self._moved = now
            self._start_if_idle()

    def rest(self) -> None:
        """Waits a little for the committer."""
        time.sleep(LOOK_SECONDS)
        self.attend()

    def _look(self) -> None:
        self.behind, self.folded = self._backlog.look(), self._backlog.folded

    def _start_if_idle(self) -> None:
        if self._is_folded_by_others():
            self._child = None
            return
        if self._starts == STARTS:
            self._words.seek(0)
            words = self._words.read().decode("utf-8", "replace").strip()[-2_000:]
            raise click.ClickException(f"the committer does not stay: {words or 'it said nothing'}")
        self._starts += 1
        self._hang_up()
        self._line, theirs = socket.socketpair()  # when it closes, the committer ends: it never outlives this
        with theirs:
            self._child = subprocess.Popen(  # noqa: S603  # ours
                committer_command(self._config),
                stdin=theirs.fileno(),
                stderr=self._words,
                start_new_session=True,
            )

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _is_folded_by_others(self) -> bool:
        from backsight_collector.lake.errors import LakeLocked
        from backsight_collector.lake.lake import LakeLock

        try:
            LakeLock(self._config.data / "lake").close()
        except LakeLocked:
            return True
        return False
