"""`backsight export`: plain files out of the lake."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from backsight.cli.asking import data_option, require_data, site_option
from backsight.cli.bars import Line, bar
from backsight.cli.words import predicate
from backsight.config import Config

if TYPE_CHECKING:
    from backsight.site import Site

TABLES = ("events", "persons", "statements", "dead_letters", "nodes", "elements")


@click.command()
@data_option
@site_option
@click.argument("path", metavar="PATH")
@click.option(
    "--table", type=click.Choice(TABLES), default="events", show_default=True, help="What to export."
)
@click.option(
    "--event",
    "events",
    multiple=True,
    metavar="NAME",
    help="Only events that bear this name; may be repeated.",
)
@click.option(
    "--from", "from_", metavar="MOMENT", help="A date, or an instant; else from the first event on."
)
@click.option("--to", metavar="MOMENT", help="A date (inclusive), or an instant; else to the last event.")
@click.option("--since", metavar="DURATION", help="Instead of --from: 30d, 12h.")
@click.option("--timezone", metavar="ZONE", help="Of dates.  [UTC]")
@click.option(
    "--where", multiple=True, type=predicate, metavar="PREDICATE", help="Only such events; may be repeated."
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["parquet", "csv", "ndjson"]),
    help="Else as the file is called, or Parquet.",
)
def export(
    data: str | None, site: str | None, path: str, table: str, events: tuple[str, ...], from_: str | None,
    to: str | None, since: str | None, timezone: str | None, where: tuple[object, ...], format_: str | None,
) -> None:  # fmt: skip
    """Write plain Parquet, CSV or NDJSON: events with their persons, names and elements, or another table.

    PATH is one file, if it ends in .parquet, .csv or .ndjson; else a folder, with one file for each UTC day
    of events. It appears whole, or not at all, and never takes the place of anything."""
    began, counted = time.monotonic(), 0
    with _opened(data, site) as opened, Line() as line:

        def tell(share: float, rows: int) -> None:
            nonlocal counted
            counted += rows
            line.show(
                f"{bar(share)}  {counted:,} rows  {counted / max(1e-3, time.monotonic() - began):,.0f}/s"
            )

        done = opened.export(
            path, table=table, events=events, format=format_, from_=from_, to=to, since=since,
            timezone=timezone or "UTC", where=list(where) or None, tell=tell,
        )  # fmt: skip
    files = f"{done.files:,} file{'' if done.files == 1 else 's'}, {done.bytes / 1e6:,.1f} MB"
    click.echo(f"{done.rows:,} rows of {table} in {done.path} ({files}).")


def _opened(data: str | None, site: str | None) -> Site:
    """The site in a folder: an export reads files, which a server does not hand out."""
    from backsight.data_directory import open_site

    config = Config.load(options={"data": data, "site": site})
    return open_site(require_data(config.data), config.site, config.threads, config.memory, config.database)
