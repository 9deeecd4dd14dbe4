"""`backsight signals`: what nobody named and goes with a drop, or with coming back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from backsight.cli.asking import asks_site, output_options, show
from backsight.cli.reports.options import filter_options, options
from backsight.cli.words import step

if TYPE_CHECKING:
    from backsight.questions import Questions

_funnel_options = options(
    click.option("--window", metavar="SPAN", help="The funnel's window.  [default: 14d]"),
    click.option("--step", type=int, metavar="N", help="The step to reach, from 2.  [default: the last]"),
)
_retention_options = options(
    click.option(
        "--return", "return_", type=step, metavar="STEP", help="Of one STEP: who came back and did this one."
    ),
    click.option(
        "--period", type=click.Choice(["hour", "day", "week", "month"]),
        help="Came back in which period.  [default: day]",
    ),
    click.option("--column", type=int, metavar="N", help="Of which number, from 1.  [default: 1]"),
)  # fmt: skip


@click.command()
@click.argument("steps", nargs=-1, required=True, type=step, metavar="STEP...")
@_funnel_options
@_retention_options
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
    site: Questions, steps: tuple[Any, ...], window: str | None, step: int | None, return_: Any,
    period: str | None, column: int | None, limit: int, at_least: int, confidence: float,
    output: str | None, **arguments: Any,
) -> None:  # fmt: skip
    """Find what nobody named and who went on did more often, or less, than who did not.

    The STEPs make a funnel; compared are those who reached a step with those who got to the one before and no
    further. With --return one STEP begins a retention report; compared are those who came back with those who
    did not. Every signal comes with a rule that names it (--json shows it). Of funnels and retention reports
    with other options, ask over HTTP or in Python.

    \b
    backsight signals "Viewed pricing" "Signed up" --since 30d
    backsight signals "Signed up" --return '{"on": "any"}' --period week --since 12w
    """
    sought: dict[str, Any] = {"limit": limit, "at_least": at_least, "confidence": confidence}
    if return_ is None:
        if period is not None or column is not None:
            raise click.UsageError("--period and --column need --return. Valid: --return STEP.")
        show(site.funnel(list(steps), window=window or "14d", **arguments).signals(step, **sought), output)
        return
    if len(steps) > 1 or window is not None or step is not None:
        raise click.UsageError("with --return there is no funnel. Valid: one STEP, without --window, --step.")
    number = column or 1
    asked = site.retention(
        steps[0], return_, period or "day", number + 1, **arguments  # type: ignore[arg-type]  # click's choice
    )  # fmt: skip
    show(asked.signals(number, **sought), output)
