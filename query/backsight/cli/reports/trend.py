"""`backsight trend`: how much, over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from backsight.cli.asking import asks_site, output_options, show
from backsight.cli.reports.options import (
    breakdown_arguments,
    breakdown_options,
    filter_options,
    options,
    session_arguments,
    session_options,
)
from backsight.cli.words import step

if TYPE_CHECKING:
    from backsight.questions import Questions

# Written out, as for every command: `--help` need not read the lake's code.
_MEASURES = (
    "events", "persons", "sessions", "events_per_person", "active_persons",
    "sum", "avg", "min", "max", "median", "p90", "p95", "p99",
)  # fmt: skip

_measure_options = options(
    click.option("--measure", type=click.Choice(_MEASURES), help="What is measured.  [default: events]"),
    click.option("--property", metavar="NAME", help="Whose numbers: of sum, avg, min, max, median, p90 …"),
    click.option("--over", metavar="DAYS", help="Of active_persons: active within 1d, 7d, 28d …"),
)
_value_options = options(
    click.option(
        "--formula", "formulas", multiple=True, metavar="FORMULA",
        help="Between series, A the first: 'A / B * 100'; may be repeated.",
    ),
    click.option("--cumulative", is_flag=True, help="Values of all since the beginning."),
    click.option("--smooth", type=int, metavar="N", help="Values that are means of N intervals."),
    click.option("--compare", type=click.Choice(["previous"]), help="Add the intervals before the range."),
)  # fmt: skip


@click.command()
@click.argument("series", nargs=-1, required=True, type=step, metavar="STEP...")
@_measure_options
@click.option(
    "--interval",
    default="day",
    show_default=True,
    type=click.Choice(["hour", "day", "week", "month", "all"]),
    help="Time between points; all: the whole range at once.",
)
@click.option(
    "--week-start",
    default="monday",
    show_default=True,
    type=click.Choice(["monday", "sunday"]),
    help="First day of a week.",
)
@breakdown_options
@_value_options
@session_options
@filter_options
@output_options
@asks_site
def trend(site: Questions, series: tuple[Any, ...], output: str | None, **arguments: Any) -> None:
    """Count events, persons or sessions over time, or measure a property.

    \b
    backsight trend "Signed up" "Bought" --measure persons --interval week --since 8w
    backsight trend "Bought" --measure avg --property price --by browser --limit 5
    backsight trend "Bought" "Visited" --formula "A / B * 100"
    """
    measure = {name: arguments.pop(name) for name in ("measure", "property", "over")}
    measured = {name: value for name, value in measure.items() if value is not None}
    arguments = breakdown_arguments(session_arguments(arguments))
    show(site.trend([_measured(each, measured) for each in series], **arguments), output)


def _measured(step: Any, measure: dict[str, str]) -> Any:
    if not measure:
        return step
    return ({"event": step} if isinstance(step, str) else step) | measure
