"""`backsight elements`: what is clicked and has no name yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from backsight.cli.asking import asks_site, output_options, show
from backsight.cli.reports.options import as_of_option

if TYPE_CHECKING:
    from backsight.questions import Questions


@click.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 100), help="Most elements.")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 3_660), help="Up to now.")
@as_of_option
@output_options
@asks_site
def elements(site: Questions, output: str | None, **arguments: Any) -> None:
    """List what was clicked most and has no name yet, with a name and a rule that would suit it.

    --json shows the rules, as `backsight events put NAME --rules` takes them.
    """
    show(site.elements(**arguments), output)
