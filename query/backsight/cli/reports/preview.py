"""`backsight preview`: what a rule would match."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from backsight.cli.asking import asks_site, output_options, show, show_rows
from backsight.cli.reports.options import (
    as_of_option,
    range_options,
    rule_arguments,
    rule_options,
    where_option,
)
from backsight.cli.words import rules

if TYPE_CHECKING:
    from backsight.questions import Questions


@click.command()
@rule_options
@click.option(
    "--against", type=rules, metavar="JSON|@FILE",
    help="A rule, or a list of them: show what is gained and lost if the rule takes their place.",
)  # fmt: skip
@click.option("--events", is_flag=True, help="Show the raw events that match instead; --csv: all of them.")
@where_option
@range_options
@as_of_option
@output_options
@asks_site
def preview(site: Questions, output: str | None, events: bool, **arguments: Any) -> None:
    """Show what a rule matches, over all of history or in a range; nothing is saved.

    \b
    backsight preview --css "form#signup" --on submit
    """
    asked = site.preview(**rule_arguments(arguments), **arguments)
    if events:
        show_rows(asked.raw_events(), output)
    else:
        show(asked, output)
