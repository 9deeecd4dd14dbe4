"""The supervisor: one child, always running, never left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from queue import Queue

from backsight.cli.supervisor import Supervisor

LIVES_WITH_PARENT = "import sys; sys.stdin.read()"
"""Ends when its standard input does, as a supervised child is to."""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_child_that_ends_is_started_again_ever_later() -> None:
    """Every unexpected end is told with its code, and the wait before the next start doubles."""
    told: Queue[str] = Queue()
    supervisor = Supervisor("reader", python("raise SystemExit(3)"), told.put, first_wait=0.01)
    said = [told.get(timeout=20) for _ in range(3)]
    supervisor.stop()
    waits = ["0.01", "0.02", "0.04"]
    assert said == [f"the reader ended (exit code 3) and starts again in {wait} s" for wait in waits]


def test_a_child_that_cannot_be_started_is_tried_again(tmp_path: Path) -> None:
    """When the system refuses a process, that is told, and the child runs as soon as it can."""
    program = tmp_path / "child"

    def write_program(code: int) -> None:
        program.write_text(f"#!/bin/sh\nexit {code}\n")
        program.chmod(0o755)

    def told_of(words: str) -> bool:
        return any(words in told.get(timeout=20) for _ in range(20))

    told: Queue[str] = Queue()
    write_program(3)
    supervisor = Supervisor("reader", [str(program)], told.put, first_wait=0.001)
    program.unlink()
    assert told_of("the reader can't be started: [Errno 2]")
    write_program(4)
    assert told_of("ended (exit code 4)")
    supervisor.stop()


def test_a_killed_child_is_replaced(tmp_path: Path) -> None:
    """After a kill -9 another process does the work."""
    pipe = tmp_path / "pids"
    os.mkfifo(pipe)
    code = f"import os, sys; open({str(pipe)!r}, 'w').write(str(os.getpid())); sys.stdin.read()"
    told: Queue[str] = Queue()
    supervisor = Supervisor("reader", python(code), told.put, first_wait=0.01)
    first = int(pipe.read_text())
    os.kill(first, signal.SIGKILL)
    second = int(pipe.read_text())
    assert second not in {first, os.getpid()}
    assert told.get(timeout=20) == "the reader ended (signal 9) and starts again in 0.01 s"
    supervisor.stop()
    assert not Path(f"/proc/{second}").exists()


def test_stopping_ends_the_child_and_tells_nothing() -> None:
    """A stop that was asked for is no failure, and leaves no process."""
    told: Queue[str] = Queue()
    supervisor = Supervisor("reader", python(LIVES_WITH_PARENT), told.put)
    supervisor.stop()
    assert told.empty()
    assert not Path(f"/proc/{supervisor.pid}").exists()


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    """After the time that it is given, a child that ignores SIGTERM is ended by force, and that is told."""
    pipe = tmp_path / "ready"
    os.mkfifo(pipe)
    deaf = (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"open({str(pipe)!r}, 'w').write('ready'); signal.pause()"
    )
    told: Queue[str] = Queue()
    supervisor = Supervisor("reader", python(deaf), told.put)
    assert pipe.read_text() == "ready"
    supervisor.stop(seconds=0.1)
    assert told.get_nowait() == "the reader did not end within 0 s and is killed"
    assert not Path(f"/proc/{supervisor.pid}").exists()


def test_a_child_goes_with_its_parent() -> None:
    """When the supervising process is killed -9, the child's standard input ends, and so does the child."""
    parent = subprocess.Popen(
        python(
            "import sys, signal; from backsight.cli.supervisor import Supervisor\n"
            "child = 'import sys; sys.stdin.read(); print(\"gone\", flush=True)'\n"
            "print(Supervisor('x', [sys.executable, '-c', child], print).pid, flush=True); signal.pause()"
        ),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    with parent, parent.stdout as said:
        assert said.readline().strip().isdigit()
        parent.kill()
        assert said.readline() == "gone\n"


def test_a_child_that_hangs_is_replaced(tmp_path: Path) -> None:
    """Where signs of life stop coming, the child is killed, that is told, and another does the work."""
    pipe = tmp_path / "pids"
    os.mkfifo(pipe)
    code = (
        "import os, threading; from backsight.cli.supervisor import SignsOfLife; SignsOfLife()()\n"
        f"open({str(pipe)!r}, 'w').write(str(os.getpid())); threading.Event().wait()"
    )
    told: Queue[str] = Queue()
    supervisor = Supervisor("reader", python(code), told.put, first_wait=0.01, silent_seconds=3)
    first = int(pipe.read_text())
    assert told.get(timeout=20) == "the reader gave no sign of life for 3 s and is killed"
    assert told.get(timeout=20) == "the reader ended (signal 9) and starts again in 0.01 s"
    assert int(pipe.read_text()) != first
    supervisor.stop(seconds=0.1)


def test_a_child_that_shows_life_is_left_alone() -> None:
    """However long it takes to do its work, a child that gives signs of life is never killed."""
    code = (
        "import threading, time; from backsight.cli.supervisor import SignsOfLife\n"
        "alive, until = SignsOfLife(), time.monotonic() + 4\n"
        "while time.monotonic() < until: alive(); threading.Event().wait(0.05)\n"
        "raise SystemExit(7)"
    )
    told: Queue[str] = Queue()
    supervisor = Supervisor("reader", python(code), told.put, first_wait=60, silent_seconds=3)
    assert told.get(timeout=20) == "the reader ended (exit code 7) and starts again in 60 s"
    supervisor.stop()


def test_signs_that_nobody_reads_hold_up_no_child() -> None:
    """A child whose parent has stopped reading goes on with its work, and ends when the parent is gone."""
    parent, line = socket.socketpair()
    code = (
        "import os, sys; from backsight.cli import supervisor; supervisor.SIGN_SECONDS = 0\n"
        "alive = supervisor.SignsOfLife()\n"
        "for _ in range(100_000): alive()\n"
        "print('done', flush=True)\n"
        "import threading; from backsight.cli.committing import _wait_for_parent\n"
        "stop = threading.Event(); _wait_for_parent(stop); print(stop.is_set())"
    )
    with line, subprocess.Popen(python(code), stdin=line, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "done\n"
        line.close()
        parent.close()
        assert child.stdout.readline() == "True\n"
