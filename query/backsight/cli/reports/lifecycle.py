"""`backsight lifecycle | stickiness`: whether persons keep doing something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from backsight.cli.asking import asks_site, output_options, show
from backsight.cli.reports.options import filter_options, options
from backsight.cli.words import step

if TYPE_CHECKING:
    from backsight.questions import Questions

_question = options(
    click.argument("event", type=step, metavar="STEP"),
    click.option(
        "--interval", default="day", show_default=True, type=click.Choice(["hour", "day", "week", "month"]),
        help="Length of a period.",
    ),
    click.option(
        "--week-start", default="monday", show_default=True, type=click.Choice(["monday", "sunday"]),
        help="First day of a week.",
    ),
    filter_options,
    output_options,
    asks_site,
)  # fmt: skip


@click.command()
@_question
def lifecycle(site: Questions, event: Any, output: str | None, **arguments: Any) -> None:
    """Count who did STEP as new, returning, resurrecting; and who is dormant.

    \b
    backsight lifecycle "Signed in" --interval week --since 8w
    """
    show(site.lifecycle(event, **arguments), output)


@click.command()
@_question
def stickiness(site: Questions, event: Any, output: str | None, **arguments: Any) -> None:
    """Count persons by the number of periods in which they did STEP.

    \b
    backsight stickiness "Signed in" --interval day --since 30d
    """
    show(site.stickiness(event, **arguments), output)
