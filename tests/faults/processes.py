"""Backsight as it runs in production: `backsight up`, and the committer that it starts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

import psutil

from backsight.demo.serving import free_port
from faults.plan import Plan

WRITE_KEY: Final = "wk_juniper-rye"
PATIENCE_S: Final = 60.0
TESTS: Final = Path(__file__).parents[1]


def await_true(
    what: str, holds: Callable[[], bool], seconds: float = PATIENCE_S, every: float = 0.03
) -> None:
    """Returns once something holds; fails where it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(every)


class Backsight:
    """One `backsight up` over `data`, under a plan of what is to go wrong; its words go to a file."""

    def __init__(self, data: Path, plan: Plan, port: int | None = None) -> None:
        self.data, self.plan, self.port = data, plan, port or free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when requests are answered."""
        with (self.plan.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "backsight.cli", "up",
                 "--data", str(self.data), "--host", "127.0.0.1", "--port", str(self.port)],
                env=self._environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        await_true("the collector", lambda: not self.runs or self.answers())
        assert self.runs, f"the server did not start: {self.output()[-2_000:]}"

    def output(self) -> str:
        """All that the processes have said."""
        return (self.plan.folder / "output").read_text()

    def answers(self) -> bool:
        """Whether the server takes connections."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    @property
    def runs(self) -> bool:
        """Whether the server's process does."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What another process says that is given the same folder."""
        return subprocess.run(
            [sys.executable, "-P", "-m", "backsight.cli", *arguments, "--data", str(self.data)],
            env=self._environment(), capture_output=True, text=True, timeout=PATIENCE_S,
        )  # fmt: skip

    def committers(self) -> list[psutil.Process]:
        """The committer that the server has started last, if it stands; after kills, none."""
        assert self._process is not None
        try:
            return psutil.Process(self._process.pid).children()
        except psutil.NoSuchProcess:
            return []

    def kill(self, *parts: str) -> None:
        """kill -9 of the server (`up`), its committer, or both, in this order."""
        committers = self.committers()
        for part in parts:
            if part == "up":
                self._end(signal.SIGKILL)
            for committer in committers if part == "committer" else []:
                with_patience(committer.kill)

    def cut_off(self) -> None:
        """Everything that runs is gone at once."""
        committers = self.committers()
        self.kill("up", "committer")
        psutil.wait_procs(committers, PATIENCE_S)

    def stop(self) -> None:
        """As an operator does; everything is folded afterwards."""
        committers = self.committers() if self.runs else []
        self._end(signal.SIGTERM)
        psutil.wait_procs(committers, PATIENCE_S)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(PATIENCE_S)

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BACKSIGHT_")}
        path = [
            str(Path(__file__).parent / "inside"),
            str(TESTS),
            *filter(None, [os.environ.get("PYTHONPATH")]),
        ]
        return kept | {
            "PYTHONPATH": os.pathsep.join(path),
            "FAULTS_FOLDER": str(self.plan.folder),
            "BACKSIGHT_WRITE_KEY": WRITE_KEY,
            "BACKSIGHT_COMMIT_SECONDS": "0.1",
        }


def with_patience(kill: Callable[[], None]) -> None:
    """A process may have ended by itself just before."""
    with suppress(psutil.NoSuchProcess):
        kill()


@contextmanager
def running(data: Path, plan: Plan) -> Iterator[Backsight]:
    """A Backsight that has been started; nothing of it is left at the end."""
    backsight = Backsight(data, plan)
    try:
        backsight.start()
        yield backsight
    finally:
        if backsight.runs:
            backsight.cut_off()
