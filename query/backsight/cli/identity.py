"""`backsight identity`: what was said about who is who, and how to take it back."""

from __future__ import annotations

from typing import Any

import click

from backsight.cli.asking import actor, data_option, open_store, show_json, site_name, site_option


@click.group()
def identity() -> None:
    """Identity: the statements that put devices and users together."""


@identity.command("list")
@data_option
@site_option
@click.option("--device", metavar="ID", help="Only statements about this device.")
@click.option("--user", metavar="ID", help="Only statements about this user.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_identity(
    data: str | None, site: str | None, device: str | None, user: str | None, as_json: bool
) -> None:
    """List identity statements, oldest first, and whether they hold."""
    from backsight.lake import Lake
    from backsight.statements import list_statements

    with open_store(data) as (store, config):
        snapshot = Lake(config.data / "lake").snapshot(site_name(store, site or config.site))
    listed = list_statements(snapshot, device, user)
    if as_json:
        show_json(listed)
    else:
        _show_table(listed)


@identity.command()
@data_option
@site_option
@click.argument("statement_id")
def revoke(data: str | None, site: str | None, statement_id: str) -> None:
    """Declare that the statement STATEMENT_ID never held; every report follows.

    Revoking the revocation makes it hold again.
    """
    from backsight.cli.revocation import fold_if_idle, revoke_statement
    from backsight.lake import Lake
    from backsight.statements import require_statement

    with open_store(data) as (store, config):
        name = site_name(store, site or config.site)
        require_statement(Lake(config.data / "lake").snapshot(name), statement_id)
        revocation = revoke_statement(config.data, store, name, statement_id, actor())
        is_folded = fold_if_idle(config.data)
    when = "Reports follow from now on" if is_folded else "Reports follow with the committer's next fold"
    click.echo(f"Revoked by {revocation}. {when}.")


def _show_table(listed: list[dict[str, Any]]) -> None:
    from backsight.results.tables import Table

    rows = [
        [each["statement_id"], each["kind"], each["time"][:19], each["device"] or "", each["user"] or "",
         each["revokes"] or "", "" if each["holds"] else "revoked"]
        for each in listed
    ]  # fmt: skip
    header = ["statement", "kind", "time (UTC)", "device", "user", "revokes", ""]
    click.echo(Table(header, rows, left=frozenset(range(7))).text())
