"""What the collector says of itself to other processes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backsight.contract import COLLECTOR_STATUS
from backsight_collector.http.metrics import Metrics
from backsight_collector.http.telling import keep_telling

Serve = Callable[..., Any]
Make = Callable[..., dict[str, Any]]


def told(folder: Path, metrics: Metrics) -> dict[str, Any]:
    """What stands in the file after it was written once."""

    async def once() -> None:
        task = asyncio.create_task(keep_telling(metrics, folder, 1e-3))
        while not (folder / COLLECTOR_STATUS).exists():
            await asyncio.sleep(0)
        task.cancel()

    folder.mkdir()  # of its own: the server writes into its data folder, too
    asyncio.run(once())
    found: dict[str, Any] = json.loads((folder / COLLECTOR_STATUS).read_bytes())
    return found


def test_what_was_refused_stands_in_a_file(serve: Serve, make_batch: Make, tmp_path: Path) -> None:
    """By reason, with how often, when last, and a sample that tells what was wrong, but never a whole key."""
    server, before = serve(), time.time()
    metrics = server.collector._metrics
    assert told(tmp_path / "before", metrics)["last_accepted_at"] is None
    server.post(make_batch())
    for _ in range(2):
        server.post(make_batch(key="wk_somebody_elses_secret"))
    server.post(b"[" + b"x" * 500)
    found = told(tmp_path / "after", metrics)
    assert (found["accepted"], found["requests"]) == (3, 4)
    assert before <= found["last_accepted_at"] <= time.time()
    assert {reason: each["requests"] for reason, each in found["refused"].items()} == {
        "unknown_key": 2,
        "malformed": 1,
    }
    assert found["refused"]["unknown_key"]["detail"] == "wk_somebody_…"
    assert len(found["refused"]["malformed"]["detail"]) <= 120


def test_nothing_of_a_body_stands_in_the_file(serve: Serve, make_batch: Make) -> None:
    """It may be of a person, whose deletion does not reach there: only what is wrong with it is told."""
    server = serve()
    answer = server.post(make_batch(device=["ada@shop.example"]))
    assert (answer.status, "ada" in str(answer.json["value"])) == (400, True)
    refused: Any = server.collector._metrics.told()["refused"]  # the file itself may be that of the start
    detail = refused["malformed"]["detail"]
    assert ("device" in detail, "ada" in detail) == (True, False)


def test_a_file_that_can_not_be_written_is_tried_again(tmp_path: Path) -> None:
    """As soon as the folder is there, the file is."""
    folder = tmp_path / "later"

    async def scenario() -> None:
        task = asyncio.create_task(keep_telling(Metrics(), folder, 1e-3))
        await asyncio.sleep(0)
        folder.mkdir()
        while not (folder / COLLECTOR_STATUS).exists():
            assert not task.done()
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(scenario())
