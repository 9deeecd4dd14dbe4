"""`backsight retention`: who came back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from backsight.cli.asking import asks_site, output_options, show
from backsight.cli.reports.options import filter_options
from backsight.cli.words import step

if TYPE_CHECKING:
    from backsight.questions import Questions


@click.command()
@click.argument("start", type=step)
@click.argument("return_", type=step, metavar="RETURN")
@click.option(
    "--period",
    default="day",
    show_default=True,
    type=click.Choice(["hour", "day", "week", "month"]),
    help="Length of a period.",
)
@click.option(
    "--periods",
    default=12,
    show_default=True,
    type=int,
    metavar="N",
    help="How many periods, the cohort's own included.",
)
@click.option(
    "--cohort", default="first_in_range", show_default=True,
    type=click.Choice(["recurring", "first_in_range", "first_ever"]), help="Which starts make a cohort.",
)  # fmt: skip
@click.option(
    "--returned", default="on", show_default=True, type=click.Choice(["on", "on_or_after"]),
    help="Returned in the period itself, or in it or later.",
)  # fmt: skip
@click.option(
    "--week-start",
    default="monday",
    show_default=True,
    type=click.Choice(["monday", "sunday"]),
    help="First day of a week.",
)
@click.option("--range", type=click.Choice(["all"]), help="all: --from and --to bound returns too.")
@filter_options
@output_options
@asks_site
def retention(site: Questions, start: Any, return_: Any, output: str | None, **arguments: Any) -> None:
    """Count, of the persons who did START, those who did RETURN in later periods.

    \b
    backsight retention "Signed up" "Bought" --period week --periods 8
    """
    show(site.retention(start, return_, **arguments), output)
