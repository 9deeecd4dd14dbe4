"""`backsight cohorts`: persons under a name, their conditions or lists, and their versions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from backsight.cli.asking import asks_site, output_options, show_json
from backsight.cli.asking import show as show_result
from backsight.cli.events import json_option, version_option
from backsight.cli.words import predicate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backsight.cohorts import Cohort
    from backsight.questions import Questions

where_option = click.option(
    "--person-where", multiple=True, type=predicate, metavar="COND",
    help="A condition that all its persons meet: TRAIT=VALUE, or JSON; may be repeated.",
)  # fmt: skip
zone_option = click.option(
    "--timezone", default="UTC", show_default=True, metavar="ZONE", help="IANA timezone of its days."
)


@click.group()
def cohorts() -> None:
    """Cohorts: persons under a name, for every --person-where."""


@cohorts.command("list")
@json_option
@asks_site
def list_cohorts(site: Questions, as_json: bool) -> None:
    """List the cohorts."""
    _show_cohorts(site.cohorts(), as_json)


@cohorts.command()
@click.argument("name")
@json_option
@asks_site
def show(site: Questions, name: str, as_json: bool) -> None:
    """Show what the cohort NAME is now."""
    cohort = site.cohort(name)
    if as_json:
        show_json(cohort.to_json())
    else:
        click.echo(_described(cohort))


@cohorts.command()
@click.argument("name")
@where_option
@click.option("--user", "users", multiple=True, metavar="ID", help="List this user; may be repeated.")
@click.option("--device", "devices", multiple=True, metavar="ID", help="List this device; may be repeated.")
@click.option(
    "--persons", type=click.File("r"), metavar="FILE",
    help="List the persons in FILE, a number a line, as reports have them.",
)  # fmt: skip
@click.option("--description", default="", help="Who they are, for people.")
@version_option
@asks_site
def put(site: Questions, name: str, person_where: tuple[Any, ...], persons: Any, **arguments: Any) -> None:
    """Bind NAME to conditions on persons, or to a list of them; a NAME that exists gets a new version.

    \b
    backsight cohorts put "Power users" --person-where '{"did": "Bought", "at_least": 3, "within": "30d"}'
    backsight cohorts put "Friends" --user ada --user bob
    """
    listed = [] if persons is None else [line.strip() for line in persons if line.strip()]
    cohort = site.define_cohort(name, list(person_where) or None, persons=listed, **arguments)
    click.echo(f"{cohort.name!r} stands in version {cohort.version}.")


@cohorts.command()
@click.argument("name")
@click.option("--as", "as_", metavar="NAME", help="Name of the list.  [default: NAME's next version]")
@zone_option
@click.option("--description", help="Who they are, for people.")
@version_option
@asks_site
def freeze(site: Questions, name: str, **arguments: Any) -> None:
    """List those who are in the cohort NAME now, so that it stays as it is.

    \b
    backsight cohorts freeze "Power users" --as "Power users in October"
    """
    cohort = site.freeze_cohort(name, **arguments)
    click.echo(f"{cohort.name!r} stands in version {cohort.version}: {cohort.members:,} are listed.")


@cohorts.command()
@where_option
@zone_option
@click.option("--limit", default=100, show_default=True, type=int, metavar="N", help="Persons of a page.")
@click.option("--after", metavar="PERSON", help="The `next` of the page before.")
@output_options
@asks_site
def preview(site: Questions, person_where: tuple[Any, ...], output: str | None, **arguments: Any) -> None:
    """Count those who meet the conditions now, and list some; nothing is saved.

    \b
    backsight cohorts preview --person-where '{"cohort": "Power users"}' --person-where plan=pro
    """
    show_result(site.preview_cohort(list(person_where), **arguments), output)


@cohorts.command()
@click.argument("name")
@version_option
@asks_site
def delete(site: Questions, name: str, expected_version: int | None) -> None:
    """Take NAME away; its versions stay in its history, and `put` brings it back."""
    site.delete_cohort(name, expected_version=expected_version)
    click.echo(f"{name!r} is deleted.")


@cohorts.command()
@click.argument("name")
@json_option
@asks_site
def history(site: Questions, name: str, as_json: bool) -> None:
    """List every version of NAME, newest first: who changed it, and when."""
    _show_cohorts(site.cohort_history(name), as_json)


def _show_cohorts(listed: Sequence[Cohort], as_json: bool) -> None:
    from backsight.results.tables import Table

    if as_json:
        show_json([cohort.to_json() for cohort in listed])
        return
    rows = [
        [each.name, str(each.version), f"{each.at:%Y-%m-%d %H:%M}", each.actor, "; ".join(_meaning(each))]
        for each in listed
    ]
    table = Table(["name", "version", "changed (UTC)", "by", "persons"], rows, left=frozenset({0, 3, 4}))
    click.echo(table.text() if rows else "No cohorts yet: see `backsight cohorts put --help`.")


def _described(cohort: Cohort) -> str:
    from backsight.results.tables import printable

    lines = [f"{cohort.name} (version {cohort.version}, {cohort.at:%Y-%m-%d %H:%M} UTC, by {cohort.actor})"]
    lines += [cohort.description] if cohort.description else []
    return "\n".join(printable(line, None) for line in [*lines, *_meaning(cohort)])


def _meaning(cohort: Cohort) -> list[str]:
    if cohort.members is not None:
        return [f"{cohort.members:,} listed"]
    return [json.dumps(each, ensure_ascii=False) for each in cohort.person_where or ()] or ["deleted"]
