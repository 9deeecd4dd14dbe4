"""`backsight demo`: the shop, its visitors and the first questions."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--live", is_flag=True, help="Drive Chromium through the shop now, instead of kept traffic.")
@click.option("--exit", "exit_", is_flag=True, help="End after the answers instead of serving on.")
@click.option("--data", metavar="FOLDER", type=click.Path(path_type=Path), help="Keep what is captured here.")
@click.option("--port", metavar="PORT", type=click.IntRange(1, 65_534), default=8400,
              help="For collector and API, else a free one; the shop takes the next.  [8400]")  # fmt: skip
def demo(live: bool, exit_: bool, data: Path | None, port: int) -> None:
    """Show it on a small shop: real captured traffic, a funnel and a retention table."""
    from backsight.demo import run

    run(live=live, exit=exit_, data=data, port=port)
