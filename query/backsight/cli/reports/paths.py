"""`backsight paths`: what persons did next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from backsight.cli.asking import asks_site, output_options, show
from backsight.cli.reports.options import filter_options, session_arguments, session_options
from backsight.cli.words import rules, step

if TYPE_CHECKING:
    from backsight.questions import Questions


@click.command()
@click.option("--start", type=step, metavar="STEP", help="Paths from this step.")
@click.option("--end", type=step, metavar="STEP", help="Paths to this step, or from --start to it.")
@click.option("--around", type=step, metavar="STEP", help="Paths to this step and from it.")
@click.option(
    "--node",
    "nodes",
    multiple=True,
    type=step,
    metavar="STEP",
    help='What is on the way, or {"on": "pageview", "each": "path"}; may be repeated.'
    "  [default: named events, tracked events, pages]",
)
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="PATTERN",
    help="Values like /product/* are one node; may be repeated.",
)
@click.option(
    "--rewrite",
    type=rules,
    metavar="JSON|@FILE",
    help='What to replace in values: [{"matches": RE2, "as": TEXT}].',
)
@click.option("--exclude", multiple=True, type=step, metavar="STEP", help="Not on the way; may be repeated.")
@click.option(
    "--repeats",
    default="first",
    show_default=True,
    type=click.Choice(["first", "last", "keep"]),
    help="A node twice in a row counts from its first event or its last one, or is kept.",
)
@click.option("--steps", default=5, show_default=True, type=int, metavar="N", help="Nodes of a path.")
@click.option("--limit", default=25, show_default=True, type=int, metavar="N", help="Edges of each step.")
@session_options
@filter_options
@output_options
@asks_site
def paths(site: Questions, output: str | None, **arguments: Any) -> None:
    """Show which ways persons took, within their sessions.

    \b
    backsight paths --start "Viewed pricing" --group "/product/*" --since 30d
    """
    arguments["rewrite"] = arguments["rewrite"] or ()
    arguments["nodes"] = list(arguments["nodes"]) or None
    show(site.paths(**session_arguments(arguments)), output)
