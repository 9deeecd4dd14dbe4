"""`backsight saved`: reports under a name, their versions, and links that share them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from backsight.cli.asking import asks_site, output_options, show_json
from backsight.cli.asking import show as show_result
from backsight.cli.events import json_option, version_option
from backsight.cli.words import request
from backsight.questions.saved import DAYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backsight.questions import Questions
    from backsight.saved_reports import SavedReport, ShareLink


@click.group()
def saved() -> None:
    """Saved reports: questions under a name, and links that share their answers.

    Every report command saves what it asks with --save NAME.
    """


@saved.command("list")
@json_option
@asks_site
def list_saved(site: Questions, as_json: bool) -> None:
    """List the saved reports; of one that can't be asked at present, why."""
    listed = site.saved()
    if as_json:
        show_json([each.to_json() for each in listed])
        return
    _show_table(listed)
    for each in listed:
        if each.broken:
            click.echo(_printable(f"{each.name!r} can't be asked: {each.broken}"), err=True)


@saved.command()
@click.argument("name")
@click.option("--question", is_flag=True, help="Print what is saved, as JSON, and ask nothing.")
@output_options
@asks_site
def show(site: Questions, name: str, question: bool, output: str | None) -> None:
    """Ask what is saved as NAME, and show the answer.

    \b
    backsight saved show "Signups" --csv
    """
    if question:
        show_json(site.saved_question(name).to_json())
    else:
        show_result(site.saved_report(name), output)


@saved.command()
@click.argument("name")
@click.argument("report")
@click.argument("asked", type=request, metavar="JSON|@FILE")
@click.option("--description", default="", help="What it tells, for people.")
@version_option
@asks_site
def save(site: Questions, name: str, report: str, asked: dict[str, Any], **arguments: Any) -> None:
    """Save REPORT with a request, as the HTTP API takes it, as NAME; a NAME that exists gets a new version.

    \b
    backsight saved save "Signups" funnel '{"steps": ["Viewed pricing", "Signed up"], "from": "30d"}'
    backsight funnel "Viewed pricing" "Signed up" --since 30d --save "Signups"
    """
    kept = site.save(name, report, asked, **arguments)
    click.echo(f"{kept.name!r} stands in version {kept.version}.")


@saved.command()
@click.argument("name")
@version_option
@asks_site
def delete(site: Questions, name: str, expected_version: int | None) -> None:
    """Take NAME away, and end its links; its versions stay in its history."""
    site.delete_saved(name, expected_version=expected_version)
    click.echo(f"{name!r} is deleted, and its links open nothing any more.")


@saved.command()
@click.argument("name")
@json_option
@asks_site
def history(site: Questions, name: str, as_json: bool) -> None:
    """List every version of NAME, newest first: who changed it, and when."""
    versions = site.saved_history(name)
    if as_json:
        show_json([each.to_json() for each in versions])
    else:
        _show_table(versions)


@saved.command()
@click.argument("name")
@click.option(
    "--days", type=click.IntRange(1, 365), default=DAYS, show_default=True, help="How long the link lasts."
)
@click.option("--never-expires", is_flag=True, help="Let it last until it is revoked.")
@click.option("--label", default="", help="Whom it is for, in the list of links.")
@click.option("--server", metavar="URL", help="Where others reach the server, if not as it is reached here.")
@asks_site
def link(site: Questions, name: str, days: int, never_expires: bool, **arguments: Any) -> None:
    """Print a link that shares NAME: whoever has it sees that report's answer, and nothing else.

    It is printed here and never again.

    \b
    backsight saved link "Signups" --days 7 --label "board meeting" --server https://stats.example
    """
    made = site.share(name, None if never_expires else days, **arguments)
    click.echo(made.url)
    ends = "revoked" if made.expires is None else f"{made.expires:%Y-%m-%d %H:%M} UTC"
    click.echo(f"It is {made.link_id}. Who has it sees {name!r} until {ends}.", err=True)


@saved.command()
@click.argument("name")
@json_option
@asks_site
def links(site: Questions, name: str, as_json: bool) -> None:
    """List the links that share NAME, those that ended included."""
    listed = site.links(name)
    if as_json:
        show_json([each.to_json() for each in listed])
    else:
        _show_links(listed)


@saved.command()
@click.argument("name")
@click.argument("link_id")
@asks_site
def unlink(site: Questions, name: str, link_id: str) -> None:
    """End the link LINK_ID that shares NAME, at once and for good."""
    ended = site.unshare(name, link_id)
    click.echo(f"Link {link_id} {'opens nothing any more' if ended else 'was revoked before'}.")


def _show_table(listed: Sequence[SavedReport]) -> None:
    from backsight.results.tables import Table

    rows = [
        [each.name, each.report or "deleted", str(each.version), f"{each.at:%Y-%m-%d %H:%M}", each.actor,
         "broken" if each.broken else "", each.description]
        for each in listed
    ]  # fmt: skip
    header = ["name", "report", "version", "changed (UTC)", "by", "", "description"]
    told = Table(header, rows, left=frozenset({0, 1, 3, 4, 5, 6})).text()
    click.echo(told if rows else "No saved reports yet: see --save of `backsight funnel --help`.")


def _show_links(listed: Sequence[ShareLink]) -> None:
    from backsight.results.tables import Table

    rows = [
        [
            each.link_id,
            each.label,
            f"{each.created:%Y-%m-%d %H:%M}",
            _state(each),
            _used(each),
            each.maker or "",
        ]
        for each in listed
    ]
    header = ["id", "label", "made (UTC)", "", "last used", "by"]
    told = Table(header, rows, left=frozenset(range(6))).text()
    click.echo(told if rows else "No links yet: see `backsight saved link --help`.")


def _state(link: ShareLink) -> str:
    if link.revoked:
        return "revoked"
    if link.expires is None:
        return ""
    return f"{'expired' if link.expires <= datetime.now(UTC) else 'until'} {link.expires:%Y-%m-%d %H:%M}"


def _used(link: ShareLink) -> str:
    return f"{link.last_used:%Y-%m-%d %H}h" if link.last_used else "never"


def _printable(text: str) -> str:
    from backsight.results.tables import printable

    return printable(text, None)
