"""`backsight committer`, by itself or as a server's child."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable

import click

from backsight.cli.asking import data_option
from backsight.cli.failures import of_the_collector
from backsight.cli.supervisor import SignsOfLife
from backsight.config import Config


@click.command()
@data_option
@click.option(
    "--with-parent", is_flag=True, hidden=True, help="End when standard input does; give signs of life there."
)
def committer(data: str | None, with_parent: bool) -> None:
    """Run the committer alone: fold the journal into the lake."""
    config = Config.load(options={"data": data})
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if with_parent:
        threading.Thread(target=_wait_for_parent, args=[stop], daemon=True).start()
    with of_the_collector():
        _commit(config, stop, SignsOfLife() if with_parent else lambda: None)


def committer_command(config: Config) -> list[str]:
    """What the committer's process runs; the rest of its configuration comes with the environment."""
    # -P: what stands in the current folder must not take the place of a module.
    python = [sys.executable, "-P", "-m", "backsight.cli"]
    return [*python, "committer", "--data", str(config.data), "--with-parent"]


def _commit(config: Config, stop: threading.Event, alive: Callable[[], None]) -> None:
    import logging

    from backsight_collector.committer import Committer, CommitterSettings

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = CommitterSettings(
        fold_seconds=config.commit_seconds,
        snapshot_hours=config.snapshot_hours,
        max_contexts=config.contexts,
        min_free_bytes=config.min_free_bytes,
    )
    folding = Committer(config.data, settings, alive)
    try:
        folding.run(stop)
    finally:
        folding.close()


def _wait_for_parent(stop: threading.Event) -> None:
    """Sets `stop` when the parent is gone: standard input ends then, or breaks with signs of life unread."""
    with contextlib.suppress(OSError):
        while os.read(sys.stdin.fileno(), 1_024):
            pass
    stop.set()
