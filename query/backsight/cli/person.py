"""`backsight person | explain`: what somebody did, and why they do or do not count in a report."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import click

from backsight.cli.asking import Explaining, asks_site, output_options, show
from backsight.cli.reports.options import as_of_option, options

if TYPE_CHECKING:
    from backsight.questions import Questions

REPORTS: Final = {
    "funnel": "reports.funnel",
    "retention": "reports.retention",
    "trend": "reports.trend",
    "lifecycle": "reports.lifecycle",
    "stickiness": "reports.lifecycle",
    "paths": "reports.paths",
    "attribution": "reports.attribution",
}
"""The commands of reports that are about persons, and the modules that hold them."""

_limit_option = click.option("--limit", default=40, show_default=True, metavar="N", help="Events at a time.")
_after_option = click.option("--after", metavar="CURSOR", help="The next page: what the page before names.")
_order_option = click.option(
    "--order", default="newest", show_default=True, type=click.Choice(["newest", "oldest"]),
    help="Which events come first.",
)  # fmt: skip


def _named(context: click.Context, parameter: click.Parameter, text: str) -> str:
    """PERSON, which may be a number below zero; anything else with a dash in front is a mistyped option."""
    if text.startswith("-") and not text[1:].isdecimal():
        raise click.NoSuchOption(text, ctx=context)
    return text


_person_argument = click.argument("person", metavar="PERSON", callback=_named)
_NUMBERS_MAY_BE_NEGATIVE: Final = {"ignore_unknown_options": True}


@click.command(context_settings=_NUMBERS_MAY_BE_NEGATIVE)
@_person_argument
@options(_order_option, _limit_option, _after_option)
@as_of_option
@output_options
@asks_site
def person(site: Questions, person: str, output: str | None, **arguments: Any) -> None:
    """Show who PERSON is, and what they did.

    PERSON is user:ID or device:ID, or a person's number as reports list them.

    \b
    backsight person user:ada@shop.example
    """
    show(site.person(person, **arguments), output)


@click.command(context_settings={**_NUMBERS_MAY_BE_NEGATIVE, "allow_interspersed_args": False})
@click.option("--all", "everything", is_flag=True, help="Also show events that the report does not look for.")
@options(_limit_option, _after_option)
@_person_argument
@click.argument("report", metavar="REPORT", type=click.Choice(list(REPORTS)))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[ARGUMENTS]...")
@click.pass_context
def explain(
    context: click.Context, person: str, report: str, arguments: tuple[str, ...], everything: bool,
    limit: int, after: str | None,
) -> None:  # fmt: skip
    """Say why PERSON does or does not count in a REPORT, event by event.

    What follows REPORT are its own arguments. REPORT is funnel, retention, trend, lifecycle, stickiness,
    paths or attribution.

    \b
    backsight explain user:ada funnel "Viewed pricing" "Signed up" --window 7d --since 30d
    backsight explain --all device:d-17 retention "Signed up" "Ordered" --json
    """
    command = getattr(import_module(f"backsight.cli.{REPORTS[report]}"), report)
    context.obj = Explaining(person, None if everything else "considered", limit, after)
    with command.make_context(report, list(arguments), parent=context) as own:
        command.invoke(own)
