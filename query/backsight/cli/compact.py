"""`backsight compact`: fewer, larger, sorted files."""

from __future__ import annotations

import click

from backsight.cli.asking import data_option, require_data
from backsight.config import Config


@click.command()
@data_option
@click.option("--site", metavar="NAME", help="Only this site's files.")
def compact(data: str | None, site: str | None) -> None:
    """Fold all small files of the lake into few large ones, now.

    The committer does the same little by little; this is for a lake that no committer writes to.
    """
    from backsight.cli.failures import of_the_collector
    from backsight_collector.lake.compaction import compact as compact_lake

    config = Config.load(options={"data": data})
    require_data(config.data)
    with of_the_collector():
        files = compact_lake(config.data, site=site, vacuum_hours=config.snapshot_hours)
    click.echo(f"{files['files_before']} files before, {files['files_after']} after.")
