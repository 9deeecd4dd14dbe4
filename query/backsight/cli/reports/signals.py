"""`backsight signals`: what nobody named and goes with a drop."""

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
@click.option("--window", default="14d", show_default=True, metavar="SPAN", help="The funnel's window.")
@click.option("--step", type=int, metavar="N", help="The step to reach, from 2.  [default: the last]")
@click.option("--limit", default=20, show_default=True, type=int, metavar="N", help="Most signals.")
@click.option(
    "--at-least", default=20, show_default=True, type=int, metavar="N", help="Persons who did a thing."
)
@click.option(
    "--confidence", default=0.95, show_default=True, type=float, metavar="SHARE",
    help="Of all comparisons together.",
)  # fmt: skip
@filter_options
@output_options
@asks_site
def signals(
    site: Questions, steps: tuple[Any, ...], step: int | None, limit: int, at_least: int, confidence: float,
    output: str | None, **arguments: Any,
) -> None:  # fmt: skip
    """Find what nobody named and who went on did more often, or less, than who did not.

    The STEPs make a funnel; compared are those who reached a step with those who got to the one before and no
    further. Every signal comes with a rule that names it.

    \b
    backsight signals "Viewed pricing" "Signed up" --since 30d
    """
    asked = site.funnel(list(steps), **arguments)
    show(asked.signals(step, limit=limit, at_least=at_least, confidence=confidence), output)
