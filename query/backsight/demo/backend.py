"""`backsight up` as a process of its own: collector, committer and query API on one loopback port."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

from backsight.demo.serving import HOST
from backsight.demo.shop import TAG_KEY
from backsight.errors import BacksightError, shown

if TYPE_CHECKING:
    from backsight.questions import Questions

START_S, STOP_S = 60.0, 20.0
LOG = "demo.log"


class NotStarted(BacksightError):
    """`backsight up` ended, or was not ready in time; the message has the end of what it said."""

    title = "Not started"


@dataclass(frozen=True)
class Backend:
    """A running `backsight up`."""

    url: str
    data: Path
    secret_key: str


@contextmanager
def backend(data: Path, port: int) -> Iterator[Backend]:
    """Starts `backsight up` over `data` on `port`, waits until it is ready, and stops it at the end."""
    data.mkdir(parents=True, exist_ok=True)
    made = Backend(f"http://{HOST}:{port}", data.resolve(), f"sk_{secrets.token_hex(20)}")
    with (data / LOG).open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            _command(made, port), cwd=data, env=_environment(made), stdout=log, stderr=log
        )
    try:
        _await_ready(process, made, port)
        yield made
    finally:
        _stop(process)


def open_site(running: Backend) -> Questions:
    """Its site, read in place."""
    import backsight

    return backsight.open(running.data)


def _command(made: Backend, port: int) -> list[str]:
    options = ["--data", str(made.data), "--host", HOST, "--port", str(port)]
    return [sys.executable, "-m", "backsight.cli", "up", *options]


def _environment(made: Backend) -> dict[str, str]:
    # Somebody's own BACKSIGHT_* settings are meant for their data, not for the demo's.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BACKSIGHT_")}
    return kept | {"BACKSIGHT_WRITE_KEY": TAG_KEY, "BACKSIGHT_SECRET_KEY": made.secret_key}


def _await_ready(process: subprocess.Popen[bytes], made: Backend, port: int) -> None:
    deadline = time.monotonic() + START_S
    while not _is_ready(port):
        if process.poll() is not None or time.monotonic() > deadline:
            said = (made.data / LOG).read_text(errors="replace")[-2000:]
            raise NotStarted(f"`backsight up` did not start over {shown(str(made.data))}:\n{said}")
        time.sleep(0.05)


def _is_ready(port: int) -> bool:
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
