"""`backsight attribution`: to which touch conversions are owed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from backsight.cli.asking import asks_site, output_options, show
from backsight.cli.reports.options import filter_options, session_arguments, session_options
from backsight.cli.words import step

if TYPE_CHECKING:
    from backsight.questions import Questions


@click.command()
@click.argument("conversion", type=step)
@click.option(
    "--by",
    multiple=True,
    default=["utm_source", "utm_medium"],
    show_default=True,
    metavar="PROPERTY",
    help="What tells touches apart; may be repeated.",
)
@click.option(
    "--touch",
    default="last",
    show_default=True,
    type=click.Choice(["last", "first", "linear"]),
    help="Which touch a conversion is owed to; linear: all in equal parts.",
)
@click.option("--touches", type=step, metavar="STEP", help="Which events are touches.  [default: pageviews]")
@click.option(
    "--lookback", default="30d", show_default=True, metavar="SPAN", help="How far before a conversion."
)
@click.option(
    "--count",
    default="every",
    show_default=True,
    type=click.Choice(["every", "first"]),
    help="Every conversion, or a person's first.",
)
@click.option(
    "--per",
    type=click.Choice(["event", "session"]),
    help="Each event is a touch, or only the first of a session.  [default: event]",
)
@click.option("--property", metavar="PROPERTY", help="Add up its numbers, such as a price.")
@click.option(
    "--limit", default=25, show_default=True, type=int, metavar="N", help="Groups that stand alone."
)
@session_options
@filter_options
@output_options
@asks_site
def attribution(site: Questions, conversion: Any, output: str | None, **arguments: Any) -> None:
    """Show to which campaigns, or other touches, conversions are owed.

    \b
    backsight attribution "Bought" --by utm_campaign --property price --since 30d
    """
    show(site.attribution(conversion, **session_arguments(arguments)), output)
