"""`backsight audit`: who changed what, when and from where; and whether the trail is whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import click

from backsight.cli.asking import open_site, open_store, show_json, where_options

if TYPE_CHECKING:
    from backsight.audit import AuditEntry
    from backsight.store import Store

SHOWN_DETAIL: Final = 60
"""Characters of a change's detail in the table; `--json` has all of it."""


@click.command()
@click.option("--since", metavar="WHEN", help="Only from then on: a date, an instant, or 30d for 30 days.")
@click.option("--action", metavar="ACTION", help="Only such changes: key.revoke, or key for all about keys.")
@click.option(
    "--limit", default=100, show_default=True, type=click.IntRange(1, 1_000), help="How many, the newest."
)
@click.option("--before", metavar="NUMBER", type=click.IntRange(1), help="Only lines before this one.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--verify", is_flag=True,
    help="Instead, check that no line of the folder was changed or taken out, of all its sites.",
)  # fmt: skip
@click.option(
    "--against", metavar="NUMBER:DIGEST",
    help="With --verify: a line as it was noted earlier, which has to stand as it was; repeatable.",
    multiple=True,
)  # fmt: skip
@where_options
def audit(
    data: str | None, site: str | None, url: str | None, key: str | None,
    verify: bool, against: tuple[str, ...], as_json: bool, **asked: Any,
) -> None:  # fmt: skip
    """Show who changed what on a site, newest first; or check that the trail is whole.

    --verify ends with exit code 1 where it is not. Whoever can write to the database can also forge a whole
    trail: so note the last line's digest elsewhere, which --verify prints, and give it to --against.

    \b
    backsight audit --since 30d --action key
    backsight audit --verify --against 1042:9f86d081…
    """
    if verify:
        if url:
            raise click.UsageError("--verify reads a data folder. Valid: --data, where the server runs.")
        with open_store(data) as (store, _):
            _verify(store, against)
        return
    if against:
        raise click.UsageError("--against goes with --verify.")
    with open_site(data, site, url, key) as opened:
        lines = opened.audit(asked.pop("since"), **asked)
    if as_json:
        show_json([line.to_json() for line in lines])
    else:
        _show_table(lines)


def _verify(store: Store, against: tuple[str, ...]) -> None:
    noted = [_noted(text) for text in against]
    broken = list(store.broken_lines())
    wrong = [f"line {line.number} does not follow from the one before it" for line in broken]
    for number, digest in noted:
        found = [(line.number, line.digest) for line in store.audit_lines(limit=1, before=number + 1)]
        if found != [(number, digest)]:
            wrong.append(f"line {number} is not the one that was noted")
    if wrong:
        raise click.ClickException("the audit trail was changed: " + "; ".join(wrong[:20]) + ".")
    click.echo("The audit trail is whole.")
    for last in store.audit_lines(limit=1):
        click.echo(f"The last line is {last.number}:{last.digest}")


def _noted(text: str) -> tuple[int, str]:
    number, _, digest = text.partition(":")
    if not number.isascii() or not number.isdecimal() or len(number) > 15 or len(digest) != 64:
        raise click.UsageError(f"--against: {text!r} is no line. Valid: NUMBER:DIGEST, as --verify tells.")
    return int(number), digest


def _show_table(lines: list[AuditEntry]) -> None:
    from backsight.results.tables import Table

    rows = [
        [str(line.number), f"{line.at:%Y-%m-%d %H:%M:%S}", line.actor, line.action, line.subject,
         line.address or "", _short(line.detail)]
        for line in lines
    ]  # fmt: skip
    header = ["line", "at (UTC)", "who", "what", "of what", "from", ""]
    click.echo(Table(header, rows, left=frozenset(range(1, 7))).text())


def _short(detail: object) -> str:
    text = json.dumps(detail, ensure_ascii=False) if detail else ""
    return text if len(text) <= SHOWN_DETAIL else text[: SHOWN_DETAIL - 1] + "…"
