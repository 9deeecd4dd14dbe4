"""Backsight's parts as processes of their own, to be killed and started again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from backsight.demo.serving import free_port

WRITE_KEY, SECRET_KEY = "wk_juniper-rye", "sk_journey-journey-journey-journey"
PATIENCE_S = 60.0


def await_true(what: str, holds: Callable[[], bool]) -> None:
    """Returns once something holds; fails where it does not within PATIENCE_S."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S:.0f} s for {what}"
        time.sleep(0.05)


@dataclass
class Deployment:
    """Collector, committer and query API over one folder, each a process on a port of its own."""

    data: Path
    collector_port: int = field(default_factory=lambda: free_port(0))
    query_port: int = field(default_factory=lambda: free_port(0))
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, *names: str) -> None:
        """Starts these parts and waits until they answer."""
        ports = {"collector": self.collector_port, "query": self.query_port}
        for name in names:
            listening = ["--host", "127.0.0.1", "--port", str(ports[name])] if name in ports else []
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "backsight.cli", name, "--data", str(self.data), *listening],
                cwd=self.data, env=self._environment(), stdout=subprocess.DEVNULL,
            )  # fmt: skip
            if name in ports:
                await_true(f"the {name}", lambda port=ports[name]: answers(port))

    def kill(self, *names: str) -> None:
        """kill -9, with no chance to tidy up."""
        for name in names:
            process = self.processes.pop(name)
            process.kill()
            process.wait()

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(30)

    def ask(self, method: str, path: str, body: object) -> Any:
        """One request to the query API, with the secret key; the JSON it answers."""
        connection = HTTPConnection("127.0.0.1", self.query_port, timeout=30)
        try:
            connection.request(method, path, json.dumps(body), {"Authorization": f"Bearer {SECRET_KEY}"})
            answer = connection.getresponse()
            read = answer.read()
            assert answer.status in {200, 201}, read
            return json.loads(read)
        finally:
            connection.close()

    def command(self, *arguments: str) -> Any:
        """What the command line prints as JSON, reading the folder in place."""
        done = subprocess.run(
            [sys.executable, "-m", "backsight.cli", *arguments, "--data", str(self.data), "--json"],
            env=self._environment(), capture_output=True, check=True, timeout=60,
        )  # fmt: skip
        return json.loads(done.stdout)

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BACKSIGHT_")}
        return kept | {"BACKSIGHT_WRITE_KEY": WRITE_KEY, "BACKSIGHT_SECRET_KEY": SECRET_KEY}


def answers(port: int) -> bool:
    """Whether a server on this port takes connections."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        connection.getresponse()
    except OSError:
        return False
    finally:
        connection.close()
    return True


@contextmanager
def deployment(data: Path) -> Iterator[Deployment]:
    """A deployment that has nothing running yet; everything that runs is stopped at the end."""
    made = Deployment(data)
    try:
        yield made
    finally:
        made.stop()
