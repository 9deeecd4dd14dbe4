"""`backsight funnel`: who got how far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from backsight.cli.asking import asks_site, output_options, show
from backsight.cli.reports.options import filter_options
from backsight.cli.words import step

if TYPE_CHECKING:
    from backsight.questions import Questions


@click.command()
@click.argument("steps", nargs=-1, required=True, type=step, metavar="STEP...")
@click.option(
    "--window", default="14d", show_default=True, metavar="SPAN", help="Longest time from first to last step."
)
@click.option(
    "--entry", default="any", show_default=True, type=click.Choice(["any", "first"]),
    help="Which first steps open an attempt: each one, or a person's first.",
)  # fmt: skip
@click.option(
    "--range", type=click.Choice(["all"]), help="all: --from and --to bound every step, not only the first."
)
@filter_options
@output_options
@asks_site
def funnel(site: Questions, steps: tuple[Any, ...], output: str | None, **arguments: Any) -> None:
    """Count the persons who did STEPs one after another.

    A STEP is a named event, or a rule as JSON.

    \b
    backsight funnel "Viewed pricing" "Signed up" --window 7d --since 30d
    backsight funnel '{"on": "pageview"}' "Signed up" --where browser=Firefox
    """
    show(site.funnel(list(steps), **arguments), output)
