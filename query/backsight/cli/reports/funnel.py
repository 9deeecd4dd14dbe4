"""`backsight funnel`: who got how far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from backsight.cli.asking import asks_site, output_options, show
from backsight.cli.reports.options import filter_options, options
from backsight.cli.words import step

if TYPE_CHECKING:
    from backsight.questions import Questions
    from backsight.results import Funnel, Result

_breakdown_options = options(
    click.option("--by", multiple=True, metavar="PROPERTY", help="Groups by its value; may be repeated."),
    click.option(
        "--attribution", type=click.Choice(["first", "last", "step", "all"]),
        help="Which event of an attempt says its group.  [default: first]",
    ),
    click.option("--attribution-step", type=int, metavar="STEP", help="Of --attribution step: which one."),
    click.option("--limit", type=int, metavar="N", help="Groups that stand alone.  [default: 25]"),
)  # fmt: skip
_persons_options = options(
    click.option("--persons", type=int, metavar="STEP", help="List who reached this step instead (from 1)."),
    click.option("--dropped", is_flag=True, help="Who got to the one before and no further."),
    click.option("--after", metavar="PERSON", help="The next page, after the last person of one."),
)


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
@_breakdown_options
@click.option(
    "--interval",
    type=click.Choice(["hour", "day", "week", "month"]),
    help="Show the conversion of each period instead.",
)
@click.option(
    "--week-start",
    default="monday",
    show_default=True,
    type=click.Choice(["monday", "sunday"]),
    help="First day of a week.",
)
@_persons_options
@filter_options
@output_options
@asks_site
def funnel(
    site: Questions, steps: tuple[Any, ...], by: tuple[str, ...], attribution: str | None,
    attribution_step: int | None, limit: int | None, output: str | None, **arguments: Any,
) -> None:  # fmt: skip
    """Count the persons who did STEPs one after another.

    A STEP is a named event, or a rule as JSON.

    \b
    backsight funnel "Viewed pricing" "Signed up" --window 7d --since 30d
    backsight funnel '{"on": "pageview"}' "Signed up" --by browser --limit 5
    backsight funnel "Viewed pricing" "Signed up" --persons 2 --dropped
    """
    persons = {name: arguments.pop(name) for name in ("persons", "dropped", "after")}
    own = {"attribution": attribution, "step": attribution_step, "limit": limit}
    given = {name: value for name, value in own.items() if value is not None}
    if given and not by:
        raise click.UsageError(
            "--attribution, --attribution-step and --limit need --by. Valid: --by PROPERTY."
        )
    breakdown = {"by": list(by), **given} if by else None
    asked = site.funnel(list(steps), **arguments, breakdown=breakdown)
    show(_persons(asked, **persons), output)


def _persons(asked: Funnel, persons: int | None, dropped: bool, after: str | None) -> Result:
    if persons is not None:
        return asked.persons(persons, dropped=dropped, after=after)
    if dropped or after is not None:
        raise click.UsageError("--dropped and --after need --persons. Valid: --persons STEP.")
    return asked
