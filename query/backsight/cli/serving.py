"""`backsight up | collector | query`: the server, whole or in parts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import click

from backsight.cli.asking import data_option, site_option
from backsight.cli.failures import of_the_collector
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
