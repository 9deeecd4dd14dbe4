"""`backsight events`: named events, their rules and their versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from backsight.cli.asking import asks_site, output_options, show_json
from backsight.cli.asking import show as show_result
from backsight.cli.reports.options import as_of_option, rule_arguments, rule_options, where_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backsight.named_events import NamedEvent
    from backsight.questions import Questions

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
version_option = click.option(
    "--expected-version", type=click.IntRange(0), metavar="N",
    help="Refuse if another version than N stands by now (0: none).",
)  # fmt: skip


@click.group()
def events() -> None:
    """Named events: names for raw events, for all of history."""


@events.command("list")
@json_option
@asks_site
def list_events(site: Questions, as_json: bool) -> None:
    """List the named events."""
    _show_events(site.events(), as_json)


@events.command("export")
@click.option("--schema", metavar="PLACE", help="Where editors find the JSON schema.  [next to the file]")
@asks_site
def export_events(site: Questions, schema: str | None) -> None:
    """Print all named events and cohorts as an events file, for `backsight plan` and `backsight apply`.

    \b
    backsight events export > events.yaml
    backsight events schema > events.schema.json
    """
    click.echo(site.export_events(schema=schema), nl=False)


@events.command("schema")
def show_schema() -> None:
    """Print the JSON schema of an events file, by which editors complete and check it."""
    from backsight.api.schemas.definitions import file_schema

    show_json(file_schema())


@events.command("ready")
@json_option
def list_ready(as_json: bool) -> None:
    """List the ready-made rules, for `put` and `preview`.

    \b
    backsight events put "Rage click" --ready rage_click
    """
    from backsight.ready import ready_rules

    listed = ready_rules()
    if as_json:
        show_json(listed)
    else:
        click.echo("\n".join(f"{each['name']:<12} {each['description']}" for each in listed))


@events.command()
@click.argument("name")
@json_option
@asks_site
def show(site: Questions, name: str, as_json: bool) -> None:
    """Show what NAME means now."""
    event = site.event(name)
    if as_json:
        show_json(event.to_json())
    else:
        click.echo(_described(event))


@events.command()
@click.argument("name")
@rule_options
@where_option
@click.option("--description", default="", help="What it means, for people.")
@version_option
@asks_site
def put(site: Questions, name: str, description: str, expected_version: int | None, **arguments: Any) -> None:
    """Bind NAME to a rule; a NAME that exists gets a new version.

    \b
    backsight events put "Signed up" --css "form#signup" --on submit
    backsight events put "Bought" --rules '[{"on": "track", "name": "Order Completed"}]'
    """
    event = site.define(
        name, description=description, expected_version=expected_version, **rule_arguments(arguments)
    )
    click.echo(f"{event.name!r} stands in version {event.version}.")


@events.command()
@click.argument("name")
@version_option
@asks_site
def delete(site: Questions, name: str, expected_version: int | None) -> None:
    """Take NAME away; its versions stay in its history, and `put` brings it back."""
    site.delete_event(name, expected_version=expected_version)
    click.echo(f"{name!r} is deleted.")


@events.command()
@click.argument("name")
@json_option
@asks_site
def history(site: Questions, name: str, as_json: bool) -> None:
    """List every version of NAME, newest first: who changed it, and when."""
    _show_events(site.history(name), as_json)


@events.command()
@asks_site
def docs(site: Questions) -> None:
    """Print the named events, and the views that SQL is asked of, as a dbt schema.yml.

    \b
    backsight events docs > models/backsight/schema.yml
    """
    click.echo(site.dbt_schema(), nl=False)


@events.command()
@click.option(
    "--days", default=90, show_default=True, type=click.IntRange(1, 730), help="How many, up to today."
)
@click.option("--timezone", default="UTC", show_default=True, metavar="ZONE", help="IANA timezone.")
@as_of_option
@output_options
@asks_site
def activity(site: Questions, output: str | None, **arguments: Any) -> None:
    """Show how often each name happened of late, what fell silent, and what took its place."""
    show_result(site.activity(**arguments), output)


def _show_events(listed: Sequence[NamedEvent], as_json: bool) -> None:
    from backsight.results.tables import Table

    if as_json:
        show_json([event.to_json() for event in listed])
        return
    rows = [
        [event.name, str(event.version), f"{event.at:%Y-%m-%d %H:%M}", event.actor, _meaning(event)]
        for event in listed
    ]
    table = Table(["name", "version", "changed (UTC)", "by", "rules"], rows, left=frozenset({0, 3, 4}))
    click.echo(table.text() if rows else "No named events yet: see `backsight events put --help`.")


def _described(event: NamedEvent) -> str:
    from backsight.results.tables import printable

    lines = [f"{event.name} (version {event.version}, {event.at:%Y-%m-%d %H:%M} UTC, by {event.actor})"]
    lines += [event.description] if event.description else []
    return "\n".join(printable(line, None) for line in [*lines, *_rules(event)])


def _meaning(event: NamedEvent) -> str:
    return "deleted" if event.deleted else "; ".join(_rules(event))


def _rules(event: NamedEvent) -> list[str]:
    from backsight.rules.rule import describe

    return [describe(rule) for rule in event.rules]
