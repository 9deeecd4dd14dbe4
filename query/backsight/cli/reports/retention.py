"""`backsight retention`: who came back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from backsight.cli.asking import asks_site, output_options, show
from backsight.cli.reports.options import (
    breakdown_arguments,
    breakdown_options,
    filter_options,
    group_option,
    options,
)
from backsight.cli.words import step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backsight.questions import Questions
    from backsight.results import Result, Retention


def _sizes(text: str) -> list[int]:
    """`1,3,7` as a list of numbers."""
    try:
        return [int(size) for size in text.split(",")]
    except ValueError:
        raise click.BadParameter(f"{text!r} is no list of numbers. Valid: such as 1,3,7.") from None


# Written out, as for every command: `--help` need not read the lake's code.
_STATISTICS = ("sum", "avg", "min", "max", "median", "p90", "p95", "p99")

_measure_options = options(
    click.option("--measure", type=click.Choice(_STATISTICS), help="Measure a property of the returns."),
    click.option("--property", metavar="NAME", help="Whose numbers."),
)
_persons_options = options(
    click.option("--persons", metavar="ROW", help="List the persons of this row instead: its date."),
    click.option("--column", type=int, metavar="N", help="Those who returned in the column of this number."),
    click.option("--not-returned", is_flag=True, help="Those who did not."),
    group_option,
    click.option("--after", metavar="PERSON", help="The next page, after the last person of one."),
)


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
    type=int,
    metavar="N",
    help="How many periods, the cohort's own included.  [default: 12]",
)
@click.option(
    "--cohort", default="first_in_range", show_default=True,
    type=click.Choice(["recurring", "first_in_range", "first_ever"]), help="Which starts make a cohort.",
)  # fmt: skip
@click.option(
    "--returned", default="on", show_default=True, type=click.Choice(["on", "on_or_after", "streak"]),
    help="Returned in the period itself, in it or later, or in every one up to it.",
)  # fmt: skip
@click.option(
    "--mode", default="calendar", show_default=True, type=click.Choice(["calendar", "rolling"]),
    help="Periods of the calendar, or of equal length from each start.",
)  # fmt: skip
@click.option(
    "--minimum",
    default=1,
    show_default=True,
    type=int,
    metavar="N",
    help="Returns that it takes to have returned.",
)
@click.option(
    "--brackets", type=_sizes, metavar="N,N,…",
    help="Instead of --periods: how many of them stand together in each column after the first.",
)  # fmt: skip
@breakdown_options
@_measure_options
@click.option(
    "--week-start",
    default="monday",
    show_default=True,
    type=click.Choice(["monday", "sunday"]),
    help="First day of a week.",
)
@click.option("--range", type=click.Choice(["all"]), help="all: --from and --to bound returns too.")
@_persons_options
@filter_options
@output_options
@asks_site
def retention(
    site: Questions, start: Any, return_: Any, measure: str | None,
    property: str | None,  # noqa: A002  # the option's own word
    output: str | None, **arguments: Any,
) -> None:  # fmt: skip
    """Count, of the persons who did START, those who did RETURN in later periods.

    \b
    backsight retention "Signed up" "Bought" --period week --periods 8
    backsight retention "Signed up" "Bought" --brackets 1,6,7 --by browser --measure sum --property price
    backsight retention "Signed up" "Bought" --since 8w --persons 2026-10-05 --column 1 --not-returned
    """
    cell = {name: arguments.pop(name) for name in ("persons", "column", "not_returned", "group", "after")}
    if (measure is None) != (property is None):
        raise click.UsageError("--measure and --property go together. Valid: --measure sum --property NAME.")
    asked = site.retention(
        start, return_, **breakdown_arguments(arguments),
        measure=None if measure is None else {"measure": measure, "property": property},
    )  # fmt: skip
    show(_persons(asked, **cell), output)


def _persons(
    asked: Retention, persons: str | None, column: int | None, not_returned: bool, group: Sequence[Any],
    after: str | None,
) -> Result:  # fmt: skip
    if persons is not None:
        return asked.persons(persons, column, returned=not not_returned, group=group or None, after=after)
    if column is not None or not_returned or group or after is not None:
        raise click.UsageError(
            "--column, --not-returned, --group and --after need --persons. Valid: --persons DATE."
        )
    return asked
