"""`backsight trend`: how much, over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from backsight.cli.asking import asks_site, output_options, show
from backsight.cli.reports.options import filter_options
from backsight.cli.words import step

if TYPE_CHECKING:
    from backsight.questions import Questions


@click.command()
@click.argument("series", nargs=-1, required=True, type=step, metavar="STEP...")
@click.option(
    "--measure",
    type=click.Choice(["events", "persons", "sessions"]),
    help="What is counted.  [default: events]",
)
@click.option(
    "--interval",
    default="day",
    show_default=True,
    type=click.Choice(["hour", "day", "week", "month"]),
    help="Time between points.",
)
@click.option(
    "--week-start",
    default="monday",
    show_default=True,
    type=click.Choice(["monday", "sunday"]),
    help="First day of a week.",
)
@filter_options
@output_options
@asks_site
def trend(
    site: Questions, series: tuple[Any, ...], measure: str | None, output: str | None, **arguments: Any
) -> None:
    """Count events, persons or sessions over time.

    \b
    backsight trend "Signed up" "Bought" --measure persons --interval week --since 8w
    """
    show(site.trend([_measured(each, measure) for each in series], **arguments), output)


def _measured(step: Any, measure: str | None) -> Any:
    if measure is None:
        return step
    return ({"event": step} if isinstance(step, str) else step) | {"measure": measure}
