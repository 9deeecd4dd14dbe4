"""The processes that statements run in: started when one is asked, kept for the next, killed to end one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from socket import socketpair
from threading import Condition
from typing import Any, Final

import pyarrow as pa

from backsight import runs
from backsight.ending import ending_with_run
from backsight.errors import Cancelled, Exceeded
from backsight.sandbox.refusals import Refusal
from backsight.spill import Spill

AT_ONCE: Final = 2
"""Statements that run at a time; others wait."""
BESIDE: Final = 768 * 2**20
"""Bytes that a process takes beside its database: Python, libraries, stacks, and answers on their way."""
_PASSED_ON: Final = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Statement:
    """A statement, the values of its parameters, and how large its answer may be."""

    sql: str
    params: Mapping[str, object]
    rows: int
    bytes: int


@dataclass(frozen=True)
class Setup:
    """What a statement's database is made of: relations by name, and the statements that make its views."""

    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    statements: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    """The files that it may read."""


@dataclass(frozen=True)
class Answered:
    """The rows of an answer, the database's names of their types, and whether there were more."""

    rows: pa.Table
    types: tuple[str, ...]
    truncated: bool


Mentioned = Mapping[str, Any]
"""What a statement reads: `views`, and the `names` of named events, or None for every one."""


class Sandbox:
    """Runs statements, each in a process with `memory` bytes for its database and `threads` threads."""

    def __init__(self, memory: int, threads: int) -> None:
        self._memory, self._threads = memory, threads
        self._idle: list[_Process] = []
        self._running: set[_Process] = set()
        self._places = AT_ONCE
        self._changed = Condition()
        self._closed = False

    def run(self, statement: Statement, prepare: Callable[[Mentioned], Setup]) -> Answered:
        """The answer to a statement, over what `prepare` makes of what it mentions.

        Raises Refusal, Exceeded where it takes too much, what ends the run that it belongs to (see `runs`),
        and Cancelled where the sandbox is closed.
        """
        with self._place():
            process, mentioned = self._begin(statement)
            try:
                return self._finish(process, prepare(mentioned))
            finally:
                self._put_back(process)

    def close(self) -> None:
        """Ends all processes; statements that run raise Cancelled."""
        with self._changed:
            self._closed = True
            for process in (*self._idle, *self._running):
                process.kill()
            self._idle.clear()
            self._changed.notify_all()

    def _begin(self, statement: Statement) -> tuple[_Process, Mentioned]:
        """A process that has read the statement, and what it mentions."""
        while True:
            process, is_new = self._take()
            try:
                with ending_with_run(process.kill):
                    return process, process.begin(statement)
            except (EOFError, OSError) as error:
                self._put_back(process)
                if is_new:
                    raise self._ended() from error
            except BaseException:
                self._put_back(process)
                raise

    def _finish(self, process: _Process, setup: Setup) -> Answered:
        try:
            with ending_with_run(process.kill):
                return process.finish(setup, self._threads, self._memory)
        except (EOFError, OSError) as error:
            raise self._ended() from error

    def _take(self) -> tuple[_Process, bool]:
        with self._changed:
            if self._closed:
                raise Cancelled("the engine was closed")
            is_new = not self._idle
            process = _Process(self._memory + BESIDE) if is_new else self._idle.pop()
            self._running.add(process)
        return process, is_new

    def _put_back(self, process: _Process) -> None:
        with self._changed:
            self._running.discard(process)
            if process.is_ready and not self._closed:
                self._idle.append(process)
            else:
                process.kill()

    def _ended(self) -> Exception:
        """Why a process ended that nobody ended: what its statement did to it."""
        runs.check()
        if self._closed:
            return Cancelled("the engine was closed")
        return too_much()

    @contextmanager
    def _place(self) -> Iterator[None]:
        run = runs.current()

        def free() -> bool:
            if run is not None:
                run.check()
            return self._places > 0 or self._closed

        with ending_with_run(self._wake), self._changed:
            self._changed.wait_for(free)
            self._places -= 1
        try:
            yield
        finally:
            with self._changed:
                self._places += 1
                self._changed.notify_all()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


class _Process:
    """One process and the connection to it."""

    def __init__(self, most: int) -> None:
        ours, theirs = socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                [sys.executable, "-P", "-m", "backsight.sandbox.worker", str(theirs.fileno()), str(most)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is heard here, and ends it from here
            )
        self._connection = Connection(ours.detach())
        self._spill: Spill | None = None
        self.is_ready = False
        """Whether it can take a statement."""

    def begin(self, statement: Statement) -> Mentioned:
        self.is_ready = False
        asked = {
            "sql": statement.sql,
            "params": dict(statement.params),
            "rows": statement.rows,
            "bytes": statement.bytes,
        }
        self._send(asked)
        return self._heard()

    def finish(self, setup: Setup, threads: int, memory: int) -> Answered:
        self._spill = self._spill or Spill()
        bounds = _bounds(setup.paths, threads, memory, self._spill)
        self._send({"tables": list(setup.tables), "statements": [*setup.statements, *bounds]})
        for table in setup.tables.values():
            self._connection.send_bytes(_stream(table))
        said = self._heard()
        rows = pa.ipc.open_stream(self._connection.recv_bytes()).read_all()
        self.is_ready = not said["spent"]
        return Answered(rows, tuple(said["types"]), said["truncated"])

    def kill(self) -> None:
        """Ends it at once; may be called again, from any thread."""
        self.is_ready = False
        self._process.kill()
        self._process.wait()
        if self._spill is not None:
            self._spill.close()

    def _send(self, said: Mapping[str, Any]) -> None:
        self._connection.send_bytes(json.dumps(said).encode())

    def _heard(self) -> Mapping[str, Any]:
        said: Mapping[str, Any] = json.loads(self._connection.recv_bytes())
        if "refused" not in said:
            return said
        self.is_ready = True
        refusal = Refusal(**said["refused"])
        raise too_much() if refusal.kind == "memory" else refusal


def too_much() -> Exceeded:
    """The error of a statement that takes more memory than there is for one."""
    return Exceeded(
        "the statement takes more memory than there is for one",
        field="sql",
        valid="a narrower WHERE, fewer groups, shorter texts; or more memory (BACKSIGHT_MEMORY)",
    )


def _bounds(paths: tuple[str, ...], threads: int, memory: int, spill: Spill) -> list[str]:
    """The last that is said before the statement: after it nothing can be reached or changed any more."""
    listed = ", ".join(_quoted(path) for path in paths)
    return [
        "set timezone = 'UTC'",
        f"set threads = {threads}",
        f"set memory_limit = '{memory}B'",
        f"set temp_directory = {_quoted(str(spill.path))}",
        f"set max_temp_directory_size = '{min(spill.most, 4 * memory)}B'",
        f"set allowed_paths = [{listed}]",
        "set enable_external_access = false",
        "set lock_configuration = true",
    ]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _environment() -> dict[str, str]:
    """Without settings and secrets of ours or of others; with the path on which we are found."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**passed, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())
