"""`backsight sql`: a statement over the views of a site."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from backsight.cli.asking import asks_site
from backsight.cli.reports.options import as_of_option

if TYPE_CHECKING:
    from backsight.questions import Questions


def _param(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, Any]:
    """NAME=VALUE; a value that reads as JSON is what it says, any other a text."""
    params: dict[str, Any] = {}
    for each in given:
        name, between, value = each.partition("=")
        if not between:
            raise click.BadParameter(f"{each!r} has no value. Valid: NAME=VALUE.")
        try:
            params[name] = json.loads(value)
        except ValueError:
            params[name] = value
    return params


@click.command()
@click.argument("statement")
@click.option(
    "--param", "params", multiple=True, callback=_param, metavar="NAME=VALUE",
    help="The value of a $NAME in the statement: JSON, or else a text.",
)  # fmt: skip
@click.option("--limit", type=int, help="Most rows of the answer.  [default: 10000]")
@as_of_option
@click.option("--json", "output", flag_value="json", help="Print the answer as JSON.")
@click.option("--csv", "output", flag_value="csv", help="Print the rows as CSV.")
@asks_site
def sql(site: Questions, statement: str, output: str | None, **arguments: Any) -> None:
    """Print the rows of a SELECT over the views raw_events, named_events, persons and nodes.

    STATEMENT may be @FILE, or - for the standard input.

    \b
    backsight sql "select date, count(*) from raw_events group by date order by date"
    """
    answered = site.sql(_text(statement), **arguments)
    if output == "json":
        for part in answered.json_parts():
            click.echo(part, nl=False)
        click.echo()
    elif output == "csv":
        for line in answered.csv_parts():
            click.echo(line, nl=False)
    else:
        click.echo(repr(answered))


def _text(statement: str) -> str:
    if statement == "-" or statement.startswith("@"):
        with click.open_file(statement.removeprefix("@"), encoding="utf-8") as file:
            return str(file.read())
    return statement
