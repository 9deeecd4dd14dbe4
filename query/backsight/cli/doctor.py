"""`backsight doctor`: what is wrong with a site, and what to do about it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click

from backsight.cli.asking import asks_site, show_json

if TYPE_CHECKING:
    from backsight.questions import Questions
    from backsight.results import Doctor

SIGNS: Final = {"act": "!", "know": "·", "fine": "✓"}
WIDTH: Final = 96


@click.command()
@click.option(
    "--days",
    default=30,
    show_default=True,
    type=click.IntRange(1, 365),
    help="Days up to today of which losses are told.",
)
@click.option("--timezone", default="UTC", show_default=True, help="Whose days they are.")
@click.option(
    "--apply",
    "applied",
    multiple=True,
    metavar="NAME",
    help="Add the rule that is proposed for NAME; repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@asks_site
def doctor(site: Questions, days: int, timezone: str, applied: tuple[str, ...], as_json: bool) -> None:
    """Examine a site: is it capturing, did names fall silent, what got lost.

    Ends with exit code 0 where all is well, 1 where there is something to do.

    \b
    backsight doctor
    backsight doctor --apply "Signed up"
    """
    found = site.doctor(days, timezone=timezone)
    if applied:
        for name in applied:
            click.echo(_apply(site, found, name))
        return
    if as_json:
        show_json(found.answer)
    else:
        _show(site.site, found)
    sys.exit(0 if found.fine else 1)


def _apply(site: Questions, found: Doctor, name: str) -> str:
    """Adds the rule that is proposed for a name, unless it was changed in between."""
    event = site.event(name)
    repair = found.repair(event.name)
    if repair is None:
        raise click.ClickException(
            f"--apply: nothing is proposed for {name!r}. Valid: {_repairable(found) or 'no name at present'}."
        )
    version = found.meta["events"].get(event.name, event.version)
    made = site.define(
        event.name, rules=repair["rules"], description=event.description, expected_version=version
    )
    events = repair["found"]["events"]
    return f"{made.name!r} stands in version {made.version}: {repair['words']} adds {events:,} events."


def _repairable(found: Doctor) -> str:
    names = [each["facts"]["name"] for each in found.findings if each["facts"].get("repair")]
    return ", ".join(map(repr, names))


def _show(site: str, found: Doctor) -> None:
    from backsight.results.doctor import in_order
    from backsight.results.tables import printable

    click.echo(f"{site}: {found.title.lower()}.")
    for finding in in_order(found.findings):
        click.echo()
        for line in _lines(finding):
            click.echo(printable(line, None))
    for warning in found.meta["warnings"]:
        click.echo(printable(f"Warning: {warning}", None))


def _lines(finding: dict[str, Any]) -> list[str]:
    """A finding on lines that a terminal holds."""
    sign = f"{SIGNS[finding['state']]} "
    lines = _wrapped(f"{finding['check']}: {finding['words']}", sign, "  ")
    return [*lines, *(line for each in finding["do"] for line in _wrapped(each, "  → ", "    "))]


def _wrapped(text: str, first: str, others: str) -> list[str]:
    from textwrap import wrap

    return wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=others, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
