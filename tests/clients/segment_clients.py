"""Segment's own libraries, as programs that say what they are told to."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from segment.analytics.client import Client

Message = dict[str, Any]
"""`method`, and its arguments by the names of the HTTP spec."""
Send = Callable[[str, str, Sequence[Message]], list[str]]
"""Sends messages to a host, with a write key, and gives what could not be delivered."""

HERE: Final = Path(__file__).parent
BATCH: Final = 100


def send_by_python(host: str, key: str, messages: Sequence[Message]) -> list[str]:
    """By `segment-analytics-python`, packed with gzip."""
    failed: list[str] = []
    client = Client(
        key,
        host=host,
        gzip=True,
        upload_size=BATCH,
        upload_interval=0.1,
        max_queue_size=len(messages),
        on_error=lambda error, batch: failed.append(f"{error}: {len(batch)}"),
    )
    for message in messages:
        arguments = {_snake(name): value for name, value in message.items()}
        if "timestamp" in arguments:
            arguments["timestamp"] = datetime.fromisoformat(arguments["timestamp"])
        queued, _ = getattr(client, arguments.pop("method"))(**arguments)
        assert queued
    client.shutdown()
    return failed


def send_by_node(host: str, key: str, messages: Sequence[Message]) -> list[str]:
    """By `@segment/analytics-node`."""
    told = {"host": host, "writeKey": key, "messages": messages, "flushAt": BATCH}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # where a wheel may have brought Node
    done = subprocess.run(
        ["node", HERE / "segment_sends.mjs"],
        input=json.dumps(told), capture_output=True, text=True, timeout=60, env=os.environ | {"PATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    failed: list[str] = json.loads(done.stdout)["failed"]
    return failed


def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda big: f"_{big[0].lower()}", name)


LIBRARIES: Final[dict[str, Send]] = {"python": send_by_python, "node": send_by_node}
