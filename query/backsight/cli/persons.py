"""`backsight persons`: delete persons everywhere, and see what became of it."""

from __future__ import annotations

import time
from typing import IO, TYPE_CHECKING, Any, Final

import click

from backsight.cli.asking import asks_site, show_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backsight.deletions import Deletion
    from backsight.questions import Questions

SHOWN: Final = 10
"""Persons that a question names; `--json` of `deletions` has what was done to all."""
AT_ONCE: Final = 10_000
"""Persons of one deletion: a longer file makes several."""
LOOK_SECONDS: Final = 0.25


@click.group()
def persons() -> None:
    """Persons: delete them everywhere, for good.

    What they did, said and are: events, identity statements, rejected events, journal, cohorts' lists.
    """


def _checked(context: click.Context, parameter: click.Parameter, named: tuple[str, ...]) -> tuple[str, ...]:
    """Persons' numbers may be below zero; anything else with a dash in front is a mistyped option."""
    for text in named:
        if text.startswith("-") and not text[1:].isdecimal():
            raise click.NoSuchOption(text, ctx=context)
    return named


@persons.command(context_settings={"ignore_unknown_options": True})
@click.argument("ids", metavar="[PERSON]...", nargs=-1, callback=_checked)
@click.option("--user", "users", metavar="ID", multiple=True, help="A user's id; repeatable.")
@click.option("--device", "devices", metavar="ID", multiple=True, help="A device's id; repeatable.")
@click.option(
    "--file", type=click.File(encoding="utf-8"), help="Persons, one a line; -: from standard input."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--wait", is_flag=True, help="Return when nothing is left of them.")
@asks_site
def delete(
    site: Questions, ids: tuple[str, ...], users: tuple[str, ...], devices: tuple[str, ...],
    file: IO[str] | None, yes: bool, wait: bool,
) -> None:  # fmt: skip
    """Delete each PERSON everywhere, for good, after showing what that is.

    PERSON is user:ID or device:ID, or a person's number as reports list them. A device stands for the person
    behind it. What they do from now on is stored, as somebody new.

    \b
    backsight persons delete user:ada@shop.example --wait
    backsight persons delete --file leaving.txt --yes
    """
    named = [*ids, *(f"user:{each}" for each in users), *(f"device:{each}" for each in devices)]
    named += [line.strip() for line in file or () if line.strip()]
    if not named:
        raise click.UsageError("nobody is named. Valid: user:ID, device:ID or a number; or --file.")
    parts = [named[at : at + AT_ONCE] for at in range(0, len(named), AT_ONCE)]
    _show_previews(site, [site.preview_deletion(*part) for part in parts])
    if not yes:
        click.confirm("Delete everything of them, for good?", abort=True)
    for part in parts:
        deletion = site.delete_person(*part, wait=False)
        while wait and not deletion.is_done:
            time.sleep(LOOK_SECONDS)
            deletion = site.deletion(deletion.deletion)
        click.echo(_outcome(deletion))


@persons.command()
@click.argument("deletion", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@asks_site
def deletions(site: Questions, deletion: str | None, as_json: bool) -> None:
    """List deletions, the newest first; or show one, DELETION."""
    found = [site.deletion(deletion)] if deletion else site.deletions()
    if as_json:
        show_json(found[0].to_json() if deletion else [each.to_json() for each in found])
    elif found:
        _show_table(found)
    else:
        click.echo("Nobody was deleted.")


def _show_previews(site: Questions, previews: Sequence[Mapping[str, Any]]) -> None:
    """What will go. Raises ClickException where somebody is unknown."""
    from backsight.results.tables import printable

    if unknown := [each for preview in previews for each in preview["unknown"]]:
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        raise click.ClickException(f"there is nothing of {', '.join(unknown[:3])}{more}; nobody was deleted.")
    total = sum(preview["persons_total"] for preview in previews)
    click.echo(f"{total:,} {'person' if total == 1 else 'persons'} of site {site.site!r}:")
    for person in previews[0]["persons"][:SHOWN]:
        devices = person["device_ids"]
        who = printable(person["user_id"] or "anonymous", None)
        click.echo(f"  {who}, {_counted(len(devices), 'known device')}")
    if total > SHOWN:
        click.echo(f"  and {total - SHOWN:,} more")
    rows = {table: sum(preview["tables"][table] for preview in previews) for table in previews[0]["tables"]}
    moments = [preview[name] for preview in previews for name in ("first_seen", "last_seen") if preview[name]]
    when = f" from {min(moments)[:10]} to {max(moments)[:10]}" if moments else ""
    said = [_counted(rows["statements"], "statement"), _counted(rows["dead_letters"], "rejected event")]
    click.echo(f"{_counted(rows['events'], 'event')}{when}, {' and '.join(said)}.")


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _outcome(deletion: Deletion) -> str:
    if not deletion.is_done:
        return (
            f"{deletion.deletion} is {deletion.state}. "
            f"How far it is: backsight persons deletions {deletion.deletion}"
        )
    removed = {name: counts["rows"] for name, counts in deletion.tables.items()}
    rows = ", ".join(f"{count:,} of {name}" for name, count in removed.items())
    erased = _counted(deletion.journal_records, "journal record")
    return f"{deletion.deletion} is done: {rows}; {erased} erased; {deletion.rows_left} rows left."


def _show_table(found: Sequence[Deletion]) -> None:
    from backsight.results.tables import Table

    rows = [
        [each.deletion, each.state, f"{each.requested_at:%Y-%m-%d %H:%M:%S}", each.actor or "",
         f"{each.persons:,}", f"{sum(counts['rows'] for counts in each.tables.values()):,}",
         "" if each.rows_left is None else str(each.rows_left)]
        for each in found
    ]  # fmt: skip
    header = ["deletion", "", "asked for (UTC)", "by", "persons", "rows removed", "rows left"]
    click.echo(Table(header, rows, left=frozenset(range(4))).text())
