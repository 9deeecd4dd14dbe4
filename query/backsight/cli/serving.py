"""`backsight up | collector | query | committer`: the server, whole or in parts."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
import threading
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import click

from backsight.cli.asking import data_option, site_option
from backsight.cli.failures import of_the_collector
from backsight.cli.supervisor import SignsOfLife
from backsight.config import Config


def _listening(command: Callable[..., Any]) -> Callable[..., Any]:
    options = (
        data_option,
        site_option,
        click.option("--host", metavar="ADDRESS", help="Address to listen on.  [BACKSIGHT_HOST]"),
        click.option("--port", metavar="PORT", help="Port to listen on; 0: any free one.  [BACKSIGHT_PORT]"),
    )
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


@click.command()
@_listening
def up(**options: str | None) -> None:
    """Run everything: collector, committer and query API on one port, in one folder.

    The first start makes a site and its keys, and prints them.
    """
    _serve(options, collector=True, query=True, committer=True)


@click.command()
@_listening
def collector(**options: str | None) -> None:
    """Run the collector alone: take captures in, keep them in the journal."""
    _serve(options, collector=True, query=False, committer=False)


@click.command()
@_listening
def query(**options: str | None) -> None:
    """Run the query API alone."""
    _serve(options, collector=False, query=True, committer=False)


@click.command()
@data_option
@click.option("--with-parent", is_flag=True, hidden=True, help="End when standard input does; give signs of life there.")
def committer(data: str | None, with_parent: bool) -> None:
    """Run the committer alone: fold the journal into the lake."""
    config = Config.load(options={"data": data})
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    alive: Callable[[], None] = lambda: None
    if with_parent:
        threading.Thread(target=_wait_for_parent, args=[stop], daemon=True).start()
        alive = SignsOfLife()
    with of_the_collector():
        _commit(config, stop, alive)


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
    """Sets `stop` when the parent is gone: then standard input ends, or breaks if it had signs of life unread."""
    with contextlib.suppress(OSError):
        while os.read(sys.stdin.fileno(), 1_024):
            pass
    stop.set()


def _serve(options: dict[str, str | None], **parts: bool) -> None:
    config = Config.load(options=options)
    _require_server()
    from backsight.cli.server import Parts, serve

    with of_the_collector():
        click.echo(f"Backsight {version('backsight')}, data in {config.data.resolve()}")
        serve(config, Parts(**parts), click.echo)


def _require_server() -> None:
    try:
        import fastapi  # noqa: F401  # only looked for
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise click.ClickException(
            f"{error.name} is missing. Valid: pip install 'backsight[server]'."
        ) from error
